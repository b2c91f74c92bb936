// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/divergence/alpha.hpp>
#include <dag/divergence/chi_square.hpp>
#include <dag/divergence/jensen_shannon.hpp>
#include <dag/divergence/kl.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/utility/detail/pull.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau sum_x w_x D_f(nu_x || p_x) for a given p and the f-divergence of any LogGenerator:
/// value, reward, slope, table and roots are those of the generator (divergence/), on host and
/// device. Target: best response q = nu. Reward -tau f'(q(z) / p(z)), up to a constant a context.
/// Equilibrium: in closed form where f' is a logarithm, else a scalar root, its answers by
/// Lambert's W where f' is a power of degree +-1, by scalar roots where not.
template <LogGenerator G, Scalar Real, class Data = Goal<Real>>
struct GoalDivergence {
  using scalar_type = Real;
  using Point = Probability<Real>;

  GoalDivergence() requires std::default_initializable<G>
  = default;
  /// p, stacked over contexts; weight tau > 0.
  GoalDivergence(Data p, Real weight = 1, G f = {})  // NOLINT(google-explicit-constructor)
      : goal(std::move(p)), pull{weight, std::move(f)} {}

  Data goal;
  detail::Pull<G, Real> pull{1};

  [[nodiscard]] Point datum(std::size_t i) const { return goal[i]; }
  [[nodiscard]] GoalDivergence<G, Real, NoData> formula() const {
    return {NoData{}, pull.tau, pull.generator};
  }
  [[nodiscard]] DAG_HOST_DEVICE Real term(Point nu, Point p) const { return pull.term(nu, p); }
  [[nodiscard]] DAG_HOST_DEVICE Real reward(Point nu, Point p) const { return pull.reward(nu, p); }
  [[nodiscard]] DAG_HOST_DEVICE Real slope(Point nu, Point p) const { return pull.slope(nu, p); }

  [[nodiscard]] TableReward table_reward(Point p) const requires detail::HasPowerMarginal<G> {
    return pull.table_reward(p);
  }
  /// The root s = log nu of reward(nu) - beta (s - `level`) = 0, so that solvers need not search.
  [[nodiscard]] Real log_root(std::size_t i, Real beta,
                              Real level) const requires detail::HasPowerMarginal<G> {
    return pull.log_root(goal[i], beta, level);
  }
  /// F = -inf unless nu is 0 at this answer.
  [[nodiscard]] bool excludes(std::size_t i) const { return pull.excludes(goal[i]); }
  /// F = -inf where nu is 0 at this answer.
  [[nodiscard]] bool needs(std::size_t i) const { return pull.needs(goal[i]); }

  void check_as(std::string_view name, const Blocks& blocks) const {
    goal.check(blocks, name);
    detail::require_weight(pull.tau, name);
  }
};

/// F(nu) = -tau sum_x w_x KL(nu_x || p_x): mode seeking. Where p is 0, nu has to be. Reward
/// tau (log p(z) - log q(z)). Equilibrium: nu ∝ (p^tau nu0^beta)^{1 / (tau + beta)}.
template <Scalar Real>
struct ReverseKl : GoalDivergence<KlGenerator, Real> {
  using ReverseKl::GoalDivergence::GoalDivergence;
  [[nodiscard]] Real log_affine_level(std::size_t i) const {
    return this->pull.tau * this->goal[i].log;
  }
  [[nodiscard]] Real log_affine_rate() const { return this->pull.tau; }
  void check(const Blocks& blocks) const { this->check_as("ReverseKl", blocks); }
};

/// F(nu) = -tau sum_x w_x KL(p_x || nu_x): mass covering; p is needed inside the support of nu0.
/// Reward tau p(z) / q(z).
template <Scalar Real>
struct ForwardKl : GoalDivergence<ReverseKlGenerator, Real> {
  using ForwardKl::GoalDivergence::GoalDivergence;
  void check(const Blocks& blocks) const { this->check_as("ForwardKl", blocks); }
};

/// F(nu) = -tau sum_x w_x sum_z (nu_x(z) - p_x(z))^2 / p_x(z). Where p is 0, nu has to be. Reward
/// -2 tau q(z) / p(z).
template <Scalar Real>
struct ChiSquare : GoalDivergence<ChiSquareGenerator, Real> {
  using ChiSquare::GoalDivergence::GoalDivergence;
  void check(const Blocks& blocks) const { this->check_as("ChiSquare", blocks); }
};

/// F(nu) = -tau sum_x w_x JS(nu_x, p_x), JS = KL(nu || m) / 2 + KL(p || m) / 2 with m = (nu + p) /
/// 2, natural logarithms (at most log 2). Reward tau / 2 log(m(z) / q(z)).
template <Scalar Real>
struct JensenShannon : GoalDivergence<JensenShannonGenerator, Real> {
  using JensenShannon::GoalDivergence::GoalDivergence;
  void check(const Blocks& blocks) const { this->check_as("JensenShannon", blocks); }
};

/// F(nu) = -tau sum_x w_x D_a(nu_x, p_x), the alpha (Cressie-Read) divergence of
/// f(t) = (t^a - a t + a - 1) / (a (a - 1)): order 1 is `ReverseKl`, 0 `ForwardKl`, 2 half of
/// `ChiSquare`, 1/2 four times the squared Hellinger distance, -1 half of Neyman's chi square.
/// Orders of at least 1 forbid what p cannot give, orders of at most 0 cover all that p gives.
/// Reward -tau (t^{a-1} - 1) / (a - 1) at t = q(z) / p(z). Source: Cressie, Read (1984),
/// doi:10.1111/j.2517-6161.1984.tb01318.x. Errors: invalid_argument (an order that is not finite).
template <Scalar Real>
struct AlphaToGoal : GoalDivergence<AlphaGenerator, Real> {
  using Base = GoalDivergence<AlphaGenerator, Real>;
  AlphaToGoal(Goal<Real> p, Real order, Real weight = 1)
      : Base(std::move(p), weight, AlphaGenerator(static_cast<double>(order))) {}

  /// Of order > 1: others have no table of a power, see `reward`.
  [[nodiscard]] TableReward table_reward(Probability<Real> p) const {
    const double order = this->pull.generator.order(), tau = this->pull.tau;
    require(
        order > 1, Errc::unsupported,
        "AlphaToGoal: tables exist for orders > 1, order 1 is ReverseKl, 0 ForwardKl; got order ",
        order);
    return {RewardFunction::power(order - 1), -tau * std::exp((1 - order) * p.log) / (order - 1),
            tau / (order - 1)};
  }
  void check(const Blocks& blocks) const { this->check_as("AlphaToGoal", blocks); }
};

template <class Real>
ReverseKl(std::vector<Real>) -> ReverseKl<Real>;
template <class Real>
ReverseKl(std::vector<Real>, Real) -> ReverseKl<Real>;
template <class Real>
ForwardKl(std::vector<Real>) -> ForwardKl<Real>;
template <class Real>
ForwardKl(std::vector<Real>, Real) -> ForwardKl<Real>;
template <class Real>
ChiSquare(std::vector<Real>) -> ChiSquare<Real>;
template <class Real>
ChiSquare(std::vector<Real>, Real) -> ChiSquare<Real>;
template <class Real>
JensenShannon(std::vector<Real>) -> JensenShannon<Real>;
template <class Real>
JensenShannon(std::vector<Real>, Real) -> JensenShannon<Real>;
template <class Real>
AlphaToGoal(std::vector<Real>, Real) -> AlphaToGoal<Real>;
template <class Real>
AlphaToGoal(std::vector<Real>, Real, Real) -> AlphaToGoal<Real>;

}  // namespace dag
