// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <dag/detail/config.hpp>
#include <dag/divergence/f_divergence.hpp>

namespace dag {

/// f(t) = (sqrt t - 1)^2 / 2.
struct HellingerGenerator {
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real t) const noexcept {
    return term(t, Real{1});
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real derivative(Real t) const noexcept {
    return (1 - 1 / std::sqrt(t)) / 2;
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real intercept(Real t) const noexcept {
    return (1 - std::sqrt(t)) / 2;
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(Real p, Real q) const noexcept {
    // sqrt p - sqrt q without cancellation; not both are zero here
    const Real root = (p - q) / (std::sqrt(p) + std::sqrt(q));
    return root * root / 2;
  }
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const noexcept {
    return 2 * u < 1 ? u / (1 - 2 * u) : std::numeric_limits<Real>::infinity();
  }
};

/// Squared Hellinger distance, sum (sqrt p - sqrt q)^2 / 2 in [0, 1] between distributions; 1 when
/// the supports are disjoint. Symmetric, finite everywhere; slopes are -inf at a zero of their own
/// argument.
using HellingerDivergence = FDivergence<HellingerGenerator>;

}  // namespace dag
