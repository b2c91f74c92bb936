// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <dag/detail/limits.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/numeric/lambert_w.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau sum_x w_x sum_z (nu_x(z) - p_x(z))^2 / p_x(z). Where p is 0, nu has to be.
/// Target: best response q = nu. Reward -2 tau q(z) / p(z). Equilibrium: a scalar root, its answers
/// by Lambert's W.
template <Scalar Real, class Data = Goal<Real>>
struct ChiSquare {
  using scalar_type = Real;
  Data goal;     ///< p, stacked over contexts
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] Probability<Real> datum(std::size_t i) const { return goal[i]; }
  [[nodiscard]] auto formula() const { return ChiSquare<Real, NoData>{{}, tau}; }

  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu, Probability<Real> p) const {
    constexpr Real infinity = detail::Limits<Real>::infinity;
    if (!(p.value > 0)) {
      return nu.value > 0 ? -infinity : Real{0};
    }
    return -tau * (nu.value - p.value) * (nu.value - p.value) / p.value;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu, Probability<Real> p) const {
    constexpr Real infinity = detail::Limits<Real>::infinity;
    return p.value > 0 ? -2 * tau * std::exp(nu.log - p.log) : -infinity;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real> nu, Probability<Real> p) const {
    return reward(nu, p);
  }

  [[nodiscard]] TableReward table_reward(Probability<Real> p) const {
    return {RewardFunction::power(1), -2 * tau / p.value};
  }

  /// The root s = log nu of reward(nu) - beta (s - `level`) = 0, so that solvers need not search.
  [[nodiscard]] Real log_root(std::size_t i, Real beta, Real level) const {
    const Real log_scale = std::log(2 * tau / beta) - goal[i].log;
    return log_lambert_w0_exp(log_scale + level) - log_scale;
  }
  /// F = -inf unless nu is 0 at this answer.
  [[nodiscard]] bool excludes(std::size_t i) const { return !(goal[i].value > 0); }

  void check(const Blocks& blocks) const {
    goal.check(blocks, "ChiSquare");
    detail::require_weight(tau, "ChiSquare");
  }
};

template <class Real>
ChiSquare(std::vector<Real>) -> ChiSquare<Real>;
template <class Real>
ChiSquare(std::vector<Real>, Real) -> ChiSquare<Real>;

}  // namespace dag
