// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Reflected and anchored, with restarts.
//! [reflected_halpern]
#include <dag/eigen.hpp>
#include <dag/solver/first_order/reflected_halpern.hpp>

#include <cstdio>
#include <vector>

int main() {
  Eigen::MatrixXd payoff(3, 3);  // rock-paper-scissors, stakes 2, 1 and 3: (1/3, 1/2, 1/6)
  payoff << 0, -1, 3, 1, 0, -2, -3, 2, 0;
  const dag::MatrixGame game{payoff};
  const std::vector<double> start{0.8, 0.1, 0.1, 0.1, 0.8, 0.1};  // of both players

  const auto found = dag::reflected_halpern(game, {.tolerance = 1e-12, .start = start});
  std::printf("gap %.1e after %lld rounds, rock %.12f\n", found.relative_gap,
              static_cast<long long>(found.iterations), found.strategy(0)(0));
  return found.status == dag::Status::converged ? 0 : 1;
}
//! [reflected_halpern]
