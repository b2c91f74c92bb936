// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/concepts.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

//! [solver]
/// Toy descent: mirror descent that returns the mean. Source: the paper, doi:...; update: z =
/// argmax_u eta_t <g(z), u> - D(u, z), eta_t = 1 / (range sqrt t); rate: gap(mean) <= C t^-1/2.
/// Defaults: step decaying(1), average uniform. Cost, memory, errors: those of `mirror_descent`.
template <MonotoneGame Game>
[[nodiscard]] Solution<Game> toy_descent(const Game& game,
                                         const SolverOptions<scalar_t<Game>>& options = {}) {
  return detail::solve_by<detail::MirrorDescentRounds<Game>>(
      game, options, "toy_descent", detail::or_default(options.average, Average::uniform),
      MirrorDescentOptions{}, Step<scalar_t<Game>>::decaying());
}
//! [solver]

}  // namespace dag
