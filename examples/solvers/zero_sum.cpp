// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The call for whom the answer matters and not the way there.
//! [zero_sum]
#include <dag/eigen.hpp>
#include <dag/solver/matrix/zero_sum.hpp>

#include <cmath>
#include <cstdio>

int main() {
  Eigen::MatrixXd payoff(3, 3);  // rock-paper-scissors, stakes 2, 1 and 3: (1/3, 1/2, 1/6)
  payoff << 0, -1, 3, 1, 0, -2, -3, 2, 0;
  const dag::MatrixGame game{payoff};

  const auto best = dag::solve_zero_sum(game, {.tolerance = 1e-12});
  std::printf("%s: value %.15f, gap %.1e\n", dag::to_string(best.method).data(), best.value,
              best.relative_gap);
  return best.status == dag::Status::converged && std::abs(best.value) < 1e-12 ? 0 : 1;
}
//! [zero_sum]
