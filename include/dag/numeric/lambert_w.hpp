// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <dag/core/error.hpp>

namespace dag {

namespace detail {

/// One Fritsch-Shafer-Crowley correction of w ~ W, given z = log(x/w) - w: fourth order.
/// Source: doi:10.1145/361952.361970 (Algorithm 443).
template <std::floating_point Scalar>
[[nodiscard]] Scalar lambert_w_step(Scalar w, Scalar z) noexcept {
  const Scalar relative = z / (1 + w);  // keeps the product of large w from overflowing
  const Scalar q = 2 * (1 + w + 2 * z / 3);
  return w * (1 + relative * (q - relative) / (q - 2 * relative));
}

/// u = 1 + W0 near the branch point, from h = 1 + e x in [0, 0.2]: the root of
/// 1 + (u-1) e^u = sum_{n>=2} (n-1)/n! u^n = h, whose terms are all positive.
template <std::floating_point Scalar>
[[nodiscard]] Scalar lambert_w_branch(Scalar h) noexcept {
  const Scalar p = std::sqrt(2 * h);
  Scalar u = p * (1 - p * (Scalar(1) / 3 - p * (Scalar(11) / 72 - p * Scalar(43) / 540)));
  for (int round = 0; round < 3; ++round) {
    Scalar term = u * u / 2;  // u^n / n!
    Scalar sum = term;
    for (int n = 3; n < 24; ++n) {
      term *= u / static_cast<Scalar>(n);
      sum += static_cast<Scalar>(n - 1) * term;
    }
    if (u > 0) {
      u += (h - sum) / (u * std::exp(u));
    }
  }
  return u;
}

}  // namespace detail

/// `lambert_w0` without the check of its domain: NaN for x < -1/e, NaN or +inf.
template <std::floating_point Scalar>
[[nodiscard]] Scalar lambert_w0_unchecked(Scalar x) noexcept {
  // 1/e to twice the precision, so that the distance to the branch point is exact.
  constexpr long double inverse_e = 0.3678794411714423215830575L;
  constexpr Scalar high = static_cast<Scalar>(inverse_e);
  constexpr Scalar low =
      static_cast<Scalar>(inverse_e - static_cast<long double>(high) + 1.246625648280021251e-20L);
  if (x < Scalar(-0.3)) {
    const Scalar h = ((x + high) + low) * Scalar(2.718281828459045235360L);
    if (h < 0) {  // -1/e rounded to Scalar may lie below -1/e: still the branch point
      return x >= -high ? Scalar(-1) : std::numeric_limits<Scalar>::quiet_NaN();
    }
    return detail::lambert_w_branch(h) - 1;
  }
  if (std::abs(x) < std::numeric_limits<Scalar>::epsilon() / 2) {
    return x;
  }
  Scalar w;
  if (x < 1) {
    w = x * (3 + 4 * x) / (3 + x * (7 + 5 * x / 2));
  } else {
    const Scalar l = std::log(x);
    w = x < 3 ? Scalar(0.5671432904097838730L) + Scalar(0.3618962566L) * l
              : l - std::log(l) + std::log(l) / l;
  }
  for (int round = 0; round < 3; ++round) {
    w = detail::lambert_w_step(w, std::log(x / w) - w);
  }
  return w;
}

/// Lambert's W0(x): the w >= -1 with w e^w = x, for -1/e <= x < inf; within 4 ulp (the branch point
/// included). x = -1/e rounded to Scalar gives -1. Throws `invalid_argument` outside the domain.
/// Source: Corless et al. (1996), doi:10.1007/BF02124750.
template <std::floating_point Scalar>
[[nodiscard]] Scalar lambert_w0(Scalar x) {
  const Scalar w = lambert_w0_unchecked(x);
  require(w >= -1 && x <= std::numeric_limits<Scalar>::max(), Errc::invalid_argument,
          "lambert_w0: x must be finite and >= -1/e, got ", x);
  return w;
}

/// W0(exp(y)) for any y < inf without overflow (Wright's omega function): the w > 0 with
/// w + log w = y. -inf gives 0, and so does exp(y) below the smallest number. +inf and NaN give
/// +inf and NaN: a scalar kernel, checked by the caller.
template <std::floating_point Scalar>
[[nodiscard]] Scalar lambert_w0_exp(Scalar y) noexcept {
  if (!(y > 1)) {
    return lambert_w0_unchecked(std::exp(y));
  }
  if (!(y <= std::numeric_limits<Scalar>::max())) {
    return y;
  }
  Scalar w = y - std::log(y) * (1 - 1 / (1 + y));
  for (int round = 0; round < 3; ++round) {
    w = detail::lambert_w_step(w, (y - w) - std::log(w));
  }
  return w;
}

/// log W0(exp(y)), accurate at both ends: y - W0(exp(y)) where W is small, log W where it is large.
template <std::floating_point Scalar>
[[nodiscard]] Scalar log_lambert_w0_exp(Scalar y) noexcept {
  return y > 1 ? std::log(lambert_w0_exp(y)) : y - lambert_w0_exp(y);
}

/// The s with exp(log_k + s) = level - s.
template <std::floating_point Scalar>
[[nodiscard]] Scalar rising_root(Scalar log_k, Scalar level) noexcept {
  return log_lambert_w0_exp(log_k + level) - log_k;
}

/// The s with exp(log_k - s) = s - level.
template <std::floating_point Scalar>
[[nodiscard]] Scalar falling_root(Scalar log_k, Scalar level) noexcept {
  return level + lambert_w0_exp(log_k - level);
}

}  // namespace dag
