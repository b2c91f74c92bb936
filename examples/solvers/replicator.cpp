// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Shares that grow as they earn: around matching pennies for ever.
//! [replicator]
#include <dag/eigen.hpp>
#include <dag/solver/response/replicator.hpp>

#include <cstdio>

int main() {
  Eigen::MatrixXd pennies(2, 2);
  pennies << 1, -1, -1, 1;
  const auto path = dag::replicator(
      dag::MatrixGame{pennies}, {.steps = 400, .record_every = 100, .start = {0.8, 0.2, 0.5, 0.5}});
  for (const dag::ReplicatorPoint& at : path) {
    std::printf("time %5.1f: %.3f %.3f\n", at.time, at.point[0], at.point[2]);  // a closed orbit
  }
  return path.back().regrets.nash_conv > 0.1 ? 0 : 1;
}
//! [replicator]
