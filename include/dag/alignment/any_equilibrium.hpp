// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <dag/alignment/agreement_equilibria.hpp>
#include <dag/alignment/alignment.hpp>
#include <dag/alignment/alignment_solution.hpp>
#include <dag/alignment/all_equilibria.hpp>
#include <dag/alignment/basin_margin.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/alignment/majority_equilibria.hpp>
#include <dag/core/error.hpp>
#include <dag/utility/any_utility.hpp>
#include <dag/utility/family_sums.hpp>

namespace dag {

/// The equilibrium of utilities chosen at run time, and what their Target's variables are.
struct AnyEquilibrium {
  AlignmentSolution<double> solution;
  std::vector<TargetKind> target_kinds = {};  ///< of `solution.target`
  /// One a context where a convex part (`Sharpening`, `PowerSharpening`) may make several; empty
  /// where the sum is concave. `solution` is what ascent from the reference reaches.
  std::vector<AllEquilibria> equilibria = {};
  std::vector<AgreementBifurcation> bifurcations = {};  ///< of `Agreement`, as s rises from 0
  bool ways_resolved = true;  ///< of `Agreement`: see `AgreementEquilibria`

  [[nodiscard]] bool several() const {
    for (const AllEquilibria& all : equilibria) {
      if (all.found.size() > 1) {
        return true;
      }
    }
    return false;
  }
};

namespace detail {

/// Families that have a solver of their own when they stand alone.
template <class U>
inline constexpr bool has_own_solver =
    EventUtility<U> || CoherenceUtility<U> || PairwiseUtility<U> ||
    std::is_same_v<U, Gini<double>> || std::is_same_v<U, ForwardKl<double>> ||
    std::is_same_v<U, ChiSquare<double>> || IsCorrectUniformity<U>::value;

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

/// The convex parts of a sum: rate of log nu and one power.
struct ConvexParts {
  double rate = 0;   ///< of all log-affine parts
  double scale = 0;  ///< scale nu^power is the reward of the powers
  double power = 1;
  bool has_power = false, only = true;  ///< only: nothing but log-affine parts and powers

  template <class Any>
  void add(const Any& utility) {
    std::visit(
        [&](const auto& u) {
          using U = std::remove_cvref_t<decltype(u)>;
          if constexpr (std::is_same_v<U, PowerSharpening<double>>) {
            require(!has_power || power == u.order - 1, Errc::unsupported,
                    "any_equilibrium: powers of one order add up, got orders ", power + 1, " and ",
                    u.order);
            has_power = true;
            power = u.order - 1;
            scale += u.tau * u.order;
          } else if constexpr (LogAffine<U>) {
            rate -= u.log_affine_rate();
          } else {
            only = false;
          }
        },
        utility);
  }
};

/// A sum with a convex part, context by context.
template <Utility U>
[[nodiscard]] AnyEquilibrium solve_convex(U utility, const ConvexParts& convex,
                                          const LogAffineSum& affine,
                                          const Contexts<double>& contexts, double beta,
                                          const EquilibriumOptions<double>& options) {
  const AlignmentGame<U, no_backend> game(std::move(utility), contexts, beta);
  AnyEquilibrium out;
  out.solution.method = AlignmentMethod::branches;
  out.solution.blocks = contexts.blocks();
  const Deadline deadline(options.stop, options.time_limit, "any_equilibrium");
  bool cut = false;
  for (std::size_t x = 0; x < contexts.blocks().count(); ++x) {
    SharpeningGame one{.log_reference = {},
                       .beta = beta,
                       .rate = convex.rate,
                       .scale = convex.scale,
                       .power = convex.power};
    for (std::size_t z = 0; z < contexts.blocks().size(x); ++z) {
      const std::size_t i = contexts.blocks().offset(x) + z;
      one.log_reference.push_back(game.log_reference()[i] + affine.log_affine_level(i) / beta);
    }
    out.equilibria.push_back(all_equilibria(one, {.deadline = &deadline}));
    out.equilibria.back().margin = basin_margin(one, out.equilibria.back(), &deadline);
    cut = cut || out.equilibria.back().cut;
    const AllEquilibria& all = out.equilibria.back();
    const auto& reached = all.found[all.reached].log_nu;
    out.solution.log_nu.insert(out.solution.log_nu.end(), reached.begin(), reached.end());
  }
  certify_policy(game, out.solution);
  out.solution.status = deadline.ending(out.solution.residual <= options.tolerance && !cut, false);
  return out;
}

/// Adds an equilibrium of all contexts together, log_nu stacked, certified by the game: its row in
/// every context, so that the j-th of one context belongs to the j-th of every other. `reached`: it
/// is the solution.
template <class Game>
void add_joint(const Game& game, AlignmentMethod method, std::vector<double> log_nu, bool stable,
               double onset, bool reached, double tolerance, AnyEquilibrium& out) {
  const Blocks& blocks = game.contexts().blocks();
  AlignmentSolution<double> one;
  one.method = method;
  one.blocks = blocks;
  one.log_nu = std::move(log_nu);
  certify_policy(game, one);
  one.status = one.residual <= tolerance ? Status::converged : Status::stalled;
  out.equilibria.resize(blocks.count());
  for (std::size_t x = 0; x < blocks.count(); ++x) {
    const auto nu = one.strategy(x), row = one.log_strategy(x);
    AllEquilibria& all = out.equilibria[x];
    all.reached = reached ? all.found.size() : all.reached;
    all.found.push_back({.nu = {nu.begin(), nu.end()},
                         .log_nu = {row.begin(), row.end()},
                         .stable = stable,
                         .residual = one.residual,
                         .value = one.value,
                         .onset = onset});
  }
  if (reached) {
    out.solution = std::move(one);
  }
}

/// The majority vote: its equilibria in closed form.
template <class Real>
[[nodiscard]] AnyEquilibrium solve_majority(const MajorityVote<Real>& vote,
                                            const Contexts<Real>& contexts, double beta,
                                            const EquilibriumOptions<Real>& options) {
  const AlignmentGame<MajorityVote<Real>, no_backend> game(vote, contexts, beta);
  const Deadline deadline(options.stop, options.time_limit, "any_equilibrium");
  MajorityEquilibria all = majority_equilibria(contexts, beta, vote.tau, &deadline);
  AnyEquilibrium out;
  for (std::size_t j = 0; j < all.log_nu.size(); ++j) {
    add_joint(game, AlignmentMethod::closed_form, std::move(all.log_nu[j]), true,
              std::numeric_limits<double>::quiet_NaN(), j == all.reached, options.tolerance, out);
  }
  if (all.cut) {
    out.solution.status = deadline.status();
  }
  return out;
}

/// Agreement across contexts.
template <class Real>
[[nodiscard]] AnyEquilibrium solve_agreement(const Agreement<Real>& agreement,
                                             const Contexts<Real>& contexts, double beta,
                                             const EquilibriumOptions<Real>& options) {
  const AlignmentGame<Agreement<Real>, no_backend> game(agreement, contexts, beta);
  const Deadline deadline(options.stop, options.time_limit, "any_equilibrium");
  AgreementEquilibria all =
      agreement_equilibria(contexts, beta, agreement.tau, {.deadline = &deadline});
  AnyEquilibrium out;
  for (std::size_t j = 0; j < all.found.size(); ++j) {
    AgreementPolicy& policy = all.found[j];
    add_joint(game, AlignmentMethod::branches, std::move(policy.log_nu), policy.stable,
              policy.onset, j == all.reached, options.tolerance, out);
  }
  for (AllEquilibria& each : out.equilibria) {
    each.margin = all.margin;
  }
  if (all.cut) {
    out.solution.status = deadline.status();
  }
  out.bifurcations = std::move(all.bifurcations);
  out.ways_resolved = all.ways_resolved;
  return out;
}

/// A utility with its data in place: a consensus that was not given is frozen at the reference's.
template <class Any>
[[nodiscard]] Any at_reference(Any utility, const Contexts<double>& contexts) {
  std::visit(
      [&](auto& u) {
        if constexpr (IsFrozenConsensus<std::remove_cvref_t<decltype(u)>>::value) {
          if (u.goal.size() == 0) {
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
/// gradient. Convex parts (`Sharpening`, `PowerSharpening`) by branches: all equilibria of every
/// context; a majority vote alone, in closed form; agreement alone, by `agreement_equilibria`. A
/// frozen consensus without data is that of the reference. Errors: those of `equilibrium` and of
/// the utilities' `check`; unsupported (an adversarial part beside one that is not pointwise),
/// invalid_argument (no parts). A template of the one type of numbers that `AnyUtility` has, so
/// that a file that includes this and does not call it pays nothing, and dag::compiled holds it
/// once.
template <std::same_as<double> Real>
[[nodiscard]] AnyEquilibrium any_equilibrium(std::span<const AnyUtility> parts,
                                             const Contexts<Real>& contexts, double beta,
                                             const EquilibriumOptions<Real>& options = {}) {
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
          require(!std::is_same_v<U, MajorityVote<double>> || parts.size() == 1, Errc::unsupported,
                  "any_equilibrium: majority_vote is solved alone");
          require(!std::is_same_v<U, Agreement<double>> || parts.size() == 1, Errc::unsupported,
                  "any_equilibrium: agreement is solved alone");
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
          if constexpr (std::is_same_v<std::remove_cvref_t<decltype(u)>, MajorityVote<double>>) {
            own = detail::solve_majority(u, contexts, beta, options);
          } else if constexpr (std::is_same_v<std::remove_cvref_t<decltype(u)>,
                                              Agreement<double>>) {
            own = detail::solve_agreement(u, contexts, beta, options);
          } else if constexpr (detail::has_own_solver<std::remove_cvref_t<decltype(u)>>) {
            own = detail::solve_alignment(std::move(u), contexts, beta, options);
          }
        },
        ready[0]);
    if (own) {
      return std::move(*own);
    }
  }
  detail::ConvexParts convex;
  for (const AnyUtility& part : ready) {
    convex.add(part);
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
  if (convex.has_power || !(beta - convex.rate > 0)) {
    require(convex.only, Errc::unsupported,
            "any_equilibrium: sharpening from the anchor's weight on, collision and "
            "power_sharpening are solved alone or beside rewards, entropies and reverse_kl");
    const LogAffineSum affine = sum.affine;
    return detail::solve_convex(Sum(std::move(sum.affine), std::move(sum.curved)), convex, affine,
                                contexts, beta, options);
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

#if defined(DAG_COMPILED) && !defined(DAG_COMPILED_HERE)
extern template AnyEquilibrium any_equilibrium(std::span<const AnyUtility>, const Contexts<double>&,
                                               double, const EquilibriumOptions<double>&);
#endif

}  // namespace dag
