// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// No step to choose: regrets alone.
//! [regret_matching]
#include <dag/eigen.hpp>
#include <dag/solver/response/predictive_regret_matching_plus.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

int main() {
  Eigen::MatrixXd payoff(3, 3);  // rock-paper-scissors, stakes 2, 1 and 3: (1/3, 1/2, 1/6)
  payoff << 0, -1, 3, 1, 0, -2, -3, 2, 0;
  const dag::MatrixGame game{payoff};
  const std::vector<double> start{0.8, 0.1, 0.1, 0.1, 0.8, 0.1};  // of both players

  const auto found =
      dag::predictive_regret_matching_plus(game, {.tolerance = 1e-6, .start = start});
  std::printf("value %.7f, gap %.1e after %lld rounds\n", found.value, found.relative_gap,
              static_cast<long long>(found.iterations));
  return std::abs(found.value) < 1e-5 ? 0 : 1;
}
//! [regret_matching]
