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
/// of size one. Keeps its memory from one solve to the next. `SupportPolisher` solves the same
/// system otherwise, for supports of thousands: blocked factors in the game's own type, one for
/// both players, least norm where it is singular, which here is an answer.
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

  /// The smallest pivot of the last factorisation: where it is far above rounding, so are the
  /// digits of the solution.
  [[nodiscard]] double smallest_pivot() const noexcept {
    const std::size_t n = pivots_.size();
    double smallest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < n; ++i) {
      const double pivot = std::abs(factor_[i * n + i]);
      smallest = pivot < smallest ? pivot : smallest;
    }
    return smallest;
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

/// True if doubles show beyond doubt that the supports' system has no feasible solution: its
/// pivots are far above rounding and a probability or a shortfall far below zero. Payoffs in [0,
/// 1].
[[nodiscard]] inline bool clearly_infeasible(std::span<const double> payoff, std::size_t columns,
                                             std::span<const std::size_t> row_support,
                                             std::span<const std::size_t> column_support,
                                             bool row_plays, IndifferenceSystem& system) {
  constexpr double sound = 1e-5;    // of a pivot: the solution's error is then below 1e-9
  constexpr double beyond = -1e-6;  // of a probability or a shortfall
  if (!system.solve(payoff, columns, row_support, column_support, row_plays) ||
      !(system.smallest_pivot() > sound)) {
    return false;
  }
  const std::span<const std::size_t> mine = row_plays ? row_support : column_support;
  for (std::size_t k = 0; k < mine.size(); ++k) {
    if (system.probability(k) < beyond) {
      return true;
    }
  }
  const std::size_t others = row_plays ? columns : payoff.size() / columns;
  for (std::size_t s = 0; s < others; ++s) {
    double shortfall = system.payoff();
    for (std::size_t k = 0; k < mine.size(); ++k) {
      shortfall -= system.probability(k) *
                   (row_plays ? payoff[mine[k] * columns + s] : payoff[s * columns + mine[k]]);
    }
    if (shortfall < beyond) {
      return true;
    }
  }
  return false;
}

/// The ends of a payoff table; `finite` is false if an entry is not.
struct PayoffExtent {
  double low = 0.0;
  double high = 0.0;
  bool finite = true;
  [[nodiscard]] double largest() const noexcept { return -low > high ? -low : high; }
};

/// In lanes, so that it runs at the speed of the memory: so many that g++ leaves the inner loop a
/// loop and makes vectors of it (8 would be unrolled into scalars). At least one payoff.
[[nodiscard]] inline PayoffExtent payoff_extent(std::span<const double> payoff) noexcept {
  constexpr std::size_t lanes = 32;
  double low[lanes];
  double high[lanes];
  double nothing[lanes];  // stays 0 unless an infinity or NaN comes by
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    low[lane] = high[lane] = payoff[0];
    nothing[lane] = 0.0;
  }
  const auto take = [&](const double* from, std::size_t entries) {
    for (std::size_t lane = 0; lane < entries; ++lane) {
      const double entry = from[lane];
      low[lane] = entry < low[lane] ? entry : low[lane];
      high[lane] = entry > high[lane] ? entry : high[lane];
      nothing[lane] += entry * 0.0;
    }
  };
  std::size_t i = 0;
  for (; i + lanes <= payoff.size(); i += lanes) {
    take(payoff.data() + i, lanes);
  }
  take(payoff.data() + i, payoff.size() - i);
  PayoffExtent extent{low[0], high[0], nothing[0] == 0.0};
  for (std::size_t lane = 1; lane < lanes; ++lane) {
    extent.low = low[lane] < extent.low ? low[lane] : extent.low;
    extent.high = high[lane] > extent.high ? high[lane] : extent.high;
    extent.finite = extent.finite && nothing[lane] == 0.0;
  }
  return extent;
}

/// Payoffs mapped to [0, 1], where best replies are the same; all 0 for a constant matrix.
class UnitMap {
 public:
  explicit UnitMap(const PayoffExtent& extent) noexcept
      : half_low_(0.5 * extent.low), half_range_(0.5 * extent.high - 0.5 * extent.low) {
    if (!(half_range_ > 0)) {  // each entry equals low: their difference is 0
      half_range_ = 1.0;
    }
  }
  [[nodiscard]] double operator()(double entry) const noexcept {
    return (0.5 * entry - half_low_) / half_range_;  // halved: the range itself may overflow
  }

 private:
  double half_low_;
  double half_range_;
};

[[nodiscard]] inline std::vector<double> unit_payoffs(std::span<const double> payoff) {
  const UnitMap unit(payoff_extent(payoff));
  std::vector<double> scaled(payoff.size());
  for (std::size_t i = 0; i < payoff.size(); ++i) {
    scaled[i] = unit(payoff[i]);
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
