// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Counterfactual regret minimisation on game trees.
#include <dag/solver/tree/cfr.hpp>
#include <dag/solver/tree/sampled_cfr.hpp>

#include "walking_trees.hpp"

namespace cli {

std::optional<Found> tree_regrets(std::string_view name, const TreeProblem& problem,
                                  const Settings& settings) {
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
