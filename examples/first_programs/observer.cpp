// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Watching a solve and ending it: an observer that returns false stops, and so does a time limit.
//! [observer]
#include <dag/eigen.hpp>
#include <dag/game/matrix_rows.hpp>

#include <cstdio>

int main() {
  const auto game = dag::matrix_game<dag::eigen>({{0, -1, 2}, {1, 0, -1}, {-1, 1, 0}});
  const auto watch = [](const dag::Record& now) {
    std::printf("round %4lld  gap %.2e\n", static_cast<long long>(now.iteration), now.gap);
    return now.gap > 1e-3;  // enough: false stops
  };
  const auto found = dag::mirror_prox(
      game, {.tolerance = 1e-12, .time_limit = 5, .check_every = 10, .observer = watch});
  std::printf("stopped: %s\n", found.status == dag::Status::stopped ? "yes" : "no");
  return found.status == dag::Status::stopped && found.gap <= 1e-3 ? 0 : 1;
}
//! [observer]
