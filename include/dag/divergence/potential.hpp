// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <dag/core/error.hpp>
#include <dag/detail/span.hpp>
#include <dag/divergence/detail/separable.hpp>

namespace dag {

/// A convex potential that is a sum over entries, phi(x) = sum_i phi_1(x_i), given by scalars:
///
///   value(x) = phi_1(x)   derivative(x) = phi_1'(x)
///
/// Optional: `curvature(x)` = phi_1''(x) (Bregman gradients in the second argument),
/// `inverse_derivative(u)` (the mirror map back), `conjugate(u)` = sup_x u x - phi_1(x),
/// `term(p, q)` = phi_1(p) - phi_1(q) - phi_1'(q) (p - q) where it can be had more accurately, and
/// `lower()`, the left end of the domain (default -inf), where value and derivative give limits.
/// `examples/user_potential.cpp` shows one in about ten lines.
template <class P, class Real = double>
concept SeparablePotential = requires(const P& potential, Real x) {
  { potential.value(x) } -> std::convertible_to<Real>;
  { potential.derivative(x) } -> std::convertible_to<Real>;
};

/// A convex potential on vectors: `value(x)` and `gradient(x, out)`. Optional:
/// `hessian_product(x, v, out)` for Bregman gradients in the second argument.
template <class P, class Real = double>
concept VectorPotential = requires(const P& potential, std::span<const Real> x,
                                   std::span<Real> out) {
  { potential.value(x) } -> std::convertible_to<Real>;
  potential.gradient(x, out);
};

/// Either kind.
template <class P, class Real = double>
concept Potential = SeparablePotential<P, Real> || VectorPotential<P, Real>;

template <class P, class Real = double>
concept HasCurvature = requires(const P& potential, Real x) {
  { potential.curvature(x) } -> std::convertible_to<Real>;
};

/// Its mirror map can be undone entry by entry.
template <class P, class Real = double>
concept HasInverseDerivative = requires(const P& potential, Real u) {
  { potential.inverse_derivative(u) } -> std::convertible_to<Real>;
};

template <class P, class Real = double>
concept HasHessianProduct = requires(const P& potential, std::span<const Real> x,
                                     std::span<Real> out) {
  potential.hessian_product(x, x, out);
};

namespace detail {

template <class Real, class P>
[[nodiscard]] constexpr Real lower_end(const P& potential) {
  if constexpr (requires { potential.lower(); }) {
    return static_cast<Real>(potential.lower());
  } else {
    return -std::numeric_limits<Real>::infinity();
  }
}

}  // namespace detail

/// phi(x). Entries must lie in the potential's domain. Throws not_finite, not_a_distribution.
template <class P, detail::RealSpan X>
requires Potential<P, detail::span_scalar_t<const X>>
[[nodiscard]] auto potential_value(const P& potential, const X& x) {
  using Real = detail::span_scalar_t<const X>;
  if constexpr (SeparablePotential<P, Real>) {
    return detail::separable_sum<Real>(
        x, x, detail::lower_end<Real>(potential), "potential_value",
        [&potential](Real a, Real) { return Real(potential.value(a)); });
  } else {
    return Real(potential.value(std::span<const Real>(x)));
  }
}

/// out = grad phi(x). Throws also dimension_mismatch.
template <class P, detail::RealSpan X, detail::MutableRealSpan Out>
requires Potential<P, detail::span_scalar_t<const X>>
void potential_gradient(const P& potential, const X& x, Out&& out) {
  using Real = detail::span_scalar_t<const X>;
  if constexpr (SeparablePotential<P, Real>) {
    detail::separable_gradient<Real>(
        x, x, out, detail::lower_end<Real>(potential), "potential_gradient",
        [&potential](Real a, Real) { return Real(potential.derivative(a)); });
  } else {
    detail::require_lengths(x.size(), x.size(), out.size(), "potential_gradient");
    potential.gradient(std::span<const Real>(x), std::span<Real>(out));
  }
}

}  // namespace dag
