// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A matrix game from its payoffs as they are written.
//! [matrix]
#include <dag/eigen.hpp>
#include <dag/game/matrix_rows.hpp>

#include <cmath>
#include <cstdio>

int main() {
  const auto game = dag::matrix_game<dag::eigen>({{3, -1}, {-2, 1}});
  const auto found = dag::mirror_prox(game, {.tolerance = 1e-9});
  std::printf("row (%.4f, %.4f), value %.4f\n", found.strategy(0)(0), found.strategy(0)(1),
              found.value);
  const bool right = std::abs(found.strategy(0)(0) - 3.0 / 7) < 1e-8;
  return found.status == dag::Status::converged && right ? 0 : 1;
}
//! [matrix]
