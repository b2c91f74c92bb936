// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Counterfactual regret minimisation on game trees.
#include <array>

#include <dag/solver/tree/cfr.hpp>
#include <dag/solver/tree/sampled_cfr.hpp>

#include "tree_solvers.hpp"

namespace cli {
namespace {

void refuse_pull(const Settings& settings, std::string_view name) {
  dag::require(settings.tau == 0, dag::Errc::unsupported, name,
               ": it has no pull; --tau is for the first-order solvers");
}

/// `name` solves a tree by one of the library's functions.
#define DAG_TREE_REGRET(function)                                        \
  [](const TreeProblem& problem, const Settings& settings) {             \
    refuse_pull(settings, #function);                                    \
    const TreeGame game(problem.form);                                   \
    return tree_found(#function, dag::function(game, settings.options)); \
  }

/// A solver that samples the tree; --seed is its seed.
#define DAG_TREE_SAMPLED(function)                                                                 \
  [](const TreeProblem& problem, const Settings& settings) {                                       \
    refuse_pull(settings, #function);                                                              \
    const TreeGame game(problem.form);                                                             \
    return tree_found(#function, dag::function(game, problem.game, problem.form, settings.options, \
                                               {.seed = settings.seed}));                          \
  }

}  // namespace

std::span<const TreeSolver> tree_regret_solvers() {
  static const std::array solvers{
      TreeSolver{"cfr_plus", any_kind, any_kind, "CFR+: regrets cut at zero, linear averages",
                 DAG_TREE_REGRET(cfr_plus)},
      TreeSolver{"cfr", any_kind, any_kind, "counterfactual regret minimisation",
                 DAG_TREE_REGRET(cfr)},
      TreeSolver{"linear_cfr", any_kind, any_kind, "rounds weigh t", DAG_TREE_REGRET(linear_cfr)},
      TreeSolver{"discounted_cfr", any_kind, any_kind, "old regrets fade: 3/2, 0, 2",
                 DAG_TREE_REGRET(discounted_cfr)},
      TreeSolver{"predictive_cfr_plus", any_kind, any_kind,
                 "the last regret is expected again, quadratic averages",
                 DAG_TREE_REGRET(predictive_cfr_plus)},
      TreeSolver{"asymmetric_predictive_cfr_plus", any_kind, any_kind,
                 "predictions count for a sixth", DAG_TREE_REGRET(asymmetric_predictive_cfr_plus)},
      TreeSolver{"restarted_cfr_plus", any_kind, zero_sum_kind,
                 "pulled to a reference that jumps: the last iterate converges",
                 DAG_TREE_REGRET(restarted_cfr_plus)},
      TreeSolver{"external_sampling", any_kind, any_kind,
                 "CFR on sampled moves of the others and of chance (--seed)",
                 DAG_TREE_SAMPLED(external_sampling)},
      TreeSolver{"outcome_sampling", any_kind, any_kind, "CFR on single sampled plays (--seed)",
                 DAG_TREE_SAMPLED(outcome_sampling)},
  };
  return solvers;
}

}  // namespace cli
