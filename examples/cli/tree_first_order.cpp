// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The solvers of all convex games, on the treeplexes of a game tree.
#include <dag/solver/first_order.hpp>
#include <dag/solver/response.hpp>
#include <dag/solver/tree/primal_dual_trees.hpp>

#include "walking_trees.hpp"

namespace cli {

std::optional<Found> tree_walks(std::string_view name, const TreeProblem& problem,
                                const Settings& settings) {
  if (auto found = walk_tree<dag::Room::first_order>(name, problem, settings)) {
    return found;
  }
  return walk_tree<dag::Room::response>(name, problem, settings);
}

}  // namespace cli
