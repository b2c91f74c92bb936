// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/observer.hpp>
#include <dag/core/status.hpp>
#include <dag/solver/options.hpp>

namespace cli {

/// A two-player zero-sum game as plain data: the row player maximises the row-major payoff.
struct ZeroSumGame {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> payoff;
  double tau = 0;  ///< > 0: both players pulled to the uniform strategy, weight tau each
};

/// What any solver found, without the solver's types.
struct Found {
  std::string solver;
  dag::Status status = dag::Status::iteration_limit;
  std::string iterate;
  std::int64_t iterations = 0;
  std::int64_t products = 0;
  double seconds = 0;
  double value = 0;
  double gap = 0;
  double relative_gap = 0;
  double residual = 0;
  std::vector<std::vector<double>> strategies;
};

/// A row of the list of solvers.
struct SolverEntry {
  std::string_view name;
  std::string_view summary;
};

/// Every solver of two-player zero-sum games, `auto` first.
std::span<const SolverEntry> zero_sum_solvers();

/// Runs one of them. Throws dag::Error for an unknown name or options that it refuses.
Found solve_zero_sum(std::string_view solver, const ZeroSumGame& game,
                     const dag::SolverOptions<double>& options);

}  // namespace cli
