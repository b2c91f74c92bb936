// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

// Utilities that reward what the policy says already. They are convex in nu, so that beside the
// anchor beta KL(nu || nu0) a game of one context has one equilibrium while they are weak and
// several once they are strong: `all_equilibria` finds them.

/// F(nu) = -tau sum_x w_x H(nu_x): minimises the entropy of the answers (label-free sharpening,
/// entropy minimisation). Reward tau log nu(z). Equilibrium: nu ∝ nu0^{beta / (beta - tau)} for tau
/// < beta, unique; from beta on every answer of nu0 alone is one. Source: arXiv:2603.08660 for the
/// reading of self-rewards as sharpening.
template <Scalar Real>
struct Sharpening {
  using scalar_type = Real;
  Real tau = 1;  ///< weight s, > 0

  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu) const {
    return nu.value > 0 ? tau * nu.value * nu.log : Real{0};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu) const { return tau * nu.log; }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real>) const { return tau; }
  [[nodiscard]] TableReward table_reward() const { return {RewardFunction::logarithm(), tau}; }

  [[nodiscard]] Real log_affine_level(std::size_t) const { return 0; }
  [[nodiscard]] Real log_affine_rate() const { return -tau; }

  void check(const Blocks&) const { detail::require_weight(tau, "Sharpening"); }
};

/// F(nu) = tau sum_x w_x sum_z nu_x(z)^q of order q > 1: with q = 2 the chance that two answers
/// agree, whose reward 2 tau nu(z) is the agreement with the other samples (majority voting as a
/// reward, EMPO); q -> inf leans to the majority alone. Reward tau q nu^{q-1}. Equilibria: nu =
/// nu0 exp(reward / beta) / Z, unique for q = 2 while tau <= beta.
template <Scalar Real>
struct PowerSharpening {
  using scalar_type = Real;
  Real tau = 1;    ///< weight s, > 0
  Real order = 2;  ///< q, > 1

  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu) const {
    return nu.value > 0 ? tau * std::exp(order * nu.log) : Real{0};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu) const {
    return tau * order * std::exp((order - 1) * nu.log);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real> nu) const {
    return (order - 1) * reward(nu);
  }
  [[nodiscard]] TableReward table_reward() const {
    return {RewardFunction::power(order - 1), tau * order};
  }

  void check(const Blocks&) const {
    detail::require_weight(tau, "PowerSharpening");
    require(order > 1 && std::isfinite(order), Errc::invalid_argument,
            "PowerSharpening: the order must be > 1 and finite, got ", order);
  }
};

template <class Real>
Sharpening(Real) -> Sharpening<Real>;
template <class Real>
PowerSharpening(Real) -> PowerSharpening<Real>;
template <class Real>
PowerSharpening(Real, Real) -> PowerSharpening<Real>;

}  // namespace dag
