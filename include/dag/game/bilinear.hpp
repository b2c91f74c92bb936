// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/random.hpp>
#include <dag/core/state.hpp>
#include <dag/game/matrix.hpp>
#include <dag/game/matrix_certificate.hpp>
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
    return middle_ + unit_ * (backend_.dot(blocks.of(field, 0), blocks.of(z.point, 0)) +
                              backend_.dot(Backend::view(column_linear_), blocks.of(z.point, 1)));
  }

  /// Of the field in the 2-norm, by power iteration on A'A, 1 % added: the operator norm of A,
  /// capped by the bound sqrt(||A||_F^2). A simplex moves within sum u = 0 and its projection sees
  /// no constant in the field, so that there the vectors are centred first: a constant added to A
  /// changes no step. At most 200 products, once, at construction.
  [[nodiscard]] Real lipschitz() const noexcept { return lipschitz_; }

  static constexpr bool of_simplices = std::is_same_v<RowSet, ProbabilitySimplex<Real>> &&
                                       std::is_same_v<ColumnSet, ProbabilitySimplex<Real>>;

  /// Over two simplices: this game in the units of solvers, as in `MatrixGame`; linear terms only
  /// change their unit.
  [[nodiscard]] BilinearGame standard_form() const requires(of_simplices&& HasHostMemory<Backend>) {
    const auto entries = Backend::entries(payoff_);
    const Real low = backend_.min(entries);
    const Real all = range();
    const Real unit = all > 0 ? std::ldexp(Real{1}, std::ilogb(all)) : Real{1};
    const Real high = backend_.max(entries);
    const Real middle = (high > -low ? high : -low) <= 2 * all ? Real{0} : low + (high - low) / 2;
    BilinearGame form = *this;
    for (Real& entry : std::span<Real>(form.payoff_.data(), entries.size())) {
      entry = (entry - middle) / unit;
    }
    for (Vector* linear : {&form.row_linear_, &form.column_linear_}) {
      for (Real& entry : Backend::view(*linear)) {
        entry /= unit;
      }
    }
    form.middle_ = middle;
    form.unit_ = unit;
    form.source_ = this;
    form.lipschitz_ = form.operator_norm();
    return form;
  }
  [[nodiscard]] bool is_standard() const requires(of_simplices&& HasHostMemory<Backend>) {
    const auto entries = Backend::entries(payoff_);
    const Real low = backend_.min(entries);
    const Real high = backend_.max(entries);
    const Real all = range();
    return source_ != nullptr ||
           ((high > -low ? high : -low) <= 2 * all && all >= Real(1e-6) && all <= Real(1e6));
  }
  [[nodiscard]] Real unit() const noexcept { return unit_; }
  /// The gap of z without rounding; nothing where there are linear terms.
  [[nodiscard]] std::optional<PreciseGap> precise_gap(std::span<const Real> point) const
      requires(of_simplices&& HasHostMemory<Backend>) {
    if (linear_) {
      return {};
    }
    const Blocks& blocks = players_.blocks();
    return matrix_certificate<Real>(
        Backend::entries(source_ != nullptr ? source_->payoff_ : payoff_), blocks.of(point, 0),
        blocks.of(point, 1));
  }

  /// Over two simplices without linear terms: the payoff range, as in MatrixGame.
  [[nodiscard]] Real range() const requires of_simplices {
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
    linear_ = true;
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
    const Real low = backend_.min(entries);
    const Real high = backend_.max(entries);
    const Real largest = high > -low ? high : -low;
    if (!(largest > 0)) {
      return 0;
    }
    // Squares of payoffs of an extreme size overflow or vanish: the norm of A over a power of two.
    const Real unit = std::ldexp(Real{1}, std::ilogb(largest));
    if (largest > Real(1e15) || largest < Real(1e-15)) {
      if constexpr (HasHostMemory<Backend>) {
        BilinearGame scaled = *this;
        for (Real& entry : std::span<Real>(scaled.payoff_.data(), entries.size())) {
          entry /= unit;
        }
        return unit * scaled.operator_norm();
      }
    }
    const Real frobenius = std::sqrt(backend_.dot(entries, entries));
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
  bool linear_ = false;  ///< with linear terms
  Real lipschitz_ = 0;
  Real middle_ = 0;  ///< of a standard form, and the next two
  Real unit_ = 1;
  const BilinearGame* source_ = nullptr;
};

template <class Matrix, class RowSet, class ColumnSet>
BilinearGame(const Matrix&, RowSet, ColumnSet)
    -> BilinearGame<typename Matrix::Scalar, typename backend_of<Matrix>::type, RowSet, ColumnSet>;

}  // namespace dag
