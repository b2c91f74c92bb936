// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <span>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>

namespace dag {

/// How far a point is from equilibrium.
///
/// gap: the linearised gap, the sum over players of what a deviation gains to first order, max_u
/// <g, u - z>, the magnet's cost included where the game has one. It is the duality gap (=
/// NashConv) of a zero-sum bilinear game and of its regularised form, bounds what deviations gain
/// where each payoff is concave in its player's own strategy, and says nothing about a field of the
/// wrong sign (dag/testing/check_game.hpp finds that). +inf where a set is unbounded. Units:
/// payoff. residual: max norm of z - response(z), where response is the regularised best response
/// if there is a magnet, else the prox of the gradient scaled by 1 / range. No units. Rounding
/// moves the gap by about (largest payoff) * eps * strategies and can take it below zero: it is not
/// clipped, and solvers ask `precise_gap` where that matters.
template <Scalar Real>
struct Certificate {
  Real gap = std::numeric_limits<Real>::infinity();
  Real relative_gap = std::numeric_limits<Real>::infinity();  ///< gap / range
  Real residual = std::numeric_limits<Real>::infinity();
  /// Payoff of the first (maximising) player; NaN where the game does not say.
  Real value = std::numeric_limits<Real>::quiet_NaN();
};

/// A game that has a standard form for solvers to walk through: see `MatrixGame`.
template <class Game>
concept HasStandardForm = requires(const Game& game) {
  { game.standard_form() } -> std::same_as<Game>;
  { game.is_standard() } -> std::convertible_to<bool>;
};

/// A game that tells the gap of a point without rounding.
template <class Game>
concept HasPreciseGap = requires(const Game& game, std::span<const typename Game::scalar_type> z) {
  game.precise_gap(z);
};

namespace detail {

/// Payoffs per unit of the field: 1 but for standard forms of one unit.
template <MonotoneGame Game>
[[nodiscard]] scalar_t<Game> payoff_per_unit(const Game& game) {
  if constexpr (requires { game.unit(); }) {
    return static_cast<scalar_t<Game>>(game.unit());
  } else {
    return scalar_t<Game>{1};
  }
}

}  // namespace detail

/// max payoff - min payoff where the game knows it, else 1 (then gaps are absolute).
template <MonotoneGame Game>
[[nodiscard]] scalar_t<Game> payoff_range(const Game& game) {
  if constexpr (HasRange<Game>) {
    return static_cast<scalar_t<Game>>(game.range());
  } else {
    return scalar_t<Game>{1};
  }
}

/// The certificate of z. `field` receives the field at z; `scratch` is overwritten. One field
/// evaluation, no allocation.
template <MonotoneGame Game>
[[nodiscard]] Certificate<scalar_t<Game>> certify(const Game& game,
                                                  StateView<const scalar_t<Game>> z,
                                                  std::span<scalar_t<Game>> field,
                                                  StateView<scalar_t<Game>> scratch) {
  using Real = scalar_t<Game>;
  const auto& backend = game.backend();
  const auto& players = game.players();
  Certificate<Real> found;
  game.field(z, field);
  const std::span<const Real> gradient = field;
  const Real range = payoff_range(game);
  const Real earned = backend.dot(gradient, z.point);
  if constexpr (Regularized<Game>) {
    const auto magnet = game.magnet();
    if constexpr (requires { players.gap(backend, z, gradient, magnet, scratch); }) {
      found.gap = players.gap(backend, z, gradient, magnet, scratch);  // some blocks have no magnet
    } else {
      players.best_response(backend, gradient, magnet, scratch);
      const StateView<const Real> response = scratch;
      found.gap = (backend.dot(gradient, response.point) -
                   players.magnet_value(backend, response, magnet)) -
                  (earned - players.magnet_value(backend, z, magnet));
    }
  } else {
    found.gap = players.support(backend, gradient) - earned;
    if constexpr (requires { game.gaps(z, gradient); }) {
      const auto gaps = game.gaps(z, gradient);
      found.gap = gaps.gap;
      found.relative_gap = gaps.relative_gap;
    }
    players.prox(backend, z, range > 0 ? 1 / range : Real{1}, gradient, scratch);
  }
  require(!std::isnan(found.gap), Errc::not_finite,
          "certify: the field has a NaN at this point, or leaves a component unwritten");
  // All payoffs equal: every point is an equilibrium, whatever rounding says.
  if constexpr (!requires { game.gaps(z, gradient); }) {
    found.relative_gap = range > 0 ? found.gap / range : Real{0};
  }
  found.gap *= detail::payoff_per_unit(game);
  found.residual = backend.max_abs_difference(std::span<const Real>(scratch.point), z.point);
  if constexpr (requires { game.value(z, gradient); }) {
    found.value = game.value(z, gradient);
  } else if constexpr (Payoff<Game>) {
    found.value = game.value(z);
  }
  return found;
}

/// The same, allocating what it needs.
template <MonotoneGame Game>
[[nodiscard]] Certificate<scalar_t<Game>> certify(const Game& game,
                                                  StateView<const scalar_t<Game>> z) {
  using Real = scalar_t<Game>;
  auto field = game.backend().template allocate<Real>(z.point.size());
  State<backend_t<Game>, Real> scratch(game.backend(), z.point.size());
  return certify(game, z, backend_t<Game>::view(field), scratch.view());
}

}  // namespace dag
