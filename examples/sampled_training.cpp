// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The exact game as referee of sampled training: a policy over 8^20 traces is trained for diverse
// answers from 32 traces a step, and ends at the equilibrium that the exact game names beforehand.
#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/train/trainer.hpp>
#include <dag/utility/gini.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

namespace {

using Model = dag::LayeredModel<double>;

std::vector<double> probabilities(std::vector<double> log_nu) {
  for (double& entry : log_nu) {
    entry = std::exp(entry);
  }
  return log_nu;
}

double total_variation(const std::vector<double>& p, const std::vector<double>& q) {
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    sum += std::abs(p[i] - q[i]) / 2;
  }
  return sum;
}

}  // namespace

int main() {
  const double tau = 1, beta = 0.5;
  const Model reference = dag::random_layered_model<double>(20, 8, 10, 7);

  //! [exact]
  const std::vector<double> nu0 = probabilities(dag::answer_log_probs(reference));
  const dag::AlignmentGame<dag::Gini<double>, dag::no_backend> game(
      dag::Gini<double>{tau}, dag::Contexts<double>(nu0), beta);
  const auto exact = dag::equilibrium(game);
  //! [exact]
  const std::vector<double> target = probabilities(exact.log_nu);

  //! [train]
  Model policy = reference;
  const std::vector<dag::Question<dag::NoPrompt>> questions{{{dag::NoPrompt{}}}};
  dag::TableObjective objective(dag::EstimatorKind::u_statistic, dag::RewardFunction::power(1),
                                -2 * tau);  // the reward of the Gini utility, unbiased
  dag::Adam adam;
  const auto answer = [&](dag::NoPrompt prompt, const Model::trace_type& trace) {
    return reference.answer(prompt, trace);
  };
  const dag::TrainOptions options{.steps = 800,
                                  .group_size = 32,
                                  .beta = beta,
                                  .learning_rate = {.peak = 0.03, .warm_up = 20, .total = 800},
                                  .seed = 1};
  const auto report = [&](const dag::TrainRecord& record) {
    if (record.step % 100 == 0) {
      std::printf("step %4lld  answer entropy %.3f  distance to the equilibrium %.4f\n",
                  static_cast<long long>(record.step), record.answer_entropy,
                  total_variation(probabilities(dag::answer_log_probs(policy)), target));
    }
  };
  dag::train(policy, reference, std::span(questions), objective, answer, adam, options, report);
  //! [train]

  const double before = total_variation(nu0, target);
  const double after = total_variation(probabilities(dag::answer_log_probs(policy)), target);
  std::printf("total variation to the exact equilibrium: %.4f before, %.4f after\n", before, after);
  return exact.status == dag::Status::converged && after < 0.02 && after < before / 5 ? 0 : 1;
}
