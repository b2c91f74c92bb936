// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

namespace dag {

/// A sum of numbers that are bounded, for loops over groups: the same bits in any order and
/// grouping, and for equal terms added at once. Terms are cut to multiples of 2^-62 of the power of
/// two above the bound, and these are added as integers: an error below bound * 2^-61 a term, and
/// one rounding at the end. Up to 2^31 terms. `ExactSum` needs no bound and no room for error, and
/// costs several times as much.
class BoundedSum {
 public:
  /// |term| <= bound, finite.
  explicit BoundedSum(double bound) noexcept {
    (void)std::frexp(bound, &exponent_);
    // Two factors: one alone may be beyond the range of doubles.
    const int shift = 62 - exponent_;
    first_ = std::ldexp(1.0, shift / 2);
    second_ = std::ldexp(1.0, shift - shift / 2);
  }
  void add(double x) noexcept { add(x, 1); }
  void add(double x, std::int64_t times) noexcept {
    const auto units = static_cast<std::int64_t>(x * first_ * second_);
    high_ += (units >> 31) * times;
    low_ += (units & 0x7FFFFFFF) * times;
  }
  [[nodiscard]] double value() const noexcept {
    const std::int64_t high = high_ + (low_ >> 31);
    const double units =
        static_cast<double>(high) * 0x1p31 + static_cast<double>(low_ & 0x7FFFFFFF);
    return std::ldexp(units, exponent_ - 62);
  }

 private:
  int exponent_ = 0;
  double first_ = 1, second_ = 1;
  std::int64_t high_ = 0, low_ = 0;
};

}  // namespace dag
