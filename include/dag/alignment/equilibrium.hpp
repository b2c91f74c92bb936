// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/alignment/agreement_equilibria.hpp>
#include <dag/alignment/alignment.hpp>
#include <dag/alignment/alignment_solution.hpp>
#include <dag/alignment/detail/alignment_ascent.hpp>
#include <dag/alignment/detail/alignment_coherence.hpp>
#include <dag/alignment/detail/alignment_dual.hpp>
#include <dag/alignment/detail/alignment_pairwise.hpp>
#include <dag/alignment/detail/alignment_pointwise.hpp>
#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/numeric/dense.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/numeric/scalar_root.hpp>
#include <dag/utility/agreement.hpp>
#include <dag/utility/correct_uniformity.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag::detail {

/// For sums and users' own utilities, from values and gradients alone. Up to `newton_limit`
/// answers: Newton with the gradient differenced along every answer (n gradients a round). Above,
/// or where that fails: proximal ascent, s <- (s + eta (r + beta s0)) / (1 + eta beta), its step
/// eta adapted.
template <class Game>
void generic_ascent(const Game& game, const EquilibriumOptions<typename Game::Real>& options,
                    AlignmentSolution<typename Game::Real>& found) {
  using Real = typename Game::Real;
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  constexpr std::size_t newton_limit = 400;
  const Blocks& blocks = game.contexts().blocks();
  PolicyAscent<Game> ascent(game, {game.log_reference().begin(), game.log_reference().end()});
  std::vector<std::size_t> alive, context;
  for (std::size_t x = 0; x < blocks.count(); ++x) {
    for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
      if (ascent.at().log_nu[i] > -infinity) {
        alive.push_back(i);
        context.push_back(x);
      }
    }
  }
  const std::size_t size = alive.size(), total = size + blocks.count();
  const bool use_newton = size <= newton_limit;
  std::vector<Real> step(game.policy_size());
  std::vector<Real> matrix(use_newton ? total * total : 0), right(total);
  std::vector<std::size_t> pivots(total);
  typename PolicyAscent<Game>::Point probe;

  const auto newton_step = [&] {
    const auto& at = ascent.at();
    for (Real& entry : matrix) {
      entry = 0;
    }
    // About eps^(1/3) for central differences.
    const Real h = std::cbrt(std::numeric_limits<Real>::epsilon());
    for (std::size_t j = 0; j < size; ++j) {
      const auto block = blocks.of(std::span<const Real>(at.log_nu), context[j]);
      std::vector<Real> sides[2];
      for (int side = 0; side < 2; ++side) {
        probe.log_nu = at.log_nu;
        probe.log_nu[alive[j]] += side == 0 ? h : -h;
        const auto moved =
            std::span<Real>(probe.log_nu).subspan(blocks.offset(context[j]), block.size());
        log_normalize(moved);
        ascent.evaluate(probe);
        sides[side] = probe.kkt;
      }
      for (std::size_t i = 0; i < size; ++i) {
        matrix[i * total + j] = (sides[1][alive[i]] - sides[0][alive[i]]) / (2 * h);
      }
      matrix[(size + context[j]) * total + j] = at.nu[alive[j]];
      matrix[j * total + size + context[j]] = 1;
      right[j] = at.kkt[alive[j]];
    }
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      right[size + x] = 0;
    }
    if (!lu_factor(matrix, std::span<std::size_t>(pivots))) {
      return false;
    }
    lu_solve(matrix, std::span<const std::size_t>(pivots), right);
    for (Real& s : step) {
      s = 0;
    }
    for (std::size_t j = 0; j < size; ++j) {
      step[alive[j]] = right[j];
    }
    return true;
  };

  /// The derivative of J along `step`, here.
  const auto rise_along = [&] {
    Real sum = 0;
    for (std::size_t j = 0; j < size; ++j) {
      const std::size_t i = alive[j];
      sum +=
          game.contexts().weights()[context[j]] * ascent.at().nu[i] * ascent.at().kkt[i] * step[i];
    }
    return sum;
  };

  // Where F may bend upwards a Newton step from afar can end at a saddle: prox steps follow J until
  // the point is nearly stationary.
  bool climbing = false;
  for_each_part(game.utility(), [&](const auto& part) {
    if constexpr (requires { part.concave; }) {
      climbing = climbing || !part.concave;
    }
  });
  Real eta = 1 / game.beta();
  int failures = 0;
  // The error has to fall by a tenth in so many rounds: else rounding holds it where it is.
  constexpr std::int64_t patience = 200;
  Real least = infinity;
  std::int64_t since = 0;
  const Deadline deadline(options.stop, options.time_limit, "equilibrium");
  for (found.iterations = 0; found.iterations < options.max_iterations; ++found.iterations) {
    if (climbing || ascent.at().error < Real(0.9) * least) {
      least = ascent.at().error;
      since = found.iterations;
    }
    if (deadline.passed() || found.iterations - since >= patience) {
      break;
    }
    if (ascent.at().error <= std::numeric_limits<Real>::epsilon() || failures > 60) {
      break;
    }
    climbing = climbing && ascent.at().error > Real(1e-6);
    if (use_newton && failures == 0 && !climbing) {
      if (newton_step() && ascent.move(step)) {
        continue;
      }
      if (ascent.at().error <= options.tolerance) {
        break;
      }
    }
    // kkt = r - beta (s - s0) less a constant, so the prox step is eta kkt / (1 + eta beta).
    for (std::size_t i = 0; i < step.size(); ++i) {
      step[i] = eta / (1 + eta * game.beta()) * ascent.at().kkt[i];
    }
    const Real before = ascent.at().error;
    if (ascent.move(step)) {
      failures = 0;
      // While climbing the error may rise; a step is too long where J falls along it at its end.
      const bool shorter = climbing ? rise_along() < 0 : !(ascent.at().error < before);
      eta = shorter ? eta / 2 : eta * Real(1.5);
    } else if (climbing) {
      climbing = false;  // J no longer tells points apart
    } else {
      ++failures;
      eta /= 4;
    }
  }
  found.log_nu = ascent.at().log_nu;
}

}  // namespace dag::detail

namespace dag::detail {

/// One context of an event utility: nu keeps the reference's conditionals inside and outside C, and
/// u = logit nu(C) solves h'(nu(C)) = beta (u - u0). log_nu: out, normalised.
template <EventUtility U, class Real = typename U::scalar_type>
void solve_event(const U& u, Real beta, std::size_t first, std::span<const Real> log_reference,
                 std::span<Real> log_nu) {
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  LogSumExp<Real> inside, outside;
  for (std::size_t z = 0; z < log_reference.size(); ++z) {
    (u.correct(first + z) ? inside : outside).add(log_reference[z]);
    log_nu[z] = log_reference[z];
  }
  if (inside.value() > -infinity && outside.value() > -infinity) {
    const Real start = inside.value() - outside.value();
    const auto excess = [&](Real logit) {
      const Real log_p = -log1p_exp(-logit);
      const auto p = Probability<Real>::of_log(log_p);
      // d h' / d logit = d h' / d log p * (1 - p)
      return ValueAndSlope<Real>{u.event_reward(p) - beta * (logit - start),
                                 u.event_slope(p) * std::exp(-log1p_exp(logit)) - beta};
    };
    // h' >= 0 falls, so the root lies between the start and where beta (u - u0) meets h' there. The
    // distance is capped: with h' = infinity at the start a step of 2^k finds the far end.
    Real high = start, step = 1;
    while (excess(high).value > 0) {
      high += step;
      step *= 2;
    }
    const Real logit = find_root_newton(excess, start, high, (start + high) / 2).root;
    const Real gain = -log1p_exp(-logit) - inside.value();
    const Real loss = -log1p_exp(logit) - outside.value();
    for (std::size_t z = 0; z < log_nu.size(); ++z) {
      log_nu[z] += u.correct(first + z) ? gain : loss;
    }
  }
  log_normalize(log_nu);
}

/// One context of `CorrectUniformity`. Given C, p ∝ nu0^power with power = beta / (beta + tau); the
/// best tau H(p) - beta KL(p || nu0 given C) is beta times what the logit of C gains.
template <class Real>
void solve_uniformity(const CorrectUniformity<Real>& u, Real beta, std::size_t first,
                      std::span<const Real> log_reference, std::span<Real> log_nu) {
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  const Real power = beta / (beta + u.tau);
  LogSumExp<Real> inside, outside;
  for (std::size_t z = 0; z < log_reference.size(); ++z) {
    if (u.correct_set[first + z]) {
      inside.add(power * log_reference[z]);
    } else {
      outside.add(log_reference[z]);
    }
  }
  // The gain enters C's logit alone: beside it, where beta is small, a reference would be rounded
  // away.
  const bool both = inside.value() > -infinity && outside.value() > -infinity;
  const Real logit = both ? inside.value() * (1 + u.tau / beta) - outside.value() : Real{0};
  const Real within = both ? -log1p_exp(-logit) : Real{0};
  const Real without = both ? -log1p_exp(logit) : Real{0};
  for (std::size_t z = 0; z < log_nu.size(); ++z) {
    const bool right = u.correct_set[first + z];
    const Real share = right ? power * log_reference[z] - inside.value() + within
                             : log_reference[z] - outside.value() + without;
    log_nu[z] = log_reference[z] > -infinity ? share : -infinity;
  }
  log_normalize(log_nu);
}

template <class U>
struct IsCorrectUniformity : std::false_type {};
template <class Real>
struct IsCorrectUniformity<CorrectUniformity<Real>> : std::true_type {};

}  // namespace dag::detail

namespace dag {

/// The equilibrium of an alignment game by the fastest way that its utility's family allows:
///   log-affine parts                  closed form
///   `CorrectUniformity`               closed form
///   pointwise parts                   one scalar root a context, each answer a root (Lambert's W)
///   an event                          scalar root in logit nu(C)
///   pointwise and adversarial parts   Newton on mixtures and multipliers (bounds by a quadratic
///                                     program), the policy in closed form or by scalar roots
///   a consensus                       best responses accelerated by Newton on the consensus
///   pairs                             Newton, one X x X block an answer
///   agreement                         of its equilibria the one reached (`agreement_equilibria`)
///   anything else                     Newton on differenced gradients (up to 400 answers), else
///                                     proximal ascent; where it is not concave (`MajAtK`): a
///                                     stationary policy that ascent from the reference reaches,
///                                     others may exist
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
  const OptionRules rules("equilibrium");
  rules.not_negative("tolerance", options.tolerance);
  rules.not_negative("max_iterations", options.max_iterations);
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
  } else if constexpr (detail::IsCorrectUniformity<U>::value) {
    found.method = AlignmentMethod::closed_form;
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      detail::solve_uniformity(game.utility(), game.beta(), blocks.offset(x),
                               blocks.of(game.log_reference(), x), blocks.of(log_nu, x));
    }
  } else if constexpr (EveryPart<detail::IsPointwise, U>::value) {
    found.method = EveryPart<detail::IsLogAffine, U>::value ? AlignmentMethod::closed_form
                                                            : AlignmentMethod::scalar_root;
    const detail::ContextResponse<U> response(game.utility(), game.beta(), &deadline);
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
    if (!(found.residual <= options.tolerance) &&
        !deadline.passed()) {  // rare: references e^-300 apart, beta small
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
  } else if constexpr (std::is_same_v<U, Agreement<Real>>) {
    found.method = AlignmentMethod::branches;
    const AgreementEquilibria all =
        agreement_equilibria(game.contexts(), game.beta(), game.utility().tau);
    found.log_nu = all.found[all.reached].log_nu;
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
  found.status = deadline.ending(met, found.iterations >= options.max_iterations);
  return found;
}

}  // namespace dag
