// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
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
    return term(t, Real{1});
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto marginal(Number t) const noexcept {
    return q_logarithm(order_of<Number>() - 1, detail::log_of(t));
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto growth(Number t) const noexcept {
    const auto power = order_of<Number>() - 1;
    return power == 0 ? 1 : std::exp(power * detail::log_of(t));
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real derivative(Real t) const noexcept {
    return marginal(t);
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real intercept(Real t) const noexcept {
    return -q_logarithm(static_cast<Real>(order_), std::log(t));
  }
  /// Not both are zero.
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto term(Number first, Number second) const noexcept {
    using Real = detail::plain_t<Number>;
    const Real p = detail::plain(first), q = detail::plain(second), a = order_of<Number>();
    constexpr Real infinity = detail::Limits<Real>::infinity;
    if (p == 0) {
      return a > 0 ? q / a : infinity;
    }
    if (detail::is_zero(second)) {
      return a < 1 ? p / (1 - a) : infinity;
    }
    // q t^a - p and q t^a - q by expm1: stable as a tends to 1 and to 0.
    const Real l = detail::log_ratio(first, second);
    const Real excess = a >= Real(0.5) ? (p * q_logarithm(a - 1, l) - (p - q)) / a
                                       : (q * q_logarithm(a, l) - (p - q)) / (a - 1);
    return excess < 0 ? Real{0} : excess;  // rounding near p = q
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
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE detail::plain_t<Number> order_of() const noexcept {
    return static_cast<detail::plain_t<Number>>(order_);
  }

  double order_;
};

/// The alpha (Cressie-Read) divergences: KL(p||q) at a = 1, KL(q||p) at a = 0, half of Pearson's
/// chi2 at 2, half of Neyman's at -1, four times squared Hellinger at 1/2. Off the support: +inf
/// where p has mass that q lacks if a >= 1, and where q has mass that p lacks if a <= 0; else
/// finite. Source: Cressie, Read (1984), doi:10.1111/j.2517-6161.1984.tb01318.x. Use:
/// `AlphaDivergence{AlphaGenerator(1.5)}`.
using AlphaDivergence = FDivergence<AlphaGenerator>;

}  // namespace dag
