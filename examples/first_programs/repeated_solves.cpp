// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Solving again and again while payoffs drift: each solve starts where the last one ended.
//! [repeated_solves]
#include <dag/eigen.hpp>
#include <dag/game/matrix_rows.hpp>

#include <cstdio>

int main() {
  long long warm = 0, cold = 0;
  auto found = dag::mirror_prox(dag::matrix_game<dag::eigen>({{3, -1}, {-2, 1}}));
  bool converged = true;
  for (int day = 1; day <= 50; ++day) {
    const double drift = 1e-4 * day;
    const auto game = dag::matrix_game<dag::eigen>({{3 + drift, -1}, {-2, 1 - drift}});
    found = dag::mirror_prox(game, {.start = found});
    warm += found.iterations;
    cold += dag::mirror_prox(game).iterations;
    converged = converged && found.status == dag::Status::converged;
  }
  std::printf("rounds: %lld warm, %lld cold\n", warm, cold);
  return converged && warm < cold ? 0 : 1;
}
//! [repeated_solves]
