// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/response/detail/response_rounds.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

/// Options of `smooth_fictitious_play` beside those of every solver.
template <Scalar Real>
struct SmoothFictitiousPlayOptions {
  /// Temperature of the first response, in units of the payoff range. A regularised game brings its
  /// own (its magnet); this one is then not used.
  Real temperature = 1;
  /// Temperature of round t = temperature / t^cooling. 1/2 balances the two terms of the rate; 0
  /// keeps the temperature, and play settles at the quantal response equilibrium of that
  /// temperature instead of a Nash equilibrium.
  Real cooling = Real(0.5);
  Turns turns = Turns::simultaneous;  ///< alternating: one field evaluation a block
};

/// Smooth (stochastic) fictitious play: everyone plays a regularised best response, argmax <g, u> -
/// tau_t D(u, centre), to the mean of past play.
///
/// Source: Fudenberg and Kreps (1993), doi:10.1006/game.1993.1021; Hofbauer and Sandholm (2002),
/// doi:10.1111/1468-0262.00376. Update: z += (response_t(z) - z) / t. Rate in zero-sum matrix
/// games, with R = sup D(u, centre) and range the payoff range: at a fixed temperature tau the
/// regularised gap is at most range^2 (1 + log t) / (tau t); cooled as t^-1/2, gap = O(t^-1/2), by
/// t gap_tau(t) <= sum_s range^2 / (s tau_s) + R sum_s (s - 1) (tau_{s-1} - tau_s), gap <= gap_tau
/// + tau_t R. Defaults: temperature 1, cooling 1/2. `average` gives the weights of the mean
/// (uniform; linear: 2/(t+1); quadratic). Cost a round: one field evaluation, one response. Memory:
/// nine stacked vectors; nothing is allocated after the first round. Deterministic. Errors:
/// invalid_argument (options), dimension_mismatch or not_a_distribution (start), not_finite.
template <MonotoneGame Game>
[[nodiscard]] Solution<Game> smooth_fictitious_play(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    const SmoothFictitiousPlayOptions<scalar_t<Game>>& own = {}) {
  using Players = std::remove_cvref_t<decltype(game.players())>;
  static_assert(MagneticPlayer<Players, backend_t<Game>>,
                "smooth_fictitious_play: the players need a regularised best response "
                "(concept MagneticPlayer)");
  detail::require_belief(options.average, "smooth_fictitious_play");
  require(own.temperature > 0 && std::isfinite(own.temperature), Errc::invalid_argument,
          "smooth_fictitious_play: temperature must be > 0 payoff ranges, got ", own.temperature);
  require(own.cooling >= 0 && own.cooling < 1, Errc::invalid_argument,
          "smooth_fictitious_play: cooling must be in [0, 1), got ", own.cooling);
  using Rounds = detail::ResponseRounds<Game>;
  return detail::solve_by<Rounds>(game, options, "smooth_fictitious_play", Average::last,
                                  typename Rounds::Settings{.turns = own.turns,
                                                            .belief = options.average,
                                                            .temperature = own.temperature,
                                                            .cooling = own.cooling});
}

}  // namespace dag
