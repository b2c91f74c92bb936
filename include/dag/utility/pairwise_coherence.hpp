// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string_view>

#include <dag/divergence/kl.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/detail/pull.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau sum_x,x' w_x w_x' KL(nu_x || nu_x'): every pair of contexts of one question. O(X^2
/// n) where a consensus costs O(X n). An answer that one context cannot give, none may. Reward
/// r_x(z) = -tau sum_x' w_x' (log nu_x/nu_x' + 1 - nu_x'/nu_x).
template <Scalar Real>
struct PairwiseKl {
  using scalar_type = Real;
  static constexpr bool needs_common_support = true;
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] DAG_HOST_DEVICE Real pair_term(Probability<Real> own,
                                               Probability<Real> other) const {
    return detail::Pull<KlGenerator, Real>{tau}.term(own, other);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real pair_reward(Probability<Real> own,
                                                 Probability<Real> other) const {
    return reward_from(own.log - other.log, std::expm1(other.log - own.log));
  }
  /// The reward from log(own / other) and other / own - 1, which samples estimate each by its own
  /// table.
  [[nodiscard]] DAG_HOST_DEVICE Real reward_from(Real log_ratio, Real excess) const {
    return tau * (excess - log_ratio);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real own_slope(Probability<Real> own,
                                               Probability<Real> other) const {
    const LogNumber<Real> t{own.log - other.log};
    return -tau * (KlGenerator{}.growth(t) + ReverseKlGenerator{}.growth(t));
  }
  [[nodiscard]] DAG_HOST_DEVICE Real other_slope(Probability<Real> own,
                                                 Probability<Real> other) const {
    return -own_slope(own, other);
  }
  void check(const Blocks& blocks) const {
    detail::check_same_answers(blocks, "PairwiseKl");
    detail::require_weight(tau, "PairwiseKl");
  }
};

/// F(nu) = -tau / 2 sum_x,x' w_x w_x' ||nu_x - nu_x'||^2 = -tau sum_x w_x ||nu_x - q||^2 with the
/// mean q: twice `EuclideanCoherence`. Reward 2 tau sum_x' w_x' (nu_x'(z) - nu_x(z)).
template <Scalar Real>
struct PairwiseEuclidean {
  using scalar_type = Real;
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] DAG_HOST_DEVICE Real pair_term(Probability<Real> own,
                                               Probability<Real> other) const {
    return -tau / 2 * (own.value - other.value) * (own.value - other.value);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real pair_reward(Probability<Real> own,
                                                 Probability<Real> other) const {
    return 2 * tau * (other.value - own.value);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real own_slope(Probability<Real> own, Probability<Real>) const {
    return -2 * tau * own.value;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real other_slope(Probability<Real>, Probability<Real> other) const {
    return 2 * tau * other.value;
  }
  void check(const Blocks& blocks) const {
    detail::check_same_answers(blocks, "PairwiseEuclidean");
    detail::require_weight(tau, "PairwiseEuclidean");
  }
};

}  // namespace dag
