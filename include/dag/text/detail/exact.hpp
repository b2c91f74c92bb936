// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <dag/numeric/number.hpp>

namespace dag::detail {

/// Exact rationals of answers stay below this many bits above and below the line: about 2,400
/// decimal digits. What grows beyond is no longer exact.
inline constexpr std::size_t exact_bits = 8192;

/// x^n by squaring, from `one`.
template <class Number>
[[nodiscard]] Number power_of(Number x, std::uint64_t n, Number one) {
  for (; n != 0; n >>= 1) {
    if ((n & 1U) != 0) {
      one = one * x;
    }
    if (n > 1) {
      x = x * x;
    }
  }
  return one;
}

/// A rational number in lowest terms, denominator > 0, zero not negative.
class Exact {
 public:
  Exact() : below_(1) {}
  explicit Exact(std::int64_t value)
      : negative_(value < 0),
        above_(value < 0 ? ~static_cast<std::uint64_t>(value) + 1
                         : static_cast<std::uint64_t>(value)),
        below_(1) {}
  Exact(bool negative, BigNatural above, BigNatural below)
      : negative_(negative), above_(std::move(above)), below_(std::move(below)) {
    reduce();
  }

  /// digits [. digits] times 10^exponent. At most exact_bits / 4 digits and powers.
  [[nodiscard]] static Exact decimal(std::string_view digits, int exponent = 0) {
    BigNatural above;
    bool point = false;
    for (const char c : digits) {
      if (c == '.') {
        point = true;
      } else {
        above.multiply_add(10, static_cast<std::uint32_t>(c - '0'));
        exponent -= point ? 1 : 0;
      }
    }
    BigNatural below(1);
    (exponent > 0 ? above : below).scale_by_power_of_ten(exponent > 0 ? exponent : -exponent);
    return {false, std::move(above), std::move(below)};
  }

  [[nodiscard]] bool negative() const noexcept { return negative_; }
  [[nodiscard]] const BigNatural& above() const noexcept { return above_; }
  [[nodiscard]] const BigNatural& below() const noexcept { return below_; }
  [[nodiscard]] bool is_zero() const noexcept { return above_.is_zero(); }
  [[nodiscard]] bool is_integer() const noexcept { return below_ == BigNatural(1); }
  [[nodiscard]] bool fits() const noexcept {
    return std::max(above_.bit_length(), below_.bit_length()) <= exact_bits;
  }
  /// Whether it is an integer of at most 2^62 in size, written to `value`.
  [[nodiscard]] bool to_integer(std::int64_t& value) const noexcept {
    if (!is_integer() || above_.bit_length() > 62) {
      return false;
    }
    const auto size = static_cast<std::int64_t>(above_.low_64());
    value = negative_ ? -size : size;
    return true;
  }

  [[nodiscard]] Exact negated() const {
    Exact result = *this;
    result.negative_ = !negative_ && !is_zero();
    return result;
  }
  [[nodiscard]] Exact magnitude() const { return negative_ ? negated() : *this; }
  /// 1 / this; needs this != 0.
  [[nodiscard]] Exact inverse() const {
    Exact result = *this;
    std::swap(result.above_, result.below_);
    return result;
  }
  [[nodiscard]] friend Exact operator+(const Exact& a, const Exact& b) {
    const Rational sum =
        Rational{a.negative_, a.above_, a.below_} + Rational{b.negative_, b.above_, b.below_};
    return {sum.negative, sum.numerator, sum.denominator};
  }
  [[nodiscard]] friend Exact operator-(const Exact& a, const Exact& b) { return a + b.negated(); }
  /// Crosswise in lowest terms first: the divisors are sought in numbers of half the length.
  [[nodiscard]] friend Exact operator*(const Exact& a, const Exact& b) {
    const Exact left(false, a.above_, b.below_);
    const Exact right(false, b.above_, a.below_);
    Exact product;
    product.above_ = left.above_ * right.above_;
    product.below_ = left.below_ * right.below_;
    product.negative_ = a.negative_ != b.negative_ && !product.is_zero();
    return product;
  }
  /// needs b != 0
  [[nodiscard]] friend Exact operator/(const Exact& a, const Exact& b) { return a * b.inverse(); }
  [[nodiscard]] friend int compare(const Exact& a, const Exact& b) {
    const Exact difference = a - b;
    return difference.is_zero() ? 0 : (difference.negative_ ? -1 : 1);
  }
  [[nodiscard]] friend bool operator==(const Exact& a, const Exact& b) noexcept {
    return a.negative_ == b.negative_ && a.above_ == b.above_ && a.below_ == b.below_;
  }
  /// this^power, power >= 0, in lowest terms as this is. The caller sees to its size.
  [[nodiscard]] Exact power(std::uint64_t power) const {
    Exact result;
    result.above_ = power_of(above_, power, BigNatural(1));
    result.below_ = power_of(below_, power, BigNatural(1));
    result.negative_ = negative_ && (power & 1U) != 0;
    return result;
  }
  /// floor(this)
  [[nodiscard]] Exact floor() const {
    BigNatural whole = above_;
    const BigNatural rest = whole.divide(below_);
    if (negative_ && !rest.is_zero()) {
      whole = whole + BigNatural(1);
    }
    return {negative_, std::move(whole), BigNatural(1)};
  }

  /// A decimal where it terminates, else p/q.
  [[nodiscard]] std::string text() const {
    std::string out = negative_ ? "-" : "";
    if (is_integer()) {
      return out + above_.text();
    }
    // Twos and fives of the denominator.
    BigNatural odd = below_;
    std::size_t twos = 0;
    std::size_t fives = 0;
    while ((odd.low_64() & 1U) == 0) {
      odd.shift_right(1);
      ++twos;
    }
    for (BigNatural trial = odd; trial.divide(BigNatural(5)).is_zero(); ++fives) {
      odd = trial;
    }
    if (!(odd == BigNatural(1))) {
      return out + above_.text() + "/" + below_.text();
    }
    const std::size_t places = std::max(twos, fives);
    BigNatural scaled = above_;
    scaled.scale_by_power_of_ten(static_cast<int>(places));
    scaled.divide(below_);
    std::string digits = scaled.text();
    if (digits.size() <= places) {
      digits.insert(0, places + 1 - digits.size(), '0');
    }
    digits.insert(digits.size() - places, 1, '.');
    return out + digits;
  }

 private:
  void reduce() {
    if (above_.is_zero()) {
      negative_ = false;
      below_ = BigNatural(1);
      return;
    }
    if (is_integer()) {
      return;
    }
    const BigNatural common = gcd(above_, below_);
    if (!(common == BigNatural(1))) {
      above_.divide(common);
      below_.divide(common);
    }
  }

  bool negative_ = false;
  BigNatural above_;
  BigNatural below_;
};

}  // namespace dag::detail
