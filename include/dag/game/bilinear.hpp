// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/random.hpp>
#include <dag/core/state.hpp>
#include <dag/game/matrix.hpp>
#include <dag/geometry/euclidean.hpp>
#include <dag/geometry/product.hpp>
#include <dag/geometry/sets.hpp>

namespace dag {

/// V(x, y) = x' A y + b' x + c' y over two projection sets (boxes, balls, simplices, the whole
/// space...): the first player maximises, the second minimises. Field: (A y + b, -(A' x + c)), one
/// sweep of A. With `ProbabilitySimplex` sets it is a matrix game under the Euclidean map.
/// Memory: A, b, c. Errors: dimension_mismatch, not_finite.
template <Scalar Real, class Backend, class RowSet, class ColumnSet>
class BilinearGame {
 public:
  using scalar_type = Real;
  using backend_type = Backend;
  using Matrix = typename Backend::template matrix<Real>;
  using Vector = typename Backend::template vector<Real>;
  using Players = Product<Euclidean<RowSet>, Euclidean<ColumnSet>>;

  BilinearGame(Matrix payoff, RowSet row_set, ColumnSet column_set, Backend backend = {})
      : backend_(std::move(backend)),
        payoff_(std::move(payoff)),
        row_linear_(backend_.template allocate<Real>(row_set.size())),
        column_linear_(backend_.template allocate<Real>(column_set.size())),
        players_(Euclidean(std::move(row_set)), Euclidean(std::move(column_set))) {
    const Blocks& blocks = players_.blocks();
    require(Backend::rows(payoff_) == blocks.size(0) && Backend::columns(payoff_) == blocks.size(1),
            Errc::dimension_mismatch, "BilinearGame: the matrix is ", Backend::rows(payoff_), "x",
            Backend::columns(payoff_), ", the sets have ", blocks.size(0), " and ", blocks.size(1),
            " dimensions");
    require(backend_.all_finite(Backend::entries(payoff_)), Errc::not_finite,
            "BilinearGame: the matrix has a NaN or an infinity");
    lipschitz_ = operator_norm();
  }
  /// With linear terms b (row player) and c (column player).
  BilinearGame(Matrix payoff, RowSet row_set, ColumnSet column_set, const Vector& row_linear,
               const Vector& column_linear, Backend backend = {})
      : BilinearGame(std::move(payoff), std::move(row_set), std::move(column_set),
                     std::move(backend)) {
    set_linear(row_linear, row_linear_, "row");
    set_linear(column_linear, column_linear_, "column");
  }

  [[nodiscard]] const Backend& backend() const noexcept { return backend_; }
  [[nodiscard]] const Players& players() const noexcept { return players_; }
  [[nodiscard]] const Matrix& payoff() const noexcept { return payoff_; }

  void field(StateView<const Real> z, std::span<Real> out) const {
    const Blocks& blocks = players_.blocks();
    backend_.dual_product(payoff_, blocks.of(z.point, 0), blocks.of(z.point, 1), Real{1}, Real{-1},
                          blocks.of(out, 0), blocks.of(out, 1));
    backend_.axpy(Real{1}, Backend::view(row_linear_), blocks.of(out, 0));
    backend_.axpy(Real{-1}, Backend::view(column_linear_), blocks.of(out, 1));
  }
  /// V(x, y) = <A y + b, x> + c' y, given the field at z.
  [[nodiscard]] Real value(StateView<const Real> z, std::span<const Real> field) const {
    const Blocks& blocks = players_.blocks();
    return backend_.dot(blocks.of(field, 0), blocks.of(z.point, 0)) +
           backend_.dot(Backend::view(column_linear_), blocks.of(z.point, 1));
  }

  /// Of the field in the 2-norm, by power iteration on A'A, 1 % added: the operator norm of A,
  /// capped by the bound sqrt(||A||_F^2). A simplex moves within sum u = 0 and its projection sees
  /// no constant in the field, so that there the vectors are centred first: a constant added to A
  /// changes no step. At most 200 products, once, at construction.
  [[nodiscard]] Real lipschitz() const noexcept { return lipschitz_; }

  /// Over two simplices without linear terms: the payoff range, as in MatrixGame.
  [[nodiscard]] Real range() const
      requires(std::is_same_v<RowSet, ProbabilitySimplex<Real>>&&
                   std::is_same_v<ColumnSet, ProbabilitySimplex<Real>>) {
    const auto entries = Backend::entries(payoff_);
    return backend_.max(entries) - backend_.min(entries) + spread(row_linear_) +
           spread(column_linear_);
  }

 private:
  void set_linear(const Vector& given, Vector& own, const char* whose) {
    const auto values = Backend::view(given);
    require(values.size() == Backend::view(own).size(), Errc::dimension_mismatch,
            "BilinearGame: the ", whose, " player's linear term has ", values.size(),
            " entries, its set has ", Backend::view(own).size());
    require(backend_.all_finite(values), Errc::not_finite, "BilinearGame: the ", whose,
            " player's linear term has a NaN or an infinity");
    own = given;
  }
  [[nodiscard]] Real spread(const Vector& v) const {
    const auto values = Backend::view(v);
    return backend_.max(values) - backend_.min(values);
  }
  /// v -= its mean.
  template <bool apply>
  void center(std::span<Real> v) const {
    if constexpr (apply) {
      Vector ones = backend_.template allocate<Real>(v.size());
      backend_.fill(Backend::view(ones), Real{1});
      const auto one = std::span<const Real>(Backend::view(ones));
      const Real mean = backend_.dot(one, std::span<const Real>(v)) / static_cast<Real>(v.size());
      backend_.axpy(-mean, one, v);
    }
  }
  [[nodiscard]] Real operator_norm() const {
    const auto entries = Backend::entries(payoff_);
    const Real frobenius = std::sqrt(backend_.dot(entries, entries));
    if (!(frobenius > 0)) {
      return 0;
    }
    const Blocks& blocks = players_.blocks();
    std::vector<Real> start(blocks.size(1));
    RandomStream random(0x6e6f726d, 0);
    for (Real& entry : start) {
      entry = static_cast<Real>(random.normal());
    }
    Vector right = backend_.template allocate<Real>(blocks.size(1));
    Vector left = backend_.template allocate<Real>(blocks.size(0));
    const auto r = Backend::view(right);
    const auto l = Backend::view(left);
    backend_.upload(std::span<const Real>(start), r);
    constexpr bool rows_centred = std::is_same_v<RowSet, ProbabilitySimplex<Real>>;
    constexpr bool columns_centred = std::is_same_v<ColumnSet, ProbabilitySimplex<Real>>;
    center<columns_centred>(r);
    Real norm = 0;
    for (int k = 0; k < 100; ++k) {
      const Real length =
          std::sqrt(backend_.dot(std::span<const Real>(r), std::span<const Real>(r)));
      if (!(length > 0)) {
        break;
      }
      backend_.combine(Real{0}, std::span<const Real>(r), Real{1} / length, r);
      backend_.multiply(payoff_, std::span<const Real>(r), l);
      center<rows_centred>(l);
      backend_.multiply_transposed(payoff_, std::span<const Real>(l), r);
      center<columns_centred>(r);
      const Real previous = norm;
      norm = std::sqrt(backend_.dot(std::span<const Real>(l), std::span<const Real>(l)));
      if (!(norm > 0) || std::abs(norm - previous) <= Real(1e-4) * norm) {
        break;
      }
    }
    const Real bound = norm * Real(1.01);
    if (rows_centred || columns_centred) {
      // Below the rounding of centring the field is constant: any step will do.
      return norm > 64 * std::numeric_limits<Real>::epsilon() * frobenius ? bound : Real{0};
    }
    return bound < frobenius && bound > 0 ? bound : frobenius;
  }

  Backend backend_;
  Matrix payoff_;
  Vector row_linear_;
  Vector column_linear_;
  Players players_;
  Real lipschitz_ = 0;
};

template <class Matrix, class RowSet, class ColumnSet>
BilinearGame(const Matrix&, RowSet, ColumnSet)
    -> BilinearGame<typename Matrix::Scalar, typename backend_of<Matrix>::type, RowSet, ColumnSet>;

}  // namespace dag
