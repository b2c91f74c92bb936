// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/numeric/xlogx.hpp>
#include <dag/utility/correct_set.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = tau sum_x w_x (nu_x(C_x)^{1-q} - 1) / (1 - q), 0 <= q <= 1: from the expected 0/1 reward
/// (q = 0) to the answer log-likelihood (q = 1). Source: arXiv:2604.25907. Target: q = nu given C.
/// Reward tau nu(C)^{-q} on C. Equilibrium: a scalar root in nu(C); C has to meet the support of
/// nu0 at q = 1.
template <Scalar Real, class Data = CorrectSet>
struct EventQLogarithm {
  using scalar_type = Real;
  Data correct_set;
  Real q = Real(0.5);  ///< q, 0 to 1
  Real tau = 1;        ///< weight, > 0

  [[nodiscard]] bool correct(std::size_t i) const { return correct_set[i]; }
  [[nodiscard]] auto formula() const { return EventQLogarithm<Real, NoData>{{}, q, tau}; }
  [[nodiscard]] DAG_HOST_DEVICE Real event_term(Probability<Real> p) const {
    return tau * q_logarithm(1 - q, p.log);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real event_reward(Probability<Real> p) const {
    return q == 0 ? tau : tau * std::exp(-q * p.log);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real event_slope(Probability<Real> p) const {
    return q == 0 ? Real{0} : -q * event_reward(p);
  }

  [[nodiscard]] TableReward table_reward() const {
    return {q == 1 ? RewardFunction::inverse() : RewardFunction::power(-q), tau};
  }

  void check(const Blocks& blocks) const {
    detail::check_correct(correct_set, blocks, "EventQLogarithm");
    require(q >= 0 && q <= 1, Errc::invalid_argument,
            "EventQLogarithm: q must be from 0 to 1, got ", q);
    detail::require_weight(tau, "EventQLogarithm");
  }
};

}  // namespace dag
