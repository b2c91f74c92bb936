// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include <dag/game/table.hpp>

namespace cli {

/// How many extreme equilibria a small two-player game has, by brute force and without rounding, on
/// the payoffs as written: every choice of as many labels (strategies unplayed, best replies of the
/// other) as a player has strategies is solved as a linear system in whole numbers; two vertices
/// that together cover all labels are an equilibrium. Nothing where there are more than 1,000
/// choices (over 6 x 6) or other than two players. Nothing of the solvers is used.
std::optional<std::size_t> count_extreme_equilibria(const dag::GameTable& table);

/// How many profiles of pure strategies leave no player a better reply.
std::size_t count_pure_equilibria(const dag::GameTable& table);

}  // namespace cli
