// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Does one function speak for all players?
//! [potential_games]
#include <dag/game/potential_game.hpp>
#include <dag/problem/catalogue.hpp>

#include <cstdio>

int main() {
  const dag::PotentialReport hunt = dag::find_potential(dag::named_game("stag-hunt"));
  const dag::PotentialReport jordan = dag::find_potential(dag::named_game("jordan"));
  std::printf("stag hunt: potential %s; Jordan's game: players %zu and %zu gain %g on a round\n",
              hunt.exact ? "found" : "none", jordan.worst.first + 1, jordan.worst.second + 1,
              jordan.violation);
  return hunt.exact && !jordan.exact ? 0 : 1;
}
//! [potential_games]
