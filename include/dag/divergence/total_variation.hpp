// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <dag/detail/config.hpp>
#include <dag/divergence/f_divergence.hpp>

namespace dag {

/// f(t) = |t - 1| / 2.
struct TotalVariationGenerator {
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real t) const noexcept {
    return std::abs(t - 1) / 2;
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real derivative(Real t) const noexcept {
    return t > 1 ? Real(0.5) : (t < 1 ? Real(-0.5) : Real{0});
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real intercept(Real t) const noexcept {
    return -derivative(t);
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(Real p, Real q) const noexcept {
    return std::abs(p - q) / 2;
  }
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const noexcept {
    return 2 * u > 1 ? std::numeric_limits<Real>::infinity() : (2 * u < -1 ? Real(-0.5) : u);
  }
};

/// Total variation, sum |p - q| / 2 in [0, 1] between distributions. Symmetric, finite everywhere.
/// Not smooth: where p_i = q_i the gradients give 0, one of the subgradients in [-1/2, 1/2].
using TotalVariation = FDivergence<TotalVariationGenerator>;

}  // namespace dag
