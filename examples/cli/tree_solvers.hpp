// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include <dag/backend/eigen_backend.hpp>
#include <dag/game/sequence_game.hpp>

#include "solver_parts.hpp"
#include "tree_input.hpp"

namespace cli {

using TreeGame = dag::SequenceGame<double, dag::eigen>;

/// Runs a solver of the list (dag/solver/list.hpp) that solves game trees, or `auto`. What it finds
/// has one plan a player (sequence form) in `strategies`. Throws dag::Error for options that it
/// refuses.
Found solve_tree_game(std::string_view solver, const TreeProblem& problem,
                      const Settings& settings);

/// Parts of the list, a file each: nothing where the name is none of theirs.
std::optional<Found> tree_walks(std::string_view name, const TreeProblem& problem,
                                const Settings& settings);
std::optional<Found> tree_regrets(std::string_view name, const TreeProblem& problem,
                                  const Settings& settings);

}  // namespace cli
