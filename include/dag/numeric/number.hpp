// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/numeric/detail/big_natural.hpp>

namespace dag {

namespace detail {

/// numerator / denominator with a sign; not reduced. denominator > 0.
struct Rational {
  bool negative = false;
  BigNatural numerator;
  BigNatural denominator{1};

  [[nodiscard]] double nearest() const {
    const double size = nearest_double(numerator, denominator);
    return negative ? -size : size;
  }
  [[nodiscard]] friend Rational operator+(const Rational& a, const Rational& b) {
    const bool same = a.denominator == b.denominator;
    BigNatural left = same ? a.numerator : a.numerator * b.denominator;
    BigNatural right = same ? b.numerator : b.numerator * a.denominator;
    Rational sum;
    sum.denominator = same ? a.denominator : a.denominator * b.denominator;
    if (a.negative == b.negative) {
      sum.negative = a.negative;
      sum.numerator = left + right;
    } else if (compare(left, right) >= 0) {
      sum.negative = a.negative;
      left.subtract(right);
      sum.numerator = std::move(left);
    } else {
      sum.negative = b.negative;
      right.subtract(left);
      sum.numerator = std::move(right);
    }
    sum.negative = sum.negative && !sum.numerator.is_zero();
    return sum;
  }
  [[nodiscard]] Rational negated() const {
    Rational result = *this;
    result.negative = !negative && !numerator.is_zero();
    return result;
  }
  [[nodiscard]] friend int compare(const Rational& a, const Rational& b) {
    const Rational difference = a + b.negated();
    return difference.numerator.is_zero() ? 0 : (difference.negative ? -1 : 1);
  }
};

/// The parts of [+-] digits [. digits] [e [+-] digits] or of [+-] decimal / decimal.
struct NumberParts {
  bool negative = false;
  std::string_view numerator;    ///< digits with at most one point
  std::string_view denominator;  ///< the same, or empty
  int exponent = 0;              ///< of ten; clamped to +-1'000'000
};

inline constexpr std::size_t longest_number = 1000;

/// Takes `digits [. digits]` with at least one digit from the front of text; empty if there is
/// none.
[[nodiscard]] inline std::string_view take_decimal(std::string_view& text) noexcept {
  std::size_t size = 0;
  std::size_t digits = 0;
  bool point = false;
  for (; size < text.size(); ++size) {
    const char c = text[size];
    if (c >= '0' && c <= '9') {
      ++digits;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (digits == 0) {
    return {};
  }
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

[[nodiscard]] inline bool all_zero(std::string_view decimal) noexcept {
  return decimal.find_first_not_of("0.") == std::string_view::npos;
}

/// Splits a number; returns what is wrong with it, or nullptr. Builds nothing.
[[nodiscard]] inline const char* split_number(std::string_view text, NumberParts& parts) noexcept {
  if (text.size() > longest_number) {
    return "a number of more than 1000 characters";
  }
  parts = {};
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    parts.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  parts.numerator = take_decimal(text);
  if (parts.numerator.empty()) {
    return "not a number (an integer, decimal or fraction is needed)";
  }
  if (!text.empty() && text[0] == '/') {
    text.remove_prefix(1);
    parts.denominator = take_decimal(text);
    if (parts.denominator.empty() || !text.empty()) {
      return "a malformed fraction (needed: p/q with one slash, q unsigned)";
    }
    return all_zero(parts.denominator) ? "a fraction with denominator zero" : nullptr;
  }
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    const bool negative = !text.empty() && text[0] == '-';
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
      text.remove_prefix(1);
    }
    if (text.empty()) {
      return "a number whose exponent has no digits";
    }
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1)) {
      parts.exponent = parts.exponent >= 100000 ? 1000000 : 10 * parts.exponent + (text[0] - '0');
    }
    parts.exponent = negative ? -parts.exponent : parts.exponent;
  }
  return text.empty() ? nullptr : "not a number (an integer, decimal or fraction is needed)";
}

/// Digits after the point.
[[nodiscard]] inline int decimals_of(std::string_view decimal) noexcept {
  const std::size_t point = decimal.find('.');
  return point == std::string_view::npos ? 0 : static_cast<int>(decimal.size() - point - 1);
}

[[nodiscard]] inline BigNatural digits_of(std::string_view decimal) {
  BigNatural value;
  for (const char c : decimal) {
    if (c != '.') {
      value.multiply_add(10, static_cast<std::uint32_t>(c - '0'));
    }
  }
  return value;
}

/// The exact value. Only for parts whose double was found finite, so that exponents are small.
[[nodiscard]] inline Rational exact_value(const NumberParts& parts) {
  Rational value;
  value.numerator = digits_of(parts.numerator);
  if (value.numerator.is_zero()) {
    return value;
  }
  value.negative = parts.negative;
  int power = parts.exponent - decimals_of(parts.numerator);
  if (!parts.denominator.empty()) {
    value.denominator = digits_of(parts.denominator);
    power += decimals_of(parts.denominator);
  }
  (power > 0 ? value.numerator : value.denominator)
      .scale_by_power_of_ten(power > 0 ? power : -power);
  return value;
}

/// The power of ten of the first nonzero digit, about: 0 for "1.5", 2 for "150", -2 for "0.015".
[[nodiscard]] inline int decimal_order(const NumberParts& parts) noexcept {
  const int whole = static_cast<int>(parts.numerator.size()) - decimals_of(parts.numerator);
  const int first = static_cast<int>(parts.numerator.find_first_not_of("0."));
  return whole - first + parts.exponent;
}

/// The nearest double of a number's text; returns what is wrong with the text, or nullptr.
[[nodiscard]] inline const char* number_value(std::string_view text, double& value) {
  constexpr const char* too_large = "a number beyond the range of double";
  constexpr const char* too_small = "a number so small that double rounds it to zero";
  NumberParts parts;
  if (const char* wrong = split_number(text, parts); wrong != nullptr) {
    return wrong;
  }
  value = 0.0;
  if (all_zero(parts.numerator)) {
    return nullptr;
  }
  if (parts.denominator.empty()) {
    const std::size_t sign = text[0] == '+' || text[0] == '-' ? 1U : 0U;
#if defined(__cpp_lib_to_chars) || defined(__GLIBCXX__)
    const auto read = std::from_chars(text.data() + sign, text.data() + text.size(), value);
    if (read.ec != std::errc{}) {
      return decimal_order(parts) > 0 ? too_large : too_small;
    }
#else  // libc++ before version 20 reads no doubles: the same by exact arithmetic
    (void)sign;
    if (const int order = decimal_order(parts); order > 310 || order < -330) {
      return order > 0 ? too_large : too_small;
    }
    value = std::abs(exact_value(parts).nearest());
#endif
    value = parts.negative ? -value : value;
  } else {
    value = exact_value(parts).nearest();
  }
  if (!(std::abs(value) <= 1.7976931348623157e308)) {
    return too_large;
  }
  return value == 0.0 ? too_small : nullptr;
}

}  // namespace detail

/// A payoff as it was written, and its nearest double: "2/3", "1.50" and "-4e2" stay what they are
/// until somebody computes with `value()`. Written form: an integer, a decimal with an optional
/// exponent of ten, or a fraction p/q of integers or decimals; at most 1000 characters.
class Number {
 public:
  /// Zero.
  Number() : text_("0") {}
  /// The shortest decimal that reads back as `value` (finite, or Errc::not_finite).
  explicit Number(double value) : value_(value + 0.0) {
    require(std::isfinite(value), Errc::not_finite, "Number: needs a finite value, got ", value);
    char text[32];
    text_.assign(text, std::to_chars(text, text + sizeof text, value_).ptr);
  }

  /// Reads a number; Errc::parse if the text is not one, divides by zero, or leaves the range of
  /// double (one rounding, to the nearest double, ties to even; nonzero never becomes zero). Huge
  /// exponents are refused before any arithmetic.
  [[nodiscard]] static Number parse(std::string_view text) {
    Number number;
    const char* wrong = read(text, number);
    require(wrong == nullptr, Errc::parse, "Number: ", wrong == nullptr ? "" : wrong, ", got '",
            text.substr(0, 60), "'");
    return number;
  }

  /// `parse` for readers that make their own message: what is wrong with the text, or nullptr.
  [[nodiscard]] static const char* read(std::string_view text, Number& number) {
    const char* wrong = detail::number_value(text, number.value_);
    if (wrong == nullptr) {
      number.text_ = text;
    }
    return wrong;
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] double value() const noexcept { return value_; }

  [[nodiscard]] Number negated() const {
    Number result = *this;
    result.value_ = 0.0 - value_;
    if (text_[0] == '-') {
      result.text_.erase(0, 1);
    } else if (value_ != 0.0) {
      result.text_ = "-" + (text_[0] == '+' ? text_.substr(1) : text_);
    }
    return result;
  }

  /// True if the digits of this are those of `other` with the other sign: a quick way to see that
  /// two numbers add up to zero. False does not mean that they do not.
  [[nodiscard]] bool mirrors(const Number& other) const noexcept {
    return value_ == -other.value_ && digits(text_) == digits(other.text_);
  }

  [[nodiscard]] detail::Rational exact() const {
    detail::NumberParts parts;
    static_cast<void>(detail::split_number(text_, parts));
    return detail::exact_value(parts);
  }

  /// One unit of the last decimal place written, as a power of ten: 0.01 for "1.50". Integers and
  /// fractions were not rounded: zero.
  [[nodiscard]] double last_place() const noexcept {
    detail::NumberParts parts;
    static_cast<void>(detail::split_number(text_, parts));
    const int decimals = detail::decimals_of(parts.numerator) - parts.exponent;
    return parts.denominator.empty() && decimals > 0 ? std::pow(10.0, -decimals) : 0.0;
  }

  /// Equal as written ("1/2" and "0.5" are not; compare value() or exact() for that).
  friend bool operator==(const Number&, const Number&) = default;

 private:
  [[nodiscard]] static std::string_view digits(std::string_view text) noexcept {
    return text.substr(text[0] == '+' || text[0] == '-' ? 1U : 0U);
  }

  std::string text_;
  double value_ = 0.0;
};

}  // namespace dag
