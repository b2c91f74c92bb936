// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <span>
#include <utility>

#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
#include <dag/detail/span.hpp>
#include <dag/divergence/detail/separable.hpp>
#include <dag/numeric/probability.hpp>

namespace dag {

/// The generator of an f-divergence: f convex on [0, inf) with f(1) = f'(1) = 0 (any f with f(1) =
/// 0 becomes one by adding c (t - 1), which changes nothing between distributions). On the extended
/// half-line t in [0, inf], limits included:
///
///   value(t) = f(t)   derivative(t) = f'(t)   intercept(t) = f(t) - t f'(t)
///
/// Optional: `term(p, q)` = q f(p/q), where it can be had more accurately (p, q > 0 or one of them
/// zero); `conjugate(u)` = f*(u) = sup_t t u - f(t), +inf where it is.
template <class G, class Real = double>
concept Generator = requires(const G& generator, Real t) {
  { generator.value(t) } -> std::convertible_to<Real>;
  { generator.derivative(t) } -> std::convertible_to<Real>;
  { generator.intercept(t) } -> std::convertible_to<Real>;
};

/// A generator that is written for numbers of any form (numeric/probability.hpp), so that a
/// divergence and a utility in the log domain are one formula:
///
///   marginal(t) = f'(t) + a constant, chosen so that nothing cancels where t is small:
///                 f'(t) = marginal(t) - marginal(1), since f'(1) = 0
///   growth(t)   = t f''(t) = d marginal / d log t
///   term(p, q)  = q f(p/q) for Probability too
template <class G, class Real = double>
concept LogGenerator = Generator<G, Real> &&
    requires(const G& generator, LogNumber<Real> t, Probability<Real> p) {
  { generator.marginal(t) } -> std::convertible_to<Real>;
  { generator.growth(t) } -> std::convertible_to<Real>;
  { generator.term(p, p) } -> std::convertible_to<Real>;
};

/// A marginal that is scale * t^exponent, or scale * log t where the exponent is 0, as data: tables
/// of rewards and roots in closed form follow.
struct PowerMarginal {
  double scale;
  int exponent;
};

template <class G, class Real = double>
concept HasConjugate = requires(const G& generator, Real u) {
  { generator.conjugate(u) } -> std::convertible_to<Real>;
};

/// D_f(p || q) = sum_i q_i f(p_i / q_i), jointly convex, decreasing under any channel (data
/// processing). Source: Csiszar (1967); Liese, Vajda (2006), doi:10.1109/TIT.2006.881731.
///
///   dD/dp_i = f'(p_i / q_i),   dD/dq_i = f(t) - t f'(t) at t = p_i / q_i
///
/// Arguments: non-negative measures. Off the support: q_i = 0 < p_i adds p_i f'(inf) (finite for
/// total variation, Hellinger, Jensen-Shannon; +inf for KL and chi-square), p_i = 0 < q_i adds
/// q_i f(0). Near p = q terms are accurate to eps q_i, and relatively so where `term` is given.
template <Generator G>
struct FDivergence {
  G generator{};

  template <detail::RealSpan P, detail::RealSpan Q>
  [[nodiscard]] auto value(const P& p, const Q& q) const {
    using Real = detail::span_scalar_t<const P>;
    return detail::separable_sum<Real>(p, q, Real{0}, "FDivergence::value",
                                       [this](Real a, Real b) { return term(a, b); });
  }

  template <detail::RealSpan P, detail::RealSpan Q, detail::MutableRealSpan Out>
  void gradient_first(const P& p, const Q& q, Out&& out) const {
    using Real = detail::span_scalar_t<const P>;
    detail::separable_gradient<Real>(p, q, out, Real{0}, "FDivergence::gradient_first",
                                     [this](Real a, Real b) { return slope_first(a, b); });
  }

  template <detail::RealSpan P, detail::RealSpan Q, detail::MutableRealSpan Out>
  void gradient_second(const P& p, const Q& q, Out&& out) const {
    using Real = detail::span_scalar_t<const P>;
    detail::separable_gradient<Real>(p, q, out, Real{0}, "FDivergence::gradient_second",
                                     [this](Real a, Real b) { return slope_second(a, b); });
  }

  /// f*(u): D_f(p||q) = max over functions u of sum p u - sum q f*(u), at u = f'(p/q).
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const requires HasConjugate<G, Real> {
    return generator.conjugate(u);
  }

  // One entry each; host and device where the generator is.

  /// Arguments are at least this.
  [[nodiscard]] static constexpr double lower() noexcept { return 0; }
  /// dD/dp_i.
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real slope_first(Real p, Real q) const {
    return both_zero(p, q) ? Real{0} : Real(generator.derivative(ratio(p, q)));
  }
  /// dD/dq_i.
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real slope_second(Real p, Real q) const {
    return both_zero(p, q) ? Real{0} : Real(generator.intercept(ratio(p, q)));
  }
  /// q f(p/q).
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(Real p, Real q) const {
    constexpr Real infinity = detail::Limits<Real>::infinity;
    if (both_zero(p, q)) {
      return 0;
    }
    if constexpr (requires { generator.term(p, q); }) {
      return generator.term(p, q);
    } else {
      const Real t = ratio(p, q);
      return t < infinity ? q * generator.value(t) : p * generator.derivative(infinity);
    }
  }

 private:
  template <class Real>
  static DAG_HOST_DEVICE bool both_zero(Real p, Real q) noexcept {
    return p == 0 && q == 0;
  }
  /// p / q, where q = 0 < p gives infinity.
  template <class Real>
  static DAG_HOST_DEVICE Real ratio(Real p, Real q) noexcept {
    constexpr Real infinity = detail::Limits<Real>::infinity;
    return q > 0 ? p / q : infinity;
  }
};

}  // namespace dag
