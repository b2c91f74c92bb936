// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/utility/correct_set.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau sum_x w_x sum_{z in C_x} nu_x(z) log nu_x(z): entropy inside the correct set C
/// alone, so that many right answers stay alive and wrong ones gain nothing by being many
/// (arXiv:2605.00365). Concave. Target: adversarial (the tangent form). Reward -tau (1 + log nu(z))
/// on C and 0 off it: the constant counts here. It also pulls towards C where nu(z) < 1/e and away
/// from it beyond; add a reward for C that is worth more than tau. Equilibrium: a scalar root.
template <Scalar Real, class Data = CorrectSet>
struct CorrectEntropy {
  using scalar_type = Real;
  using Point = Probability<Real>;
  Data correct_set;
  Real tau = 1;  ///< weight, > 0

  /// Whether answer i is right, as 1 or 0.
  [[nodiscard]] Point datum(std::size_t i) const {
    return Point::of(correct_set[i] ? Real{1} : Real{0});
  }
  [[nodiscard]] auto formula() const { return CorrectEntropy<Real, NoData>{{}, tau}; }
  [[nodiscard]] DAG_HOST_DEVICE Real term(Point nu, Point right) const {
    return right.value > Real(0.5) && nu.value > 0 ? -tau * nu.value * nu.log : Real{0};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Point nu, Point right) const {
    return right.value > Real(0.5) ? -tau * (1 + nu.log) : Real{0};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Point, Point right) const {
    return right.value > Real(0.5) ? -tau : Real{0};
  }

  [[nodiscard]] TableReward table_reward(Point right) const {
    const double weight = right.value > Real(0.5) ? static_cast<double>(tau) : 0.0;
    return {RewardFunction::logarithm(), -weight, -weight};
  }

  void check(const Blocks& blocks) const {
    detail::check_correct(correct_set, blocks, "CorrectEntropy");
    detail::require_weight(tau, "CorrectEntropy");
  }
};

}  // namespace dag
