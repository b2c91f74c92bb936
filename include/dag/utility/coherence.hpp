// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/detail/limits.hpp>
#include <dag/divergence/kl.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/numeric/lambert_w.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/utility/detail/pull.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {
namespace detail {

/// Stacked probabilities and their logarithms, in whichever memory.
template <class Real>
struct StatePointers {
  const Real* point;
  const Real* log;
};

/// log sum_x w_x nu_x(z) over `count` contexts of `size` answers; a sum of tiny numbers keeps its
/// logarithm. Host and device.
template <Scalar Real>
[[nodiscard]] DAG_HOST_DEVICE Real log_arithmetic_pool(const Real* weights, StatePointers<Real> nu,
                                                       std::size_t count, std::size_t size,
                                                       std::size_t z) {
  constexpr Real tiny = detail::Limits<Real>::least / detail::Limits<Real>::epsilon;
  Real total = 0;
  for (std::size_t x = 0; x < count; ++x) {
    total += weights[x] * nu.point[x * size + z];
  }
  if (total > tiny) {
    return std::log(total);
  }
  LogSumExp<Real> sum;
  for (std::size_t x = 0; x < count; ++x) {
    sum.add(std::log(weights[x]) + nu.log[x * size + z]);
  }
  return sum.value();
}

/// sum_x w_x log nu_x(z).
template <Scalar Real>
[[nodiscard]] DAG_HOST_DEVICE Real log_geometric_pool(const Real* weights, StatePointers<Real> nu,
                                                      std::size_t count, std::size_t size,
                                                      std::size_t z) {
  Real sum = 0;
  for (std::size_t x = 0; x < count; ++x) {
    sum += weights[x] * nu.log[x * size + z];
  }
  return sum;
}

/// A pool of the library at a view: its formula over the view's memory.
template <class Pool, Scalar Real>
[[nodiscard]] Real log_pool_of(const Pool& pool, AnswersView<Real> answers, std::size_t z) {
  return pool.log_pool_at(answers.weights.data(),
                          StatePointers<Real>{answers.nu.point.data(), answers.nu.dual.data()},
                          answers.blocks.count(), answers.blocks.size(0), z);
}

}  // namespace detail

/// Log of the constant that makes the pool a distribution: 0 for a mean.
/// Errors: not_a_distribution where the supports of a geometric pool do not meet.
template <CoherenceUtility Pool, Scalar Real>
[[nodiscard]] Real log_pool_total(const Pool& pool, AnswersView<Real> answers) {
  if constexpr (Pool::pool_is_mean) {
    return 0;
  } else {
    LogSumExp<Real> total;
    for (std::size_t z = 0; z < answers.blocks.size(0); ++z) {
      total.add(pool.log_pool(answers, z));
    }
    require(total.value() > -detail::Limits<Real>::infinity, Errc::not_a_distribution, Pool::name,
            ": no answer has a positive probability in every context");
    return total.value();
  }
}

/// The Target's best response: the consensus q of the contexts, n entries, point and logarithm.
template <CoherenceUtility Pool, Scalar Real>
void consensus(const Pool& pool, AnswersView<Real> answers, StateView<Real> q) {
  const Real total = log_pool_total(pool, answers);
  for (std::size_t z = 0; z < q.dual.size(); ++z) {
    q.dual[z] = pool.log_pool(answers, z) - total;
    q.point[z] = std::exp(q.dual[z]);
  }
}

namespace detail {

/// What pools that pull with an f-divergence share: its generator's formulas (detail/pull.hpp).
template <LogGenerator G, Scalar Real>
struct DivergencePool {
  using scalar_type = Real;
  using Point = Probability<Real>;
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] DAG_HOST_DEVICE Real pair_term(Point nu, Point q) const {
    return pull().term(nu, q);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real pair_reward(Point nu, Point q) const {
    return pull().reward(nu, q);
  }
  [[nodiscard]] TableReward table_reward(Point q) const { return pull().table_reward(q); }
  [[nodiscard]] DAG_HOST_DEVICE Real own_slope(Point nu, Point q) const {
    return pull().slope(nu, q);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real other_slope(Point nu, Point q) const {
    return -pull().slope(nu, q);
  }
  /// The root s = log nu of the reward at consensus q, less beta (s - `level`).
  [[nodiscard]] Real log_root(Point q, Real beta, Real level) const {
    return pull().log_root(q, beta, level);
  }

 private:
  [[nodiscard]] DAG_HOST_DEVICE Pull<G, Real> pull() const { return {tau}; }
};

}  // namespace detail

/// F(nu) = -tau sum_x w_x KL(nu_x || q), minus the generalised Jensen-Shannon divergence of the
/// contexts. Target: cooperative, consensus q = sum_x w_x nu_x. Reward tau (log q(z) - log
/// nu_x(z)). Equilibrium: nu_x ∝ (q^tau nu0_x^beta)^{1 / (tau + beta)}; as beta -> 0 it tends to
/// the normalised geometric mean of the references. Source: arXiv:2511.08440.
template <Scalar Real>
struct ArithmeticCoherence : detail::DivergencePool<KlGenerator, Real> {
  static constexpr std::string_view name = "ArithmeticCoherence";
  static constexpr bool pool_is_mean = true;

  [[nodiscard]] Real log_pool(AnswersView<Real> answers, std::size_t z) const {
    return detail::log_pool_of(*this, answers, z);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real log_pool_at(const Real* weights,
                                                 detail::StatePointers<Real> nu, std::size_t count,
                                                 std::size_t size, std::size_t z) const {
    return detail::log_arithmetic_pool(weights, nu, count, size, z);
  }
  void check(const Blocks& blocks) const {
    detail::check_same_answers(blocks, name);
    detail::require_weight(this->tau, name);
  }
};

/// F(nu) = -tau sum_x w_x KL(q || nu_x) = tau log sum_z prod_x nu_x(z)^{w_x}. Target: cooperative,
/// consensus q ∝ prod_x nu_x^{w_x}. Reward tau q(z) / nu_x(z).
template <Scalar Real>
struct GeometricCoherence : detail::DivergencePool<ReverseKlGenerator, Real> {
  static constexpr std::string_view name = "GeometricCoherence";
  static constexpr bool pool_is_mean = false;

  [[nodiscard]] Real log_pool(AnswersView<Real> answers, std::size_t z) const {
    return detail::log_pool_of(*this, answers, z);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real log_pool_at(const Real* weights,
                                                 detail::StatePointers<Real> nu, std::size_t count,
                                                 std::size_t size, std::size_t z) const {
    return detail::log_geometric_pool(weights, nu, count, size, z);
  }
  void check(const Blocks& blocks) const {
    detail::check_same_answers(blocks, name);
    detail::require_weight(this->tau, name);
  }
};

/// F(nu) = -tau / 2 sum_x w_x ||nu_x - q||^2. Target: cooperative, consensus q = sum_x w_x nu_x.
/// Reward tau (q(z) - nu_x(z)). Polynomial in nu, so that samples estimate it without bias.
template <Scalar Real>
struct EuclideanCoherence {
  using scalar_type = Real;
  static constexpr std::string_view name = "EuclideanCoherence";
  static constexpr bool pool_is_mean = true;
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] Real log_pool(AnswersView<Real> answers, std::size_t z) const {
    return detail::log_pool_of(*this, answers, z);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real log_pool_at(const Real* weights,
                                                 detail::StatePointers<Real> nu, std::size_t count,
                                                 std::size_t size, std::size_t z) const {
    return detail::log_arithmetic_pool(weights, nu, count, size, z);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real pair_term(Probability<Real> nu, Probability<Real> q) const {
    return -tau / 2 * (nu.value - q.value) * (nu.value - q.value);
  }
  [[nodiscard]] DAG_HOST_DEVICE Real pair_reward(Probability<Real> nu, Probability<Real> q) const {
    return tau * (q.value - nu.value);
  }
  [[nodiscard]] TableReward table_reward(Probability<Real> q) const {
    return {RewardFunction::power(1), -tau, tau * q.value};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real own_slope(Probability<Real> nu, Probability<Real>) const {
    return -tau * nu.value;
  }
  [[nodiscard]] DAG_HOST_DEVICE Real other_slope(Probability<Real>, Probability<Real> q) const {
    return tau * q.value;
  }
  [[nodiscard]] Real log_root(Probability<Real> q, Real beta, Real level) const {
    const Real scale = tau / beta;
    return rising_root(std::log(scale), level + scale * q.value);
  }
  void check(const Blocks& blocks) const {
    detail::check_same_answers(blocks, name);
    detail::require_weight(tau, name);
  }
};

}  // namespace dag
