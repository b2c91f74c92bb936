// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

//! [utility]
/// F(nu) = tau sum_x w_x (1 - sum_z nu_x(z)^3). Target: adversarial, best response q = nu; reward
/// -3 tau q(z)^2. Finite where nu is 0.
template <Scalar Real>
struct ToyUtility {
  using scalar_type = Real;
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu) const {
    return tau * nu.value * (1 - nu.value * nu.value);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu) const {
    return -3 * tau * nu.value * nu.value;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real> nu) const {
    return -6 * tau * nu.value * nu.value;  // d reward / d log nu
  }
  [[nodiscard]] TableReward table_reward() const { return {RewardFunction::power(2), -3 * tau}; }
  void check(const Blocks&) const {
    require(tau > 0 && std::isfinite(tau), Errc::invalid_argument,
            "ToyUtility: tau must be > 0 and finite, got ", tau);
  }
};
//! [utility]

template <class Real>
ToyUtility(Real) -> ToyUtility<Real>;

}  // namespace dag
