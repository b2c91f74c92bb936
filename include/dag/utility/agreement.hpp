// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = tau sum over pairs x != y of w_x w_y <nu_x, nu_y>: the chance that two contexts of a
/// question are different ones and give the same answer. Agreement with the own context left out
/// (CPC-GRPO's reward), so that no context can confirm itself; the linear twin of the other
/// contexts' majority vote. Reward 2 tau sum_{y != x} w_y nu_y(z). F is bilinear between contexts
/// and convex along their common moves: a game with an anchor has one equilibrium while tau is
/// weak, several beyond; `agreement_equilibria` finds them. Every context needs the same answers.
template <Scalar Real>
struct Agreement {
  using scalar_type = Real;
  Real tau = 1;  ///< weight s, > 0

  [[nodiscard]] DAG_HOST_DEVICE Real pair_term(Probability<Real> own,
                                               Probability<Real> other) const {
    return tau * own.value * other.value;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real pair_reward(Probability<Real>, Probability<Real> other) const {
    return 2 * tau * other.value;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real own_slope(Probability<Real>, Probability<Real>) const {
    return 0;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real other_slope(Probability<Real>, Probability<Real> other) const {
    return 2 * tau * other.value;
  }

  void check(const Blocks& blocks) const {
    detail::check_same_answers(blocks, "Agreement");
    detail::require_weight(tau, "Agreement");
  }
};

template <class Real>
Agreement(Real) -> Agreement<Real>;

}  // namespace dag
