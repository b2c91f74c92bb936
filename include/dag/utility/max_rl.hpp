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

/// F(nu) = -tau sum_x w_x sum_{j <= T} (1 - nu_x(C_x))^j / j: the series of log nu(C) cut at order
/// T (MaxRL, arXiv:2602.02710). T = 1 is the expected 0/1 reward, T -> inf the log-likelihood.
/// Target: q = nu given C. Reward tau sum_{j <= T} (1 - nu(C))^{j-1} = tau (1 - (1 - nu(C))^T) /
/// nu(C) on C: a polynomial, so that its U-statistic has no bias for groups of K >= T samples; at
/// T = K that is K / (k + 1). Equilibrium: a scalar root in nu(C).
template <Scalar Real, class Data = CorrectSet>
struct MaxRl {
  using scalar_type = Real;
  Data correct_set;
  Real terms = 8;  ///< T, a whole number, 1 to 4096
  Real tau = 1;    ///< weight, > 0

  [[nodiscard]] bool correct(std::size_t i) const { return correct_set[i]; }
  [[nodiscard]] auto formula() const { return MaxRl<Real, NoData>{{}, terms, tau}; }
  [[nodiscard]] DAG_HOST_DEVICE Real event_term(Probability<Real> p) const {
    const Real wrong = p.log < 0 ? std::exp(log1m_exp(p.log)) : Real{0};
    Real power = 1, sum = 0;
    for (Real j = 1; j <= terms && power > 0; j += 1) {
      power *= wrong;
      sum += power / j;
    }
    return -tau * sum;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real event_reward(Probability<Real> p) const {
    return tau * share(p);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real event_slope(Probability<Real> p) const {
    if (!(p.log < 0)) {
      return terms > 1 ? -tau : Real{0};
    }
    return p.value > 0 ? tau * (terms * std::exp((terms - 1) * log1m_exp(p.log)) - share(p))
                       : Real{0};
  }

  [[nodiscard]] TableReward table_reward() const {
    return {RewardFunction::truncated_inverse(terms), tau};
  }

  void check(const Blocks& blocks) const {
    detail::check_correct(correct_set, blocks, "MaxRl");
    require(terms >= 1 && terms <= 4096 && terms == std::floor(terms), Errc::invalid_argument,
            "MaxRl: the terms must be a whole number from 1 to 4096, got ", terms);
    detail::require_weight(tau, "MaxRl");
  }

 private:
  /// (1 - (1 - p)^T) / p, T at 0.
  [[nodiscard]] DAG_HOST_DEVICE Real share(Probability<Real> p) const {
    if (!(p.log < 0)) {
      return 1;
    }
    return p.value > 0 ? -std::expm1(terms * log1m_exp(p.log)) / p.value : terms;
  }
};

}  // namespace dag
