// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>

namespace dag::detail {

/// K = L D L' of a sparse symmetric matrix, row by row in the order given, without pivoting: for
/// quasi-definite matrices, whose pivots have signs known beforehand in any order (Vanderbei, 1995,
/// doi:10.1137/0805005). A pivot that rounding has left without a certain sign becomes huge, so
/// that its unknown is held at zero: a row that depends on those before it. Source: George and Liu
/// (1981), chapter 5; elimination trees: Liu (1990), doi:10.1137/0611010. The pattern is analysed
/// once for all values. Memory: 12 bytes an entry of L and 50 a row. Deterministic.
class SparseLdl {
 public:
  /// Upper triangle by columns: rows[starts[j] .. starts[j + 1]) are the rows i <= j with an entry
  /// in column j, in any order. Gives up at the deadline, and where L would have more entries below
  /// its diagonal than `most`: `entries` is then above it. Errors: dimension_mismatch.
  SparseLdl(std::vector<std::size_t> starts, std::vector<std::uint32_t> rows,
            std::size_t most = static_cast<std::size_t>(-2), const Deadline& deadline = {})
      : starts_(std::move(starts)), rows_(std::move(rows)) {
    require(!starts_.empty() && starts_.front() == 0 && starts_.back() == rows_.size(),
            Errc::dimension_mismatch, "SparseLdl: starts do not fit ", rows_.size(), " entries");
    const std::size_t n = size();
    parent_.assign(n, none);
    above_.assign(n, 0);
    columns_.assign(n + 1, 0);
    mark_.assign(n, none);
    std::size_t count = 0;
    std::size_t look = 1'000'000;
    for (std::uint32_t k = 0; k < n; ++k) {
      mark_[k] = k;
      for (std::size_t e = starts_[k]; e < starts_[k + 1]; ++e) {
        require(rows_[e] <= k, Errc::dimension_mismatch, "SparseLdl: entry (", rows_[e], ", ", k,
                ") lies below the diagonal");
        for (std::uint32_t i = rows_[e]; mark_[i] != k; i = parent_[i]) {
          parent_[i] = parent_[i] == none ? k : parent_[i];
          ++columns_[i + 1];
          mark_[i] = k;
          ++count;
        }
      }
      const bool late = count >= look && deadline.passed();
      look = count >= look ? count + 1'000'000 : look;
      if (count > most || late) {
        columns_.assign(n + 1, 0);
        columns_.back() = most + 1;
        return;
      }
    }
    for (std::size_t k = 0; k < n; ++k) {
      const auto height = static_cast<double>(columns_[k + 1]);
      work_ += height * height;
      columns_[k + 1] += columns_[k];
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return starts_.size() - 1; }
  /// Entries of L below its diagonal.
  [[nodiscard]] std::size_t entries() const noexcept { return columns_.back(); }
  /// Multiplications of a factorisation, about.
  [[nodiscard]] double work() const noexcept { return work_; }

  /// Factors these values, one an entry of the pattern; positive[k]: whether pivot k is. False at
  /// the deadline and where a pivot is not finite.
  [[nodiscard]] bool factor(std::span<const double> values, const std::vector<bool>& positive,
                            const Deadline& deadline) {
    const std::size_t n = size();
    indices_.resize(entries());
    lower_.resize(entries());
    diagonal_.resize(n);
    sum_.assign(n, 0.0);
    path_.resize(n);
    mark_.assign(n, none);
    above_.assign(n, 0);
    std::size_t spent = 0;
    for (std::uint32_t k = 0; k < n; ++k) {
      mark_[k] = k;
      std::size_t top = n;  // rows that row k of L needs, in the order of the elimination tree
      for (std::size_t e = starts_[k]; e < starts_[k + 1]; ++e) {
        sum_[rows_[e]] += values[e];
        std::size_t length = 0;
        for (std::uint32_t i = rows_[e]; mark_[i] != k; i = parent_[i]) {
          path_[length++] = i;
          mark_[i] = k;
        }
        while (length > 0) {
          path_[--top] = path_[--length];
        }
      }
      double pivot = std::exchange(sum_[k], 0.0);
      double terms = std::abs(pivot);
      for (; top < n; ++top) {
        const std::uint32_t i = path_[top];
        const double y = std::exchange(sum_[i], 0.0);
        const std::size_t begin = columns_[i];
        const std::size_t end = begin + above_[i];
        for (std::size_t e = begin; e < end; ++e) {
          sum_[indices_[e]] -= lower_[e] * y;
        }
        const double scaled = y / diagonal_[i];
        pivot -= scaled * y;
        terms += std::abs(scaled * y);
        indices_[end] = k;
        lower_[end] = scaled;
        ++above_[i];
        spent += above_[i];
      }
      if (!std::isfinite(pivot)) {
        return false;
      }
      const double sign = positive[k] ? 1.0 : -1.0;
      diagonal_[k] = sign * pivot > 0 ? pivot : sign * huge * (terms > 0 ? terms : 1.0);
      if (spent > 1'000'000) {
        spent = 0;
        if (deadline.passed()) {
          return false;
        }
      }
    }
    return true;
  }

  /// x = K^-1 x.
  void solve(std::span<double> x) const {
    const std::size_t n = size();
    for (std::size_t k = 0; k < n; ++k) {
      for (std::size_t e = columns_[k]; e < columns_[k + 1]; ++e) {
        x[indices_[e]] -= lower_[e] * x[k];
      }
    }
    for (std::size_t k = n; k-- > 0;) {
      double sum = x[k] / diagonal_[k];
      for (std::size_t e = columns_[k]; e < columns_[k + 1]; ++e) {
        sum -= lower_[e] * x[indices_[e]];
      }
      x[k] = sum;
    }
  }
  /// y -= K x, of the values factored.
  void subtract_product(std::span<const double> values, std::span<const double> x,
                        std::span<double> y) const {
    for (std::size_t k = 0; k < size(); ++k) {
      for (std::size_t e = starts_[k]; e < starts_[k + 1]; ++e) {
        const std::uint32_t i = rows_[e];
        y[i] -= values[e] * x[k];
        if (i != k) {
          y[k] -= values[e] * x[i];
        }
      }
    }
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  static constexpr double huge = 1e50;

  std::vector<std::size_t> starts_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> parent_;  ///< of the elimination tree
  std::vector<std::size_t> columns_;   ///< of L
  std::vector<std::uint32_t> indices_;
  std::vector<double> lower_;
  std::vector<double> diagonal_;
  std::vector<std::uint32_t> mark_;
  std::vector<std::uint32_t> above_;  ///< entries of a column of L so far
  std::vector<std::uint32_t> path_;
  std::vector<double> sum_;
  double work_ = 0;
};

}  // namespace dag::detail
