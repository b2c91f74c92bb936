// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <dag/solver/list.hpp>

#include "found.hpp"
#include "game_input.hpp"

namespace cli {

/// `auto` and the solvers of dag/solver/list.hpp. The names that --solver gives, in its order;
/// `all`: those of the kind. Throws dag::Error for an unknown name, or one that does not solve
/// games (or game trees) of this kind.
std::vector<std::string> solver_names(const std::string& words, GameKind kind, bool trees = false);

/// True if a solver's point changes from round to round, so that it has a path.
bool walks(std::string_view name);
/// The list in words: what every solver's row says of games, points and knobs.
std::string kinds_text(unsigned kinds);
std::string knobs_text(unsigned knobs);
/// Runs one of them. Throws dag::Error for options that it refuses.
Found solve_game(std::string_view solver, const Problem& problem, const Settings& settings);

}  // namespace cli
