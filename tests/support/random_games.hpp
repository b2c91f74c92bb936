// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cstdint>

#include <dag/core/random.hpp>

namespace test {

/// rows x columns payoffs, uniform on [-1, 1).
inline Eigen::MatrixXd uniform_payoff(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed) {
  dag::RandomStream random(seed, 0x67616d65);
  Eigen::MatrixXd payoff(rows, columns);
  for (Eigen::Index i = 0; i < rows; ++i) {
    for (Eigen::Index j = 0; j < columns; ++j) {
      payoff(i, j) = 2 * random.uniform() - 1;
    }
  }
  return payoff;
}

/// The same with 2 to `most` strategies a player, chosen by the seed.
inline Eigen::MatrixXd uniform_payoff(std::uint64_t seed, std::uint64_t most = 20) {
  dag::RandomStream random(seed, 0x73697a65);
  const auto rows = static_cast<Eigen::Index>(2 + random.below(most - 1));
  const auto columns = static_cast<Eigen::Index>(2 + random.below(most - 1));
  return uniform_payoff(rows, columns, seed);
}

}  // namespace test
