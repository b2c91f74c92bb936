// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "game_input.hpp"
#include "solve_run.hpp"

namespace cli {

/// The result of `dag solve` for people.
std::string solve_text(const std::vector<SolverRuns>& all, const Problem& problem,
                       const SolveOptions& options);
/// The same as JSON: an object, or with several solvers one with the array `results`.
std::string solve_json(const std::vector<SolverRuns>& all, const Problem& problem,
                       const SolveOptions& options);
/// All traces, as CSV below one header or as a JSON array, by the file's name (.csv or .json).
std::string solve_trace(const std::vector<SolverRuns>& all, const SolveOptions& options);
/// Throws dag::Error unless the name of a trace ends in .csv or .json.
void check_trace_name(const std::string& path);

}  // namespace cli
