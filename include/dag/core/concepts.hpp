// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include <dag/core/blocks.hpp>
#include <dag/core/state.hpp>

namespace dag {

/// Real numbers that strategies and payoffs are made of.
template <class Number>
concept Scalar = std::floating_point<Number>;

// --- Backend: where vectors live and who computes on them ---------------------------------------

template <class B, class S>
concept HasVectors = requires(const B& backend, typename B::template vector<S>& vector,
                              const typename B::template vector<S>& constant) {
  { backend.template allocate<S>(std::size_t{}) } -> std::same_as<typename B::template vector<S>>;
  { B::view(vector) } -> std::convertible_to<std::span<S>>;
  { B::view(constant) } -> std::convertible_to<std::span<const S>>;
};

template <class B, class S>
concept HasElementwise = requires(const B& backend, std::span<const S> x, std::span<S> y,
                                  S number) {
  backend.copy(x, y);                 // y = x
  backend.fill(y, number);            // y = number
  backend.axpy(number, x, y);         // y += number * x
  backend.interpolate(number, x, y);  // y += number * (x - y)
};

template <class B, class S>
concept HasReductions = requires(const B& backend, std::span<const S> x) {
  { backend.dot(x, x) } -> std::convertible_to<S>;
  { backend.max(x) } -> std::convertible_to<S>;
  { backend.argmax(x) } -> std::convertible_to<std::size_t>;
  { backend.max_abs_difference(x, x) } -> std::convertible_to<S>;
  { backend.all_finite(x) } -> std::convertible_to<bool>;
};

template <class B, class S>
concept HasProducts = requires(const B& backend, const typename B::template matrix<S>& a,
                               std::span<const S> x, std::span<S> out, S number) {
  backend.multiply(a, x, out);                              // out = a x
  backend.multiply_transposed(a, x, out);                   // out = a' x
  backend.dual_product(a, x, x, number, number, out, out);  // both in one sweep of a
};

template <class B, class S>
concept HasSimplices = requires(const B& backend, const Blocks& blocks, std::span<const S> x,
                                std::span<S> out, S number) {
  backend.uniform(blocks, out, out);                              // the centres
  backend.enter_simplices(blocks, number, x, out);                // check p, out = log p
  backend.entropy_prox(blocks, x, x, number, x, out, out);        // softmax steps
  backend.entropy_prox(blocks, x, x, number, x, x, x, out, out);  // the same with a magnet
  backend.entropy_response(blocks, x, x, x, out, out);            // softmax responses
  backend.pure_response(blocks, x, out, out);                     // vertices
  { backend.sum_of_maxima(blocks, x) } -> std::convertible_to<S>;
  { backend.weighted_kl(blocks, x, x, x, x) } -> std::convertible_to<S>;
  { backend.weighted_l1_squared(blocks, x, x, x) } -> std::convertible_to<S>;
  { backend.weighted_spread_squared(blocks, x, x, x) } -> std::convertible_to<S>;
};

/// Atom: spans of this backend's vectors can be read and written by plain loops.
template <class B>
concept HasHostMemory = requires {
  requires B::host_memory;
};

/// Atom: the entropic prox without its normalisation, in `logits`.
template <class B, class S>
concept HasEntropyLogits = requires(const B& backend, const Blocks& blocks, std::span<const S> in,
                                    S eta, std::span<S> logits) {
  backend.entropy_logits(blocks, in, in, eta, in, logits);
};

/// The primitives that solvers compose. See backend/eigen_backend.hpp for each one's contract.
template <class B, class S = double>
concept Backend = std::copyable<B> && HasVectors<B, S> && HasElementwise<B, S> &&
    HasReductions<B, S> && HasSimplices<B, S> && HasProducts<B, S>;

// --- Player: a convex set with a mirror map ------------------------------------------------------

template <class P, class B>
concept HasShape = requires(const P& player) {
  typename P::scalar_type;
  { player.blocks() } -> std::convertible_to<const Blocks&>;
};

template <class P, class B>
concept HasEntry = requires(const P& player, const B& backend,
                            StateView<typename P::scalar_type> state) {
  player.start(backend, state);  // the centre of the set
  player.enter(backend, state);  // state.point is given: check it, set state.dual
};

template <class P, class B>
concept HasProx = requires(const P& player, const B& backend, typename P::scalar_type eta,
                           std::span<const typename P::scalar_type> gradient,
                           StateView<const typename P::scalar_type> center,
                           StateView<typename P::scalar_type> out) {
  // out = argmax over u of eta <gradient, u> - D(u, center)
  player.prox(backend, center, eta, gradient, out);
};

template <class P, class B>
concept HasSupport = requires(const P& player, const B& backend,
                              std::span<const typename P::scalar_type> gradient,
                              StateView<typename P::scalar_type> out) {
  // max over u of <gradient, u>, +inf where unbounded; and where it is taken
  { player.support(backend, gradient) } -> std::convertible_to<typename P::scalar_type>;
  player.best_response(backend, gradient, out);
};

template <class P, class B>
concept HasDivergence = requires(const P& player, const B& backend,
                                 StateView<const typename P::scalar_type> state) {
  { player.divergence(backend, state, state) } -> std::convertible_to<typename P::scalar_type>;
};

template <class P, class B>
concept HasNorm = requires(const P& player, const B& backend,
                           std::span<const typename P::scalar_type> x) {
  // the norm in which D is 1-strongly convex, and its dual, of a difference
  { player.distance(backend, x, x) } -> std::convertible_to<typename P::scalar_type>;
  { player.dual_distance(backend, x, x) } -> std::convertible_to<typename P::scalar_type>;
};

/// A player (or a team of players: a product of sets): a convex set and its mirror map.
template <class P, class B>
concept Player = HasShape<P, B> && HasEntry<P, B> && HasProx<P, B> && HasSupport<P, B> &&
    HasDivergence<P, B> && HasNorm<P, B>;

/// A player that can be pulled to a reference: prox, best response and cost of a magnet.
template <class P, class B>
concept MagneticPlayer = Player<P, B> &&
    requires(const P& player, const B& backend, typename P::scalar_type eta,
             std::span<const typename P::scalar_type> gradient,
             MagnetView<typename P::scalar_type> magnet,
             StateView<const typename P::scalar_type> center,
             StateView<typename P::scalar_type> out) {
  player.prox(backend, center, eta, gradient, magnet, out);
  player.best_response(backend, gradient, magnet, out);
  { player.magnet_value(backend, center, magnet) } -> std::convertible_to<typename P::scalar_type>;
};

// --- Games ---------------------------------------------------------------------------------------

template <class Game>
using scalar_t = typename Game::scalar_type;
template <class Game>
using backend_t = typename Game::backend_type;
template <class Game>
using players_t = std::remove_cvref_t<decltype(std::declval<const Game&>().players())>;

template <class Game>
concept HasPlayersMember = requires(const Game& game) {
  typename Game::scalar_type;
  typename Game::backend_type;
  { game.backend() } -> std::convertible_to<const typename Game::backend_type&>;
  game.players();
};

template <class Game>
concept HasPlayers = HasPlayersMember<Game> && Player<players_t<Game>, backend_t<Game>>;

template <class Game>
concept HasField = requires(const Game& game, StateView<const typename Game::scalar_type> z,
                            std::span<typename Game::scalar_type> out) {
  game.field(z, out);  // every player's ascent direction at the stacked point z
};

/// Players and the field of their payoffs: all that a solver needs. The field has to be monotone
/// (<field(z) - field(z'), z - z'> <= 0), as it is in zero-sum and in concave potential games.
template <class Game>
concept MonotoneGame = HasPlayers<Game> && HasField<Game>;

/// A game whose payoff to its first (maximising) player is known.
template <class Game>
concept Payoff = requires(const Game& game, StateView<const typename Game::scalar_type> z) {
  { game.value(z) } -> std::convertible_to<typename Game::scalar_type>;
};

/// A game regularised by a magnet: the field leaves the magnet out, the prox puts it in exactly.
template <class Game>
concept Regularized = requires(const Game& game) {
  { game.magnet() } -> std::convertible_to<MagnetView<typename Game::scalar_type>>;
};

/// A game that knows max payoff - min payoff: the unit of relative gaps.
template <class Game>
concept HasRange = requires(const Game& game) {
  { game.range() } -> std::convertible_to<typename Game::scalar_type>;
};

/// A game that bounds the Lipschitz constant of its field in its players' norms.
template <class Game>
concept HasLipschitz = requires(const Game& game) {
  { game.lipschitz() } -> std::convertible_to<typename Game::scalar_type>;
};

}  // namespace dag
