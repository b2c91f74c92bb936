// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dag::detail {

/// A natural number of any size: 32-bit limbs, lowest first, no leading zero limbs. Only what exact
/// payoffs need (school methods; payoffs have at most a few hundred digits).
class BigNatural {
 public:
  BigNatural() = default;
  explicit BigNatural(std::uint64_t value) {
    for (; value != 0; value >>= 32) {
      limbs_.push_back(static_cast<std::uint32_t>(value));
    }
  }

  [[nodiscard]] bool is_zero() const noexcept { return limbs_.empty(); }

  /// this = this * factor + term.
  void multiply_add(std::uint32_t factor, std::uint32_t term) {
    std::uint64_t carry = term;
    for (std::uint32_t& limb : limbs_) {
      carry += std::uint64_t{limb} * factor;
      limb = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) {
      limbs_.push_back(static_cast<std::uint32_t>(carry));
    }
    trim();
  }

  /// this = this * 10^exponent.
  void scale_by_power_of_ten(int exponent) {
    for (; exponent >= 9; exponent -= 9) {
      multiply_add(1000000000U, 0);
    }
    for (; exponent > 0; --exponent) {
      multiply_add(10, 0);
    }
  }

  [[nodiscard]] std::size_t bit_length() const noexcept {
    if (limbs_.empty()) {
      return 0;
    }
    std::size_t bits = 32 * (limbs_.size() - 1);
    for (std::uint32_t top = limbs_.back(); top != 0; top >>= 1) {
      ++bits;
    }
    return bits;
  }

  void shift_left(std::size_t bits) {
    if (limbs_.empty() || bits == 0) {
      return;
    }
    const std::size_t words = bits / 32;
    const unsigned rest = static_cast<unsigned>(bits % 32);
    if (rest != 0) {
      std::uint32_t carry = 0;
      for (std::uint32_t& limb : limbs_) {
        const std::uint32_t next = limb >> (32 - rest);
        limb = (limb << rest) | carry;
        carry = next;
      }
      if (carry != 0) {
        limbs_.push_back(carry);
      }
    }
    limbs_.insert(limbs_.begin(), words, 0U);
  }

  /// this = this - other; needs this >= other.
  void subtract(const BigNatural& other) {
    std::int64_t borrow = 0;
    for (std::size_t i = 0; i < limbs_.size(); ++i) {
      std::int64_t digit = std::int64_t{limbs_[i]} + borrow;
      digit -= i < other.limbs_.size() ? std::int64_t{other.limbs_[i]} : 0;
      borrow = digit < 0 ? -1 : 0;
      limbs_[i] = static_cast<std::uint32_t>(digit);
    }
    trim();
  }

  [[nodiscard]] friend BigNatural operator+(const BigNatural& a, const BigNatural& b) {
    const BigNatural& longer = a.limbs_.size() >= b.limbs_.size() ? a : b;
    const BigNatural& shorter = a.limbs_.size() >= b.limbs_.size() ? b : a;
    BigNatural sum = longer;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < sum.limbs_.size(); ++i) {
      carry += sum.limbs_[i];
      carry += i < shorter.limbs_.size() ? shorter.limbs_[i] : 0U;
      sum.limbs_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) {
      sum.limbs_.push_back(static_cast<std::uint32_t>(carry));
    }
    return sum;
  }

  [[nodiscard]] friend BigNatural operator*(const BigNatural& a, const BigNatural& b) {
    BigNatural product;
    product.limbs_.assign(a.limbs_.size() + b.limbs_.size(), 0U);
    for (std::size_t i = 0; i < a.limbs_.size(); ++i) {
      std::uint64_t carry = 0;
      for (std::size_t j = 0; j < b.limbs_.size(); ++j) {
        carry += product.limbs_[i + j] + std::uint64_t{a.limbs_[i]} * b.limbs_[j];
        product.limbs_[i + j] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
      product.limbs_[i + b.limbs_.size()] = static_cast<std::uint32_t>(carry);
    }
    product.trim();
    return product;
  }

  /// -1, 0 or 1 as a is below, equal to or above b.
  [[nodiscard]] friend int compare(const BigNatural& a, const BigNatural& b) noexcept {
    if (a.limbs_.size() != b.limbs_.size()) {
      return a.limbs_.size() < b.limbs_.size() ? -1 : 1;
    }
    for (std::size_t i = a.limbs_.size(); i-- > 0;) {
      if (a.limbs_[i] != b.limbs_[i]) {
        return a.limbs_[i] < b.limbs_[i] ? -1 : 1;
      }
    }
    return 0;
  }
  [[nodiscard]] friend bool operator==(const BigNatural& a, const BigNatural& b) noexcept {
    return a.limbs_ == b.limbs_;
  }

 private:
  void trim() {
    while (!limbs_.empty() && limbs_.back() == 0) {
      limbs_.pop_back();
    }
  }

  std::vector<std::uint32_t> limbs_;
};

/// numerator / denominator rounded to the nearest double, ties to even (one rounding, subnormal
/// numbers included); infinity where it overflows. denominator > 0.
[[nodiscard]] inline double nearest_double(BigNatural numerator, BigNatural denominator) {
  if (numerator.is_zero()) {
    return 0.0;
  }
  // Align so that 1 <= numerator / denominator < 2; the quotient is that times 2^exponent.
  const std::size_t top = numerator.bit_length();
  const std::size_t bottom = denominator.bit_length();
  int exponent = static_cast<int>(top) - static_cast<int>(bottom);
  numerator.shift_left(bottom > top ? bottom - top : 0);
  denominator.shift_left(top > bottom ? top - bottom : 0);
  if (compare(numerator, denominator) < 0) {
    numerator.shift_left(1);
    --exponent;
  }
  int bits = 53;
  if (exponent < -1022) {
    bits = exponent < -1075 ? 0 : 53 + 1022 + exponent;
  }
  if (bits <= 0 && exponent < -1075) {
    return 0.0;
  }
  std::uint64_t quotient = 0;
  for (int i = 0; i < bits; ++i) {
    quotient <<= 1;
    if (compare(numerator, denominator) >= 0) {
      quotient |= 1U;
      numerator.subtract(denominator);
    }
    numerator.shift_left(1);
  }
  if (bits == 0) {  // exponent == -1075: in [1/2, 1) of the smallest subnormal
    return compare(numerator, denominator) > 0 ? std::ldexp(1.0, -1074) : 0.0;
  }
  const int half = compare(numerator, denominator);
  if (half > 0 || (half == 0 && (quotient & 1U) != 0)) {
    ++quotient;
  }
  return exponent > 1023 ? HUGE_VAL
                         : std::ldexp(static_cast<double>(quotient), exponent - bits + 1);
}

}  // namespace dag::detail
