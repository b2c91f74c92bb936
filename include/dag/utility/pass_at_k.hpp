// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/utility/correct_set.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = tau sum_x w_x (1 - (1 - nu_x(C_x))^k): the chance that one of k answers is correct.
/// Target: q = nu(C). Reward tau k (1 - nu(C))^{k-1} 1[z in C]. Equilibrium: a scalar root in
/// nu(C).
template <Scalar Real, class Data = CorrectSet>
struct PassAtK {
  using scalar_type = Real;
  Data correct_set;
  Real k = 1;    ///< number of tries, >= 1
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] bool correct(std::size_t i) const { return correct_set[i]; }
  [[nodiscard]] auto formula() const { return PassAtK<Real, NoData>{{}, k, tau}; }
  [[nodiscard]] DAG_HOST_DEVICE Real event_term(Probability<Real> p) const {
    return p.log < 0 ? -tau * std::expm1(k * log1m_exp(p.log)) : tau;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real event_reward(Probability<Real> p) const {
    return k == 1 ? tau : p.log < 0 ? tau * k * std::exp((k - 1) * log1m_exp(p.log)) : Real{0};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real event_slope(Probability<Real> p) const {
    return k == 1 || !(p.log < 0)
               ? Real{0}
               : -tau * k * (k - 1) * std::exp(p.log + (k - 2) * log1m_exp(p.log));
  }

  [[nodiscard]] TableReward table_reward() const { return {RewardFunction::pass_at_k(k), tau}; }

  void check(const Blocks& blocks) const {
    detail::check_correct(correct_set, blocks, "PassAtK");
    require(k >= 1 && std::isfinite(k), Errc::invalid_argument,
            "PassAtK: k must be >= 1 and finite, got ", k);
    detail::require_weight(tau, "PassAtK");
  }
};

}  // namespace dag
