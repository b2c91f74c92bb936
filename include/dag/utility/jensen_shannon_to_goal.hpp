// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <dag/numeric/log_sum_exp.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau sum_x w_x JS(nu_x, p_x), JS = KL(nu || m) / 2 + KL(p || m) / 2 with m = (nu + p) /
/// 2, natural logarithms (at most log 2). Target: best response q = nu. Reward tau / 2 log(m(z) /
/// q(z)). Equilibrium: a scalar root.
template <Scalar Real, class Data = Goal<Real>>
struct JensenShannon {
  using scalar_type = Real;
  Data goal;     ///< p, stacked over contexts
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] Probability<Real> datum(std::size_t i) const { return goal[i]; }
  [[nodiscard]] auto formula() const { return JensenShannon<Real, NoData>{{}, tau}; }

  [[nodiscard]] DAG_HOST_DEVICE Real term(Probability<Real> nu, Probability<Real> p) const {
    const Real own = nu.value > 0 ? nu.value * half_log_mean(nu.log, p.log) : Real{0};
    const Real other = p.value > 0 ? p.value * half_log_mean(p.log, nu.log) : Real{0};
    return tau * (own + other);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Probability<Real> nu, Probability<Real> p) const {
    return p.value > 0 ? tau * half_log_mean(nu.log, p.log)
                       : tau * Real(-0.34657359027997265471L);  // -log(2) / 2
  }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Probability<Real> nu, Probability<Real> p) const {
    return p.value > 0 ? -tau / 2 / (1 + std::exp(nu.log - p.log)) : Real{0};
  }

 private:
  /// log((a + b) / 2a) / 2.
  [[nodiscard]] DAG_HOST_DEVICE static Real half_log_mean(Real log_a, Real log_b) {
    return (log1p_exp(log_b - log_a) - Real(0.69314718055994530942L)) / 2;
  }

 public:
  void check(const Blocks& blocks) const {
    goal.check(blocks, "JensenShannon");
    detail::require_weight(tau, "JensenShannon");
  }
};

template <class Real>
JensenShannon(std::vector<Real>) -> JensenShannon<Real>;
template <class Real>
JensenShannon(std::vector<Real>, Real) -> JensenShannon<Real>;

}  // namespace dag
