// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>
#include <dag/game/sequence_game.hpp>

namespace dag {

/// A game tree with each player pulled to the uniform behaviour: payoffs less tau D(x_i, uniform),
/// that is tau KL at every information set the player reaches, in units of the payoff.
template <Scalar Real, class Backend, class Map = DilatedEntropy>
class RegularizedSequence {
 public:
  using scalar_type = Real;
  using backend_type = Backend;
  using Tree = SequenceGame<Real, Backend, Map>;

  RegularizedSequence(const SequenceForm& form, Real tau)
      : game_(form),
        tau_(form.player_count(), tau),
        reference_(game_.backend(), game_.players().blocks().total()) {
    require(tau > 0 && std::isfinite(tau), Errc::invalid_argument,
            "RegularizedSequence: tau must be > 0 and finite, got ", tau);
    game_.players().start(backend(), reference_.view());
  }

  [[nodiscard]] const Backend& backend() const noexcept { return game_.backend(); }
  [[nodiscard]] const typename Tree::players_type& players() const noexcept {
    return game_.players();
  }
  [[nodiscard]] const Tree& tree() const noexcept { return game_; }
  [[nodiscard]] MagnetView<Real> magnet() const noexcept { return {tau_, reference_.view()}; }
  /// Of the payoffs only; the pull enters through the prox.
  void field(StateView<const Real> z, std::span<Real> out) const { game_.field(z, out); }
  /// The first player's expected payoff, without the pull.
  [[nodiscard]] Real value(StateView<const Real> z, std::span<const Real> field) const {
    return game_.value(z, field);
  }
  [[nodiscard]] Real range() const noexcept { return game_.range(); }
  [[nodiscard]] Real lipschitz() const noexcept { return game_.lipschitz(); }

 private:
  Tree game_;
  std::vector<Real> tau_;
  State<Backend, Real> reference_;
};

}  // namespace dag
