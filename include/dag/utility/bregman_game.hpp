// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>

#include <dag/divergence/potential.hpp>
#include <dag/divergence/potentials.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/utility/goal.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// F(nu) = -tau sum_x w_x phi(nu_x) for a convex potential that is a sum over answers and has a
/// curvature: the Bregman game, whose Target answers q = nu. Reward -tau phi_1'(q(z)).
/// `NegativeEntropy` gives Shannon's entropy, `HalfSquaredNorm` Gini's (up to a constant and a
/// factor 2), `Tsallis` its order; `LogBarrier` keeps every answer alive. Equilibrium: a scalar
/// root, its answers by scalar roots. Source: arXiv:2605.02435.
/// Errors: invalid_argument (tau; where phi is +inf at 0, a reference with zeros).
template <class P, Scalar Real = double>
requires SeparablePotential<P, Real> && HasCurvature<P, Real>
struct BregmanUtility {
  using scalar_type = Real;
  P potential{};
  Real tau = 1;  ///< weight, > 0

  [[nodiscard]] Real term(Probability<Real> nu) const {
    return -tau * static_cast<Real>(potential.value(nu.value));
  }
  [[nodiscard]] Real reward(Probability<Real> nu) const {
    return -tau * static_cast<Real>(potential.derivative(positive(nu)));
  }
  [[nodiscard]] Real slope(Probability<Real> nu) const {
    const Real x = positive(nu);
    return -tau * (static_cast<Real>(potential.curvature(x)) * x);
  }

  [[nodiscard]] TableReward table_reward() const requires std::same_as<P, LogBarrier> {
    return {RewardFunction::inverse(), tau};
  }

  /// F = -inf where nu is 0 at an answer.
  [[nodiscard]] bool needs(std::size_t) const {
    return static_cast<Real>(potential.value(Real{0})) == std::numeric_limits<Real>::infinity();
  }
  void check(const Blocks&) const { detail::require_weight(tau, "BregmanUtility"); }

 private:
  /// Far below any probability that matters, and its curvature is still a number.
  [[nodiscard]] static Real positive(Probability<Real> nu) {
    constexpr Real least = sizeof(Real) == sizeof(float) ? Real(1e-18) : Real(1e-150);
    return nu.value > least ? nu.value : least;
  }
};

template <class P>
BregmanUtility(P) -> BregmanUtility<P>;
template <class P>
BregmanUtility(P, double) -> BregmanUtility<P, double>;

}  // namespace dag
