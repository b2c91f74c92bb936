// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <dag/core/concepts.hpp>
#include <dag/core/state.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

/// Puts the start that the options name, or the players' centre, into `state`: how a method begins.
/// Errors: dimension_mismatch.
template <MonotoneGame Game>
void start_point(const Game& game, const SolverOptions<scalar_t<Game>>& options,
                 std::string_view solver, StateView<scalar_t<Game>> state) {
  detail::enter_start(game, options, solver, state);
}

/// The frame of the library's own solvers around a method of one's own: options checked, the game
/// in standard units, rounds until the certificate of the point returned meets the tolerance,
/// averages, limits, stop and observer. A method has `round(t)`, which makes round t = 1, 2, ...
/// and returns false if it cannot go on; `last()`, its current iterate; `sample()`, the point that
/// averages are made of; `step()`, their weight; `products()`, the field evaluations so far.
/// Rounds<Game> is made from (game, options), both in standard units, and a false method cannot
/// converge: the status is set from the certificate, which is computed from the game. Average:
/// `last` unless the options ask for another. Errors: those of the options and of the method.
template <template <class> class Rounds, MonotoneGame Game>
requires detail::Method<Rounds<Game>, scalar_t<Game>>
[[nodiscard]] Solution<Game> solve_with(const Game& game,
                                        const SolverOptions<scalar_t<Game>>& options = {},
                                        std::string_view solver = "solve_with") {
  detail::validate(options, solver);
  const detail::Standard<Game> standard(game, options);
  Rounds<Game> rounds(standard.game(), standard.options());
  return detail::run(standard.game(), rounds, detail::or_default(options.average, Average::last),
                     standard.options());
}

}  // namespace dag
