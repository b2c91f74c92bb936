// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <dag/text/detail/evaluator.hpp>

namespace dag::detail {

/// The rational of at most 48 bits below the line that a ball of at least 150 certain bits holds,
/// if the two together have 64 bits less than are certain: a ball around another number holds one
/// by chance with probability below 2^-64.
[[nodiscard]] inline std::optional<Exact> rational_in(const Ball& ball) {
  if (ball.exactly_zero()) {
    return Exact();
  }
  if (ball.exponent() > 160 || ball.exponent() < -48) {
    return std::nullopt;
  }
  const Exact value = ball.exact().magnitude();
  BigNatural above = value.above();
  BigNatural below = value.below();
  BigNatural p(1), q, p_before, q_before(1);  // convergents p/q
  while (!below.is_zero()) {
    BigNatural rest = above.divide(below);  // the quotient stays in `above`
    const BigNatural digit = std::exchange(above, std::move(below));
    below = std::move(rest);
    BigNatural p_next = digit * p + p_before;
    BigNatural q_next = digit * q + q_before;
    p_before = std::exchange(p, std::move(p_next));
    q_before = std::exchange(q, std::move(q_next));
    if (q.bit_length() > 48) {
      return std::nullopt;
    }
    // The next digit says how good this convergent is: |value - p/q| < 1 / (q^2 digit).
    const auto quality = static_cast<std::int64_t>(above.bit_length()) -
                         static_cast<std::int64_t>(below.bit_length()) +
                         2 * static_cast<std::int64_t>(q.bit_length()) - 3;
    if (!below.is_zero() && quality < -ball.error() - 8) {
      continue;
    }
    const auto size = static_cast<std::int64_t>(p.bit_length() + q.bit_length());
    const Exact candidate(ball.negative(), p, q);
    const Ball distance = ball - Ball(candidate);
    if (distance.may_be_zero() && size + 64 <= ball.certain_bits()) {
      return candidate;
    }
    return std::nullopt;
  }
  return std::nullopt;
}

[[nodiscard]] inline std::string hex_words(const Fingerprint& print) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const std::uint64_t word : {print.high, print.low}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      out += digits[(word >> shift) & 15U];
    }
  }
  return out;
}

/// 40 significant digits of a ball that is no rational, after a tilde.
[[nodiscard]] inline std::string digits_of(const Ball& ball) {
  if (ball.exponent() > 6000 || ball.exponent() < -6000) {
    Fingerprint print;
    print.mix(ball);
    return "~:" + hex_words(print);
  }
  const Exact value = ball.exact().magnitude();
  auto power = static_cast<std::int64_t>(
      std::floor(static_cast<double>(ball.exponent() - 1) * 0.30102999566398120));
  std::string digits;
  const auto ten = [](std::int64_t n) {
    const Exact size = Exact(10).power(static_cast<std::uint64_t>(n < 0 ? -n : n));
    return n < 0 ? size.inverse() : size;
  };
  for (;;) {
    const Exact scaled = value * ten(39 - power) + Exact(1) / Exact(2);
    digits = scaled.floor().above().text();
    if (digits.size() == 40) {
      break;
    }
    power += digits.size() > 40 ? 1 : -1;
  }
  std::string out = ball.negative() ? "~-" : "~";
  if (power >= 0 && power < 20) {
    digits.insert(static_cast<std::size_t>(power) + 1, 1, '.');
    return out + digits;
  }
  digits.insert(1, 1, '.');
  return out + digits + "e" + std::to_string(power);
}

[[nodiscard]] inline std::string complex_text(const Exact& re, const Exact& im) {
  if (im.is_zero()) {
    return re.text();
  }
  std::string out = re.is_zero() ? "" : re.text();
  const Exact size = im.magnitude();
  out += im.negative() ? "-" : (out.empty() ? "" : "+");
  if (size.is_integer()) {
    out += size == Exact(1) ? "i" : size.text() + "i";
  } else {
    out += size.text() + "*i";
  }
  return out;
}

}  // namespace dag::detail
