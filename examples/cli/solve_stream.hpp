// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solve_run.hpp"

namespace cli {

/// dag solve --stream: prints each equilibrium as it is found, a JSON object a line; the exit code.
int stream_equilibria(const SolveOptions& options, const Problem& problem);

}  // namespace cli
