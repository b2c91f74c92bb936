// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <dag/text/fold.hpp>

namespace dag {

/// Which spellings count as one answer.
struct AnswerRules {
  bool numbers = true;  ///< 0.5 = 1/2 = .50 = 50e-2... see canonical_answer
  bool text = true;     ///< case and white space folded (fold_text)
  friend bool operator==(const AnswerRules&, const AnswerRules&) = default;
};

/// Answers exactly as given: only equal bytes are equal.
inline constexpr AnswerRules exact_answers{false, false};

namespace detail {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Consumes `prefix` from the front of `text` if it is there.
constexpr bool take(std::string_view& text, std::string_view prefix) noexcept {
  if (text.substr(0, prefix.size()) != prefix) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

/// The longest run of digits at the front, consumed.
constexpr std::string_view take_digits(std::string_view& text) noexcept {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) {
    ++length;
  }
  const auto digits = text.substr(0, length);
  text.remove_prefix(length);
  return digits;
}

constexpr bool take_sign(std::string_view& text, bool& negative) noexcept {
  if (take(text, "-") || take(text, "\xE2\x88\x92")) {  // U+2212 is the minus of typeset text
    negative = !negative;
    return true;
  }
  return take(text, "+");
}

constexpr bool take_currency(std::string_view& text) noexcept {
  return take(text, "$") || take(text, "\\$") || take(text, "\xE2\x82\xAC") /* euro */ ||
         take(text, "\xC2\xA3") /* pound */ || take(text, "\xC2\xA5") /* yen */ ||
         take(text, "\xE2\x82\xB9") /* rupee */;
}

/// Writes sign, digits * 10^exponent in plain notation: no leading or trailing zeros, "0" for zero.
inline void write_decimal(bool negative, std::string digits, std::int64_t exponent,
                          std::string& out) {
  const auto first = digits.find_first_not_of('0');
  out.clear();
  if (first == std::string::npos) {
    out = "0";
    return;
  }
  digits.erase(0, first);
  while (exponent < 0 && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (negative) {
    out += '-';
  }
  if (exponent >= 0) {
    out += digits;
    out.append(static_cast<std::size_t>(exponent), '0');
    return;
  }
  const auto fraction = static_cast<std::size_t>(-exponent);
  if (digits.size() <= fraction) {
    out += "0.";
    out.append(fraction - digits.size(), '0');
    out += digits;
  } else {
    out.append(digits, 0, digits.size() - fraction);
    out += '.';
    out.append(digits, digits.size() - fraction);
  }
}

/// Digits to an integer; false beyond 18 significant digits.
constexpr bool to_integer(std::string_view digits, std::uint64_t& value) noexcept {
  value = 0;
  for (const char c : digits) {
    if (value >= 100'000'000'000'000'000ULL) {
      return false;
    }
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return true;
}

/// numerator/denominator in lowest terms: a decimal where it terminates, else "p/q".
inline bool write_fraction(bool negative, std::string_view above, std::string_view below,
                           std::string& out) {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 0;
  if (!to_integer(above, numerator) || !to_integer(below, denominator) || denominator == 0) {
    return false;
  }
  std::uint64_t a = numerator;
  std::uint64_t b = denominator;
  while (b != 0) {
    const auto rest = a % b;
    a = b;
    b = rest;
  }
  numerator /= a;
  denominator /= a;
  std::uint64_t odd = denominator;  // what is left without the factors 2 and 5
  while (odd % 2 == 0) {
    odd /= 2;
  }
  while (odd % 5 == 0) {
    odd /= 5;
  }
  if (odd != 1) {
    out = (negative ? "-" : "") + std::to_string(numerator) + "/" + std::to_string(denominator);
    return true;
  }
  std::string digits = std::to_string(numerator / denominator);
  std::int64_t exponent = 0;
  for (auto rest = numerator % denominator; rest != 0; rest %= denominator) {
    rest *= 10;  // at most 10^19, which is below 2^64
    digits += static_cast<char>('0' + static_cast<int>(rest / denominator));
    --exponent;
  }
  write_decimal(negative, std::move(digits), exponent, out);
  return true;
}

/// The number that the folded `text` spells, as an exact canonical string; false if it is none.
inline bool canonical_number(std::string_view text, std::string& out) {
  bool negative = false;
  const bool sign = take_sign(text, negative);
  const bool currency = take_currency(text);
  if (currency) {
    take(text, " ");
    if (!sign) {
      take_sign(text, negative);
    }
  }
  std::string_view rest = text;
  std::string digits{take_digits(rest)};
  const std::string_view whole = text.substr(0, digits.size());
  bool grouped = false;
  if (!whole.empty() && whole.size() <= 3 && whole.front() != '0') {
    while (rest.size() >= 4 && rest[0] == ',' && is_digit(rest[1]) && is_digit(rest[2]) &&
           is_digit(rest[3]) && (rest.size() == 4 || !is_digit(rest[4]))) {
      digits += rest.substr(1, 3);
      rest.remove_prefix(4);
      grouped = true;
    }
  }
  std::int64_t exponent = 0;
  bool point = false;
  if (take(rest, ".")) {
    point = true;
    const auto fraction = take_digits(rest);
    digits += fraction;
    exponent = -static_cast<std::int64_t>(fraction.size());
  }
  if (digits.empty()) {
    return false;
  }
  if (!currency && !point && !grouped) {
    std::string_view tail = rest;
    take(tail, " ");
    if (take(tail, "/")) {
      take(tail, " ");
      const auto below = take_digits(tail);
      return !below.empty() && tail.empty() && write_fraction(negative, digits, below, out);
    }
  }
  if (whole.size() == 1 && !grouped && take(rest, "e")) {
    bool down = false;
    take_sign(rest, down);
    const auto power = take_digits(rest);
    if (power.empty() || power.size() > 2) {
      return false;
    }
    std::uint64_t value = 0;
    to_integer(power, value);
    exponent += down ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
  } else {
    take(rest, " ");
    if (!take(rest, "%") && !take(rest, "\\%") && !currency) {
      take_currency(rest);
    }
  }
  if (!rest.empty()) {
    return false;
  }
  write_decimal(negative, std::move(digits), exponent, out);
  return true;
}

}  // namespace detail

/// The canonical key of an answer, written to `key` (cleared first; reuse it): two answers are the
/// same answer exactly if their keys are equal bytes. Idempotent.
///
/// Numbers, compared exactly at any length (no floating point is involved):
/// - decimals: 0.5 = .50 = 0.500, 7 = 7. = 007 = +7, -0 = 0; the sign is -, + or U+2212;
/// - thousands separators: commas before groups of three digits, 1,234,567.0 = 1234567; "1,5" and
///   "0,500" are no numbers but text;
/// - fractions of two integers of at most 18 digits: 2/4 = 0.5, 1/3 = 2/6; longer ones: text;
/// - one leading or trailing sign of currency ($, \$, euro, pound, yen, rupee) is dropped: $5 = 5;
/// - a trailing percent sign is dropped as a unit: 50% = 50, not 0.5;
/// - powers of ten with one digit before the point and an exponent of one or two digits:
///   1.5e3 = 1500. (Anything longer, 2e88166117, is more often a hash than a number: text.)
///
/// Everything else is text, so dates (07/01/1972), expressions (2*6), letters, hashes and words
/// keep their characters; case and white space are folded by `fold_text`. An empty answer is an
/// answer; a missing one is the caller's business. With `rules.numbers` or `rules.text` off, that
/// part of the folding is left out; with both off the key is the answer.
inline void canonical_answer(std::string_view answer, const AnswerRules& rules, std::string& key) {
  if (!rules.numbers && !rules.text) {
    key = answer;
    return;
  }
  fold_text(answer, key);
  if (rules.numbers && !key.empty()) {
    std::string number;
    if (detail::canonical_number(key, number)) {
      key = std::move(number);
      return;
    }
  }
  if (!rules.text) {
    key = answer;
  }
}

[[nodiscard]] inline std::string canonical_answer(std::string_view answer,
                                                  const AnswerRules& rules = {}) {
  std::string key;
  canonical_answer(answer, rules, key);
  return key;
}

/// `canonical_answer` as a function object: the default key of AnswerGroupsBuilder. A user's own
/// key has the same shape: void operator()(std::string_view answer, std::string& key) const.
struct CanonicalAnswer {
  AnswerRules rules{};
  void operator()(std::string_view answer, std::string& key) const {
    canonical_answer(answer, rules, key);
  }
};

}  // namespace dag
