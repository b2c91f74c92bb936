// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/game/operator.hpp>

namespace dag {

/// One entry of a sparse matrix.
template <Scalar Real>
struct Triplet {
  std::size_t row = 0;
  std::size_t column = 0;
  Real payoff = 0;
  friend bool operator==(const Triplet&, const Triplet&) = default;
};

/// A sparse matrix in compressed rows. Both products in one sweep of the stored entries,
/// O(entries). Range: exact, absent entries counting as zero. Memory: a number and an index an
/// entry. Errors: invalid_argument for an entry outside the matrix or given twice, not_finite.
template <Scalar Real>
class SparseOperator {
 public:
  using scalar_type = Real;

  SparseOperator(std::size_t rows, std::size_t columns, std::span<const Triplet<Real>> entries)
      : columns_(columns),
        starts_(rows + 1, 0),
        indices_(entries.size()),
        payoffs_(entries.size()) {
    for (const Triplet<Real>& entry : entries) {
      require(entry.row < rows && entry.column < columns, Errc::invalid_argument,
              "SparseOperator: entry (", entry.row, ", ", entry.column, ") lies outside ", rows,
              "x", columns);
      require(std::isfinite(entry.payoff), Errc::not_finite, "SparseOperator: entry (", entry.row,
              ", ", entry.column, ") is ", entry.payoff);
      ++starts_[entry.row + 1];
    }
    for (std::size_t i = 0; i < rows; ++i) {
      starts_[i + 1] += starts_[i];
    }
    // By columns first, then by rows: a counting sort that leaves each row ordered by column.
    std::vector<std::size_t> column_starts(columns + 1, 0);
    for (const Triplet<Real>& entry : entries) {
      ++column_starts[entry.column + 1];
    }
    for (std::size_t j = 0; j < columns; ++j) {
      column_starts[j + 1] += column_starts[j];
    }
    std::vector<std::size_t> order(entries.size());
    for (std::size_t k = 0; k < entries.size(); ++k) {
      order[column_starts[entries[k].column]++] = k;
    }
    std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
    for (const std::size_t k : order) {
      const std::size_t at = next[entries[k].row]++;
      indices_[at] = entries[k].column;
      payoffs_[at] = entries[k].payoff;
      require(at == starts_[entries[k].row] || indices_[at - 1] != indices_[at],
              Errc::invalid_argument, "SparseOperator: entry (", entries[k].row, ", ",
              entries[k].column, ") is given twice");
    }
    detail::Interval<Real> interval;
    if (!entries.empty() && entries.size() / columns == rows) {  // no entry is absent
      interval = detail::Interval<Real>::of(payoffs_);
    }
    for (const Real payoff : payoffs_) {
      interval.include(payoff);
    }
    range_ = interval.high - interval.low;
  }

  [[nodiscard]] std::size_t rows() const noexcept { return starts_.size() - 1; }
  [[nodiscard]] std::size_t columns() const noexcept { return columns_; }
  [[nodiscard]] std::size_t entries() const noexcept { return payoffs_.size(); }
  [[nodiscard]] Real range() const noexcept { return range_; }

  void multiply(std::span<const Real> y, std::span<Real> out) const {
    for (std::size_t i = 0; i < rows(); ++i) {
      Real sum = 0;
      for (std::size_t k = starts_[i]; k < starts_[i + 1]; ++k) {
        sum += payoffs_[k] * y[indices_[k]];
      }
      out[i] = sum;
    }
  }
  void multiply_transposed(std::span<const Real> x, std::span<Real> out) const {
    clear(out);
    for (std::size_t i = 0; i < rows(); ++i) {
      for (std::size_t k = starts_[i]; k < starts_[i + 1]; ++k) {
        out[indices_[k]] += payoffs_[k] * x[i];
      }
    }
  }
  void dual_product(std::span<const Real> x, std::span<const Real> y, std::span<Real> row_out,
                    std::span<Real> column_out) const {
    clear(column_out);
    for (std::size_t i = 0; i < rows(); ++i) {
      Real sum = 0;
      for (std::size_t k = starts_[i]; k < starts_[i + 1]; ++k) {
        sum += payoffs_[k] * y[indices_[k]];
        column_out[indices_[k]] += payoffs_[k] * x[i];
      }
      row_out[i] = sum;
    }
  }

 private:
  static void clear(std::span<Real> out) {
    for (Real& entry : out) {
      entry = 0;
    }
  }

  std::size_t columns_;
  std::vector<std::size_t> starts_;
  std::vector<std::size_t> indices_;
  std::vector<Real> payoffs_;
  Real range_ = 0;
};

}  // namespace dag
