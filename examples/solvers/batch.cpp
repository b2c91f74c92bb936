// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Ten thousand small games in one call.
//! [batch]
#include <dag/core/random.hpp>
#include <dag/solver/matrix/batch.hpp>

#include <cstdio>
#include <vector>

int main() {
  dag::RandomStream random(1, 0);
  dag::BatchedMatrixGames<double> games;
  for (int g = 0; g < 10000; ++g) {
    std::vector<double> payoffs(64);
    for (double& payoff : payoffs) {
      payoff = 2 * random.uniform() - 1;
    }
    games.add(8, 8, payoffs);  // row-major, to the row player; shapes may differ
  }
  const auto solved = dag::solve_batch(games, {.tolerance = 1e-9, .threads = 2});
  std::printf("game 0: value %.6f, gap at most %.0e, plays its first row with %.4f\n",
              solved.value[0], solved.gap[0], solved.strategy(0, 0)[0]);
  for (const dag::Status status : solved.status) {
    if (status != dag::Status::converged) {
      return 1;
    }
  }
  return 0;
}
//! [batch]
