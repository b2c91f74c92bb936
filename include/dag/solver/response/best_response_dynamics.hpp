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

/// Options of `best_response_dynamics`.
template <Scalar Real>
struct BestResponseOptions {
  Real rate = 1;  ///< in (0, 1]: how far to go towards the response; 1 = all the way
  Turns turns = Turns::simultaneous;  ///< alternating: one field evaluation a block
};

/// Best-response dynamics: z = (1 - rate) z + rate * response(z), the response being exact and
/// regularised by the game's magnet where it has one; a game that offers `best_response(z, out)` is
/// asked for it.
///
/// Source: Gilboa and Matsui (1991), doi:10.2307/2938230. Rate: linear wherever response is a
/// contraction: regularised games with tau > L (factor L / tau at rate 1, (1 - rate) + rate L / tau
/// in general), coherence games with beta > 0 (factor 1 / (1 + beta)). Pure responses of an
/// unregularised game cycle. Defaults: average `last`. Cost a round: one field evaluation, one
/// response. Memory: eight stacked vectors; nothing is allocated after the first round.
/// Deterministic. Errors: invalid_argument (options), dimension_mismatch or not_a_distribution
/// (start), not_finite.
template <MonotoneGame Game>
[[nodiscard]] Solution<Game> best_response_dynamics(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    const BestResponseOptions<scalar_t<Game>>& own = {}) {
  require(own.rate > 0 && own.rate <= 1, Errc::invalid_argument,
          "best_response_dynamics: rate must be in (0, 1], got ", own.rate);
  using Rounds = detail::ResponseRounds<Game>;
  return detail::solve_by<Rounds>(game, options, "best_response_dynamics",
                                  detail::or_default(options.average, Average::last),
                                  typename Rounds::Settings{.turns = own.turns, .rate = own.rate});
}

}  // namespace dag
