// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>

#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
#include <dag/divergence/f_divergence.hpp>

namespace dag {

//! [divergence]
/// f(t) = (t - 1)^2 / (t + 1): the triangular discrimination (Topsoe, doi:10.1109/18.850703).
struct ToyGenerator {
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Real t) const noexcept {
    return (t - 1) * (t - 1) / (t + 1);
  }
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real derivative(Real t) const noexcept {
    const Real share = 1 / (t + 1);  // so that t may be infinite
    return 1 - 4 * share * share;
  }
  /// f(t) - t f'(t), the slope in the second argument.
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real intercept(Real t) const noexcept {
    const Real share = 1 / (t + 1);
    return 8 * share - 4 * share * share - 3;
  }
  /// q f(p / q), also where q is zero.
  template <std::floating_point Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(Real p, Real q) const noexcept {
    return p + q > 0 ? (p - q) * ((p - q) / (p + q)) : Real{0};
  }
};

/// sum (p - q)^2 / (p + q): finite everywhere, at most 2.
using ToyDivergence = FDivergence<ToyGenerator>;
//! [divergence]

}  // namespace dag
