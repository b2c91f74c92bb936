// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
#include <dag/detail/span.hpp>
#include <dag/divergence/detail/separable.hpp>
#include <dag/divergence/potential.hpp>

namespace dag {

/// The Bregman divergence of a convex potential,
///
///   D(p, q) = phi(p) - phi(q) - <grad phi(q), p - q>
///   dD/dp = grad phi(p) - grad phi(q),   dD/dq = hess phi(q) (q - p)
///
/// Convex in p (not always in q). Source: Bregman (1967), doi:10.1016/0041-5553(67)90040-7.
/// gradient_second needs the potential's `curvature`, or `hessian_product` for a VectorPotential.
///
/// At the end of a separable potential's domain: an entry with p_i = q_i adds nothing and has
/// gradients 0, also where phi' is infinite; q_i at an end where phi' is -inf makes D = +inf for
/// p_i > q_i (KL, Itakura-Saito, Tsallis of order < 1), and gradients +inf (first), -inf (second).
/// A VectorPotential must be finite where it is used and allocates one vector a call.
template <Potential P>
struct Bregman {
  P potential{};

  template <detail::RealSpan First, detail::RealSpan Second>
  [[nodiscard]] auto value(const First& p, const Second& q) const {
    using Real = detail::span_scalar_t<const First>;
    if constexpr (SeparablePotential<P, Real>) {
      return detail::separable_sum<Real>(p, q, detail::lower_end<Real>(potential), "Bregman::value",
                                         [this](Real a, Real b) { return term(a, b); });
    } else {
      check_vectors<Real>(p, q, p.size(), "Bregman::value");
      std::vector<Real> slope(p.size());
      potential_gradient(potential, q, slope);
      Real inner = 0;
      for (std::size_t i = 0; i < slope.size(); ++i) {
        inner += slope[i] * (p[i] - q[i]);
      }
      const Real gap = potential_value(potential, p) - potential_value(potential, q) - inner;
      require(gap == gap, Errc::not_finite, "Bregman::value: the potential gave NaN or inf - inf");
      return gap > 0 ? gap : Real{0};
    }
  }

  template <detail::RealSpan First, detail::RealSpan Second, detail::MutableRealSpan Out>
  void gradient_first(const First& p, const Second& q, Out&& out) const {
    using Real = detail::span_scalar_t<const First>;
    if constexpr (SeparablePotential<P, Real>) {
      detail::separable_gradient<Real>(p, q, out, detail::lower_end<Real>(potential),
                                       "Bregman::gradient_first",
                                       [this](Real a, Real b) { return slope_first(a, b); });
    } else {
      check_vectors<Real>(p, q, out.size(), "Bregman::gradient_first");
      std::vector<Real> slope(p.size());
      potential_gradient(potential, q, slope);
      potential_gradient(potential, p, out);
      for (std::size_t i = 0; i < slope.size(); ++i) {
        out[i] -= slope[i];
      }
    }
  }

  template <detail::RealSpan First, detail::RealSpan Second, detail::MutableRealSpan Out>
  requires HasCurvature<P, detail::span_scalar_t<const First>> ||
      HasHessianProduct<P, detail::span_scalar_t<const First>>
  void gradient_second(const First& p, const Second& q, Out&& out) const {
    using Real = detail::span_scalar_t<const First>;
    if constexpr (SeparablePotential<P, Real>) {
      detail::separable_gradient<Real>(p, q, out, detail::lower_end<Real>(potential),
                                       "Bregman::gradient_second",
                                       [this](Real a, Real b) { return slope_second(a, b); });
    } else {
      check_vectors<Real>(p, q, out.size(), "Bregman::gradient_second");
      std::vector<Real> step(p.size());
      for (std::size_t i = 0; i < step.size(); ++i) {
        step[i] = q[i] - p[i];
      }
      potential.hessian_product(std::span<const Real>(q), std::span<const Real>(step),
                                std::span<Real>(out));
    }
  }

  // One entry each, of a separable potential; host and device where the potential is.

  /// Arguments are at least this.
  [[nodiscard]] constexpr double lower() const { return detail::lower_end<double>(potential); }
  /// dD/dp_i.
  template <std::floating_point Real>
  requires SeparablePotential<P, Real>
  [[nodiscard]] DAG_HOST_DEVICE Real slope_first(Real p, Real q) const {
    return p == q ? Real{0} : Real(potential.derivative(p)) - Real(potential.derivative(q));
  }
  /// dD/dq_i.
  template <std::floating_point Real>
  requires SeparablePotential<P, Real> && HasCurvature<P, Real>
  [[nodiscard]] DAG_HOST_DEVICE Real slope_second(Real p, Real q) const {
    return p == q ? Real{0} : Real(potential.curvature(q)) * (q - p);
  }
  /// phi_1(p) - phi_1(q) - phi_1'(q) (p - q).
  template <std::floating_point Real>
  requires SeparablePotential<P, Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(Real p, Real q) const {
    constexpr Real infinity = detail::Limits<Real>::infinity;
    if (p == q) {
      return 0;
    }
    if constexpr (requires { potential.term(p, q); }) {
      return potential.term(p, q);
    } else {
      const Real slope = potential.derivative(q);
      if (slope == -infinity) {
        return infinity;
      }
      const Real gap = Real(potential.value(p)) - Real(potential.value(q)) - slope * (p - q);
      return gap < 0 ? Real{0} : gap;  // convex, so only by rounding
    }
  }

 private:
  template <class Real>
  static void check_vectors(std::span<const Real> p, std::span<const Real> q, std::size_t out,
                            std::string_view who) {
    detail::require_lengths(p.size(), q.size(), out, who);
    detail::refuse_entry(p, q, -detail::Limits<Real>::infinity, who);
  }
};

}  // namespace dag
