// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/alignment_solution.hpp>
#include <dag/alignment/detail/alignment_coherence.hpp>
#include <dag/alignment/detail/alignment_dual.hpp>
#include <dag/alignment/detail/alignment_event.hpp>
#include <dag/alignment/detail/alignment_generic.hpp>
#include <dag/alignment/detail/alignment_pairwise.hpp>
#include <dag/alignment/detail/alignment_pointwise.hpp>
#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// The equilibrium of an alignment game by the fastest way that its utility's family allows:
///   log-affine parts                  closed form
///   pointwise parts                   one scalar root a context, each answer a root (Lambert's W)
///   an event                          scalar root in logit nu(C)
///   pointwise and adversarial parts   Newton on mixtures and multipliers (bounds by a quadratic
///                                     program), the policy in closed form or by scalar roots
///   a consensus                       best responses accelerated by Newton on the consensus
///   pairs                             Newton, one X x X block an answer
///   anything else                     Newton on differenced gradients (up to 400 answers), else
///                                     proximal ascent
/// Certificate: `residual`, `gap` and, for the Target, `mixture_gap`, `violation` and
/// `complementarity`; status is `converged` only where they meet the tolerance, `iteration_limit`
/// or `stalled` otherwise. Starts at the reference; deterministic; allocates its work space once.
/// Errors: invalid_argument (options; constraints that no policy satisfies), unsupported (an
/// adversarial part beside parts that are not pointwise: use a generic solver such as mirror_prox),
/// not_finite.
template <Utility U, class Backend>
[[nodiscard]] AlignmentSolution<typename U::scalar_type> equilibrium(
    const AlignmentGame<U, Backend>& game,
    const EquilibriumOptions<typename U::scalar_type>& options = {}) {
  using Game = AlignmentGame<U, Backend>;
  using Real = typename Game::Real;
  require(options.tolerance >= 0 && options.max_iterations >= 0, Errc::invalid_argument,
          "equilibrium: tolerance and max_iterations must be >= 0, got ", options.tolerance,
          " and ", options.max_iterations);
  const Deadline deadline(options.stop, options.time_limit, "equilibrium");
  const Blocks& blocks = game.contexts().blocks();
  AlignmentSolution<Real> found;
  found.blocks = blocks;
  found.log_nu.resize(blocks.total());
  const std::span<Real> log_nu(found.log_nu);
  if constexpr (EventUtility<U>) {
    found.method = AlignmentMethod::event_root;
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      detail::solve_event(game.utility(), game.beta(), blocks.offset(x),
                          blocks.of(game.log_reference(), x), blocks.of(log_nu, x));
    }
  } else if constexpr (EveryPart<detail::IsPointwise, U>::value) {
    found.method = EveryPart<detail::IsLogAffine, U>::value ? AlignmentMethod::closed_form
                                                            : AlignmentMethod::scalar_root;
    const detail::ContextResponse<U> response(game.utility(), game.beta());
    std::vector<Real> base(blocks.total());
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      response.solve(blocks.offset(x), blocks.of(game.log_reference(), x), {},
                     blocks.of(std::span<Real>(base), x), blocks.of(log_nu, x));
    }
  } else if constexpr (EveryPart<detail::IsPointwiseOrAdversarial, U>::value) {
    found.method = AlignmentMethod::dual_newton;
    detail::AlignmentDual<Game>(game).solve(options, found);
  } else if constexpr (CoherenceUtility<U>) {
    found.method = AlignmentMethod::consensus_newton;
    detail::ConsensusNewton<Game>(game).solve(options, found);
    detail::certify_policy(game, found);
    if (!(found.residual <= options.tolerance)) {  // rare: references e^-300 apart, beta small
      AlignmentSolution<Real> other = found;
      other.method = AlignmentMethod::generic;
      EquilibriumOptions<Real> rest = options;
      rest.time_limit = deadline.left();
      detail::generic_ascent(game, rest, other);
      detail::certify_policy(game, other);
      if (other.residual < found.residual) {
        found = std::move(other);
      }
    }
  } else if constexpr (PairwiseUtility<U>) {
    found.method = AlignmentMethod::column_newton;
    detail::column_newton(game, options, found);
  } else if constexpr (!Game::adversarial) {
    found.method = AlignmentMethod::generic;
    detail::generic_ascent(game, options, found);
  } else {
    fail(Errc::unsupported,
         "equilibrium: adversarial parts are solved beside pointwise parts only; use a generic "
         "solver, for example mirror_prox(game)");
  }
  detail::certify_policy(game, found);
  if constexpr (CoherenceUtility<U>) {
    found.consensus.resize(blocks.size(0));
    std::vector<Real> log_q(blocks.size(0));
    consensus(game.utility(), game.answers(found.view()), StateView<Real>{found.consensus, log_q});
  }
  Real scale = 1;
  Real rewards = 1;
  for (const Real slack : found.slack) {
    rewards = std::fmax(rewards, std::abs(slack));
  }
  for_each_part(game.utility(), [&](const auto& part) {
    if constexpr (AdversarialUtility<std::remove_cvref_t<decltype(part)>>) {
      for (std::size_t k = 0; k < part.target_size(); ++k) {
        scale = std::fmax(scale, std::abs(part.target_offset(k)));
      }
    }
  });
  Real largest = 1;
  for (const Real q : found.target) {
    largest = std::fmax(largest, std::abs(q));
  }
  const bool met = found.residual <= options.tolerance &&
                   found.violation <= options.tolerance * scale &&
                   found.complementarity <= options.tolerance * scale * largest &&
                   found.mixture_gap <= options.tolerance * rewards;
  found.status = met                                          ? Status::converged
                 : deadline.passed()                          ? deadline.status()
                 : found.iterations >= options.max_iterations ? Status::iteration_limit
                                                              : Status::stalled;
  return found;
}

}  // namespace dag
