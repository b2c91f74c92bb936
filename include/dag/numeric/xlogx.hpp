// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>

#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
#include <dag/numeric/probability.hpp>

namespace dag {

// Terms of entropies and Kullback-Leibler divergences, in nats. Scalar kernels: no checks, no
// throws, host and device. Arguments are >= 0 (or, where said, logarithms in [-inf, inf)); NaN in,
// NaN out: refuse it where data enter.

/// x log x, with 0 log 0 = 0.
template <std::floating_point Scalar>
[[nodiscard]] DAG_HOST_DEVICE Scalar xlogx(Scalar x) noexcept {
  return x == 0 ? Scalar(0) : x * std::log(x);
}

/// p log(p/q): 0 for p = 0 (also when q = 0), +inf for p > 0 = q. May be negative: only sums over
/// distributions are divergences.
template <std::floating_point Scalar>
[[nodiscard]] DAG_HOST_DEVICE Scalar kl_term(Scalar p, Scalar q) noexcept {
  constexpr Scalar infinity = detail::Limits<Scalar>::infinity;
  return p == 0 ? Scalar{0} : q == 0 ? infinity : p * detail::log_ratio(p, q);
}

/// The same from p and the logarithms: p (log_p - log_q), with the same conventions.
template <std::floating_point Scalar>
[[nodiscard]] DAG_HOST_DEVICE Scalar kl_term_from_log(Scalar p, Scalar log_p,
                                                      Scalar log_q) noexcept {
  return p == 0 ? Scalar(0) : p * (log_p - log_q);
}
/// The same with p = exp(log_p).
template <std::floating_point Scalar>
[[nodiscard]] DAG_HOST_DEVICE Scalar kl_term_from_log(Scalar log_p, Scalar log_q) noexcept {
  return kl_term_from_log(std::exp(log_p), log_p, log_q);
}

/// p log(p/q) - p + q >= 0: the Bregman form, whose sum is the divergence of unnormalised measures
/// and which keeps its relative accuracy as p -> q, where the plain term cancels. q for p = 0, +inf
/// for p > 0 = q. Of plain numbers or of Probability.
template <class Number>
[[nodiscard]] DAG_HOST_DEVICE detail::plain_t<Number> kl_bregman_term(Number first,
                                                                      Number second) noexcept {
  using Scalar = detail::plain_t<Number>;
  constexpr Scalar infinity = detail::Limits<Scalar>::infinity;
  const Scalar p = detail::plain(first), q = detail::plain(second);
  if (p == 0) {
    return q;
  }
  if (detail::is_zero(second)) {
    return infinity;
  }
  const Scalar s = (p - q) / (p + q);
  if (!(s * s < Scalar(0.01))) {
    return p * detail::log_ratio(first, second) - (p - q);
  }
  // With p/q = (1+s)/(1-s), log(p/q) = 2 (s + s^3/3 + s^5/5 + ...), the term is
  // 2 q s^2 (1 + (1+s) (s/3 + s^3/5 + s^5/7 + ...)) / (1-s).
  const Scalar square = s * s;
  Scalar tail = 0;
  for (int odd = 25; odd >= 3; odd -= 2) {
    tail = tail * square + 1 / static_cast<Scalar>(odd);
  }
  return 2 * q * square * (1 + (1 + s) * s * tail) / (1 - s);
}

/// (e^{x l} - 1) / x, and l at x = 0: with l = log t the q-logarithm (t^x - 1) / x, the one formula
/// under alpha divergences and Tsallis entropies, accurate as x and l tend to 0.
template <std::floating_point Real>
[[nodiscard]] DAG_HOST_DEVICE Real q_logarithm(Real x, Real l) noexcept {
  return x == 0 ? l : std::expm1(x * l) / x;
}

}  // namespace dag
