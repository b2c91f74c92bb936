// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/compiled.hpp>

#include <cmath>
#include <cstdio>

#if !defined(DAG_COMPILED)
#error "dag::compiled says nothing of itself"
#endif

int main() {
  Eigen::MatrixXd payoff(2, 2);
  payoff << 3, -1, -2, 1;
  const dag::MatrixGame game{payoff};
  const auto exact = dag::solve_zero_sum(game);
  const auto walked = dag::mirror_prox(game, {.tolerance = 1e-9});
  std::printf("value %.9f and %.9f\n", exact.value, walked.value);
  return std::abs(exact.value - 1.0 / 7) < 1e-9 && std::abs(walked.value - 1.0 / 7) < 1e-8 ? 0 : 1;
}
