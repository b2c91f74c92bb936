// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "tree_solvers.hpp"

namespace cli {

std::span<const TreeSolver> tree_exact_solvers() { return {}; }

}  // namespace cli
