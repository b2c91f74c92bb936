// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A sparse game of 2000 x 2000: matching on the diagonal, nothing elsewhere; its value is 1/2000.
//! [sparse]
#include <dag/eigen.hpp>
#include <dag/game/implicit_operator.hpp>
#include <dag/game/sparse_operator.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

int main() {
  const std::size_t n = 2000;
  std::vector<dag::Triplet<double>> entries;
  for (std::size_t i = 0; i < n; ++i) {
    entries.push_back({i, i, 1.0});
  }
  const dag::SparseOperator<double> payoff(n, n, entries);
  const dag::OperatorGame<dag::SparseOperator<double>, dag::eigen> game(payoff);
  const auto found = dag::mirror_prox(game, {.tolerance = 1e-9});
  std::printf("value %.6e, gap %.1e\n", found.value, found.gap);
  const bool right = std::abs(found.value - 1.0 / static_cast<double>(n)) < 1e-9;
  return found.status == dag::Status::converged && right ? 0 : 1;
}
//! [sparse]
