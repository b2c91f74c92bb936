// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Counterfactual regret minimisation on game trees.
#include <dag/solver/tree/cfr.hpp>
#include <dag/solver/tree/coarse_correlated_cfr.hpp>
#include <dag/solver/tree/sampled_cfr.hpp>

#include "walking_trees.hpp"

namespace cli {

namespace {

Found coarse(const TreeProblem& problem, const Settings& settings) {
  dag::require(settings.tau == 0, dag::Errc::unsupported,
               "coarse_correlated_cfr: it has no pull on game trees; leave --tau out");
  const TreeGame game(problem.form);
  const auto play = dag::coarse_correlated_cfr(game, settings.options);
  Found found;
  found.solver = "coarse_correlated_cfr";
  found.status = play.status;
  found.iterate = "uniform";
  found.iterations = play.iterations;
  found.products = 2 * play.iterations;
  found.seconds = play.seconds;
  found.gap = play.gap;
  found.relative_gap = play.relative_gap;
  found.coarse_gap = play.gap;
  found.joint_payoffs = play.payoffs;
  const std::span<const double> plans = play.mean.view().point;
  for (std::size_t i = 0; i < problem.game.player_count(); ++i) {
    const auto plan = problem.form.shape.blocks.of(plans, i);
    found.strategies.emplace_back(plan.begin(), plan.end());
  }
  found.note =
      "the strategies are each player's mean; the coarse correlated gap is that of the joint play "
      "of all rounds";
  return found;
}

}  // namespace

std::optional<Found> tree_regrets(std::string_view name, const TreeProblem& problem,
                                  const Settings& settings) {
  if (name == "coarse_correlated_cfr") {
    return coarse(problem, settings);
  }
  if (name != "external_sampling" && name != "outcome_sampling") {
    return walk_tree<dag::Room::tree>(name, problem, settings);
  }
  dag::require(settings.tau == 0, dag::Errc::unsupported, name,
               ": it has no pull on game trees; leave --tau out");
  const TreeGame game(problem.form);
  const dag::SampledCfrOptions<double> own{.seed = settings.seed};
  return plain_data(
      name, name == "external_sampling"
                ? dag::external_sampling(game, problem.game, problem.form, settings.options, own)
                : dag::outcome_sampling(game, problem.game, problem.form, settings.options, own));
}

}  // namespace cli
