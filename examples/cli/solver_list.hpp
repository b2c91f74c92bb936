// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "found.hpp"
#include "game_input.hpp"

namespace cli {

/// A row of the list of solvers.
struct SolverEntry {
  std::string_view name;
  unsigned kinds;  ///< of games (GameKind) that it solves
  unsigned all;    ///< kinds for which `--solver all` runs it
  std::string_view summary;
};

/// Every solver of `dag solve`, `auto` first.
std::span<const SolverEntry> solver_list();
/// The names that --solver gives, in its order; `all`: those of the kind. Throws dag::Error for an
/// unknown name, or one that does not solve games of this kind.
std::vector<std::string> solver_names(const std::string& words, GameKind kind);

/// True if a solver's point changes from round to round, so that it has a path.
bool walks(std::string_view name);
/// Runs one of them. Throws dag::Error for options that it refuses.
Found solve_game(std::string_view solver, const Problem& problem, const Settings& settings);

}  // namespace cli
