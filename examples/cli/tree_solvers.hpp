// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/game/sequence_game.hpp>
#include <dag/solver/solution.hpp>

#include "found.hpp"
#include "tree_input.hpp"

namespace cli {

/// A solver of game trees. What it finds has one plan a player (sequence form) in `strategies`.
struct TreeSolver {
  std::string_view name;
  unsigned kinds;  ///< of games (GameKind) that it solves
  unsigned all;    ///< kinds for which `--solver all` runs it
  std::string_view summary;
  Found (*solve)(const TreeProblem&, const Settings&);
};

inline constexpr unsigned any_kind = 7;
inline constexpr unsigned zero_sum_kind = 1;

using TreeGame = dag::SequenceGame<double, dag::eigen>;
using FlatTreeGame = dag::SequenceGame<double, dag::eigen, dag::DilatedEuclidean>;

/// Parts of the list, a file each.
std::span<const TreeSolver> tree_regret_solvers();
std::span<const TreeSolver> tree_first_order_solvers();
std::span<const TreeSolver> tree_exact_solvers();
/// All of them, `auto` first.
std::vector<TreeSolver> tree_solvers();
/// Those that --solver names, in its order. Throws dag::Error.
std::vector<TreeSolver> tree_solvers_of(const std::string& words, GameKind kind);

std::string_view average_text(dag::Average average);

/// A solution of one of the library's solvers, without its type.
template <class Game>
Found tree_found(std::string_view name, const dag::Solution<Game>& solution) {
  Found found;
  found.solver = name;
  found.status = solution.status;
  found.iterate = average_text(solution.iterate);
  found.iterations = solution.iterations;
  found.products = solution.products;
  found.seconds = solution.seconds;
  found.value = solution.value;
  found.gap = solution.gap;
  found.relative_gap = solution.relative_gap;
  found.residual = solution.residual;
  for (std::size_t b = 0; b < solution.blocks.count(); ++b) {
    const auto plan = solution.strategy(b);
    found.strategies.emplace_back(plan.data(), plan.data() + plan.size());
  }
  return found;
}

}  // namespace cli
