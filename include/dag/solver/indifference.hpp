// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/numeric/dense.hpp>

namespace dag::detail {

/// The square system of one pair of supports: probabilities v, adding up to one, and the payoff w
/// with sum_j M[rows[i]][columns[j]] v_j = w for all i; or the same with M transposed (v over the
/// rows). LU in double, refined with residuals in long double to the last bits. Payoffs should be
/// of size one. Keeps its memory from one solve to the next.
class IndifferenceSystem {
 public:
  /// False if the system is singular to working precision or refinement does not settle.
  [[nodiscard]] bool solve(std::span<const double> matrix, std::size_t stride,
                           std::span<const std::size_t> rows, std::span<const std::size_t> columns,
                           bool transposed) {
    const std::size_t k = rows.size();
    const std::size_t n = k + 1;
    matrix_.resize(n * n);
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j < k; ++j) {
        matrix_[transposed ? j * n + i : i * n + j] = matrix[rows[i] * stride + columns[j]];
      }
      matrix_[i * n + k] = -1.0;
      matrix_[k * n + i] = 1.0;
    }
    matrix_[n * n - 1] = 0.0;
    factor_ = matrix_;
    pivots_.resize(n);
    solution_.assign(n, 0.0);
    solution_[k] = 1.0;
    if (!lu_factor(factor_, std::span<std::size_t>(pivots_))) {
      return false;
    }
    lu_solve(factor_, std::span<const std::size_t>(pivots_), solution_);
    double last = std::numeric_limits<double>::infinity();
    for (int round = 0; round < 6; ++round) {
      correction_.resize(n);
      for (std::size_t i = 0; i < n; ++i) {
        long double rest = i == k ? 1.0L : 0.0L;
        for (std::size_t j = 0; j < n; ++j) {
          rest -= static_cast<long double>(matrix_[i * n + j]) * solution_[j];
        }
        correction_[i] = static_cast<double>(rest);
      }
      lu_solve(factor_, std::span<const std::size_t>(pivots_), correction_);
      const double size = largest(correction_);
      if (!(size < 0.5 * last)) {
        break;
      }
      last = size;
      for (std::size_t j = 0; j < n; ++j) {
        solution_[j] += correction_[j];
      }
    }
    return last <= 1e-10 * largest(solution_);
  }

  /// Probability of the support's k-th strategy.
  [[nodiscard]] double probability(std::size_t k) const noexcept { return solution_[k]; }
  /// The payoff of every strategy of the other support.
  [[nodiscard]] double payoff() const noexcept { return solution_.back(); }

 private:
  [[nodiscard]] static double largest(const std::vector<double>& vector) noexcept {
    double size = 0.0;
    for (const double entry : vector) {
      size = std::abs(entry) > size ? std::abs(entry) : size;
    }
    return size;
  }

  std::vector<double> matrix_;
  std::vector<double> factor_;
  std::vector<double> solution_;
  std::vector<double> correction_;
  std::vector<std::size_t> pivots_;
};

/// The payoffs mapped to [0, 1], where best replies are the same; all 0 for a constant matrix.
[[nodiscard]] inline std::vector<double> unit_payoffs(std::span<const double> payoff) {
  double low = payoff[0];
  double high = payoff[0];
  for (const double entry : payoff) {
    low = entry < low ? entry : low;
    high = entry > high ? entry : high;
  }
  const double half_range = 0.5 * high - 0.5 * low;  // the range itself may overflow
  std::vector<double> scaled(payoff.size(), 0.0);
  for (std::size_t i = 0; half_range > 0 && i < payoff.size(); ++i) {
    scaled[i] = (0.5 * payoff[i] - 0.5 * low) / half_range;
  }
  return scaled;
}

/// Clips rounding below zero and makes the sum one.
inline void clean_strategy(std::vector<double>& strategy) {
  double sum = 0.0;
  for (double& entry : strategy) {
    entry = entry > 0.0 ? entry : 0.0;
    sum += entry;
  }
  for (double& entry : strategy) {
    entry = sum > 0.0 ? entry / sum : 1.0 / static_cast<double>(strategy.size());
  }
}

}  // namespace dag::detail
