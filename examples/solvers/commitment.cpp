// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// What it is worth to move first, and to be seen to.
//! [commitment]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/commitment.hpp>

#include <cstdio>

int main() {
  const dag::GameTable game = dag::named_game("chicken");
  const dag::Commitment strong = dag::stackelberg(game);  // the first player leads
  const dag::Commitment seen = dag::quantal_stackelberg(game, 1.0);
  std::printf("leads with %.3f for %.3f; against a quantal responder for %.3f\n", strong.leader[0],
              strong.leader_payoff, seen.leader_payoff);
  return strong.leader_payoff >= seen.leader_payoff ? 0 : 1;
}
//! [commitment]
