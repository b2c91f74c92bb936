// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/core/deadline.hpp>
#include <dag/detail/config.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

// Factorisations of dense row-major matrices of some thousand rows. They split the matrix in halves
// until what is left is small (Toledo 1997, doi:10.1137/S0895479896297744), so that all but a few
// percent of the work is one blocked product. Eigen's own do the same by expression templates that
// cost a compiler five seconds each; these cost it a tenth of one. Order of operations fixed by the
// shape and the vector width.

/// y += number * x.
template <class Scalar>
void add_multiple(std::size_t size, Scalar number, const Scalar* x, Scalar* y) noexcept {
  namespace ei = Eigen::internal;
  using Packet = typename ei::packet_traits<Scalar>::type;
  constexpr std::size_t lanes = ei::packet_traits<Scalar>::size;
  const Packet factor = ei::pset1<Packet>(number);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const Packet sum = ei::pmadd(factor, ei::ploadu<Packet>(x + i), ei::ploadu<Packet>(y + i));
    ei::pstoreu(y + i, sum);
  }
  for (; i < size; ++i) {
    y[i] += number * x[i];
  }
}

/// sum x y.
template <class Scalar>
[[nodiscard]] Scalar inner_product(std::size_t size, const Scalar* x, const Scalar* y) noexcept {
  namespace ei = Eigen::internal;
  using Packet = typename ei::packet_traits<Scalar>::type;
  constexpr std::size_t lanes = ei::packet_traits<Scalar>::size;
  Packet low = ei::pset1<Packet>(Scalar{0});
  Packet high = low;
  std::size_t i = 0;
  for (; i + 2 * lanes <= size; i += 2 * lanes) {
    low = ei::pmadd(ei::ploadu<Packet>(x + i), ei::ploadu<Packet>(y + i), low);
    high = ei::pmadd(ei::ploadu<Packet>(x + i + lanes), ei::ploadu<Packet>(y + i + lanes), high);
  }
  Scalar sum = ei::predux(ei::padd(low, high));
  for (; i < size; ++i) {
    sum += x[i] * y[i];
  }
  return sum;
}

/// Row-major products  C += scale A B, blocked for the caches, with a tile of C in registers. Keeps
/// its buffers from one call to the next.
template <class Scalar>
class DenseProduct {
 public:
  /// A: entry (i, k) at a[i * row_step + k * column_step], so that it may be a transpose.
  struct Left {
    const Scalar* a;
    std::size_t row_step;
    std::size_t column_step;
  };

  /// Ends products early once it has passed: their results then mean nothing, and `late` is true.
  /// Has to outlive this.
  void stop_at(const Deadline& deadline) noexcept { deadline_ = &deadline; }
  [[nodiscard]] bool late() const { return deadline_ != nullptr && deadline_->passed(); }

  /// C (rows x columns, at c, `stride` entries a row) += scale * A (rows x depth) * B (depth x
  /// columns, at b, `b_stride` entries a row). `upper`: entries below the diagonal of C are spared
  /// where that saves work, and mean nothing afterwards.
  void add(Scalar scale, std::size_t rows, std::size_t columns, std::size_t depth, Left left,
           const Scalar* b, std::size_t b_stride, Scalar* c, std::size_t stride,
           bool upper = false) {
    for (std::size_t k = 0; k < depth; k += most_depth) {
      const std::size_t deep = depth - k < most_depth ? depth - k : most_depth;
      for (std::size_t i = 0; i < rows; i += most_rows) {
        const std::size_t high = rows - i < most_rows ? rows - i : most_rows;
        if (late()) {
          return;
        }
        pack_left(scale, high, deep, left, i, k);
        for (std::size_t j = upper ? i / width * width : 0; j < columns; j += width) {
          const std::size_t wide = columns - j < width ? columns - j : width;
          pack_right(deep, wide, b + k * b_stride + j, b_stride);
          for (std::size_t row = 0; row < high && !(upper && i + row >= j + width); row += height) {
            const std::size_t tall = high - row < height ? high - row : height;
            Scalar* const out = c + (i + row) * stride + j;
            if (tall == height && wide == width) {
              tile(left_.data() + row * deep, right_.data(), deep, out, stride);
            } else {
              partial_tile(row, deep, tall, wide, out, stride);
            }
          }
        }
      }
    }
  }

 private:
  static constexpr std::size_t lanes = Eigen::internal::packet_traits<Scalar>::size;
  static constexpr std::size_t packets = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 4 : 2;
  static constexpr std::size_t height = 6;
  static constexpr std::size_t width = packets * lanes;
  static constexpr std::size_t most_depth = 128;
  static constexpr std::size_t most_rows = 32 * height;

  void pack_left(Scalar scale, std::size_t high, std::size_t deep, Left left, std::size_t i,
                 std::size_t k) {
    left_.resize(static_cast<Eigen::Index>((high + height - 1) / height * height * deep));
    Scalar* out = left_.data();
    for (std::size_t row = 0; row < high; row += height) {
      const Scalar* from = left.a + (i + row) * left.row_step + k * left.column_step;
      for (std::size_t depth = 0; depth < deep; ++depth, from += left.column_step, out += height) {
        for (std::size_t r = 0; r < height; ++r) {
          out[r] = row + r < high ? scale * from[r * left.row_step] : Scalar{0};
        }
      }
    }
  }
  void pack_right(std::size_t deep, std::size_t wide, const Scalar* from, std::size_t stride) {
    right_.resize(static_cast<Eigen::Index>(width * deep));
    Scalar* out = right_.data();
    for (std::size_t depth = 0; depth < deep; ++depth, from += stride, out += width) {
      for (std::size_t j = 0; j < width; ++j) {
        out[j] = j < wide ? from[j] : Scalar{0};
      }
    }
  }
  void partial_tile(std::size_t row, std::size_t deep, std::size_t tall, std::size_t wide,
                    Scalar* out, std::size_t stride) {
    Scalar all[height * width] = {};
    tile(left_.data() + row * deep, right_.data(), deep, all, width);
    for (std::size_t r = 0; r < tall; ++r) {
      for (std::size_t j = 0; j < wide; ++j) {
        out[r * stride + j] += all[r * width + j];
      }
    }
  }
  static void tile(const Scalar* a, const Scalar* b, std::size_t depth, Scalar* out,
                   std::size_t stride) noexcept {
    rows_of_tile(a, b, depth, out, stride, std::make_index_sequence<height>{},
                 std::make_index_sequence<packets>{});
  }
  /// The packs are unrolled here, since compilers leave such loops alone at -O2 and then keep the
  /// sums in memory.
  template <std::size_t... row, std::size_t... column>
  static void rows_of_tile(const Scalar* a, const Scalar* b, std::size_t depth, Scalar* out,
                           std::size_t stride, std::index_sequence<row...>,
                           std::index_sequence<column...>) noexcept {
    namespace ei = Eigen::internal;
    using Packet = typename ei::packet_traits<Scalar>::type;
    struct Row {
      Packet sum[packets];
    };
    Row sums[height] = {((void)row, Row{{((void)column, ei::pset1<Packet>(Scalar{0}))...}})...};
    for (std::size_t k = 0; k < depth; ++k, a += height, b += width) {
      const Row right = {{ei::ploadu<Packet>(b + column * lanes)...}};
      const auto add = [&right](Packet factor, Row& to) {
        ((to.sum[column] = ei::pmadd(factor, right.sum[column], to.sum[column])), ...);
      };
      (add(ei::pset1<Packet>(a[row]), sums[row]), ...);
    }
    const auto store = [](const Row& from, Scalar* to) {
      (ei::pstoreu(to + column * lanes,
                   ei::padd(ei::ploadu<Packet>(to + column * lanes), from.sum[column])),
       ...);
    };
    (store(sums[row], out + row * stride), ...);
  }

  eigen::vector<Scalar> left_;
  eigen::vector<Scalar> right_;
  const Deadline* deadline_ = nullptr;
};

/// Cholesky of symmetric positive definite matrices: the upper triangle becomes U with U'U = A.
/// n^3 / 3 operations.
template <class Scalar>
class DenseCholesky {
 public:
  void stop_at(const Deadline& deadline) noexcept { product_.stop_at(deadline); }
  /// In place; reads the upper triangle. False where a pivot is not positive and finite, or late.
  [[nodiscard]] bool factor(eigen::matrix<Scalar>& a) {
    stride_ = eigen::rows(a);
    return factor(a.data(), stride_);
  }
  /// x = A^-1 x.
  static void solve(const eigen::matrix<Scalar>& factor, eigen::vector<Scalar>& x) {
    const std::size_t n = eigen::rows(factor);
    Scalar* const entries = x.data();
    for (std::size_t i = 0; i < n; ++i) {
      const Scalar* row = factor.data() + i * n;
      entries[i] /= row[i];
      add_multiple(n - i - 1, -entries[i], row + i + 1, entries + i + 1);
    }
    for (std::size_t i = n; i-- > 0;) {
      const Scalar* row = factor.data() + i * n;
      entries[i] = (entries[i] - inner_product(n - i - 1, row + i + 1, entries + i + 1)) / row[i];
    }
  }

 private:
  static constexpr std::size_t unsplit = 16;

  bool factor(Scalar* a, std::size_t n) {
    if (n > unsplit) {
      const std::size_t half = n / 2;
      Scalar* const right = a + half;
      Scalar* const below = a + half * stride_ + half;
      if (!factor(a, half)) {
        return false;
      }
      divide(a, half, right, n - half);
      product_.add(Scalar{-1}, n - half, n - half, half, {right, 1, stride_}, right, stride_, below,
                   stride_, true);
      return !product_.late() && factor(below, n - half);
    }
    for (std::size_t k = 0; k < n; ++k) {
      Scalar* const row = a + k * stride_;
      if (!(row[k] > 0) || !(row[k] <= std::numeric_limits<Scalar>::max())) {
        return false;
      }
      const Scalar pivot = std::sqrt(row[k]);
      row[k] = pivot;
      for (std::size_t j = k + 1; j < n; ++j) {
        row[j] /= pivot;
      }
      for (std::size_t i = k + 1; i < n; ++i) {
        add_multiple(n - i, -row[i], row + i, a + i * stride_ + i);
      }
    }
    return true;
  }
  /// B = U^-T B, n x columns.
  void divide(const Scalar* u, std::size_t n, Scalar* b, std::size_t columns) {
    if (n > unsplit) {
      const std::size_t half = n / 2;
      Scalar* const below = b + half * stride_;
      divide(u, half, b, columns);
      product_.add(Scalar{-1}, n - half, columns, half, {u + half, 1, stride_}, b, stride_, below,
                   stride_);
      divide(u + half * stride_ + half, n - half, below, columns);
      return;
    }
    for (std::size_t i = 0; i < n; ++i) {
      Scalar* const row = b + i * stride_;
      for (std::size_t k = 0; k < i; ++k) {
        add_multiple(columns, -u[k * stride_ + i], b + k * stride_, row);
      }
      const Scalar pivot = u[i * stride_ + i];
      for (std::size_t j = 0; j < columns; ++j) {
        row[j] /= pivot;
      }
    }
  }

  std::size_t stride_ = 0;
  DenseProduct<Scalar> product_;
};

/// LU with partial pivoting, P A = L U in place of A; solves with A and with its transpose. A
/// column without a pivot is left as it is: solutions are then not finite. 2 n^3 / 3 operations.
template <class Scalar>
class DenseLu {
 public:
  void factor(const eigen::matrix<Scalar>& a) {
    factor_ = a;
    size_ = eigen::rows(a);
    pivots_.resize(size_);
    factor(0, size_);
  }
  /// x = A^-1 x.
  void solve(eigen::vector<Scalar>& x) const {
    Scalar* const entries = x.data();
    for (std::size_t i = 0; i < size_; ++i) {
      std::swap(entries[i], entries[pivots_[i]]);
    }
    for (std::size_t i = 0; i < size_; ++i) {
      entries[i] -= inner_product(i, row(i), entries);
    }
    for (std::size_t i = size_; i-- > 0;) {
      const Scalar* u = row(i);
      entries[i] = (entries[i] - inner_product(size_ - i - 1, u + i + 1, entries + i + 1)) / u[i];
    }
  }
  /// x = A'^-1 x.
  void solve_transposed(eigen::vector<Scalar>& x) const {
    Scalar* const entries = x.data();
    for (std::size_t i = 0; i < size_; ++i) {
      const Scalar* u = row(i);
      entries[i] /= u[i];
      add_multiple(size_ - i - 1, -entries[i], u + i + 1, entries + i + 1);
    }
    for (std::size_t i = size_; i-- > 0;) {
      add_multiple(i, -entries[i], row(i), entries);
    }
    for (std::size_t i = size_; i-- > 0;) {
      std::swap(entries[i], entries[pivots_[i]]);
    }
  }

 private:
  static constexpr std::size_t unsplit = 8;

  [[nodiscard]] const Scalar* row(std::size_t i) const { return factor_.data() + i * size_; }
  [[nodiscard]] Scalar* row(std::size_t i) { return factor_.data() + i * size_; }

  /// Columns first to end of all rows below `first`.
  void factor(std::size_t first, std::size_t end) {
    if (end - first > unsplit) {
      const std::size_t middle = first + (end - first) / 2;
      factor(first, middle);
      divide(first, middle, middle, end);
      product_.add(Scalar{-1}, size_ - middle, end - middle, middle - first,
                   {row(middle) + first, size_, 1}, row(first) + middle, size_,
                   row(middle) + middle, size_);
      factor(middle, end);
      return;
    }
    for (std::size_t k = first; k < end; ++k) {
      std::size_t best = k;
      for (std::size_t i = k + 1; i < size_; ++i) {
        best = std::abs(row(i)[k]) > std::abs(row(best)[k]) ? i : best;
      }
      pivots_[k] = best;
      if (best != k) {
        std::swap_ranges(row(k), row(k) + size_, row(best));
      }
      const Scalar pivot = row(k)[k];
      if (pivot == 0) {
        continue;
      }
      for (std::size_t i = k + 1; i < size_; ++i) {
        Scalar* const current = row(i);
        const Scalar factor = current[k] / pivot;
        current[k] = factor;
        for (std::size_t j = k + 1; j < end; ++j) {
          current[j] -= factor * row(k)[j];
        }
      }
    }
  }
  /// Columns from to `to` of the rows first to end: L^-1 times them.
  void divide(std::size_t first, std::size_t end, std::size_t from, std::size_t to) {
    if (end - first > unsplit) {
      const std::size_t middle = first + (end - first) / 2;
      divide(first, middle, from, to);
      product_.add(Scalar{-1}, end - middle, to - from, middle - first,
                   {row(middle) + first, size_, 1}, row(first) + from, size_, row(middle) + from,
                   size_);
      divide(middle, end, from, to);
      return;
    }
    for (std::size_t i = first; i < end; ++i) {
      for (std::size_t k = first; k < i; ++k) {
        add_multiple(to - from, -row(i)[k], row(k) + from, row(i) + from);
      }
    }
  }

  std::size_t size_ = 0;
  eigen::matrix<Scalar> factor_;
  std::vector<std::size_t> pivots_;
  DenseProduct<Scalar> product_;
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
