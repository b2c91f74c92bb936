// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include <dag/game/regularized_game.hpp>
#include <dag/geometry/subtree_weights.hpp>
#include <dag/solver/list.hpp>

#include "tree_solvers.hpp"

/// The solvers of the list that have a call, for game trees: instantiated in files of their own.
namespace cli {

/// Runs the row of the list that has this name, if it is in the room and takes trees.
template <dag::Room room>
std::optional<Found> walk_tree(std::string_view name, const TreeProblem& problem,
                               const Settings& settings) {
  using Flat = dag::SequenceGame<double, dag::eigen, dag::DilatedEuclidean>;
  std::optional<Found> found;
  dag::for_each_call(
      [](const dag::SolverInfo& row) { return row.room == room && row.trees.kinds != 0; },
      [&](const auto& solver) {
        constexpr dag::SolverInfo row = std::remove_cvref_t<decltype(solver)>::info;
        if (row.name != name) {
          return;
        }
        if constexpr (row.trees.pull) {
          if (settings.tau > 0) {
            std::vector<double> tau;  // in the form's units
            for (const double unit : problem.form.unit) {
              tau.push_back(settings.tau / unit);
            }
            const dag::RegularizedGame<TreeGame> game(TreeGame(problem.form), std::move(tau));
            found = plain_data(name, solver(game, settings.options));
            return;
          }
        }
        dag::require(settings.tau == 0, dag::Errc::unsupported, name,
                     ": it has no pull on game trees; leave --tau out");
        using Game = std::conditional_t<row.projected || row.trees.flat, Flat, TreeGame>;
        const Game game(problem.form, row.trees.flat
                                          ? dag::subtree_weights<double>(problem.form.shape)
                                          : std::vector<double>());
        found = plain_data(name, solver(game, settings.options));
      });
  return found;
}

}  // namespace cli
