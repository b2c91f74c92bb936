// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <dag/numeric/detail/big_natural.hpp>

namespace dag {

namespace detail {
__extension__ typedef __int128 int128;  // NOLINT(modernize-use-using)
}

/// An integer of any size: a 64-bit word while it fits, limbs beyond. What exact pivots are made
/// of: sums, products, and quotients that are known to be whole. Own code rather than
/// Boost.Multiprecision: the numbers of small games fit a word nearly always, where `cross_divide`
/// is one 128-bit expression without memory, and the core needs nothing but the standard library.
class Integer {
 public:
  Integer() = default;
  Integer(std::int64_t value) : small_(value) {  // NOLINT(google-explicit-constructor)
    if (value == lowest) {                       // so that every word has its negative
      *this = Integer(true, detail::BigNatural(std::uint64_t{1} << 63));
    }
  }
  Integer(bool negative, detail::BigNatural size) : negative_(negative), big_(std::move(size)) {
    settle();
  }
  /// mantissa * 2^exponent = value, the mantissa odd (or 0) and exponent set to match. Finite
  /// value.
  [[nodiscard]] static Integer mantissa(double value, int& exponent) {
    auto whole = static_cast<std::int64_t>(std::ldexp(std::frexp(value, &exponent), 53));
    exponent -= 53;
    for (; whole != 0 && whole % 2 == 0; whole /= 2) {
      ++exponent;
    }
    exponent = whole == 0 ? 0 : exponent;
    return {whole};
  }

  [[nodiscard]] int sign() const noexcept {
    return big_.is_zero() ? (small_ > 0) - (small_ < 0) : negative_ ? -1 : 1;
  }
  [[nodiscard]] bool is_zero() const noexcept { return big_.is_zero() && small_ == 0; }
  [[nodiscard]] detail::BigNatural size() const {
    return big_.is_zero() ? detail::BigNatural(magnitude()) : big_;
  }
  [[nodiscard]] std::size_t bit_length() const { return size().bit_length(); }
  [[nodiscard]] Integer negated() const {
    if (big_.is_zero()) {
      return {-small_};
    }
    return {!negative_, big_};
  }
  [[nodiscard]] Integer shifted_left(std::size_t bits) const {
    detail::BigNatural shifted = size();
    shifted.shift_left(bits);
    return {sign() < 0, std::move(shifted)};
  }
  /// The nearest double (ties to even; infinite where it overflows).
  [[nodiscard]] double nearest() const {
    if (big_.is_zero()) {
      return static_cast<double>(small_);
    }
    const double nearest = nearest_double(big_, detail::BigNatural(1));
    return negative_ ? -nearest : nearest;
  }
  [[nodiscard]] std::string text() const { return (sign() < 0 ? "-" : "") + size().text(); }

  [[nodiscard]] friend Integer operator+(const Integer& a, const Integer& b) {
    std::int64_t sum = 0;
    if (a.big_.is_zero() && b.big_.is_zero() && !__builtin_add_overflow(a.small_, b.small_, &sum)) {
      return {sum};
    }
    const bool negative = a.sign() < 0;
    detail::BigNatural left = a.size();
    detail::BigNatural right = b.size();
    if (negative == (b.sign() < 0)) {
      return {negative, left + right};
    }
    if (compare(left, right) >= 0) {
      left.subtract(right);
      return {negative, std::move(left)};
    }
    right.subtract(left);
    return {!negative, std::move(right)};
  }
  [[nodiscard]] friend Integer operator-(const Integer& a, const Integer& b) {
    std::int64_t difference = 0;
    if (a.big_.is_zero() && b.big_.is_zero() &&
        !__builtin_sub_overflow(a.small_, b.small_, &difference)) {
      return {difference};
    }
    return a + b.negated();
  }
  [[nodiscard]] friend Integer operator*(const Integer& a, const Integer& b) {
    std::int64_t product = 0;
    if (a.big_.is_zero() && b.big_.is_zero() &&
        !__builtin_mul_overflow(a.small_, b.small_, &product)) {
      return {product};
    }
    return {(a.sign() < 0) != (b.sign() < 0), a.size() * b.size()};
  }
  /// a / b where b divides a (b != 0); rounded towards zero otherwise.
  [[nodiscard]] friend Integer quotient(const Integer& a, const Integer& b) {
    if (a.big_.is_zero() && b.big_.is_zero()) {
      return {a.small_ / b.small_};
    }
    detail::BigNatural result = a.size();
    (void)result.divide(b.size());
    return {(a.sign() < 0) != (b.sign() < 0), std::move(result)};
  }
  /// (a p - b c) / d, where d divides it: one entry of a fraction-free pivot.
  [[nodiscard]] friend Integer cross_divide(const Integer& a, const Integer& p, const Integer& b,
                                            const Integer& c, const Integer& d) {
    if (a.big_.is_zero() && p.big_.is_zero() && b.big_.is_zero() && c.big_.is_zero() &&
        d.big_.is_zero()) {
      // Each product is below 2^126 in size, so that their difference fits.
      const detail::int128 difference = static_cast<detail::int128>(a.small_) * p.small_ -
                                        static_cast<detail::int128>(b.small_) * c.small_;
      constexpr detail::int128 most = std::numeric_limits<std::int64_t>::max();
      if (difference <= most && difference >= -most) {
        return {static_cast<std::int64_t>(difference) / d.small_};
      }
      const detail::int128 result = difference / d.small_;
      if (result <= most && result >= -most) {
        return {static_cast<std::int64_t>(result)};
      }
    }
    return quotient(a * p - b * c, d);
  }
  [[nodiscard]] friend int compare(const Integer& a, const Integer& b) {
    if (a.big_.is_zero() && b.big_.is_zero()) {
      return (a.small_ > b.small_) - (a.small_ < b.small_);
    }
    const int sign = a.sign();
    if (sign != b.sign()) {
      return sign < b.sign() ? -1 : 1;
    }
    return sign * compare(a.size(), b.size());
  }
  [[nodiscard]] friend bool operator==(const Integer& a, const Integer& b) {
    return compare(a, b) == 0;
  }

 private:
  static constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

  [[nodiscard]] std::uint64_t magnitude() const noexcept {
    return small_ < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(small_)
                      : static_cast<std::uint64_t>(small_);
  }
  /// One form for each value: limbs only where the word does not do.
  void settle() {
    if (big_.fits_64() && big_.low_64() >> 63 == 0) {
      small_ = static_cast<std::int64_t>(big_.low_64());
      small_ = negative_ ? -small_ : small_;
      negative_ = false;
      big_ = {};
    }
  }

  std::int64_t small_ = 0;  ///< the value, where big_ is zero
  bool negative_ = false;   ///< of big_
  detail::BigNatural big_;
};

/// numerator / denominator in lowest terms, the denominator > 0.
class Fraction {
 public:
  Fraction() = default;
  Fraction(Integer numerator, Integer denominator)
      : numerator_(std::move(numerator)), denominator_(std::move(denominator)) {
    if (denominator_.sign() < 0) {
      numerator_ = numerator_.negated();
      denominator_ = denominator_.negated();
    }
    const Integer common(false, gcd(numerator_.size(), denominator_.size()));
    if (!(common == Integer(1))) {
      numerator_ = quotient(numerator_, common);
      denominator_ = quotient(denominator_, common);
    }
  }
  /// The number that a finite double is, exactly.
  [[nodiscard]] static Fraction of(double value) {
    int exponent = 0;
    const Integer mantissa = Integer::mantissa(value, exponent);
    const auto places = static_cast<std::size_t>(exponent < 0 ? -exponent : exponent);
    return exponent < 0 ? Fraction(mantissa, Integer(1).shifted_left(places))
                        : Fraction(mantissa.shifted_left(places), Integer(1));
  }
  [[nodiscard]] const Integer& numerator() const noexcept { return numerator_; }
  [[nodiscard]] const Integer& denominator() const noexcept { return denominator_; }
  [[nodiscard]] double nearest() const {
    const double size = nearest_double(numerator_.size(), denominator_.size());
    return numerator_.sign() < 0 ? -size : size;
  }
  /// "3/7", "-2".
  [[nodiscard]] std::string text() const {
    return denominator_ == Integer(1) ? numerator_.text()
                                      : numerator_.text() + "/" + denominator_.text();
  }
  [[nodiscard]] friend Fraction operator+(const Fraction& a, const Fraction& b) {
    return {a.numerator_ * b.denominator_ + b.numerator_ * a.denominator_,
            a.denominator_ * b.denominator_};
  }
  [[nodiscard]] friend Fraction operator*(const Fraction& a, const Fraction& b) {
    return {a.numerator_ * b.numerator_, a.denominator_ * b.denominator_};
  }
  [[nodiscard]] friend bool operator==(const Fraction& a, const Fraction& b) {
    return a.numerator_ == b.numerator_ && a.denominator_ == b.denominator_;
  }
  [[nodiscard]] friend int compare(const Fraction& a, const Fraction& b) {
    return compare(a.numerator_ * b.denominator_, b.numerator_ * a.denominator_);
  }

 private:
  Integer numerator_;
  Integer denominator_{1};
};

}  // namespace dag
