// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = tau sum_x w_x H(nu_x), H in nats: diversity of answers.
/// Target: adversarial, min_q -tau <nu, log q>, best response q = nu. Reward -tau log q(z).
/// Equilibrium: nu ∝ nu0^{beta / (beta + tau)}; with a reward R besides: nu ∝ (nu0^beta e^R)^{1 /
/// (beta + tau)}.
template <Scalar Real>
struct ShannonEntropy {
  using scalar_type = Real;
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu) const {
    return nu.value > 0 ? -tau * nu.value * nu.log : Real{0};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu) const { return -tau * nu.log; }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real>) const { return -tau; }

  [[nodiscard]] TableReward table_reward() const { return {RewardFunction::logarithm(), -tau}; }

  [[nodiscard]] Real log_affine_level(std::size_t) const { return 0; }
  [[nodiscard]] Real log_affine_rate() const { return tau; }

  void check(const Blocks&) const {
    require(tau > 0 && std::isfinite(tau), Errc::invalid_argument,
            "ShannonEntropy: tau must be > 0 and finite, got ", tau);
  }
};

template <class Real>
ShannonEntropy(Real) -> ShannonEntropy<Real>;

}  // namespace dag
