// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The solvers of all convex games, on the treeplexes of a game tree.
#include <array>

#include <dag/game/regularized_sequence.hpp>
#include <dag/solver/first_order/anchored_extragradient.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/gradient_descent_ascent.hpp>
#include <dag/solver/first_order/magnetic_mirror_descent.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/response/best_response_dynamics.hpp>
#include <dag/solver/response/fictitious_play.hpp>
#include <dag/solver/response/frank_wolfe.hpp>
#include <dag/solver/response/smooth_fictitious_play.hpp>

#include "tree_solvers.hpp"

namespace cli {
namespace {

using PulledTree = dag::RegularizedSequence<double, dag::eigen>;

/// A solver that serves trees with a pull (--tau) as well.
#define DAG_TREE_PULLED(function)                                          \
  [](const TreeProblem& problem, const Settings& settings) {               \
    if (settings.tau > 0) {                                                \
      const PulledTree game(problem.form, settings.tau);                   \
      return tree_found(#function, dag::function(game, settings.options)); \
    }                                                                      \
    const TreeGame game(problem.form);                                     \
    return tree_found(#function, dag::function(game, settings.options));   \
  }

/// A solver that does not.
#define DAG_TREE_PLAIN(function, Tree)                                   \
  [](const TreeProblem& problem, const Settings& settings) {             \
    dag::require(settings.tau == 0, dag::Errc::unsupported, #function,   \
                 ": it has no pull of its own; leave --tau out");        \
    const Tree game(problem.form);                                       \
    return tree_found(#function, dag::function(game, settings.options)); \
  }

}  // namespace

std::span<const TreeSolver> tree_first_order_solvers() {
  static const std::array solvers{
      TreeSolver{"mirror_prox", any_kind, zero_sum_kind,
                 "two proximal steps a round, dilated entropy", DAG_TREE_PULLED(mirror_prox)},
      TreeSolver{"mirror_descent", any_kind, zero_sum_kind, "dilated multiplicative weights",
                 DAG_TREE_PULLED(mirror_descent)},
      TreeSolver{"optimistic_mirror_descent", any_kind, zero_sum_kind,
                 "mirror descent on the expected field",
                 DAG_TREE_PULLED(optimistic_mirror_descent)},
      TreeSolver{"magnetic_mirror_descent", any_kind, zero_sum_kind,
                 "a magnet that moves: the last iterate converges",
                 DAG_TREE_PLAIN(magnetic_mirror_descent, TreeGame)},
      TreeSolver{"extragradient", any_kind, zero_sum_kind, "mirror-prox under dilated projections",
                 DAG_TREE_PLAIN(extragradient, FlatTreeGame)},
      TreeSolver{"gradient_descent_ascent", any_kind, zero_sum_kind,
                 "mirror descent under dilated projections",
                 DAG_TREE_PLAIN(gradient_descent_ascent, FlatTreeGame)},
      TreeSolver{"fictitious_play", any_kind, any_kind, "best responses to the mean of play",
                 DAG_TREE_PULLED(fictitious_play)},
      TreeSolver{"smooth_fictitious_play", any_kind, any_kind, "softened responses to the mean",
                 DAG_TREE_PLAIN(smooth_fictitious_play, TreeGame)},
      TreeSolver{"frank_wolfe", any_kind, zero_sum_kind, "best responses, steps 2 / (t + 1)",
                 DAG_TREE_PULLED(frank_wolfe)},
      TreeSolver{"best_response_dynamics", any_kind, any_kind, "everybody answers the last play",
                 DAG_TREE_PULLED(best_response_dynamics)},
  };
  return solvers;
}

}  // namespace cli
