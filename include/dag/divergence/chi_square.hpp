// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>

#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
#include <dag/divergence/f_divergence.hpp>

namespace dag {

/// f(t) = (t - 1)^2.
struct ChiSquareGenerator {
  static constexpr PowerMarginal power{2, 1};

  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real t) const noexcept {
    return term(t, Real{1});
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto marginal(Number t) const noexcept {
    return 2 * detail::plain(t);
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto growth(Number t) const noexcept {
    return marginal(t);
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real derivative(Real t) const noexcept {
    return marginal(t) - marginal(Real{1});
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real intercept(Real t) const noexcept {
    return (1 - t) * (1 + t);
  }
  template <class Number>
  [[nodiscard]] DAG_HOST_DEVICE auto term(Number first, Number second) const noexcept {
    const auto p = detail::plain(first), q = detail::plain(second);
    constexpr auto infinity = detail::Limits<detail::plain_t<Number>>::infinity;
    return q > 0 ? (p - q) * ((p - q) / q) : infinity;
  }
  template <std::floating_point Real>
  [[nodiscard]] Real conjugate(Real u) const noexcept {
    return u > -2 ? u + u * u / 4 : Real{-1};
  }
};

/// Pearson's chi2(p || q) = sum (p - q)^2 / q. +inf where p has mass that q lacks; where p is zero
/// it is finite. Neyman's is Swapped<ChiSquareDivergence>.
using ChiSquareDivergence = FDivergence<ChiSquareGenerator>;

}  // namespace dag
