// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The mean of mirror descent converges; projected descent-ascent by itself does not.
//! [mirror_descent]
#include <dag/eigen.hpp>
#include <dag/solver/first_order/gradient_descent_ascent.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>

#include <cstdio>
#include <vector>

int main() {
  Eigen::MatrixXd payoff(3, 3);  // rock-paper-scissors, stakes 2, 1 and 3: (1/3, 1/2, 1/6)
  payoff << 0, -1, 3, 1, 0, -2, -3, 2, 0;
  const dag::MatrixGame game{payoff};
  const std::vector<double> start{0.8, 0.1, 0.1, 0.1, 0.8, 0.1};  // of both players

  const auto mean = dag::mirror_descent(
      game, {.tolerance = 1e-2, .average = dag::Average::uniform, .start = start});
  const auto lost = dag::gradient_descent_ascent(
      dag::euclidean(game), {.tolerance = 1e-3, .max_iterations = 20000, .start = start});
  std::printf("mean: gap %.1e after %lld rounds; descent-ascent: still %.2f\n", mean.relative_gap,
              static_cast<long long>(mean.iterations), lost.relative_gap);
  const bool right = lost.status == dag::Status::iteration_limit;
  return mean.status == dag::Status::converged && right ? 0 : 1;
}
//! [mirror_descent]
