// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <dag/estimate/reward_function.hpp>
#include <dag/numeric/xlogx.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau sum_x w_x D_a(nu_x, p_x), the alpha (Cressie-Read) divergence of
/// f(t) = (t^a - a t + a - 1) / (a (a - 1)): order 1 is `ReverseKl`, 0 `ForwardKl`, 2 half of
/// `ChiSquare`, 1/2 four times the squared Hellinger distance, -1 half of Neyman's chi square.
/// Orders of at least 1 forbid what p cannot give, orders of at most 0 cover all that p gives.
/// Target: best response q = nu. Reward -tau (t^{a-1} - 1) / (a - 1) at t = q(z) / p(z).
/// Equilibrium: a scalar root, its answers by scalar roots. Source: Cressie, Read (1984),
/// doi:10.1111/j.2517-6161.1984.tb01318.x.
template <Scalar Real>
struct AlphaToGoal {
  using scalar_type = Real;
  Goal<Real> goal;         ///< p, stacked over contexts
  Real order = Real(0.5);  ///< a, finite
  Real tau = 1;            ///< weight, > 0

  [[nodiscard]] Probability<Real> datum(std::size_t i) const { return goal[i]; }

  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu, Probability<Real> p) const {
    if (!(p.value > 0)) {  // nu f'(inf)
      return nu.value > 0 ? tau * nu.value * limit() : Real{0};
    }
    if (!(nu.value > 0)) {  // p f(0)
      return order > 0 ? -tau * p.value / order : -std::numeric_limits<Real>::infinity();
    }
    const Real log_t = nu.log - p.log;
    // f(t) = t (t^{a-1} - 1) / (a - 1) less its tangent at 1, over a.
    const Real tangent = nu.value - p.value;
    return order == 0 ? -tau * (tangent - p.value * log_t)
                      : -tau * (nu.value * q_logarithm(order - 1, log_t) - tangent) / order;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu, Probability<Real> p) const {
    return p.value > 0 ? -tau * q_logarithm(order - 1, nu.log - p.log) : tau * limit();
  }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real> nu, Probability<Real> p) const {
    return p.value > 0 ? -tau * std::exp((order - 1) * (nu.log - p.log)) : Real{0};
  }

  /// Of order > 1: others have no table of a power, see `reward`.
  [[nodiscard]] TableReward table_reward(Probability<Real> p) const {
    require(
        order > 1, Errc::unsupported,
        "AlphaToGoal: tables exist for orders > 1, order 1 is ReverseKl, 0 ForwardKl; got order ",
        order);
    return {RewardFunction::power(order - 1), -tau * std::exp((1 - order) * p.log) / (order - 1),
            tau / (order - 1)};
  }

  /// F = -inf unless nu is 0 at this answer.
  [[nodiscard]] bool excludes(std::size_t i) const { return order >= 1 && !(goal[i].value > 0); }
  /// F = -inf where nu is 0 at this answer.
  [[nodiscard]] bool needs(std::size_t i) const { return order <= 0 && goal[i].value > 0; }

  void check(const Blocks& blocks) const {
    goal.check(blocks, "AlphaToGoal");
    detail::require_weight(tau, "AlphaToGoal");
    require(std::isfinite(order), Errc::invalid_argument,
            "AlphaToGoal: the order must be finite, got ", order);
  }

 private:
  /// -f'(inf).
  [[nodiscard]] DAG_HOST_DEVICE Real limit() const {
    return order < 1 ? -1 / (1 - order) : -std::numeric_limits<Real>::infinity();
  }
};

template <class Real>
AlphaToGoal(std::vector<Real>, Real) -> AlphaToGoal<Real>;
template <class Real>
AlphaToGoal(std::vector<Real>, Real, Real) -> AlphaToGoal<Real>;

}  // namespace dag
