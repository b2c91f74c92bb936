// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

namespace dag {

/// An unevaluated sum of two doubles: about 106 bits. What certificates are computed in, so that
/// rounding is far below what they say. Each operation errs by at most 2^-102 of its result's size
/// (additions of opposite signs: of the larger operand's); products below 2^-1022 lose bits, so
/// scale first. Sources: Dekker (1971), doi:10.1007/BF01397083; Joldes, Muller and Popescu (2017),
/// doi:10.1145/3121432.
class DoubleDouble {
 public:
  constexpr DoubleDouble() = default;
  constexpr DoubleDouble(double value) : high_(value) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] static DoubleDouble sum(double a, double b) noexcept {
    const double s = a + b;
    const double part = s - a;
    return {s, (a - (s - part)) + (b - part)};
  }
  [[nodiscard]] static DoubleDouble product(double a, double b) noexcept {
    const double p = a * b;
    return {p, std::fma(a, b, -p)};
  }
  [[nodiscard]] double value() const noexcept { return high_; }  // high_ is the rounded sum

  friend DoubleDouble operator+(const DoubleDouble& a, const DoubleDouble& b) noexcept {
    const DoubleDouble s = sum(a.high_, b.high_);
    const DoubleDouble t = sum(a.low_, b.low_);
    const DoubleDouble c = quick(s.high_, s.low_ + t.high_);
    return quick(c.high_, t.low_ + c.low_);
  }
  friend DoubleDouble operator-(const DoubleDouble& a) noexcept { return {-a.high_, -a.low_}; }
  friend DoubleDouble operator-(const DoubleDouble& a, const DoubleDouble& b) noexcept {
    return a + (-b);
  }
  friend DoubleDouble operator*(const DoubleDouble& a, double b) noexcept {
    const DoubleDouble p = product(a.high_, b);
    return quick(p.high_, std::fma(a.low_, b, p.low_));
  }
  friend DoubleDouble operator*(const DoubleDouble& a, const DoubleDouble& b) noexcept {
    const DoubleDouble p = product(a.high_, b.high_);
    return quick(p.high_, p.low_ + (a.high_ * b.low_ + a.low_ * b.high_));
  }
  friend DoubleDouble operator/(const DoubleDouble& a, const DoubleDouble& b) noexcept {
    const double first = a.high_ / b.high_;
    const DoubleDouble rest = a - b * first;
    const double second = rest.high_ / b.high_;
    const DoubleDouble last = rest - b * second;
    return quick(first, second) + DoubleDouble(last.high_ / b.high_);
  }
  DoubleDouble& operator+=(const DoubleDouble& b) noexcept { return *this = *this + b; }
  friend bool operator<(const DoubleDouble& a, const DoubleDouble& b) noexcept {
    return a.high_ < b.high_ || (a.high_ == b.high_ && a.low_ < b.low_);
  }

 private:
  constexpr DoubleDouble(double high, double low) : high_(high), low_(low) {}
  /// For |a| >= |b|.
  [[nodiscard]] static DoubleDouble quick(double a, double b) noexcept {
    const double s = a + b;
    return {s, b - (s - a)};
  }

  double high_ = 0;
  double low_ = 0;
};

}  // namespace dag
