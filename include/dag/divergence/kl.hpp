// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <dag/detail/config.hpp>
#include <dag/divergence/f_divergence.hpp>
#include <dag/numeric/xlogx.hpp>

namespace dag {

/// f(t) = t log t - t + 1.
struct KlGenerator {
  static constexpr PowerMarginal power{1, 0};

  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real t) const noexcept {
    return term(t, Real{1});
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto marginal(Number t) const noexcept {
    return detail::log_of(t);
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE detail::plain_t<Number> growth(Number) const noexcept {
    return 1;
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto derivative(Number t) const noexcept {
    return marginal(t);
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real intercept(Real t) const noexcept {
    return 1 - t;
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto term(Number p, Number q) const noexcept {
    return kl_bregman_term(p, q);
  }
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const noexcept {
    return std::expm1(u);
  }
};

/// f(t) = t - 1 - log t.
struct ReverseKlGenerator {
  static constexpr PowerMarginal power{-1, -1};

  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real t) const noexcept {
    return term(t, Real{1});
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto marginal(Number t) const noexcept {
    return -detail::inverse_of(t);
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto growth(Number t) const noexcept {
    return detail::inverse_of(t);
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto derivative(Number t) const noexcept {
    return -detail::inverse_less_one(t);
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real intercept(Real t) const noexcept {
    return -std::log(t);
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto term(Number p, Number q) const noexcept {
    return kl_bregman_term(q, p);
  }
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const noexcept {
    return u < 1 ? -std::log1p(-u) : std::numeric_limits<Real>::infinity();
  }
};

/// KL(p || q) = sum p log(p/q) - p + q, in nats; the last two cancel between distributions and make
/// every term >= 0. dKL/dp = log(p/q), dKL/dq = 1 - p/q. +inf where p has mass that q lacks.
using KlDivergence = FDivergence<KlGenerator>;

/// KL(q || p), as a divergence of (p, q): +inf where q has mass that p lacks.
using ReverseKlDivergence = FDivergence<ReverseKlGenerator>;

}  // namespace dag
