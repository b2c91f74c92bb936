// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/status.hpp>

namespace dag {

/// How an equilibrium was found.
enum class AlignmentMethod {
  closed_form,       ///< log nu is affine in log nu0 and the data
  scalar_root,       ///< answers as functions of one multiplier a context, which normalises
  event_root,        ///< a scalar root in logit nu(C)
  dual_newton,       ///< Newton on the Target's mixtures and multipliers, with their bounds
  consensus_newton,  ///< best responses to a consensus, accelerated by Newton
  column_newton,     ///< Newton on all contexts, one small block an answer
  branches,          ///< a convex utility: all equilibria by their branches
  generic,           ///< Newton with differenced gradients, or proximal ascent
};

[[nodiscard]] constexpr std::string_view to_string(AlignmentMethod method) noexcept {
  switch (method) {
    case AlignmentMethod::closed_form: return "closed_form";
    case AlignmentMethod::scalar_root: return "scalar_root";
    case AlignmentMethod::event_root: return "event_root";
    case AlignmentMethod::dual_newton: return "dual_newton";
    case AlignmentMethod::consensus_newton: return "consensus_newton";
    case AlignmentMethod::column_newton: return "column_newton";
    case AlignmentMethod::branches: return "branches";
    case AlignmentMethod::generic: return "generic";
  }
  return "unknown";
}

/// Options of `equilibrium`.
template <Scalar Real>
struct EquilibriumOptions {
  /// On the residual (no units). Multipliers: on the largest violation relative to 1 + |bound| too.
  Real tolerance = Real(1e-10);
  std::int64_t max_iterations = 1000;  ///< outer rounds; closed forms and scalar roots need none
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
};

/// An equilibrium of an alignment game and its certificate.
template <Scalar Real>
struct AlignmentSolution {
  Status status = Status::iteration_limit;
  AlignmentMethod method = AlignmentMethod::generic;
  std::int64_t iterations = 0;  ///< outer rounds
  Real value = 0;               ///< J(nu*, q*)
  /// max norm of nu_x - softmax(log nu0_x + r_x(nu) / beta) over all contexts.
  Real residual = std::numeric_limits<Real>::infinity();
  /// What deviations gain: max_nu J(nu, q*) - J(nu*, q*) of the linearised game, plus J(nu*, q*) -
  /// min_q J(nu*, q), the Target's multipliers held to `violation` rather than to +inf.
  Real gap = std::numeric_limits<Real>::infinity();
  Blocks blocks;
  std::vector<Real> nu;         ///< stacked over contexts
  std::vector<Real> log_nu;     ///< -inf: a zero of the reference, or ruled out by the utility
  std::vector<Real> consensus;  ///< q of a coherence utility, else empty
  std::vector<Real> target;     ///< mixtures and multipliers of adversarial parts, else empty
  std::vector<Real>
      slack;  ///< <a_k, nu> + b_k: c_k - <f_k, nu> of a constraint, reward of a mixture's row
  Real violation = 0;        ///< largest violation of a constraint
  Real complementarity = 0;  ///< largest |multiplier * slack|
  /// What the Target gains by another mixture: sum_k q_k slack_k less the least slack, of the part
  /// where that is most.
  Real mixture_gap = 0;

  [[nodiscard]] std::span<const Real> strategy(std::size_t x) const {
    return blocks.of(std::span<const Real>(nu), x);
  }
  [[nodiscard]] std::span<const Real> log_strategy(std::size_t x) const {
    return blocks.of(std::span<const Real>(log_nu), x);
  }
  [[nodiscard]] StateView<const Real> view() const { return {nu, log_nu}; }
};

namespace detail {

/// Residual, gap and value of the policy log_nu (normalised) against `target`, into
/// `found`.
template <class Game, class Real = typename Game::Real>
void certify_policy(const Game& game, AlignmentSolution<Real>& found) {
  const Blocks& blocks = game.contexts().blocks();
  const auto weights = game.contexts().weights();
  const auto log_reference = game.log_reference();
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  const std::size_t size = blocks.total();
  found.nu.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    found.nu[i] = std::exp(found.log_nu[i]);
  }
  std::vector<Real> point(size + found.target.size()), dual(point.size()), field(point.size());
  for (std::size_t i = 0; i < size; ++i) {
    point[i] = found.nu[i], dual[i] = found.log_nu[i];
  }
  for (std::size_t k = 0; k < found.target.size(); ++k) {
    point[size + k] = dual[size + k] = found.target[k];
  }
  const StateView<const Real> z{point, dual};
  game.field(z, std::span<Real>(field));
  found.value = game.value(z);
  found.residual = 0;
  found.gap = game.beta() * game.divergence(z.segment(0, size));
  std::vector<Real> response;
  for (std::size_t x = 0; x < blocks.count(); ++x) {
    response.assign(blocks.size(x), -infinity);
    // Rewards less the largest: a constant moves no answer, and over a small beta it would drown
    // the reference's logarithms.
    Real highest = -infinity;
    for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
      field[i] /= weights[x];
      if (log_reference[i] > -infinity && field[i] < infinity) {
        highest = std::fmax(highest, field[i]);
      }
    }
    highest = highest > -infinity ? highest : Real{0};
    Real earned = 0;
    for (std::size_t z_ = 0; z_ < blocks.size(x); ++z_) {
      const std::size_t i = blocks.offset(x) + z_;
      const Real reward = field[i] - highest;
      response[z_] = log_reference[i] + reward / game.beta();
      earned += found.nu[i] > 0 ? found.nu[i] * reward : Real{0};
    }
    found.gap += weights[x] * (game.beta() * softmax(response) - earned);
    for (std::size_t z_ = 0; z_ < blocks.size(x); ++z_) {
      found.residual =
          std::fmax(found.residual, std::abs(response[z_] - found.nu[blocks.offset(x) + z_]));
    }
  }
  found.slack.assign(found.target.size(), 0);
  found.violation = found.complementarity = found.mixture_gap = 0;
  std::size_t k = 0;
  for_each_part(game.utility(), [&](const auto& part) {
    if constexpr (AdversarialUtility<std::remove_cvref_t<decltype(part)>>) {
      Real mixed = 0, least = infinity;
      for (std::size_t j = 0; j < part.target_size(); ++j, ++k) {
        const Real slack = found.slack[k] = -field[size + k];
        const Real q = found.target[k];
        if (part.target_kind(j) == TargetKind::mixture) {
          mixed += q * slack;
          least = std::fmin(least, slack);
        } else {
          const bool equality = part.target_kind(j) == TargetKind::free;
          const Real excess = equality ? std::abs(slack) : std::fmax(-slack, Real{0});
          found.violation = std::fmax(found.violation, excess);
          found.complementarity = std::fmax(found.complementarity, std::abs(q * slack));
          found.gap += std::abs(q * slack);
        }
      }
      if (least < infinity) {
        found.gap += mixed - least;
        found.mixture_gap = std::fmax(found.mixture_gap, mixed - least);
      }
    }
  });
}

}  // namespace detail
}  // namespace dag
