// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A few dozen rounds, each a factorisation.
//! [interior_point]
#include <dag/eigen.hpp>
#include <dag/solver/matrix/interior_point.hpp>

#include <cstdio>

int main() {
  Eigen::MatrixXd payoff(3, 3);  // rock-paper-scissors, stakes 2, 1 and 3: (1/3, 1/2, 1/6)
  payoff << 0, -1, 3, 1, 0, -2, -3, 2, 0;
  const dag::MatrixGame game{payoff};

  const auto found = dag::interior_point(game, {.tolerance = 1e-10});
  std::printf("gap %.1e after %lld rounds, rock %.12f\n", found.relative_gap,
              static_cast<long long>(found.iterations), found.strategy(0)(0));
  return found.status == dag::Status::converged ? 0 : 1;
}
//! [interior_point]
