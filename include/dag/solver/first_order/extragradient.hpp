// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/concepts.hpp>
#include <dag/game/bilinear.hpp>
#include <dag/game/matrix.hpp>
#include <dag/geometry/euclidean.hpp>
#include <dag/geometry/product.hpp>
#include <dag/geometry/sets.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

// Named here and no more: whoever has such players has included geometry/treeplex.hpp.
struct DilatedEuclidean;
template <Scalar Real, class Map>
class Treeplexes;

/// Whether a player's mirror map is Euclidean (its prox a projection). Specialise it for players of
/// your own.
template <class Player>
inline constexpr bool is_euclidean = false;
template <class Set>
inline constexpr bool is_euclidean<Euclidean<Set>> = true;
template <class Real>
inline constexpr bool is_euclidean<Treeplexes<Real, DilatedEuclidean>> = true;
template <class... Players>
inline constexpr bool is_euclidean<Product<Players...>> = (is_euclidean<Players> && ...);

template <class Game>
concept EuclideanGame = MonotoneGame<Game> && is_euclidean<players_t<Game>>;

/// A matrix game under the Euclidean map: the same payoffs, strategies projected instead of
/// exponentiated. Copies the matrix; its Lipschitz constant is the operator norm.
template <Scalar Real, class Backend>
[[nodiscard]] auto euclidean(const MatrixGame<Real, Backend>& game) {
  using Simplex = ProbabilitySimplex<Real>;
  const Blocks& blocks = game.players().blocks();
  return BilinearGame<Real, Backend, Simplex, Simplex>(game.payoff(), Simplex(blocks.size(0)),
                                                       Simplex(blocks.size(1)), game.backend());
}

/// Extragradient: mirror-prox under the Euclidean map.
///
/// Source: Korpelevich (1976). Update: w = project(z + eta g(z)), then z = project(z + eta g(w)).
/// Rate: gap(mean of w) <= sup_u |u - start|^2 / (2 eta rounds) for eta <= 1/L; the last iterate
/// converges, and linearly on bilinear games over polyhedra (Tseng 1995,
/// doi:10.1016/0377-0427(94)00094-H). Unconstrained bilinear with singular values in [s, L]: |z_t -
/// z*|^2 shrinks by 1 - eta^2 s^2 + eta^4 s^4 a round at worst. Defaults, cost, memory, errors:
/// those of `mirror_prox`. A matrix game comes under this map by `euclidean(game)`, a
/// game tree as `SequenceGame<Real, Backend, DilatedEuclidean>`, projected set by set.
template <EuclideanGame Game>
[[nodiscard]] Solution<Game> extragradient(const Game& game,
                                           const SolverOptions<scalar_t<Game>>& options = {}) {
  return detail::solve_by<detail::MirrorProxRounds<Game>>(
      game, options, "extragradient", detail::or_default(options.average, Average::best));
}

}  // namespace dag
