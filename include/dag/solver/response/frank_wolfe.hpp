// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/concepts.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/response/detail/response_rounds.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

/// Options of `frank_wolfe` beside those of every solver.
struct FrankWolfeOptions {
  Turns turns = Turns::simultaneous;  ///< alternating: one field evaluation a block
};

/// Frank-Wolfe (generalised conditional gradient): z += 2/(t+1) (response(z) - z), the response
/// being the linear one, or the magnet's where the game has one.
///
/// Source: Frank and Wolfe (1956), doi:10.1002/nav.3800030109; for saddle points Gidel, Jebara and
/// Lacoste-Julien (2017), arXiv:1610.07797. Rate: O(1/t) in concave potential games, and in
/// regularised zero-sum games (gap_tau <= 4 range^2 / (tau (t + 1)) on a matrix game); on an
/// unregularised matrix game it is fictitious play with linear weights, with that method's rate.
/// No step rule, no projection. Cost a round: one field evaluation, one response. Memory: eight
/// stacked vectors; nothing is allocated after the first round. Deterministic. Errors:
/// invalid_argument (options), dimension_mismatch or not_a_distribution (start), unsupported (an
/// unbounded set).
template <MonotoneGame Game>
[[nodiscard]] Solution<Game> frank_wolfe(const Game& game,
                                         const SolverOptions<scalar_t<Game>>& options = {},
                                         const FrankWolfeOptions& own = {}) {
  using Rounds = detail::ResponseRounds<Game>;
  return detail::solve_by<Rounds>(
      game, options, "frank_wolfe", detail::or_default(options.average, Average::last),
      typename Rounds::Settings{.turns = own.turns, .belief = Average::linear});
}

}  // namespace dag
