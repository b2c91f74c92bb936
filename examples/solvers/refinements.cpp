// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Which equilibria survive a slip of the hand.
//! [refinements]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/refinements.hpp>

#include <cstdio>

int main() {
  dag::GameTable game = dag::named_game("stag-hunt");
  game.payoffs = {{1, 0, 0, 0},
                  {1, 0, 0, 0}};  // only (0, 0) pays; (1, 1) is an equilibrium as well
  const auto good = dag::test_refinements(game, {{1, 0}, {1, 0}});
  const auto bad = dag::test_refinements(game, {{0, 1}, {0, 1}});
  std::printf("(0, 0): %s; (1, 1): %s\n", good.proper.reason.data(), bad.perfect.reason.data());
  const bool right = bad.perfect.verdict == dag::Decision::no;
  return good.proper.verdict == dag::Decision::yes && right ? 0 : 1;
}
//! [refinements]
