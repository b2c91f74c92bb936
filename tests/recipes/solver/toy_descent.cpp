// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Seen to break it: the last iterate in place of the mean (its gap does not fall).
#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include <dag/eigen.hpp>
#include <dag/solver/first_order/toy_descent.hpp>

TEST_CASE("the gap of the mean falls as its theorem says") {
  Eigen::MatrixXd payoff(2, 2);
  payoff << 3, -1, -2, 1;  // value 1/7
  const dag::MatrixGame game{payoff};
  for (const std::int64_t rounds : {100, 10'000}) {
    const auto found = dag::toy_descent(game, {.tolerance = 0, .max_iterations = rounds});
    CHECK(found.iterate == dag::Average::uniform);
    CHECK(found.relative_gap <= 4 / std::sqrt(static_cast<double>(rounds)));
    CHECK(std::abs(found.value - 1.0 / 7) <= found.gap);
  }
}
