// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <dag/detail/limits.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau sum_x w_x KL(nu_x || p_x): mode seeking. Where p is 0, nu has to be.
/// Target: best response q = nu. Reward tau (log p(z) - log q(z)).
/// Equilibrium: nu ∝ (p^tau nu0^beta)^{1 / (tau + beta)}.
template <Scalar Real, class Data = Goal<Real>>
struct ReverseKl {
  using scalar_type = Real;
  Data goal;     ///< p, stacked over contexts
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] Probability<Real> datum(std::size_t i) const { return goal[i]; }
  [[nodiscard]] auto formula() const { return ReverseKl<Real, NoData>{{}, tau}; }

  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu, Probability<Real> p) const {
    return nu.value > 0 ? tau * nu.value * (p.log - nu.log) : Real{0};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu, Probability<Real> p) const {
    constexpr Real infinity = detail::Limits<Real>::infinity;
    return p.log > -infinity ? tau * (p.log - nu.log) : -infinity;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real>, Probability<Real>) const {
    return -tau;
  }

  [[nodiscard]] TableReward table_reward(Probability<Real> p) const {
    return {RewardFunction::logarithm(), -tau, tau * p.log};
  }

  /// F = -inf unless nu is 0 at this answer.
  [[nodiscard]] bool excludes(std::size_t i) const {
    return !(goal[i].log > -detail::Limits<Real>::infinity);
  }
  [[nodiscard]] Real log_affine_level(std::size_t i) const { return tau * goal[i].log; }
  [[nodiscard]] Real log_affine_rate() const { return tau; }

  void check(const Blocks& blocks) const {
    goal.check(blocks, "ReverseKl");
    detail::require_weight(tau, "ReverseKl");
  }
};

template <class Real>
ReverseKl(std::vector<Real>) -> ReverseKl<Real>;
template <class Real>
ReverseKl(std::vector<Real>, Real) -> ReverseKl<Real>;

}  // namespace dag
