// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace dag::detail {

/// A natural number of any size: 32-bit limbs, lowest first, no leading zero limbs. Only what exact
/// payoffs and pivots need (school methods: a few thousand bits).
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

  void shift_right(std::size_t bits) {
    const std::size_t words = bits / 32;
    if (words >= limbs_.size()) {
      limbs_.clear();
      return;
    }
    limbs_.erase(limbs_.begin(), limbs_.begin() + static_cast<std::ptrdiff_t>(words));
    const unsigned rest = static_cast<unsigned>(bits % 32);
    if (rest != 0) {
      std::uint32_t carry = 0;
      for (std::size_t i = limbs_.size(); i-- > 0;) {
        const std::uint32_t next = limbs_[i] << (32 - rest);
        limbs_[i] = (limbs_[i] >> rest) | carry;
        carry = next;
      }
    }
    trim();
  }
  /// 64 bits, the lowest being bit `first`.
  [[nodiscard]] std::uint64_t bits_from(std::size_t first) const noexcept {
    const auto limb = [&](std::size_t i) -> std::uint64_t {
      return i < limbs_.size() ? limbs_[i] : 0U;
    };
    const std::size_t word = first / 32;
    const std::uint64_t low = limb(word) | limb(word + 1) << 32;
    const unsigned rest = static_cast<unsigned>(first % 32);
    return rest == 0 ? low : low >> rest | limb(word + 2) << (64 - rest);
  }
  [[nodiscard]] bool fits_64() const noexcept { return limbs_.size() <= 2; }
  /// The lowest 64 bits.
  [[nodiscard]] std::uint64_t low_64() const noexcept {
    const std::uint64_t low = limbs_.empty() ? 0U : limbs_[0];
    return limbs_.size() > 1 ? low | std::uint64_t{limbs_[1]} << 32 : low;
  }

  /// this = this / divisor, rounded down; the remainder. divisor > 0. Knuth's algorithm D.
  BigNatural divide(const BigNatural& divisor) {
    if (compare(*this, divisor) < 0) {
      BigNatural rest = std::move(*this);
      limbs_.clear();
      return rest;
    }
    if (divisor.limbs_.size() == 1) {
      std::uint64_t rest = 0;
      for (std::size_t i = limbs_.size(); i-- > 0;) {
        rest = rest << 32 | limbs_[i];
        limbs_[i] = static_cast<std::uint32_t>(rest / divisor.limbs_[0]);
        rest %= divisor.limbs_[0];
      }
      trim();
      return BigNatural(rest);
    }
    const auto shift = static_cast<std::size_t>(std::countl_zero(divisor.limbs_.back()));
    BigNatural low = divisor;
    low.shift_left(shift);
    shift_left(shift);
    limbs_.push_back(0);
    const std::size_t n = low.limbs_.size();
    BigNatural quotient;
    quotient.limbs_.assign(limbs_.size() - n, 0U);
    for (std::size_t j = limbs_.size() - n; j-- > 0;) {
      const std::uint64_t top = std::uint64_t{limbs_[j + n]} << 32 | limbs_[j + n - 1];
      std::uint64_t digit = top / low.limbs_[n - 1];
      std::uint64_t rest = top % low.limbs_[n - 1];
      while (digit >> 32 != 0 || digit * low.limbs_[n - 2] > (rest << 32 | limbs_[j + n - 2])) {
        --digit;
        rest += low.limbs_[n - 1];
        if (rest >> 32 != 0) {
          break;
        }
      }
      std::uint64_t carry = 0;
      std::int64_t borrow = 0;
      for (std::size_t i = 0; i < n; ++i) {
        carry += digit * low.limbs_[i];
        const std::int64_t difference =
            std::int64_t{limbs_[i + j]} + borrow - static_cast<std::int64_t>(carry & 0xFFFFFFFFU);
        limbs_[i + j] = static_cast<std::uint32_t>(difference);
        borrow = difference >> 32;
        carry >>= 32;
      }
      const std::int64_t difference =
          std::int64_t{limbs_[j + n]} + borrow - static_cast<std::int64_t>(carry);
      limbs_[j + n] = static_cast<std::uint32_t>(difference);
      if (difference < 0) {  // one too many: add the divisor back
        --digit;
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
          sum += std::uint64_t{limbs_[i + j]} + low.limbs_[i];
          limbs_[i + j] = static_cast<std::uint32_t>(sum);
          sum >>= 32;
        }
        limbs_[j + n] += static_cast<std::uint32_t>(sum);
      }
      quotient.limbs_[j] = static_cast<std::uint32_t>(digit);
    }
    trim();
    quotient.trim();
    shift_right(shift);
    std::swap(*this, quotient);
    return quotient;  // the remainder
  }

  [[nodiscard]] std::string text() const {
    if (limbs_.empty()) {
      return "0";
    }
    std::string digits;
    BigNatural rest = *this;
    const BigNatural chunk(1'000'000'000U);
    while (!rest.is_zero()) {
      std::uint64_t part = rest.divide(chunk).low_64();
      for (int i = 0; i < 9 && (part != 0 || !rest.is_zero()); ++i, part /= 10) {
        digits.insert(digits.begin(), static_cast<char>('0' + part % 10));
      }
    }
    return digits;
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

  /// x a + y b, where that is not negative; x and y at most 2^30 in size.
  [[nodiscard]] friend BigNatural combine(std::int64_t x, const BigNatural& a, std::int64_t y,
                                          const BigNatural& b) {
    BigNatural sum;
    const std::size_t size = a.limbs_.size() > b.limbs_.size() ? a.limbs_.size() : b.limbs_.size();
    sum.limbs_.reserve(size + 1);
    std::int64_t carry = 0;
    for (std::size_t i = 0; i < size; ++i) {
      carry += i < a.limbs_.size() ? x * std::int64_t{a.limbs_[i]} : 0;
      carry += i < b.limbs_.size() ? y * std::int64_t{b.limbs_[i]} : 0;
      sum.limbs_.push_back(static_cast<std::uint32_t>(carry));
      carry >>= 32;
    }
    sum.limbs_.push_back(static_cast<std::uint32_t>(carry));
    sum.trim();
    return sum;
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

/// The greatest common divisor; gcd(0, b) = b. Lehmer's way (Knuth, 4.5.2, algorithm L): the
/// leading 62 bits say what many steps of Euclid's do to both numbers, and one pass does them all.
[[nodiscard]] inline BigNatural gcd(BigNatural a, BigNatural b) {
  if (compare(a, b) < 0) {
    std::swap(a, b);
  }
  constexpr std::int64_t most = std::int64_t{1} << 30;
  while (!b.is_zero()) {
    if (a.fits_64()) {
      return BigNatural(std::gcd(a.low_64(), b.low_64()));
    }
    const std::size_t first = a.bit_length() - 62;
    auto x = static_cast<std::int64_t>(a.bits_from(first));
    auto y = static_cast<std::int64_t>(b.bits_from(first));
    // The numbers are now xa a + xb b and ya a + yb b.
    std::int64_t xa = 1, xb = 0, ya = 0, yb = 1;
    while (y + ya != 0 && y + yb != 0) {
      const std::int64_t times = (x + xa) / (y + ya);
      if (times != (x + xb) / (y + yb) || times > most) {
        break;
      }
      const std::int64_t next_a = xa - times * ya;
      const std::int64_t next_b = xb - times * yb;
      if (next_a > most || next_a < -most || next_b > most || next_b < -most) {
        break;
      }
      xa = std::exchange(ya, next_a);
      xb = std::exchange(yb, next_b);
      x = std::exchange(y, x - times * y);
    }
    if (xb == 0) {  // not one step is certain
      BigNatural rest = a.divide(b);
      a = std::move(b);
      b = std::move(rest);
    } else {
      BigNatural larger = combine(xa, a, xb, b);
      b = combine(ya, a, yb, b);
      a = std::move(larger);
    }
  }
  return a;
}

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
