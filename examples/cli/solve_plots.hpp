// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "gnuplot_script.hpp"

#include "game_input.hpp"
#include "solve_run.hpp"

namespace cli {

/// Gap against rounds, one curve a solver (with repeats: the mean, and its interval as a band), and
/// what theory says as dashed lines. One plot, or with `--axes both` two.
std::vector<Plot> gap_plots(const std::vector<SolverRuns>& all, const Problem& problem,
                            const SolveOptions& options);

/// Checks that a portrait of the game can be drawn. Throws dag::Error.
void check_portrait(const Problem& problem, const std::vector<std::string>& names);
/// The paths of solvers through the strategies, round by round: for a 2 x 2 game the square of both
/// players' first probabilities with the field of the replicator dynamics, for a 3 x 3 game a
/// triangle for each player.
std::vector<Plot> portrait(const std::vector<std::string>& names, const Problem& problem,
                           const SolveOptions& options);

}  // namespace cli
