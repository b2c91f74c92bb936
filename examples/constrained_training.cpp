// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A constraint on the answers of a policy over 8^20 traces: two answers together at most 20 % of
// the time, whatever the reward says. The multiplier finds its exact value from samples alone.
#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/train/presets.hpp>
#include <dag/train/trainer.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/moment_constraints.hpp>
#include <dag/utility/sum.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

namespace {

using Model = dag::LayeredModel<double>;

std::vector<double> answers_of(const Model& model) {
  std::vector<double> nu = dag::answer_log_probs(model);
  for (double& entry : nu) {
    entry = std::exp(entry);
  }
  return nu;
}

}  // namespace

int main() {
  const Model reference = dag::random_layered_model<double>(20, 8, 10, 7);
  const std::vector<double> reward{1, 0, 0, 1, 0, 0, 1, 0, 0, 1};
  const double beta = 0.5;

  //! [preset]
  dag::TrainPreset preset =
      dag::constrained({.constraints = {{.feature =
                                             [](const dag::AnswerAt& at) {
                                               return at.answer == 0 || at.answer == 3 ? 1.0 : 0.0;
                                             },
                                         .bound = 0.2}},
                        .multipliers = {.integral = 0.05, .proportional = 0.5, .filter = 0.8},
                        .base = dag::AnyObjective(dag::AnswerReward(
                            [&](const dag::AnswerAt& at) { return reward[at.answer]; }))});
  preset.options = {
      .steps = 1500,
      .group_size = 64,
      .beta = beta,
      .learning_rate = {.peak = 0.03, .warm_up = 20, .total = 1500, .final_fraction = 0.01}};
  //! [preset]

  Model policy = reference;
  const std::vector<dag::Question<dag::NoPrompt>> questions{{{dag::NoPrompt{}}}};
  const auto answer = [&](dag::NoPrompt prompt, const Model::trace_type& trace) {
    return reference.answer(prompt, trace);
  };
  dag::Adam adam;
  double multiplier = 0;
  //! [report]
  const auto report = [&](const dag::TrainRecord& record) {
    multiplier = record.target.strategy[0];
    if (record.step % 250 == 0) {
      std::printf("step %4lld  multiplier %.3f  share %.3f  gap %.3f\n",
                  static_cast<long long>(record.step), multiplier, 0.2 - record.target.slack[0],
                  record.gap);
    }
  };
  //! [report]
  dag::train(policy, reference, std::span(questions), preset.objective, answer, adam,
             preset.options, report);

  dag::MomentConstraints<double> rule;
  rule.at_most({1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, 0.2);
  using Utility = dag::Sum<dag::ExpectedReward<double>, dag::MomentConstraints<double>>;
  const dag::AlignmentGame<Utility, dag::no_backend> game(
      Utility({reward}, rule), dag::Contexts<double>(answers_of(reference)), beta);
  const auto exact = dag::equilibrium(game);
  const std::vector<double> nu = answers_of(policy);
  double distance = 0;
  for (std::size_t z = 0; z < nu.size(); ++z) {
    distance += std::abs(nu[z] - exact.nu[z]) / 2;
  }
  std::printf("multiplier %.3f, exactly %.3f; share %.4f of at most 0.2\n", multiplier,
              exact.target[0], nu[0] + nu[3]);
  std::printf("total variation to the exact equilibrium: %.4f\n", distance);
  return distance < 0.02 && std::abs(multiplier - exact.target[0]) < 0.1 && nu[0] + nu[3] < 0.21
             ? 0
             : 1;
}
