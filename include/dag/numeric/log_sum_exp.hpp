// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
#include <dag/detail/span.hpp>

namespace dag {

/// log sum_i exp(values_i) with the maximum removed: neither overflow nor underflow of the sum.
/// -inf entries are legal zeros; all -inf, or no entry, gives -inf. Two passes, no allocation,
/// summed from left to right.
/// Error relative to 1 + |result|: at most (n + 2) eps. Throws `not_finite` on NaN or +inf.
template <detail::RealSpan Values>
[[nodiscard]] auto log_sum_exp(const Values& values) -> detail::span_scalar_t<const Values> {
  using Scalar = detail::span_scalar_t<const Values>;
  constexpr Scalar infinity = detail::Limits<Scalar>::infinity;
  const std::span<const Scalar> view(values);
  Scalar largest = -infinity;
  for (const Scalar value : view) {
    largest = value > largest ? value : largest;
  }
  // A zero shift keeps the sum of all -inf at 0; NaN and +inf make the sum NaN.
  const Scalar shift = largest == -infinity ? Scalar(0) : largest;
  Scalar sum = 0;
  for (const Scalar value : view) {
    sum += std::exp(value - shift);
  }
  require(sum >= 0, Errc::not_finite,
          "log_sum_exp: entries must be finite or -inf, got NaN or +inf among ", view.size());
  return sum > 0 ? shift + std::log(sum) : -infinity;
}

/// The same, one term at a time: O(1) memory, mergeable, rescaled only when the maximum grows.
/// The result depends on the order of the terms only by rounding. `add` of NaN or +inf makes
/// `value()` NaN (this class also runs on the device and does not throw).
template <std::floating_point Scalar>
class LogSumExp {
 public:
  DAG_HOST_DEVICE void add(Scalar term) noexcept {
    if (term > largest_) {
      sum_ = (sum_ != 0 ? sum_ * std::exp(largest_ - term) : Scalar(0)) + std::exp(term - term);
      largest_ = term;
    } else if (term != -infinity()) {  // at most the largest, or NaN
      sum_ += std::exp(term - largest_);
    }
  }

  /// Adds all terms of another accumulator.
  DAG_HOST_DEVICE void merge(const LogSumExp& other) noexcept {
    if (other.largest_ > largest_) {
      sum_ = other.sum_ + (sum_ != 0 ? sum_ * std::exp(largest_ - other.largest_) : Scalar(0));
      largest_ = other.largest_;
    } else if (other.sum_ != 0) {
      sum_ += other.sum_ * std::exp(other.largest_ - largest_);
    }
  }

  /// log of the sum so far; -inf before the first finite term.
  [[nodiscard]] DAG_HOST_DEVICE Scalar value() const noexcept {
    return sum_ == 0 ? -infinity() : largest_ + std::log(sum_);
  }

 private:
  [[nodiscard]] DAG_HOST_DEVICE static constexpr Scalar infinity() noexcept {
    constexpr Scalar value = detail::Limits<Scalar>::infinity;
    return value;
  }

  Scalar largest_ = -infinity();
  Scalar sum_ = 0;
};

/// Subtracts the log-sum-exp, so that exp(values) sums to one; returns what was subtracted.
/// -inf stays -inf. Throws `not_finite` on NaN or +inf and `not_a_distribution` when no entry is
/// finite (there is nothing to normalise).
template <detail::MutableRealSpan Values>
auto log_normalize(Values&& values) -> detail::span_scalar_t<Values> {
  using Scalar = detail::span_scalar_t<Values>;
  const std::span<Scalar> view(values);
  const Scalar total = log_sum_exp(view);
  require(total > -detail::Limits<Scalar>::infinity, Errc::not_a_distribution,
          "log_normalize: at least one entry must be finite, got none among ", view.size());
  for (Scalar& value : view) {
    value -= total;
  }
  return total;
}

/// values <- exp(values) / sum exp(values), in place; returns the log-sum-exp. One exponential an
/// entry: the sum is taken over the shifted exponentials, which are then scaled.
/// Throws as `log_normalize`.
template <detail::MutableRealSpan Values>
auto softmax(Values&& values) -> detail::span_scalar_t<Values> {
  using Scalar = detail::span_scalar_t<Values>;
  constexpr Scalar infinity = detail::Limits<Scalar>::infinity;
  const std::span<Scalar> view(values);
  Scalar largest = -infinity;
  bool ordered = true;
  for (const Scalar value : view) {
    largest = value > largest ? value : largest;
    ordered &= value < infinity;
  }
  require(ordered, Errc::not_finite,
          "softmax: entries must be finite or -inf, got NaN or +inf among ", view.size());
  require(largest > -infinity, Errc::not_a_distribution,
          "softmax: at least one entry must be finite, got none among ", view.size());
  Scalar sum = 0;
  for (Scalar& value : view) {
    value = std::exp(value - largest);
    sum += value;
  }
  const Scalar scale = 1 / sum;
  for (Scalar& value : view) {
    value *= scale;
  }
  return largest + std::log(sum);
}

/// log(1 + exp(x)) for any x: the two-term log-sum-exp with 0. NaN gives NaN.
template <std::floating_point Scalar>
[[nodiscard]] DAG_HOST_DEVICE Scalar log1p_exp(Scalar x) noexcept {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

/// log(1 - exp(x)) for x <= 0, to relative accuracy at both ends; -inf at 0.
/// Source: Maechler (2012), Accurately computing log(1 - exp(-|a|)). NaN for x > 0.
template <std::floating_point Scalar>
[[nodiscard]] DAG_HOST_DEVICE Scalar log1m_exp(Scalar x) noexcept {
  return x > Scalar(-0.6931471805599453094L) ? std::log(-std::expm1(x)) : std::log1p(-std::exp(x));
}

}  // namespace dag
