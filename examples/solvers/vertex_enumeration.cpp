// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// All extreme equilibria, exactly, and the sets that they span.
//! [vertex_enumeration]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/vertex_enumeration.hpp>

#include <cstdio>

int main() {
  // One player's payoffs shifted by 1e9, as a currency or a bonus would: nothing changes.
  dag::GameTable game = dag::named_game("general:8x8:1");
  for (double& payoff : game.payoffs[1]) {
    payoff += 1e9;
  }
  const dag::EquilibriumSet all = dag::vertex_enumeration(game, {.fractions = true});
  const dag::NashSubsets groups = dag::maximal_nash_subsets(all);
  std::printf("%zu equilibria in %zu groups, %s\n", all.equilibria.size(), groups.subsets.size(),
              all.complete ? "complete" : "perhaps not all");
  std::printf("the first, exactly: %.40s...\n", all.fractions[0][0][0].text().c_str());
  return all.complete && all.exact && all.equilibria.size() % 2 == 1 ? 0 : 1;
}
//! [vertex_enumeration]
