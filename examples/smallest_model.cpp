// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The smallest model that can be aligned: a biased coin with one parameter. It has
// log-probabilities, so it satisfies LogProbModel, and a policy gradient moves it to the exact
// equilibrium of expected reward with a KL anchor: pi* = pi0 exp(r / beta) / Z.
#include <dag/core/log_prob_model.hpp>

#include <cmath>
#include <cstdio>

//! [model]
struct Coin {
  using scalar_type = double;
  using prompt_type = dag::NoPrompt;
  using trace_type = bool;
  double logit = 0;

  double heads() const { return 1 / (1 + std::exp(-logit)); }
  bool sample(dag::NoPrompt, dag::RandomStream& stream) const { return stream.uniform() < heads(); }
  double log_prob(dag::NoPrompt, bool head) const {
    return -std::log1p(std::exp(head ? -logit : logit));
  }
  std::size_t parameter_count() const { return 1; }
  void accumulate_score(dag::NoPrompt, bool head, double weight, std::span<double> gradient) const {
    gradient[0] += weight * ((head ? 1 : 0) - heads());
  }
};
static_assert(dag::LogProbModel<Coin>);
//! [model]

int main() {
  const Coin reference{-1.0};
  Coin policy = reference;
  const double beta = 0.5;  // nats; the reward is 1 for heads, 0 for tails
  dag::RandomStream stream(1, 0);
  for (int step = 0; step < 400; ++step) {
    double gradient = 0;
    for (int i = 0; i < 256; ++i) {
      const bool head = policy.sample({}, stream);
      const double reward = head ? 1 : 0;
      const double anchored =
          reward - beta * (policy.log_prob({}, head) - reference.log_prob({}, head));
      policy.accumulate_score({}, head, anchored / 256, std::span(&gradient, 1));
    }
    policy.logit += 4.0 / (1 + 0.02 * step) * gradient;
  }
  const double exact = 1 / (1 + std::exp(1.0 - 1 / beta));
  std::printf("P(heads): reference %.4f, aligned %.4f, exact equilibrium %.4f\n", reference.heads(),
              policy.heads(), exact);
  const bool holds = std::abs(policy.heads() - exact) < 0.02;
  std::printf("the policy gradient reaches the equilibrium within 0.02: %s\n",
              holds ? "yes" : "NO");
  return holds ? 0 : 1;
}
