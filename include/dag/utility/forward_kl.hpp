// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <dag/estimate/reward_function.hpp>
#include <dag/numeric/lambert_w.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau sum_x w_x KL(p_x || nu_x): mass covering; p is needed inside the support of nu0.
/// Target: best response q = nu. Reward tau p(z) / q(z). Equilibrium: a scalar root, its answers by
/// Lambert's W.
template <Scalar Real, class Data = Goal<Real>>
struct ForwardKl {
  using scalar_type = Real;
  Data goal;     ///< p, stacked over contexts
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] Probability<Real> datum(std::size_t i) const { return goal[i]; }
  [[nodiscard]] auto formula() const { return ForwardKl<Real, NoData>{{}, tau}; }

  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu, Probability<Real> p) const {
    return p.value > 0 ? tau * p.value * (nu.log - p.log) : Real{0};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu, Probability<Real> p) const {
    return p.value > 0 ? tau * std::exp(p.log - nu.log) : Real{0};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real> nu, Probability<Real> p) const {
    return -reward(nu, p);
  }

  [[nodiscard]] TableReward table_reward(Probability<Real> p) const {
    return {RewardFunction::inverse(), tau * p.value};
  }

  /// The root s = log nu of reward(nu) - beta (s - `level`) = 0, so that solvers need not search.
  [[nodiscard]] Real log_root(std::size_t i, Real beta, Real level) const {
    return goal[i].value > 0 ? level + lambert_w0_exp(std::log(tau / beta) + goal[i].log - level)
                             : level;
  }
  /// F = -inf where nu is 0 at this answer.
  [[nodiscard]] bool needs(std::size_t i) const { return goal[i].value > 0; }

  void check(const Blocks& blocks) const {
    goal.check(blocks, "ForwardKl");
    detail::require_weight(tau, "ForwardKl");
  }
};

template <class Real>
ForwardKl(std::vector<Real>) -> ForwardKl<Real>;
template <class Real>
ForwardKl(std::vector<Real>, Real) -> ForwardKl<Real>;

}  // namespace dag
