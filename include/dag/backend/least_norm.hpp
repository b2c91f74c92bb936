// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <dag/backend/dense_factors.hpp>
#include <dag/backend/eigen_backend.hpp>
#include <dag/detail/config.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

/// Least-squares solutions of least norm by a complete orthogonal decomposition,
///   A P = Q [T 0; 0 0] Z,
/// Householder reflections from the left with the largest remaining column as pivot (Businger and
/// Golub 1965, doi:10.1007/BF01436084), then from the right where A has not full column rank. The
/// rank is the number of pivots above `threshold` times the first. Column norms are computed anew
/// in each pass over the matrix. About 4 m n r operations, r the rank. Row-major, in place.
template <class Scalar>
class LeastNorm {
 public:
  using Matrix = eigen::matrix<Scalar>;
  using Vector = eigen::vector<Scalar>;

  /// Threshold: the machine's rounding times the shorter side.
  explicit LeastNorm(Matrix a)
      : LeastNorm(std::move(a), std::numeric_limits<Scalar>::epsilon(), true) {}
  LeastNorm(Matrix a, Scalar threshold) : LeastNorm(std::move(a), threshold, false) {}

  [[nodiscard]] std::size_t rank() const noexcept { return rank_; }

  /// The x of least norm among those that minimise |A x - b|; b has one entry a row.
  [[nodiscard]] Vector solve(const Vector& b) const {
    std::vector<Scalar> c(b.data(), b.data() + rows_);
    for (std::size_t k = 0; k < rank_; ++k) {
      const Scalar* v = left_.data() + k * rows_;
      const Scalar along = inner_product(rows_ - k, v + k, c.data() + k);
      add_multiple(rows_ - k, -left_scale_[k] * along, v + k, c.data() + k);
    }
    std::vector<Scalar> y(columns_, Scalar{0});
    for (std::size_t i = rank_; i-- > 0;) {
      const Scalar* r = row(i);
      y[i] = (c[i] - inner_product(rank_ - i - 1, r + i + 1, y.data() + i + 1)) / r[i];
    }
    const std::size_t rest = columns_ - rank_;
    for (std::size_t k = 0; k < rank_ && rest > 0; ++k) {
      const Scalar* v = row(k) + rank_;  // and 1 at k
      const Scalar along = y[k] + inner_product(rest, v, y.data() + rank_);
      y[k] -= right_scale_[k] * along;
      add_multiple(rest, -right_scale_[k] * along, v, y.data() + rank_);
    }
    Vector x(static_cast<Eigen::Index>(columns_));
    for (std::size_t j = 0; j < columns_; ++j) {
      x.data()[order_[j]] = y[j];
    }
    return x;
  }

 private:
  using Packet = typename Eigen::internal::packet_traits<Scalar>::type;
  static constexpr std::size_t lanes = Eigen::internal::packet_traits<Scalar>::size;

  LeastNorm(Matrix a, Scalar threshold, bool times_side)
      : a_(std::move(a)), rows_(eigen::rows(a_)), columns_(eigen::columns(a_)) {
    const std::size_t side = std::min(rows_, columns_);
    threshold *= times_side ? static_cast<Scalar>(side) : Scalar{1};
    order_.resize(columns_);
    for (std::size_t j = 0; j < columns_; ++j) {
      order_[j] = j;
    }
    std::vector<Scalar> squares(columns_, Scalar{0});
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t j = 0; j < columns_; ++j) {
        squares[j] += row(i)[j] * row(i)[j];
      }
    }
    Scalar first = 0;
    for (std::size_t k = 0; k < side; ++k) {
      const auto best = static_cast<std::size_t>(
          std::max_element(squares.begin() + static_cast<std::ptrdiff_t>(k), squares.end()) -
          squares.begin());
      const Scalar pivot = std::sqrt(squares[best]);
      first = k == 0 ? pivot : first;
      if (!(pivot > threshold * first)) {
        break;
      }
      exchange(k, best);
      reflect_left(k, pivot, squares);
      ++rank_;
    }
    for (std::size_t k = rank_; k-- > 0 && columns_ > rank_;) {
      reflect_right(k);
    }
  }

  [[nodiscard]] const Scalar* row(std::size_t i) const { return a_.data() + i * columns_; }
  [[nodiscard]] Scalar* row(std::size_t i) { return a_.data() + i * columns_; }

  /// Four rows of a reflection at once, half of the loads and stores of one at a time:
  /// sums += sum_r v[r] row_r, where row_r = row + r * stride.
  static void add_rows(std::size_t size, const Scalar* v, const Scalar* row, std::size_t stride,
                       Scalar* sums) {
    const Packet v0 = Eigen::internal::pset1<Packet>(v[0]),
                 v1 = Eigen::internal::pset1<Packet>(v[1]);
    const Packet v2 = Eigen::internal::pset1<Packet>(v[2]),
                 v3 = Eigen::internal::pset1<Packet>(v[3]);
    std::size_t j = 0;
    for (; j + lanes <= size; j += lanes) {
      const Scalar* at = row + j;
      Packet sum = Eigen::internal::pmadd(v0, Eigen::internal::ploadu<Packet>(at),
                                          Eigen::internal::ploadu<Packet>(sums + j));
      sum = Eigen::internal::pmadd(v1, Eigen::internal::ploadu<Packet>(at + stride), sum);
      sum = Eigen::internal::pmadd(v2, Eigen::internal::ploadu<Packet>(at + 2 * stride), sum);
      sum = Eigen::internal::pmadd(v3, Eigen::internal::ploadu<Packet>(at + 3 * stride), sum);
      Eigen::internal::pstoreu(sums + j, sum);
    }
    for (; j < size; ++j) {
      for (std::size_t r = 0; r < 4; ++r) {
        sums[j] += v[r] * row[r * stride + j];
      }
    }
  }
  /// row_r -= scale v[r] sums, and the squares of the new rows added to `squares`.
  static void subtract_rows(std::size_t size, Scalar scale, const Scalar* v, const Scalar* sums,
                            Scalar* row, std::size_t stride, Scalar* squares) {
    const Packet factor[4] = {Eigen::internal::pset1<Packet>(-scale * v[0]),
                              Eigen::internal::pset1<Packet>(-scale * v[1]),
                              Eigen::internal::pset1<Packet>(-scale * v[2]),
                              Eigen::internal::pset1<Packet>(-scale * v[3])};
    std::size_t j = 0;
    for (; j + lanes <= size; j += lanes) {
      const Packet sum = Eigen::internal::ploadu<Packet>(sums + j);
      const auto update = [&](std::size_t r) {
        Scalar* const at = row + r * stride + j;
        const Packet now =
            Eigen::internal::pmadd(factor[r], sum, Eigen::internal::ploadu<Packet>(at));
        Eigen::internal::pstoreu(at, now);
        return now;
      };
      const Packet a = update(0), b = update(1), c = update(2), d = update(3);
      const Packet low = Eigen::internal::pmadd(a, a, Eigen::internal::pmul(b, b));
      const Packet high = Eigen::internal::pmadd(c, c, Eigen::internal::pmul(d, d));
      Eigen::internal::pstoreu(squares + j,
                               Eigen::internal::padd(Eigen::internal::ploadu<Packet>(squares + j),
                                                     Eigen::internal::padd(low, high)));
    }
    for (; j < size; ++j) {
      for (std::size_t r = 0; r < 4; ++r) {
        Scalar& entry = row[r * stride + j];
        entry -= scale * v[r] * sums[j];
        squares[j] += entry * entry;
      }
    }
  }
  void exchange(std::size_t k, std::size_t other) {
    if (k != other) {
      std::swap(order_[k], order_[other]);
      for (std::size_t i = 0; i < rows_; ++i) {
        std::swap(row(i)[k], row(i)[other]);
      }
    }
  }
  /// H = 1 - scale v v' turns column k, of norm `norm` from row k down, into a multiple of e_k. On
  /// the way out: the squares of what is left below row k.
  void reflect_left(std::size_t k, Scalar norm, std::vector<Scalar>& squares) {
    left_.resize((k + 1) * rows_, Scalar{0});
    Scalar* const v = left_.data() + k * rows_;
    for (std::size_t i = k; i < rows_; ++i) {
      v[i] = row(i)[k];
    }
    const Scalar image = v[k] > 0 ? -norm : norm;
    v[k] -= image;
    left_scale_.push_back(-1 / (image * v[k]));
    const std::size_t rest = columns_ - k - 1;
    sums_.assign(rest, Scalar{0});
    std::size_t i = k;
    for (; i + 4 <= rows_; i += 4) {
      add_rows(rest, v + i, row(i) + k + 1, columns_, sums_.data());
    }
    for (; i < rows_; ++i) {
      add_multiple(rest, v[i], row(i) + k + 1, sums_.data());
    }
    row(k)[k] = image;
    add_multiple(rest, -left_scale_[k] * v[k], sums_.data(), row(k) + k + 1);
    std::fill(squares.begin(), squares.end(), Scalar{0});
    Scalar* const left = squares.data() + k + 1;
    for (i = k + 1; i + 4 <= rows_; i += 4) {
      subtract_rows(rest, left_scale_[k], v + i, sums_.data(), row(i) + k + 1, columns_, left);
    }
    for (; i < rows_; ++i) {
      Scalar* const own = row(i) + k + 1;
      add_multiple(rest, -left_scale_[k] * v[i], sums_.data(), own);
      for (std::size_t j = 0; j < rest; ++j) {
        left[j] += own[j] * own[j];
      }
    }
  }
  /// From the right: a reflection of the entries k and rank.. that leaves row k its entry k only.
  /// Its vector, 1 at k, takes the place of what it clears.
  void reflect_right(std::size_t k) {
    const std::size_t rest = columns_ - rank_;
    Scalar* const own = row(k);
    const Scalar square = inner_product(rest, own + rank_, own + rank_);
    const Scalar norm = std::sqrt(own[k] * own[k] + square);
    const Scalar image = own[k] > 0 ? -norm : norm;
    const Scalar lead = own[k] - image;
    const Scalar scale = -lead / image;  // of the vector with 1 at k
    for (std::size_t j = rank_; j < columns_; ++j) {
      own[j] /= lead;
    }
    own[k] = image;
    right_scale_.resize(rank_);
    right_scale_[k] = scale;
    for (std::size_t i = 0; i < k; ++i) {
      Scalar* const other = row(i);
      const Scalar along = other[k] + inner_product(rest, own + rank_, other + rank_);
      other[k] -= scale * along;
      add_multiple(rest, -scale * along, own + rank_, other + rank_);
    }
  }

  Matrix a_;
  std::size_t rows_;
  std::size_t columns_;
  std::size_t rank_ = 0;
  std::vector<std::size_t> order_;
  std::vector<Scalar> left_;  ///< the vectors of the reflections from the left, a row each
  std::vector<Scalar> left_scale_;
  std::vector<Scalar> right_scale_;
  std::vector<Scalar> sums_;
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
