// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/concepts.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

/// Gradient descent-ascent: the baseline that fails. Every player follows its own gradient with a
/// constant step, and the last iterate is what counts.
///
/// Source: Arrow, Hurwicz and Uzawa (1958). Update: z = argmax_u eta <g(z), u> - D(u, z): under a
/// Euclidean map z = project(z + eta g(z)), under the entropy map multiplicative weights. Rate:
/// none on bilinear games: with simultaneous turns |z_t - z*|^2 grows by the factor 1 + eta^2
/// sigma^2 a round on unbounded sets (sigma: the singular values of the payoff) and runs into the
/// boundary of bounded ones; with alternating turns it cycles at a bounded distance. It converges
/// where the game is regularised or a concave potential game. Defaults: step lipschitz(1), adaptive
/// (see mirror_descent) where the game reports no L; average `last`. Cost, memory, errors: those of
/// `mirror_descent`.
template <MonotoneGame Game>
[[nodiscard]] Solution<Game> gradient_descent_ascent(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    const MirrorDescentOptions& own = {}) {
  return detail::solve_by<detail::MirrorDescentRounds<Game>>(
      game, options, "gradient_descent_ascent", detail::or_default(options.average, Average::last),
      own, Step<scalar_t<Game>>::lipschitz());
}

}  // namespace dag
