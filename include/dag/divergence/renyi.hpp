// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
#include <dag/detail/span.hpp>
#include <dag/divergence/detail/separable.hpp>
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/numeric/xlogx.hpp>

namespace dag {

/// Renyi's divergence of order a > 0 between distributions, in nats:
///
///   D_a(p || q) = log S / (a - 1),  S = sum_i p_i^a q_i^(1-a);   D_1 = KL(p || q)
///   dD/dp_i = a / (a-1) (p_i/q_i)^(a-1) / S,   dD/dq_i = -(p_i/q_i)^a / S
///
/// In the log domain. Convex in q; jointly convex for a <= 1, only quasi-convex in p for a > 1.
/// Off the support: for a >= 1 +inf where p has mass that q lacks; for a < 1 +inf only when the
/// supports are disjoint. Where the value is +inf, gradients are 0 or infinite, never NaN. A value
/// that rounding made negative is given as 0.
/// Source: van Erven, Harremoes (2014), doi:10.1109/TIT.2014.2320500.
class RenyiDivergence {
 public:
  /// Throws invalid_argument unless order > 0 and finite.
  explicit RenyiDivergence(double order) : order_(order) {
    require(order > 0 && order < std::numeric_limits<double>::infinity(), Errc::invalid_argument,
            "RenyiDivergence: the order must be finite and > 0, got ", order);
  }
  [[nodiscard]] DAG_HOST_DEVICE double order() const noexcept { return order_; }

  template <detail::RealSpan P, detail::RealSpan Q>
  [[nodiscard]] auto value(const P& p, const Q& q) const {
    using Real = detail::span_scalar_t<const P>;
    const Real a = static_cast<Real>(order_);
    if (a == 1) {
      return value_of(a, detail::separable_sum<Real>(p, q, Real{0}, "RenyiDivergence::value",
                                                     [](Real x, Real y) { return kl_term(x, y); }));
    }
    return value_of(a, log_sum<Real>(p, q, a));
  }

  template <detail::RealSpan P, detail::RealSpan Q, detail::MutableRealSpan Out>
  void gradient_first(const P& p, const Q& q, Out&& out) const {
    using Real = detail::span_scalar_t<const P>;
    const Real a = static_cast<Real>(order_);
    const Real total = a == 1 ? Real{0} : log_sum<Real>(p, q, a);
    detail::separable_gradient<Real>(
        p, q, out, Real{0}, "RenyiDivergence::gradient_first",
        [a, total](Real x, Real y) { return slope_first(a, x, y, total); });
  }

  template <detail::RealSpan P, detail::RealSpan Q, detail::MutableRealSpan Out>
  void gradient_second(const P& p, const Q& q, Out&& out) const {
    using Real = detail::span_scalar_t<const P>;
    const Real a = static_cast<Real>(order_);
    const Real total = a == 1 ? Real{0} : log_sum<Real>(p, q, a);
    detail::separable_gradient<Real>(
        p, q, out, Real{0}, "RenyiDivergence::gradient_second",
        [a, total](Real x, Real y) { return slope_second(a, x, y, total); });
  }

  // Given total = log S (at order a = 1 the sum of kl_term), and one entry each. Host and device.

  template <std::floating_point Real>
  [[nodiscard]] static DAG_HOST_DEVICE Real value_of(Real a, Real total) {
    const Real value = a == 1 ? total : total / (a - 1);
    return value <= 0 ? Real{0} : value;
  }

  template <std::floating_point Real>
  [[nodiscard]] static DAG_HOST_DEVICE Real slope_first(Real a, Real p, Real q, Real total) {
    if (p == 0 && q == 0) {
      return 0;
    }
    const Real log_ratio = std::log(p) - std::log(q);
    return a == 1 ? log_ratio + 1 : a / (a - 1) * exp_of((a - 1) * log_ratio, total);
  }
  template <std::floating_point Real>
  [[nodiscard]] static DAG_HOST_DEVICE Real slope_second(Real a, Real p, Real q, Real total) {
    return p == 0 && q == 0 ? Real{0} : -exp_of(a * (std::log(p) - std::log(q)), total);
  }
  /// The logarithm of an entry's part of S; +inf for a > 1 where p has mass that q lacks.
  template <std::floating_point Real>
  [[nodiscard]] static DAG_HOST_DEVICE Real log_part(Real a, Real p, Real q) {
    constexpr Real infinity = detail::Limits<Real>::infinity;
    return p > 0 && q > 0 ? a * std::log(p) + (1 - a) * std::log(q)
                          : (a > 1 && p > 0 ? infinity : -infinity);
  }

 private:
  /// log S; +inf for a > 1 where p has mass that q lacks.
  template <class Real>
  [[nodiscard]] static Real log_sum(std::span<const Real> p, std::span<const Real> q, Real a) {
    detail::require_lengths(p.size(), q.size(), p.size(), "RenyiDivergence");
    LogSumExp<Real> sum;
    bool inside = true, infinite = false;
    for (std::size_t i = 0; i < p.size(); ++i) {
      inside &= detail::in_domain(p[i], Real{0}) && detail::in_domain(q[i], Real{0});
      const Real part = log_part(a, p[i], q[i]);
      if (part < std::numeric_limits<Real>::infinity()) {
        sum.add(part);
      } else {
        infinite = true;
      }
    }
    if (!inside) {
      detail::refuse_entry(p, q, Real{0}, "RenyiDivergence");
    }
    return infinite ? std::numeric_limits<Real>::infinity() : sum.value();
  }
  /// exp(x - total), where a difference of equal infinities counts as -inf.
  template <class Real>
  [[nodiscard]] static DAG_HOST_DEVICE Real exp_of(Real x, Real total) noexcept {
    return x == total && x - total != 0 ? Real{0} : std::exp(x - total);
  }

  double order_;
};

}  // namespace dag
