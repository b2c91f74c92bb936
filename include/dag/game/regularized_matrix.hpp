// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>
#include <dag/game/matrix.hpp>
#include <dag/game/regularized_game.hpp>

namespace dag {

/// A matrix game with each player pulled to a reference:
///   V(x, y) = x' A y - tau_row KL(x || x0) + tau_column KL(y || y0),
/// row maximises, column minimises: a `RegularizedGame` that knows its value, standard form and
/// other references. Its unique equilibrium is the quantal response equilibrium
/// x ∝ x0 exp(A y / tau_row), y ∝ y0 exp(-A' x / tau_column).
/// tau in units of the payoff, > 0. References default to uniform; their zeros stay zero.
/// Errors: those of MatrixGame; invalid_argument (tau), not_a_distribution (references).
template <Scalar Real, class Backend>
class RegularizedMatrixGame : public RegularizedGame<MatrixGame<Real, Backend>> {
  using Base = RegularizedGame<MatrixGame<Real, Backend>>;
  using Base::game_;
  using Base::reference_;
  using Base::tau_;

 public:
  using Base::backend;
  using Base::players;
  using Vector = typename Backend::template vector<Real>;

  RegularizedMatrixGame(MatrixGame<Real, Backend> game, Real tau_row, Real tau_column)
      : Base(std::move(game), std::vector<Real>{tau_row, tau_column}) {}
  RegularizedMatrixGame(MatrixGame<Real, Backend> game, Real tau_row, Real tau_column,
                        const Vector& row_reference, const Vector& column_reference)
      : RegularizedMatrixGame(std::move(game), tau_row, tau_column) {
    const Blocks& blocks = players().blocks();
    const auto set = [&](std::size_t b, const Vector& reference) {
      const auto given = Backend::view(reference);
      require(given.size() == blocks.size(b), Errc::dimension_mismatch,
              "RegularizedMatrixGame: reference of player ", b, " has ", given.size(),
              " entries, the player has ", blocks.size(b), " strategies");
      backend().copy(given, blocks.of(reference_.view().point, b));
    };
    set(0, row_reference);
    set(1, column_reference);
    players().enter(backend(), reference_.view());
  }

  /// V(x, y), given the field at z.
  [[nodiscard]] Real value(StateView<const Real> z, std::span<const Real> field) const {
    return game_.value(z, field) - unit() * regularization(z);
  }
  [[nodiscard]] Real value(StateView<const Real> z) const {
    return game_.value(z) - unit() * regularization(z);
  }
  /// This game in the units of solvers: see `MatrixGame`; tau in them too.
  [[nodiscard]] RegularizedMatrixGame standard_form() const requires HasHostMemory<Backend> {
    RegularizedMatrixGame form = *this;
    form.game_ = game_.standard_form();
    for (Real& tau : form.tau_) {
      tau /= form.unit();
      require(tau > 0 && std::isfinite(tau), Errc::invalid_argument,
              "RegularizedMatrixGame: tau is beyond 1e300 payoff ranges or below 1e-300");
    }
    return form;
  }
  [[nodiscard]] bool is_standard() const noexcept { return game_.is_standard(); }
  [[nodiscard]] Real unit() const noexcept { return game_.unit(); }

 private:
  /// tau_row KL(x || x0) - tau_column KL(y || y0).
  [[nodiscard]] Real regularization(StateView<const Real> z) const {
    const Real signed_weights[] = {tau_[0], -tau_[1]};
    return backend().weighted_kl(players().blocks(), std::span<const Real>(signed_weights), z.point,
                                 z.dual, std::as_const(reference_).view().dual);
  }
};

template <Scalar Real, class Backend>
RegularizedMatrixGame(MatrixGame<Real, Backend>, std::type_identity_t<Real>,
                      std::type_identity_t<Real>) -> RegularizedMatrixGame<Real, Backend>;

}  // namespace dag
