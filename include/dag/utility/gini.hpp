// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/numeric/lambert_w.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = tau sum_x w_x (1 - sum_z nu_x(z)^2): the chance that two answers differ.
/// Target: adversarial (the tangent form), best response q = nu. Reward -2 tau q(z).
/// Equilibrium: nu = beta / (2 tau) W(2 tau / beta nu0 e^{-1 - lambda / beta}), W Lambert's, lambda
/// normalises.
template <Scalar Real>
struct Gini {
  using scalar_type = Real;
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu) const {
    return tau * nu.value * (1 - nu.value);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu) const {
    return -2 * tau * nu.value;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real> nu) const {
    return -2 * tau * nu.value;
  }

  [[nodiscard]] TableReward table_reward() const { return {RewardFunction::power(1), -2 * tau}; }

  /// The root s = log nu of reward(nu) - beta (s - `level`) = 0, so that solvers need not search.
  [[nodiscard]] Real log_root(std::size_t, Real beta, Real level) const {
    return rising_root(std::log(2 * tau / beta), level);
  }

  void check(const Blocks&) const {
    require(tau > 0 && std::isfinite(tau), Errc::invalid_argument,
            "Gini: tau must be > 0 and finite, got ", tau);
  }
};

template <class Real>
Gini(Real) -> Gini<Real>;

}  // namespace dag
