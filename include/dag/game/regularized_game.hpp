// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>

namespace dag {

/// A game of any number of players, each pulled to a reference: payoffs less tau_b D(z_b, ref_b)
/// for every block b, D the divergence of its mirror map. On simplices the equilibria are the
/// quantal response equilibria z_b ∝ ref_b exp(g_b / tau_b) (one where tau is large enough, maybe
/// several below); on game trees the pull is tau KL at every information set the player reaches.
/// References default to the players' centres: uniform play, the uniform behaviour. `value`: the
/// first player's payoff, without the pull. Range and Lipschitz constant are those of the game.
/// Errors: invalid_argument (tau), dimension_mismatch (their number, the reference's),
/// not_a_distribution (the reference: on simplices its zeros stay zero).
template <MonotoneGame Game>
requires MagneticPlayer<players_t<Game>, backend_t<Game>>
class RegularizedGame {
 public:
  using scalar_type = scalar_t<Game>;
  using backend_type = backend_t<Game>;
  using Real = scalar_type;

  /// tau: one a block, in units of the payoff, > 0.
  RegularizedGame(Game game, std::vector<Real> tau)
      : game_(std::move(game)),
        tau_(std::move(tau)),
        reference_(game_.backend(), game_.players().blocks().total()) {
    require(tau_.size() == players().blocks().count(), Errc::dimension_mismatch,
            "RegularizedGame: ", tau_.size(), " weights tau for ", players().blocks().count(),
            " blocks");
    for (const Real one : tau_) {
      require(one > 0 && std::isfinite(one), Errc::invalid_argument,
              "RegularizedGame: tau must be > 0 and finite, got ", one);
    }
    players().start(backend(), reference_.view());
  }
  /// reference: the players' strategies side by side, in the backend's memory.
  RegularizedGame(Game game, std::vector<Real> tau, std::span<const Real> reference)
      : RegularizedGame(std::move(game), std::move(tau)) {
    require(reference.size() == players().blocks().total(), Errc::dimension_mismatch,
            "RegularizedGame: the reference has ", reference.size(), " entries, the players ",
            players().blocks().total());
    backend().copy(reference, reference_.view().point);
    players().enter(backend(), reference_.view());
  }
  RegularizedGame(Game game, Real tau)
      : RegularizedGame(std::move(game), tau, game.players().blocks().count()) {}

  [[nodiscard]] const backend_type& backend() const noexcept { return game_.backend(); }
  [[nodiscard]] const players_t<Game>& players() const noexcept { return game_.players(); }
  /// The game without the pull.
  [[nodiscard]] const Game& game() const noexcept { return game_; }
  [[nodiscard]] MagnetView<Real> magnet() const noexcept { return {tau_, reference_.view()}; }

  /// Of the payoffs only; the pull enters through the prox.
  void field(StateView<const Real> z, std::span<Real> out) const { game_.field(z, out); }
  [[nodiscard]] Real value(StateView<const Real> z, std::span<const Real> field) const requires
      requires(const Game& game) {
    game.value(z, field);
  }
  { return game_.value(z, field); }
  [[nodiscard]] Real range() const noexcept requires HasRange<Game> { return game_.range(); }
  [[nodiscard]] Real lipschitz() const noexcept requires HasLipschitz<Game> {
    return game_.lipschitz();
  }

 protected:
  Game game_;
  std::vector<Real> tau_;
  State<backend_type, Real> reference_;

 private:
  RegularizedGame(Game&& game, Real tau, std::size_t count)
      : RegularizedGame(std::move(game), std::vector<Real>(count, tau)) {}
};

}  // namespace dag
