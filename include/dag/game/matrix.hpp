// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>
#include <dag/game/matrix_certificate.hpp>
#include <dag/geometry/simplices.hpp>

namespace dag {

/// Specialised by each backend: which backend a matrix type belongs to.
template <class Matrix>
struct backend_of;

/// A zero-sum game: the row player picks x and maximises x' A y, the column player picks y and
/// minimises it. Blocks: 0 = row strategies, 1 = column strategies. Field: (A y, -A' x), one sweep
/// of A.
/// Solvers walk through its `standard_form`: the same game with payoffs around zero, of size one.
/// Memory: A (rows x columns, row-major), moved in. Errors: dimension_mismatch if A is empty,
/// not_finite if an entry is NaN or infinite.
template <Scalar Real, class Backend>
class MatrixGame {
 public:
  using scalar_type = Real;
  using backend_type = Backend;
  using Matrix = typename Backend::template matrix<Real>;

  explicit MatrixGame(Matrix payoff, Backend backend = {})
      : backend_(std::move(backend)), payoff_(std::move(payoff)), players_(checked_shape(payoff_)) {
    const auto entries = Backend::entries(payoff_);
    require(backend_.all_finite(entries), Errc::not_finite,
            "MatrixGame: every payoff must be finite; the ", Backend::rows(payoff_), "x",
            Backend::columns(payoff_), " matrix has a NaN or an infinity");
    largest_ = backend_.max(entries);
    smallest_ = backend_.min(entries);
    require(std::isfinite(largest_ - smallest_), Errc::not_finite,
            "MatrixGame: the payoff range overflows: ", smallest_, " to ", largest_);
  }

  [[nodiscard]] const Backend& backend() const noexcept { return backend_; }
  [[nodiscard]] const Simplices<Real>& players() const noexcept { return players_; }
  [[nodiscard]] const Matrix& payoff() const noexcept { return payoff_; }

  /// out = (A y, -A' x); `out` has rows + columns entries.
  void field(StateView<const Real> z, std::span<Real> out) const {
    const Blocks& blocks = players_.blocks();
    backend_.dual_product(payoff_, blocks.of(z.point, 0), blocks.of(z.point, 1), Real{1}, Real{-1},
                          blocks.of(out, 0), blocks.of(out, 1));
  }
  /// Player b's part of the field alone, at half the cost: A y (b = 0) or -A' x (b = 1).
  void block_field(StateView<const Real> z, std::size_t b, std::span<Real> out) const {
    const Blocks& blocks = players_.blocks();
    if (b == 0) {
      backend_.multiply(payoff_, blocks.of(z.point, 1), out);
    } else {
      backend_.multiply_transposed(payoff_, blocks.of(z.point, 0), out);
      backend_.combine(Real{0}, std::span<const Real>(out), Real{-1}, out);
    }
  }
  /// x' A y, given the field at z.
  [[nodiscard]] Real value(StateView<const Real> z, std::span<const Real> field) const {
    return restored(backend_.dot(players_.blocks().of(field, 0), players_.blocks().of(z.point, 0)));
  }
  /// x' A y. Allocates one vector; the two-argument form does not.
  [[nodiscard]] Real value(StateView<const Real> z) const {
    auto row_payoffs = backend_.template allocate<Real>(players_.blocks().size(0));
    backend_.multiply(payoff_, players_.blocks().of(z.point, 1), Backend::view(row_payoffs));
    return restored(backend_.dot(players_.blocks().of(z.point, 0),
                                 std::span<const Real>(Backend::view(row_payoffs))));
  }

  /// This game in the units of solvers: payoffs (A - middle) / unit, unit a power of two, so that
  /// the range is in [1, 2) and no offset or scale of A touches an iterate (middle is 0 where no
  /// payoff exceeds two ranges). Strategies, gaps and
  /// values are those of this game, which has to outlive it; `range`, `lipschitz` and the field are
  /// in its own units. Memory: one matrix.
  [[nodiscard]] MatrixGame standard_form() const requires HasHostMemory<Backend> {
    const Real unit = range() > 0 ? std::ldexp(Real{1}, std::ilogb(range())) : Real{1};
    // Payoffs around zero keep their bits but for the power of two.
    const Real middle = centred() ? Real{0} : smallest_ + range() / 2;
    Matrix payoff = payoff_;
    for (Real& entry : std::span<Real>(payoff.data(), Backend::entries(payoff).size())) {
      entry = (entry - middle) / unit;
    }
    MatrixGame form(std::move(payoff), backend_);
    form.source_ = this;
    form.middle_ = middle;
    form.unit_ = unit;
    return form;
  }
  /// True if solvers may as well walk through this game itself: a standard form, or payoffs of an
  /// ordinary size around zero.
  [[nodiscard]] bool is_standard() const noexcept {
    return source_ != nullptr || (centred() && range() >= Real(1e-6) && range() <= Real(1e6));
  }
  /// Payoffs per unit of the field.
  [[nodiscard]] Real unit() const noexcept { return unit_; }
  /// The gap of z without rounding, from the payoffs as they were given.
  [[nodiscard]] std::optional<PreciseGap> precise_gap(std::span<const Real> point) const requires
      HasHostMemory<Backend> {
    const Blocks& blocks = players_.blocks();
    return matrix_certificate<Real>(
        Backend::entries(source_ != nullptr ? source_->payoff_ : payoff_), blocks.of(point, 0),
        blocks.of(point, 1));
  }

  /// Largest payoff minus smallest.
  [[nodiscard]] Real range() const noexcept { return largest_ - smallest_; }
  /// Of the field, in the 1-norm: half the range (a constant added to A changes no strategy).
  [[nodiscard]] Real lipschitz() const noexcept { return range() / 2; }

 private:
  [[nodiscard]] static Blocks checked_shape(const Matrix& payoff) {
    require(Backend::rows(payoff) > 0 && Backend::columns(payoff) > 0, Errc::dimension_mismatch,
            "MatrixGame: the payoff matrix is empty: ", Backend::rows(payoff), "x",
            Backend::columns(payoff));
    return Blocks{Backend::rows(payoff), Backend::columns(payoff)};
  }

  [[nodiscard]] bool centred() const noexcept {
    return (largest_ > -smallest_ ? largest_ : -smallest_) <= 2 * range();
  }
  [[nodiscard]] Real restored(Real value) const { return middle_ + unit_ * value; }

  Backend backend_;
  Matrix payoff_;
  Simplices<Real> players_;
  Real largest_ = 0;
  Real smallest_ = 0;
  Real middle_ = 0;  ///< of a standard form, and the next two
  Real unit_ = 1;
  const MatrixGame* source_ = nullptr;
};

template <class Matrix>
MatrixGame(const Matrix&) -> MatrixGame<typename Matrix::Scalar, typename backend_of<Matrix>::type>;

namespace detail {
template <class Game>
inline constexpr bool is_matrix_game = false;
template <class Real, class Backend>
inline constexpr bool is_matrix_game<MatrixGame<Real, Backend>> = true;
/// A matrix game on a backend that adds rows one at a time.
template <class Game>
concept DenseMatrixGame = is_matrix_game<Game> &&
    requires(const Game& game, std::span<scalar_t<Game>> out) {
  game.backend().add_row(game.payoff(), std::size_t{}, scalar_t<Game>{}, out);
  {game.backend().transposed(game.payoff())};
};
}  // namespace detail

}  // namespace dag
