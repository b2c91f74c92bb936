// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include <dag/core/concepts.hpp>
#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
#include <dag/divergence/f_divergence.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/numeric/lambert_w.hpp>
#include <dag/numeric/probability.hpp>

namespace dag::detail {

template <class G>
concept HasPowerMarginal = requires {
  { G::power } -> std::convertible_to<PowerMarginal>;
};

/// -tau D_f(nu || p) answer by answer, for a given p, a frozen consensus, a pool or another
/// context: what these utilities have in common is the generator of the divergence. Reward -tau
/// f'(nu / p) up to a constant. Where p is 0: t = nu / p is infinite, so that the reward is -inf
/// where nu has to be 0 too.
template <LogGenerator G, Scalar Real>
struct Pull {
  Real tau;
  G generator{};

  [[nodiscard]] static DAG_HOST_DEVICE LogNumber<Real> ratio(Probability<Real> nu,
                                                             Probability<Real> p) {
    return {is_zero(p) ? Limits<Real>::infinity : nu.log - p.log};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu, Probability<Real> p) const {
    return nu.value == 0 && p.value == 0 ? Real{0} : -tau * generator.term(nu, p);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu, Probability<Real> p) const {
    return -tau * generator.marginal(ratio(nu, p));
  }
  /// d reward / d log nu; in log p it is the same with the other sign.
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real> nu, Probability<Real> p) const {
    return -tau * generator.growth(ratio(nu, p));
  }

  [[nodiscard]] TableReward table_reward(Probability<Real> p) const requires HasPowerMarginal<G> {
    const Real scale = -tau * Real(G::power.scale);
    if constexpr (G::power.exponent == 0) {
      return {RewardFunction::logarithm(), scale, -scale * p.log};
    } else if constexpr (G::power.exponent < 0) {
      return {RewardFunction::inverse(), scale * p.value};
    } else {
      return {RewardFunction::power(1), scale / p.value};
    }
  }
  /// The root s = log nu of reward(nu, p) - beta (s - `level`) = 0.
  [[nodiscard]] Real log_root(Probability<Real> p, Real beta,
                              Real level) const requires HasPowerMarginal<G> {
    static_assert(G::power.exponent >= -1 && G::power.exponent <= 1);
    if constexpr (G::power.exponent == 0) {
      return (tau * p.log + beta * level) / (tau + beta);
    } else if constexpr (G::power.exponent < 0) {
      return is_zero(p) ? level : falling_root(std::log(tau / beta) + p.log, level);
    } else {
      return rising_root(std::log(Real(G::power.scale) * tau / beta) - p.log, level);
    }
  }
  /// The term is -inf unless nu is 0 where p is.
  [[nodiscard]] bool excludes(Probability<Real> p) const {
    return is_zero(p) &&
           generator.marginal(LogNumber<Real>{Limits<Real>::infinity}) == Limits<Real>::infinity;
  }
  /// The term is -inf where nu is 0.
  [[nodiscard]] bool needs(Probability<Real> p) const {
    return p.value > 0 && generator.term(Probability<Real>{}, p) == Limits<Real>::infinity;
  }
};

}  // namespace dag::detail
