// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "solve_run.hpp"

namespace cli {

/// `dag solve` of a game tree; the exit code.
int solve_tree(const SolveOptions& options);
/// Its solvers, for the help text.
std::string tree_solver_help();

}  // namespace cli
