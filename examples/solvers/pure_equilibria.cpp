// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Profiles of which nobody wants to leave alone.
//! [pure_equilibria]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/pure_equilibria.hpp>

#include <cstdio>

int main() {
  const dag::GameTable hunt = dag::named_game("stag-hunt");
  const auto pure = dag::pure_equilibria(hunt);  // one strategy index a player
  for (const auto& profile : pure) {
    std::printf("strategies %zu and %zu\n", profile[0], profile[1]);
  }
  return pure.size() == 2 ? 0 : 1;
}
//! [pure_equilibria]
