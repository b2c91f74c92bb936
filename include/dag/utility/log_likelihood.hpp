// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>

#include <dag/estimate/reward_function.hpp>
#include <dag/utility/correct_set.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = tau sum_x w_x log nu_x(C_x): the answer log-likelihood, latent traces summed out. Every
/// C_x has to meet the support of nu0.
/// Target: cooperative, q = nu given C. Reward tau 1[z in C] / nu(C). Equilibrium: nu keeps nu0's
/// conditionals given C and not C, and p = nu(C) solves tau / p = beta (logit p - logit p0).
template <Scalar Real, class Data = CorrectSet>
struct AnswerLogLikelihood {
  using scalar_type = Real;
  static constexpr bool needs_event = true;  ///< F = -inf where nu(C) = 0
  Data correct_set;
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] bool correct(std::size_t i) const { return correct_set[i]; }
  [[nodiscard]] auto formula() const { return AnswerLogLikelihood<Real, NoData>{{}, tau}; }
  [[nodiscard]] DAG_HOST_DEVICE Real event_term(Probability<Real> p) const { return tau * p.log; }
  [[nodiscard]] DAG_HOST_DEVICE Real event_reward(Probability<Real> p) const {
    return tau * std::exp(-p.log);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real event_slope(Probability<Real> p) const {
    return -tau * std::exp(-p.log);
  }

  [[nodiscard]] TableReward table_reward() const { return {RewardFunction::inverse(), tau}; }

  void check(const Blocks& blocks) const {
    detail::check_correct(correct_set, blocks, "AnswerLogLikelihood");
    detail::require_weight(tau, "AnswerLogLikelihood");
  }
};

}  // namespace dag
