// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include <dag/core/error.hpp>
#include <dag/divergence/potentials.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = tau sum_x w_x (1 - sum_z nu_x(z)^a) / (a - 1), Tsallis's entropy of order a > 0; a = 1
/// is Shannon's (nats), a = 2 Gini's. Target: adversarial (the tangent form), best response q = nu.
/// Reward -tau a q^{a-1} / (a - 1), up to the constant that makes it -tau log q at a = 1.
/// Equilibrium: a scalar root.
template <Scalar Real>
struct TsallisEntropy {
  using scalar_type = Real;
  Real tau = 1;    ///< weight, > 0
  Real order = 2;  ///< a, > 0

  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu) const {
    return -tau * formula().value(nu);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu) const {
    return -tau * formula().marginal(nu);
  }
  /// The reward less that of an answer of probability zero where that is finite (a > 1), without
  /// the cancellation: what policies are solved with.
  [[nodiscard]] DAG_HOST_DEVICE Real reward_from_zero(Probability<Real> nu) const {
    return order > 1 ? slope(nu) / (order - 1) : reward(nu);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real> nu) const {
    return -tau * formula().growth(nu);
  }

  [[nodiscard]] TableReward table_reward() const {
    return order == 1 ? TableReward{RewardFunction::logarithm(), -tau}
                      : TableReward{RewardFunction::power(order - 1), -tau * order / (order - 1)};
  }

  void check(const Blocks&) const {
    require(tau > 0 && std::isfinite(tau) && order > 0 && std::isfinite(order),
            Errc::invalid_argument, "TsallisEntropy: tau and order must be > 0 and finite, got ",
            tau, " and ", order);
  }

 private:
  [[nodiscard]] DAG_HOST_DEVICE detail::TsallisFormula<Real> formula() const { return {order}; }
};

template <class Real>
TsallisEntropy(Real, Real) -> TsallisEntropy<Real>;

}  // namespace dag
