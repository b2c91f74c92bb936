// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A policy over 8^20 (about 10^18) traces, aligned exactly: the best response to a reward on
// answers is a policy of the same kind, its value is beta log Z, and it changes answers only.
#include <dag/model/random_layered.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

int main() {
  //! [align]
  const auto reference = dag::random_layered_model<double>(20, 8, 10, /*seed=*/1);
  const std::vector<double> rewards{1, 0, 0, 0, 0, 0, 0, 0, 0, 0};  // answer 0 is right
  const double beta = 0.5;                                          // nats
  const auto [policy, log_z] = dag::tilt(reference, rewards, beta);
  //! [align]
  const auto nu0 = dag::answer_log_probs(reference), nu = dag::answer_log_probs(policy);
  std::printf("P(answer 0): reference %.6f, aligned %.6f\n", std::exp(nu0[0]), std::exp(nu[0]));

  double value = -beta * dag::trace_kl(policy, reference), inside = 0;
  for (std::size_t z = 0; z < nu.size(); ++z) {
    value += std::exp(nu[z]) * rewards[z];
    inside += std::exp(nu[z]) *
              dag::trace_kl(dag::given_answer(policy, z), dag::given_answer(reference, z));
  }
  std::printf("reward - beta KL = %.15f, beta log Z = %.15f\n", value, beta * log_z);
  std::printf("KL of the traces given their answer = %.1e\n", inside);

  dag::RandomStream stream(2, 0);
  constexpr int samples = 20000;
  int right = 0;
  for (int i = 0; i < samples; ++i) {
    right += policy.answer({}, policy.sample({}, stream)) == 0 ? 1 : 0;
  }
  const double p = std::exp(nu[0]), seen = static_cast<double>(right) / samples;
  std::printf("sampled: %.4f of %d traces have answer 0\n", seen, samples);

  const bool holds = std::abs(value - beta * log_z) < 1e-12 && inside < 1e-12 &&
                     std::abs(seen - p) < 5 * std::sqrt(p * (1 - p) / samples);
  std::printf("exact and sampled agree: %s\n", holds ? "yes" : "NO");
  return holds ? 0 : 1;
}
