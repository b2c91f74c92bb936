// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/divergence/f_divergence.hpp>
#include <dag/numeric/xlogx.hpp>

namespace dag {

/// f(t) = (t^a - a t + a - 1) / (a (a - 1)), with its limits at a = 1 and a = 0.
class AlphaGenerator {
 public:
  /// Any finite order a. Throws invalid_argument.
  explicit AlphaGenerator(double order) : order_(order) {
    require(order - order == 0, Errc::invalid_argument,
            "AlphaGenerator: the order must be finite, got ", order);
  }
  [[nodiscard]] double order() const noexcept { return order_; }

  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real t) const noexcept {
    const Real a = static_cast<Real>(order_);
    if (t == 0) {
      return intercept(t);
    }
    // t^a - t and t^a - 1 by expm1: stable as a tends to 1 and to 0.
    const Real excess = a >= Real(0.5) ? (t * q_logarithm(a - 1, std::log(t)) - (t - 1)) / a
                                       : (q_logarithm(a, std::log(t)) - (t - 1)) / (a - 1);
    return excess < 0 ? Real{0} : excess;  // rounding near t = 1
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real derivative(Real t) const noexcept {
    return q_logarithm(static_cast<Real>(order_) - 1, std::log(t));
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real intercept(Real t) const noexcept {
    return -q_logarithm(static_cast<Real>(order_), std::log(t));
  }
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const noexcept {
    const Real a = static_cast<Real>(order_), base = 1 + (a - 1) * u;
    if (!(base >= 0)) {
      return a > 1 ? -1 / a : std::numeric_limits<Real>::infinity();
    }
    return q_logarithm(a, a == 1 ? u : std::log1p((a - 1) * u) / (a - 1));
  }

 private:
  double order_;
};

/// The alpha (Cressie-Read) divergences: KL(p||q) at a = 1, KL(q||p) at a = 0, half of Pearson's
/// chi2 at 2, half of Neyman's at -1, four times squared Hellinger at 1/2. Off the support: +inf
/// where p has mass that q lacks if a >= 1, and where q has mass that p lacks if a <= 0; else
/// finite. Source: Cressie, Read (1984), doi:10.1111/j.2517-6161.1984.tb01318.x. Use:
/// `AlphaDivergence{AlphaGenerator(1.5)}`.
using AlphaDivergence = FDivergence<AlphaGenerator>;

}  // namespace dag
