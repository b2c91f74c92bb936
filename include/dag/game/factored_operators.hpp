// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/game/operator.hpp>
#include <dag/numeric/dense.hpp>

namespace dag {

/// A = U V', U rows x rank and V columns x rank, both row-major. Products in O((rows + columns)
/// rank). Range: an upper bound, from the sum over k of the extremes of u_k times those of v_k;
/// give `range` where a better one is known. Errors: dimension_mismatch, not_finite,
/// invalid_argument.
template <Scalar Real>
class LowRankOperator {
 public:
  using scalar_type = Real;

  LowRankOperator(std::size_t rank, std::vector<Real> row_factors, std::vector<Real> column_factors)
      : rank_(rank),
        row_factors_(std::move(row_factors)),
        column_factors_(std::move(column_factors)) {
    require(rank >= 1 && row_factors_.size() % rank == 0 && column_factors_.size() % rank == 0 &&
                !row_factors_.empty() && !column_factors_.empty(),
            Errc::dimension_mismatch, "LowRankOperator: ", row_factors_.size(), " and ",
            column_factors_.size(), " entries do not fill rows of rank ", rank);
    detail::require_finite<Real>(row_factors_, "LowRankOperator");
    detail::require_finite<Real>(column_factors_, "LowRankOperator");
    for (std::size_t k = 0; k < rank; ++k) {
      const auto products = detail::Interval<Real>::of(row_factors_, rank, k)
                                .times(detail::Interval<Real>::of(column_factors_, rank, k));
      range_ += products.high - products.low;
    }
  }
  LowRankOperator(std::size_t rank, std::vector<Real> row_factors, std::vector<Real> column_factors,
                  Real range)
      : LowRankOperator(rank, std::move(row_factors), std::move(column_factors)) {
    require(range >= 0, Errc::invalid_argument, "LowRankOperator: range must be >= 0, got ", range);
    range_ = range;
  }

  [[nodiscard]] std::size_t rows() const noexcept { return row_factors_.size() / rank_; }
  [[nodiscard]] std::size_t columns() const noexcept { return column_factors_.size() / rank_; }
  [[nodiscard]] Real range() const noexcept { return range_; }

  void multiply(std::span<const Real> y, std::span<Real> out) const {
    apply(row_factors_, column_factors_, y, out);
  }
  void multiply_transposed(std::span<const Real> x, std::span<Real> out) const {
    apply(column_factors_, row_factors_, x, out);
  }

 private:
  static constexpr std::size_t chunk = 64;  ///< factors at a time, so that no call allocates

  /// out = left (right' in).
  void apply(std::span<const Real> left, std::span<const Real> right, std::span<const Real> in,
             std::span<Real> out) const {
    for (std::size_t first = 0; first < rank_; first += chunk) {
      const std::size_t count = rank_ - first < chunk ? rank_ - first : chunk;
      Real inner[chunk] = {};
      for (std::size_t j = 0; j < in.size(); ++j) {
        for (std::size_t k = 0; k < count; ++k) {
          inner[k] += in[j] * right[j * rank_ + first + k];
        }
      }
      for (std::size_t i = 0; i < out.size(); ++i) {
        const Real sum = detail::dot(left.data() + i * rank_ + first, inner, count);
        out[i] = first == 0 ? sum : out[i] + sum;
      }
    }
  }

  std::size_t rank_;
  std::vector<Real> row_factors_;
  std::vector<Real> column_factors_;
  Real range_ = 0;
};

/// A = B (x) C, both dense row-major: strategies are pairs, (i, k) numbered i rows(C) + k, and the
/// payoff of (i, k) against (j, l) is B(i, j) C(k, l). Products in O(columns(B) size(C) + size(B)
/// rows(C)). Range: exact. Errors: dimension_mismatch, not_finite.
template <Scalar Real>
class KroneckerOperator {
 public:
  using scalar_type = Real;

  KroneckerOperator(std::size_t outer_columns, std::vector<Real> outer, std::size_t inner_columns,
                    std::vector<Real> inner)
      : outer_columns_(outer_columns),
        inner_columns_(inner_columns),
        outer_(std::move(outer)),
        inner_(std::move(inner)) {
    require(outer_columns >= 1 && inner_columns >= 1 && !outer_.empty() && !inner_.empty() &&
                outer_.size() % outer_columns == 0 && inner_.size() % inner_columns == 0,
            Errc::dimension_mismatch, "KroneckerOperator: ", outer_.size(), " and ", inner_.size(),
            " entries do not fill rows of ", outer_columns, " and ", inner_columns);
    detail::require_finite<Real>(outer_, "KroneckerOperator");
    detail::require_finite<Real>(inner_, "KroneckerOperator");
    const auto products =
        detail::Interval<Real>::of(outer_).times(detail::Interval<Real>::of(inner_));
    range_ = products.high - products.low;
  }

  [[nodiscard]] std::size_t rows() const noexcept { return outer_rows() * inner_rows(); }
  [[nodiscard]] std::size_t columns() const noexcept { return outer_columns_ * inner_columns_; }
  [[nodiscard]] Real range() const noexcept { return range_; }

  /// out = B Y C' with y read as the matrix Y, row after row.
  void multiply(std::span<const Real> y, std::span<Real> out) const {
    for (Real& entry : out) {
      entry = 0;
    }
    for (std::size_t j = 0; j < outer_columns_; ++j) {
      for (std::size_t k = 0; k < inner_rows(); ++k) {
        const Real inner = detail::dot(inner_.data() + k * inner_columns_,
                                       y.data() + j * inner_columns_, inner_columns_);
        for (std::size_t i = 0; i < outer_rows(); ++i) {
          out[i * inner_rows() + k] += outer_[i * outer_columns_ + j] * inner;
        }
      }
    }
  }
  /// out = B' X C.
  void multiply_transposed(std::span<const Real> x, std::span<Real> out) const {
    for (Real& entry : out) {
      entry = 0;
    }
    for (std::size_t j = 0; j < outer_columns_; ++j) {
      Real* block = out.data() + j * inner_columns_;
      for (std::size_t k = 0; k < inner_rows(); ++k) {
        Real weight = 0;
        for (std::size_t i = 0; i < outer_rows(); ++i) {
          weight += outer_[i * outer_columns_ + j] * x[i * inner_rows() + k];
        }
        const Real* row = inner_.data() + k * inner_columns_;
        for (std::size_t l = 0; l < inner_columns_; ++l) {
          block[l] += weight * row[l];
        }
      }
    }
  }

 private:
  [[nodiscard]] std::size_t outer_rows() const noexcept { return outer_.size() / outer_columns_; }
  [[nodiscard]] std::size_t inner_rows() const noexcept { return inner_.size() / inner_columns_; }

  std::size_t outer_columns_;
  std::size_t inner_columns_;
  std::vector<Real> outer_;
  std::vector<Real> inner_;
  Real range_ = 0;
};

}  // namespace dag
