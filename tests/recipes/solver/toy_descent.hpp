// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/concepts.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>

namespace dag {

//! [solver]
/// Toy descent: mirror descent that returns the mean. Source: the paper, doi:...; update: z =
/// argmax_u eta_t <g(z), u> - D(u, z), eta_t = 1 / (range sqrt t); rate: gap(mean) <= C t^-1/2.
/// Defaults: step decaying(1), average uniform. Cost, memory, errors: those of `mirror_descent`.
template <MonotoneGame Game>
[[nodiscard]] Solution<Game> toy_descent(const Game& game,
                                         const SolverOptions<scalar_t<Game>>& options = {}) {
  detail::validate(options, "toy_descent");
  detail::MirrorDescentRounds<Game> rounds(game, options, MirrorDescentOptions{}, "toy_descent",
                                           Step<scalar_t<Game>>::decaying());
  const Average average =
      options.average == Average::automatic ? Average::uniform : options.average;
  return detail::run(game, rounds, average, options);
}
//! [solver]

}  // namespace dag
