// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <utility>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/core/concepts.hpp>

namespace dag::detail {

/// A matrix game B (m x n) and the part of it that a method still works on. Strategies that were
/// left out have weight zero; products and gap are always those of the whole game, so that a
/// strategy left out by mistake shows. Memory: B and its part. Nothing but `keep` allocates.
template <Scalar Real>
class RestrictedPayoff {
 public:
  using Matrix = eigen::matrix<Real>;
  using Vector = eigen::vector<Real>;
  using Indices = std::vector<Eigen::Index>;

  explicit RestrictedPayoff(Matrix whole)
      : whole_(std::move(whole)),
        x_(zeros(whole_.rows())),
        y_(zeros(whole_.cols())),
        by_(zeros(whole_.rows())),
        btx_(zeros(whole_.cols())) {}

  [[nodiscard]] const Matrix& part() const noexcept { return narrowed_ ? part_ : whole_; }

  /// Products of the whole game with x and y of the part; `by`, `btx` receive the part's entries.
  void multiply(const Vector& x, const Vector& y, Vector& by, Vector& btx) {
    whole(x, rows_, x_);
    whole(y, columns_, y_);
    dual_product(whole_.data(), static_cast<std::size_t>(whole_.rows()),
                 static_cast<std::size_t>(whole_.cols()), x_.data(), y_.data(), Real{1}, Real{1},
                 by_.data(), btx_.data());
    gather(by_, rows_, by);
    gather(btx_, columns_, btx);
  }
  /// Of the last products: the strategies in full length, and the best replies to them.
  [[nodiscard]] const Vector& x() const noexcept { return x_; }
  [[nodiscard]] const Vector& y() const noexcept { return y_; }
  [[nodiscard]] Real top() const { return eigen{}.max(eigen::view(by_)); }
  [[nodiscard]] Real bottom() const { return eigen{}.min(eigen::view(btx_)); }

  /// Goes on with these rows and columns of the part, ascending.
  void keep(const Indices& rows, const Indices& columns) {
    const Matrix& from = part();
    Matrix next(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(columns.size()));
    Real* out = next.data();
    for (const Eigen::Index i : rows) {
      const Real* row = from.data() + i * from.cols();
      for (const Eigen::Index j : columns) {
        *out++ = row[j];
      }
    }
    part_.swap(next);
    shorten(rows, rows_);
    shorten(columns, columns_);
    narrowed_ = true;
  }
  void widen() {
    narrowed_ = false;
    rows_.clear();
    columns_.clear();
  }

 private:
  static Vector zeros(Eigen::Index size) {
    return eigen{}.template allocate<Real>(static_cast<std::size_t>(size));
  }
  void whole(const Vector& part, const Indices& indices, Vector& out) const {
    if (narrowed_) {
      eigen{}.fill(eigen::view(out), Real{0});
      for (std::size_t k = 0; k < indices.size(); ++k) {
        out(indices[k]) = part(static_cast<Eigen::Index>(k));
      }
    } else {
      out = part;
    }
  }
  void gather(const Vector& all, const Indices& indices, Vector& out) const {
    if (narrowed_) {
      out.resize(static_cast<Eigen::Index>(indices.size()));
      for (std::size_t k = 0; k < indices.size(); ++k) {
        out(static_cast<Eigen::Index>(k)) = all(indices[k]);
      }
    } else {
      out = all;
    }
  }
  void shorten(const Indices& kept, Indices& indices) const {
    if (!narrowed_) {
      indices = kept;
      return;
    }
    for (std::size_t k = 0; k < kept.size(); ++k) {
      indices[k] = indices[static_cast<std::size_t>(kept[k])];
    }
    indices.resize(kept.size());
  }

  Matrix whole_, part_;
  Vector x_, y_, by_, btx_;
  Indices rows_, columns_;  ///< of the whole game, while narrowed
  bool narrowed_ = false;
};

}  // namespace dag::detail
