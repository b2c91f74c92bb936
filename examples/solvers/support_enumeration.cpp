// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// All equilibria of a small bimatrix game.
//! [support_enumeration]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/support_enumeration.hpp>

#include <cstdio>

int main() {
  const dag::GameTable chicken = dag::named_game("chicken");
  const dag::EquilibriumSet all = dag::support_enumeration(chicken);
  for (const dag::MixedProfile& profile : all.equilibria) {
    std::printf("yield with %.4f and %.4f\n", profile[0][0], profile[1][0]);
  }
  std::printf("regret %.1e, degenerate: %s\n", all.max_regret, all.degenerate ? "yes" : "no");
  return all.equilibria.size() == 3 && !all.degenerate && all.max_regret < 1e-14 ? 0 : 1;
}
//! [support_enumeration]
