// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Answers to what was played so far, by a pure and by a smooth best reply.
//! [responses]
#include <dag/eigen.hpp>
#include <dag/solver/response/fictitious_play.hpp>
#include <dag/solver/response/smooth_fictitious_play.hpp>

#include <cstdio>
#include <vector>

int main() {
  Eigen::MatrixXd payoff(3, 3);  // rock-paper-scissors, stakes 2, 1 and 3: (1/3, 1/2, 1/6)
  payoff << 0, -1, 3, 1, 0, -2, -3, 2, 0;
  const dag::MatrixGame game{payoff};
  const std::vector<double> start{0.8, 0.1, 0.1, 0.1, 0.8, 0.1};  // of both players

  const auto pure = dag::fictitious_play(game, {.tolerance = 1e-3, .start = start});
  const auto smooth = dag::smooth_fictitious_play(game, {.tolerance = 1e-2, .start = start});
  std::printf("gap %.1e after %lld rounds; smooth %.1e after %lld\n", pure.relative_gap,
              static_cast<long long>(pure.iterations), smooth.relative_gap,
              static_cast<long long>(smooth.iterations));
  return pure.status == dag::Status::converged ? 0 : 1;
}
//! [responses]
