// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Play that nobody regrets converges to correlated equilibria.
//! [regret_dynamics]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/response/regret_dynamics.hpp>

#include <cstdio>

int main() {
  const dag::GameTable game = dag::named_game("general:5x5x5:1");  // three players
  const auto play =
      dag::regret_dynamics(game, {.kind = dag::RegretKind::internal, .tolerance = 1e-2});
  std::printf("after %lld rounds nobody gains more than %.4f by any map of strategies\n",
              static_cast<long long>(play.iterations), play.gap);
  return play.status == dag::Status::converged ? 0 : 1;
}
//! [regret_dynamics]
