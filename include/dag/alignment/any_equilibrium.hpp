// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/core/error.hpp>
#include <dag/utility/any_utility.hpp>

namespace dag {

/// The equilibrium of utilities chosen at run time, and what their Target's variables are.
struct AnyEquilibrium {
  AlignmentSolution<double> solution;
  std::vector<TargetKind> target_kinds;  ///< of `solution.target`
};

namespace detail {

/// Families that have a solver of their own when they stand alone.
template <class U>
inline constexpr bool has_own_solver =
    EventUtility<U> || CoherenceUtility<U> || PairwiseUtility<U> ||
    std::is_same_v<U, Gini<double>> || std::is_same_v<U, ForwardKl<double>> ||
    std::is_same_v<U, ChiSquare<double>>;

/// The parts of a sum, by family.
struct SumByFamily {
  LogAffineSum affine;
  PointwiseSum curved;
  AdversarialSum adversarial;
  DirectSum direct;  ///< the others; all of them where one part is not pointwise
};

template <Utility U>
[[nodiscard]] AnyEquilibrium solve_alignment(U utility, const Contexts<double>& contexts,
                                             double beta,
                                             const EquilibriumOptions<double>& options) {
  const AlignmentGame<U, no_backend> game(std::move(utility), contexts, beta);
  AnyEquilibrium out{dag::equilibrium(game, options), {}};
  for_each_part(game.utility(), [&](const auto& part) {
    if constexpr (AdversarialUtility<std::remove_cvref_t<decltype(part)>>) {
      for (std::size_t k = 0; k < part.target_size(); ++k) {
        out.target_kinds.push_back(part.target_kind(k));
      }
    }
  });
  return out;
}

/// A utility with its data in place: a consensus that was not given is frozen at the reference's.
[[nodiscard]] inline AnyUtility at_reference(AnyUtility utility, const Contexts<double>& contexts) {
  std::visit(
      [&](auto& u) {
        if constexpr (IsFrozenConsensus<std::remove_cvref_t<decltype(u)>>::value) {
          if (u.target.size() == 0) {
            std::vector<double> point;
            for (const double log : contexts.log_reference()) {
              point.push_back(std::exp(log));
            }
            u = freeze(u.pool, AnswersView<double>{contexts.blocks(),
                                                   contexts.weights(),
                                                   {point, contexts.log_reference()}});
          }
        }
      },
      utility);
  return utility;
}

}  // namespace detail

/// The equilibrium of a sum of utilities chosen at run time, by the same ways as `equilibrium` of
/// their types: pointwise parts by scalar roots, beside adversarial ones by the dual, an event, a
/// consensus or pairs alone by their own solvers, any other sum without an adversarial part by its
/// gradient. A frozen consensus without data is that of the reference. Errors: those of
/// `equilibrium` and of the utilities' `check`; unsupported (an adversarial part beside one that is
/// not pointwise), invalid_argument (no parts).
[[nodiscard]] inline AnyEquilibrium any_equilibrium(
    std::span<const AnyUtility> parts, const Contexts<double>& contexts, double beta,
    const EquilibriumOptions<double>& options = {}) {
  require(!parts.empty(), Errc::invalid_argument, "any_equilibrium: needs at least one utility");
  const Blocks& blocks = contexts.blocks();
  std::vector<AnyUtility> ready;
  bool pointwise = true, adversarial = false;
  for (const AnyUtility& part : parts) {
    ready.push_back(detail::at_reference(part, contexts));
    std::visit(
        [&](const auto& u) {
          using U = std::remove_cvref_t<decltype(u)>;
          check_utility(u, blocks);
          adversarial = adversarial || AdversarialUtility<U>;
          pointwise = pointwise && (PointwiseUtility<U> || AdversarialUtility<U>);
        },
        ready.back());
  }
  require(pointwise || !adversarial, Errc::unsupported,
          "any_equilibrium: robust_reward and moment_constraints are solved beside utilities that "
          "are sums over answers, not beside events, coherence, mmd, transport or soft_constraint");
  std::vector<double> support(contexts.log_reference().begin(), contexts.log_reference().end());
  for (int round = 0; round < 2; ++round) {  // what one part rules out another may need
    for (const AnyUtility& part : ready) {
      std::visit(
          [&](const auto& u) { detail::restrict_support(u, blocks, std::span<double>(support)); },
          part);
    }
  }
  if (ready.size() == 1) {
    std::optional<AnyEquilibrium> own;
    std::visit(
        [&](auto& u) {
          if constexpr (detail::has_own_solver<std::remove_cvref_t<decltype(u)>>) {
            own = detail::solve_alignment(std::move(u), contexts, beta, options);
          }
        },
        ready[0]);
    if (own) {
      return std::move(*own);
    }
  }
  detail::SumByFamily sum;
  for (const double log : support) {
    sum.curved.excluded.push_back(!(log > -std::numeric_limits<double>::infinity()));
  }
  sum.direct.excluded = sum.curved.excluded;
  for (const AnyUtility& part : ready) {
    std::visit(
        [&](const auto& u) {
          using U = std::remove_cvref_t<decltype(u)>;
          if constexpr (AdversarialUtility<U>) {
            sum.adversarial.add(u, blocks, contexts.weights());
          } else if (!pointwise) {
            sum.direct.add(u);
          } else if constexpr (detail::LogAffine<U>) {
            sum.affine.add(u, blocks.total());
          } else if constexpr (PointwiseUtility<U>) {
            sum.curved.add(u);
          }
        },
        part);
  }
  if (!pointwise) {
    return detail::solve_alignment(std::move(sum.direct), contexts, beta, options);
  }
  if (adversarial) {
    return detail::solve_alignment(
        Sum(std::move(sum.affine), std::move(sum.curved), std::move(sum.adversarial)), contexts,
        beta, options);
  }
  return sum.curved.parts.empty()
             ? detail::solve_alignment(std::move(sum.affine), contexts, beta, options)
             : detail::solve_alignment(Sum(std::move(sum.affine), std::move(sum.curved)), contexts,
                                       beta, options);
}

}  // namespace dag
