// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Quantal responses: at one temperature, and along the way to none.
//! [newton]
#include <dag/eigen.hpp>
#include <dag/solver/matrix/newton.hpp>

#include <cmath>
#include <cstdio>

int main() {
  Eigen::MatrixXd payoff(3, 3);  // rock-paper-scissors, stakes 2, 1 and 3: (1/3, 1/2, 1/6)
  payoff << 0, -1, 3, 1, 0, -2, -3, 2, 0;
  const dag::MatrixGame game{payoff};

  const double tau = 0.05 * game.range();
  const auto quantal = dag::newton(dag::RegularizedMatrixGame(game, tau, tau),
                                   {.tolerance = 1e-12, .measure = dag::Measure::residual});
  const auto path = dag::logit_path(game, {.tolerance = 1e-10});  // to 1e-4 of the range
  std::printf("at tau %.2f: rock %.4f; %zu points on the way, the last %.4f\n", tau,
              quantal.strategy(0)(0), path.size(), path.back().found.strategy(0)(0));
  const bool right = std::abs(path.back().found.strategy(0)(0) - 1.0 / 3) < 1e-2;
  return quantal.residual <= 1e-12 && right ? 0 : 1;
}
//! [newton]
