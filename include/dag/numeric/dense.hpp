// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/detail/span.hpp>

namespace dag {

// Factorisations of small dense row-major matrices (up to some hundred rows) on the caller's
// memory: what Newton and quadratic programs need where no linear-algebra library is included. In
// place, no allocation, fixed order of operations.

namespace detail {

/// Dot product in eight lanes, added in a fixed order: the compiler may vectorise it as it stands.
template <std::floating_point Scalar>
[[nodiscard]] Scalar dot(const Scalar* left, const Scalar* right, std::size_t count) noexcept {
  Scalar lane[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (std::size_t j = 0; j < 8; ++j) {
      lane[j] += left[i + j] * right[i + j];
    }
  }
  Scalar sum =
      ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  for (; i < count; ++i) {
    sum += left[i] * right[i];
  }
  return sum;
}

inline void require_square(const char* where, std::size_t entries, std::size_t size) {
  require(entries == size * size, Errc::dimension_mismatch, where, ": need ", size, " x ", size,
          " entries for ", size, " rows, got ", entries);
}

}  // namespace detail

/// Cholesky: the lower triangle of the symmetric n x n `matrix` (only it is read) becomes L with
/// L L' = matrix. Returns true; or false, leaving a partial factor, when a pivot is not positive
/// (not positive definite to working precision, or NaN). n^3/3 flops.
/// Throws `dimension_mismatch` unless matrix has n^2 entries.
template <detail::MutableRealSpan Matrix>
[[nodiscard]] bool cholesky_factor(Matrix&& matrix, std::size_t size) {
  using Scalar = detail::span_scalar_t<Matrix>;
  const std::span<Scalar> entries(matrix);
  detail::require_square("cholesky_factor", entries.size(), size);
  for (std::size_t row = 0; row < size; ++row) {
    Scalar* current = entries.data() + row * size;
    for (std::size_t column = 0; column < row; ++column) {
      const Scalar* other = entries.data() + column * size;
      current[column] = (current[column] - detail::dot(current, other, column)) / other[column];
    }
    const Scalar pivot = current[row] - detail::dot(current, current, row);
    if (!(pivot > 0) || !(pivot <= std::numeric_limits<Scalar>::max())) {
      return false;
    }
    current[row] = std::sqrt(pivot);
  }
  return true;
}

/// Solves L L' x = right_side in place, with L from `cholesky_factor`.
template <detail::RealSpan Factor, detail::MutableRealSpan Vector>
void cholesky_solve(const Factor& factor, Vector&& right_side) {
  using Scalar = detail::span_scalar_t<Vector>;
  const std::span<const Scalar> entries(factor);
  const std::span<Scalar> x(right_side);
  const std::size_t size = x.size();
  detail::require_square("cholesky_solve", entries.size(), size);
  for (std::size_t row = 0; row < size; ++row) {
    const Scalar* current = entries.data() + row * size;
    x[row] = (x[row] - detail::dot(current, x.data(), row)) / current[row];
  }
  for (std::size_t row = size; row-- > 0;) {
    const Scalar* current = entries.data() + row * size;
    x[row] /= current[row];
    for (std::size_t column = 0; column < row; ++column) {
      x[column] -= current[column] * x[row];
    }
  }
}

/// LDL' without pivoting, for symmetric quasi-definite matrices ([H A'; A -D] with H, D positive
/// definite, the systems of interior points): the lower triangle becomes unit L, the diagonal D.
/// Returns false when a pivot is zero or not finite. Throws as `cholesky_factor`.
template <detail::MutableRealSpan Matrix, detail::MutableRealSpan Workspace>
[[nodiscard]] bool ldlt_factor(Matrix&& matrix, std::size_t size, Workspace&& workspace) {
  using Scalar = detail::span_scalar_t<Matrix>;
  const std::span<Scalar> entries(matrix);
  const std::span<Scalar> scaled(workspace);
  detail::require_square("ldlt_factor", entries.size(), size);
  require(scaled.size() >= size, Errc::dimension_mismatch, "ldlt_factor: workspace must hold ",
          size, " entries, got ", scaled.size());
  for (std::size_t row = 0; row < size; ++row) {
    Scalar* current = entries.data() + row * size;
    for (std::size_t column = 0; column < row; ++column) {  // scaled = L(row, .) D
      const Scalar* other = entries.data() + column * size;
      scaled[column] = current[column] - detail::dot(scaled.data(), other, column);
    }
    for (std::size_t column = 0; column < row; ++column) {
      current[column] = scaled[column] / entries[column * size + column];
    }
    const Scalar pivot = current[row] - detail::dot(scaled.data(), current, row);
    if (!(pivot != 0) || !(std::abs(pivot) <= std::numeric_limits<Scalar>::max())) {
      return false;
    }
    current[row] = pivot;
  }
  return true;
}

/// Solves L D L' x = right_side in place, with L and D from `ldlt_factor`.
template <detail::RealSpan Factor, detail::MutableRealSpan Vector>
void ldlt_solve(const Factor& factor, Vector&& right_side) {
  using Scalar = detail::span_scalar_t<Vector>;
  const std::span<const Scalar> entries(factor);
  const std::span<Scalar> x(right_side);
  const std::size_t size = x.size();
  detail::require_square("ldlt_solve", entries.size(), size);
  for (std::size_t row = 0; row < size; ++row) {
    x[row] -= detail::dot(entries.data() + row * size, x.data(), row);
  }
  for (std::size_t row = 0; row < size; ++row) {
    x[row] /= entries[row * size + row];
  }
  for (std::size_t row = size; row-- > 0;) {
    const Scalar* current = entries.data() + row * size;
    for (std::size_t column = 0; column < row; ++column) {
      x[column] -= current[column] * x[row];
    }
  }
}

/// LU with partial pivoting: matrix becomes L (unit, below the diagonal) and U with row swaps in
/// `pivots` (step i swapped rows i and pivots[i]). Returns false when a column has no pivot
/// (singular to working precision, or NaN), and where `deadline` passes before the last step.
/// 2n^3/3 flops. Throws `dimension_mismatch`.
template <detail::MutableRealSpan Matrix>
[[nodiscard]] bool lu_factor(Matrix&& matrix, std::span<std::size_t> pivots,
                             const Deadline* deadline = nullptr) {
  using Scalar = detail::span_scalar_t<Matrix>;
  const std::span<Scalar> entries(matrix);
  const std::size_t size = pivots.size();
  detail::require_square("lu_factor", entries.size(), size);
  for (std::size_t step = 0; step < size; ++step) {
    if (deadline != nullptr && deadline->passed()) {
      return false;
    }
    std::size_t best = step;
    for (std::size_t row = step + 1; row < size; ++row) {
      if (std::abs(entries[row * size + step]) > std::abs(entries[best * size + step])) {
        best = row;
      }
    }
    pivots[step] = best;
    Scalar* top = entries.data() + step * size;
    if (best != step) {
      Scalar* other = entries.data() + best * size;
      for (std::size_t column = 0; column < size; ++column) {
        std::swap(top[column], other[column]);
      }
    }
    if (!(std::abs(top[step]) > 0) ||
        !(std::abs(top[step]) <= std::numeric_limits<Scalar>::max())) {
      return false;
    }
    for (std::size_t row = step + 1; row < size; ++row) {
      Scalar* current = entries.data() + row * size;
      const Scalar factor = current[step] / top[step];
      current[step] = factor;
      for (std::size_t column = step + 1; column < size; ++column) {
        current[column] -= factor * top[column];
      }
    }
  }
  return true;
}

/// Solves matrix x = right_side in place, with the factors of `lu_factor`.
template <detail::RealSpan Factor, detail::MutableRealSpan Vector>
void lu_solve(const Factor& factor, std::span<const std::size_t> pivots, Vector&& right_side) {
  using Scalar = detail::span_scalar_t<Vector>;
  const std::span<const Scalar> entries(factor);
  const std::span<Scalar> x(right_side);
  const std::size_t size = x.size();
  detail::require_square("lu_solve", entries.size(), size);
  require(pivots.size() == size, Errc::dimension_mismatch, "lu_solve: need ", size, " pivots, got ",
          pivots.size());
  for (std::size_t step = 0; step < size; ++step) {
    std::swap(x[step], x[pivots[step]]);
  }
  for (std::size_t row = 0; row < size; ++row) {
    x[row] -= detail::dot(entries.data() + row * size, x.data(), row);
  }
  for (std::size_t row = size; row-- > 0;) {
    const Scalar* current = entries.data() + row * size;
    x[row] = (x[row] - detail::dot(current + row + 1, x.data() + row + 1, size - row - 1)) /
             current[row];
  }
}

/// Solves matrix' x = right_side in place, with the factors of `lu_factor`.
template <detail::RealSpan Factor, detail::MutableRealSpan Vector>
void lu_solve_transposed(const Factor& factor, std::span<const std::size_t> pivots,
                         Vector&& right_side) {
  using Scalar = detail::span_scalar_t<Vector>;
  const std::span<const Scalar> entries(factor);
  const std::span<Scalar> x(right_side);
  const std::size_t size = x.size();
  detail::require_square("lu_solve_transposed", entries.size(), size);
  require(pivots.size() == size, Errc::dimension_mismatch, "lu_solve_transposed: need ", size,
          " pivots, got ", pivots.size());
  for (std::size_t row = 0; row < size; ++row) {
    const Scalar* current = entries.data() + row * size;
    x[row] /= current[row];
    for (std::size_t column = row + 1; column < size; ++column) {
      x[column] -= current[column] * x[row];
    }
  }
  for (std::size_t row = size; row-- > 0;) {
    const Scalar* current = entries.data() + row * size;
    for (std::size_t column = 0; column < row; ++column) {
      x[column] -= current[column] * x[row];
    }
  }
  for (std::size_t step = size; step-- > 0;) {
    std::swap(x[step], x[pivots[step]]);
  }
}

}  // namespace dag
