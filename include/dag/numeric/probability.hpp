// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>

#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>

namespace dag {

/// A probability and its logarithm: formulas take whichever is accurate. A zero is {0, -inf}; a
/// number too small for `value` still has its `log`.
template <std::floating_point Real>
struct Probability {
  Real value = 0;
  Real log = -detail::Limits<Real>::infinity;

  [[nodiscard]] DAG_HOST_DEVICE static Probability of(Real value) {
    return {value, std::log(value)};
  }
  [[nodiscard]] DAG_HOST_DEVICE static Probability of_log(Real log) { return {std::exp(log), log}; }
  friend bool operator==(const Probability&, const Probability&) = default;
};

/// A number >= 0 that is known by its logarithm alone: a ratio of probabilities.
template <std::floating_point Real>
struct LogNumber {
  Real log = -detail::Limits<Real>::infinity;
};

// A formula of a divergence or an entropy is written once, for numbers in any of three forms: plain
// ones, Probability, LogNumber. It asks `plain` for the number and `log_of` for its logarithm, each
// of which costs something in some form: a formula asks for what it needs.
namespace detail {

template <std::floating_point Real>
[[nodiscard]] DAG_HOST_DEVICE Real plain(Real x) noexcept {
  return x;
}
template <class Real>
[[nodiscard]] DAG_HOST_DEVICE Real plain(const Probability<Real>& x) noexcept {
  return x.value;
}
template <class Real>
[[nodiscard]] DAG_HOST_DEVICE Real plain(const LogNumber<Real>& x) noexcept {
  return std::exp(x.log);
}

template <std::floating_point Real>
[[nodiscard]] DAG_HOST_DEVICE Real log_of(Real x) noexcept {
  return std::log(x);
}
template <class Real>
[[nodiscard]] DAG_HOST_DEVICE Real log_of(const Probability<Real>& x) noexcept {
  return x.log;
}
template <class Real>
[[nodiscard]] DAG_HOST_DEVICE Real log_of(const LogNumber<Real>& x) noexcept {
  return x.log;
}

/// 1 / x.
template <std::floating_point Real>
[[nodiscard]] DAG_HOST_DEVICE Real inverse_of(Real x) noexcept {
  return 1 / x;
}
template <class Real>
[[nodiscard]] DAG_HOST_DEVICE Real inverse_of(const LogNumber<Real>& x) noexcept {
  return std::exp(-x.log);
}

/// 1 / x - 1.
template <std::floating_point Real>
[[nodiscard]] DAG_HOST_DEVICE Real inverse_less_one(Real x) noexcept {
  return 1 / x - 1;
}
template <class Real>
[[nodiscard]] DAG_HOST_DEVICE Real inverse_less_one(const LogNumber<Real>& x) noexcept {
  return std::expm1(-x.log);
}

/// log(p / q) for p, q > 0. The quotient of extreme numbers can leave the range where their
/// logarithms do not.
template <std::floating_point Real>
[[nodiscard]] DAG_HOST_DEVICE Real log_ratio(Real p, Real q) noexcept {
  const Real ratio = p / q;
  return ratio > 0 && ratio <= Limits<Real>::largest ? std::log(ratio) : std::log(p) - std::log(q);
}
template <class Real>
[[nodiscard]] DAG_HOST_DEVICE Real log_ratio(const Probability<Real>& p,
                                             const Probability<Real>& q) noexcept {
  return p.log - q.log;
}

/// Nothing is below it: 0, not a number whose value is too small.
template <std::floating_point Real>
[[nodiscard]] DAG_HOST_DEVICE bool is_zero(Real x) noexcept {
  return x == 0;
}
template <class Real>
[[nodiscard]] DAG_HOST_DEVICE bool is_zero(const Probability<Real>& x) noexcept {
  return x.log == -Limits<Real>::infinity;
}

/// The numbers' own type.
template <class Number>
using plain_t = decltype(plain(Number{}));

}  // namespace detail
}  // namespace dag
