// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Two steps a round, under three geometries.
//! [mirror_prox]
#include <dag/eigen.hpp>
#include <dag/solver/first_order/anchored_extragradient.hpp>
#include <dag/solver/first_order/extragradient.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

int main() {
  Eigen::MatrixXd payoff(3, 3);  // rock-paper-scissors, stakes 2, 1 and 3: (1/3, 1/2, 1/6)
  payoff << 0, -1, 3, 1, 0, -2, -3, 2, 0;
  const dag::MatrixGame game{payoff};
  const std::vector<double> start{0.8, 0.1, 0.1, 0.1, 0.8, 0.1};  // of both players

  const auto prox = dag::mirror_prox(game, {.tolerance = 1e-9, .start = start});
  const auto flat = dag::extragradient(dag::euclidean(game), {.tolerance = 1e-9, .start = start});
  const auto anchored =
      dag::anchored_extragradient(dag::euclidean(game), {.tolerance = 1e-4, .start = start});
  std::printf("rounds: %lld, %lld, anchored %lld; rock %.4f\n",
              static_cast<long long>(prox.iterations), static_cast<long long>(flat.iterations),
              static_cast<long long>(anchored.iterations), flat.strategy(0)(0));
  const bool right = std::abs(flat.strategy(0)(0) - 1.0 / 3) < 1e-7;
  return prox.status == dag::Status::converged && right ? 0 : 1;
}
//! [mirror_prox]
