// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A traffic light: the correlated equilibrium of the most welfare.
//! [correlated_equilibrium]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/correlated_equilibrium.hpp>

#include <cmath>
#include <cstdio>

int main() {
  const dag::GameTable chicken = dag::named_game("chicken");
  const auto best = dag::correlated_equilibrium(chicken);
  std::printf("both yield %.2f, one dares %.2f and %.2f, gap %.1e\n", best.joint[0], best.joint[1],
              best.joint[2], best.gap);
  return std::abs(best.joint[0] - 0.5) < 1e-9 ? 0 : 1;
}
//! [correlated_equilibrium]
