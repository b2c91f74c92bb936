// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <dag/io/plot.hpp>

#include "game_input.hpp"
#include "solve_run.hpp"

namespace cli {

/// Gap against rounds.
dag::Plot gap_plot(const std::vector<SolverRuns>& all, const SolveOptions& options);

}  // namespace cli
