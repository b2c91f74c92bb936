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
        x_(Vector::Zero(whole_.rows())),
        y_(Vector::Zero(whole_.cols())),
        by_(Vector::Zero(whole_.rows())),
        btx_(Vector::Zero(whole_.cols())) {}

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
  [[nodiscard]] Real top() const { return by_.maxCoeff(); }
  [[nodiscard]] Real bottom() const { return btx_.minCoeff(); }

  /// Goes on with these rows and columns of the part, ascending.
  void keep(const Indices& rows, const Indices& columns) {
    Matrix next = part()(rows, columns);
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
  void whole(const Vector& part, const Indices& indices, Vector& out) const {
    if (narrowed_) {
      out.setZero();
      out(indices) = part;
    } else {
      out = part;
    }
  }
  void gather(const Vector& all, const Indices& indices, Vector& out) const {
    if (narrowed_) {
      out = all(indices);
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
