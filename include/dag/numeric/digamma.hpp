// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>

namespace dag {

namespace detail {

/// From here on the asymptotic series below reach the rounding error of Scalar.
template <std::floating_point Scalar>
inline constexpr Scalar asymptotic_from = std::numeric_limits<Scalar>::digits > 53 ? 16 : 10;

}  // namespace detail

/// psi(x) = d/dx log Gamma(x) for x > 0: the recurrence psi(x) = psi(x+1) - 1/x up to x = 10 (16
/// for long double), then the asymptotic series log x - 1/(2x) - sum_n B_2n / (2n x^2n). Absolute
/// error at most 8 eps (1 + |psi|); psi has a zero at 1.4616. Throws `invalid_argument` unless x >
/// 0 and finite.
template <std::floating_point Scalar>
[[nodiscard]] Scalar digamma(Scalar x) {
  require(x > 0 && x <= std::numeric_limits<Scalar>::max(), Errc::invalid_argument,
          "digamma: x must be finite and > 0, got ", x);
  Scalar below = 0;
  Scalar y = x;
  for (; y < detail::asymptotic_from<Scalar>; y += 1) {
    below += 1 / y;
  }
  constexpr long double coefficients[] = {
      1.0L / 12,       -1.0L / 120, 1.0L / 252,      -1.0L / 240,      1.0L / 132,
      -691.0L / 32760, 1.0L / 12,   -3617.0L / 8160, 43867.0L / 14364, -174611.0L / 6600};
  const Scalar square = 1 / (y * y);
  Scalar series = 0;
  for (int n = 9; n >= 0; --n) {
    series = (series + static_cast<Scalar>(coefficients[n])) * square;
  }
  return std::log(y) - (Scalar(0.5) / y + series) - below;
}

/// psi'(x) for x > 0, by the same recurrence and 1/x + 1/(2x^2) + sum_n B_2n / x^(2n+1).
/// Relative error at most 8 eps. Throws as `digamma`.
template <std::floating_point Scalar>
[[nodiscard]] Scalar trigamma(Scalar x) {
  require(x > 0 && x <= std::numeric_limits<Scalar>::max(), Errc::invalid_argument,
          "trigamma: x must be finite and > 0, got ", x);
  Scalar below = 0;
  Scalar y = x;
  for (; y < detail::asymptotic_from<Scalar>; y += 1) {
    below += 1 / y / y;
  }
  constexpr long double bernoulli[] = {1.0L / 6,       -1.0L / 30,      1.0L / 42, -1.0L / 30,
                                       5.0L / 66,      -691.0L / 2730,  7.0L / 6,  -3617.0L / 510,
                                       43867.0L / 798, -174611.0L / 330};
  const Scalar square = 1 / (y * y);
  Scalar series = 0;
  for (int n = 9; n >= 0; --n) {
    series = (series + static_cast<Scalar>(bernoulli[n])) * square;
  }
  return (1 + series + Scalar(0.5) / y) / y + below;
}

}  // namespace dag
