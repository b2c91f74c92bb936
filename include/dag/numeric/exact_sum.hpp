// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace dag {

/// A sum of doubles without rounding: the same bits for every order, grouping and number of
/// partial sums. Finite inputs are added exactly into a fixed-point number that spans the range of
/// doubles (a small superaccumulator, after Kulisch); `value()` rounds once, at the end.
///
/// NaN and infinities are kept apart and give what an ordinary sum would give. 68 words of memory;
/// about three integer additions a term. Up to 2^31 terms (and merged sums of as many in all).
class ExactSum {
 public:
  void add(double x) noexcept { add(x, 1); }
  /// The same as `times` < 2^31 calls of add(x).
  void add(double x, std::uint64_t times) noexcept {
    if (times == 0) {
      return;
    }
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
    const int exponent = static_cast<int>((bits >> 52) & 0x7FF);
    if (exponent == 0x7FF) [[unlikely]] {
      special_ += x;
      return;
    }
    // |x| = mantissa * 2^(position - 1074)
    const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
    const std::uint64_t mantissa = exponent == 0 ? fraction : fraction | (std::uint64_t{1} << 52);
    const unsigned position = exponent == 0 ? 0U : static_cast<unsigned>(exponent - 1);
    const std::size_t word = position / 32;
    const unsigned shift = position % 32;
    // mantissa << shift covers at most 85 bits: three words of 32.
    const std::uint64_t low = (mantissa << shift) & 0xFFFFFFFFU;
    const std::uint64_t rest = shift == 0 ? mantissa >> 32 : mantissa >> (32 - shift);
    const auto sign = static_cast<std::int64_t>(bits >> 63);
    const auto signed_add = [&](std::size_t where, std::uint64_t amount) {
      const auto value = static_cast<std::int64_t>(amount * times);
      words_[where] += (value ^ -sign) + sign;
    };
    signed_add(word, low);
    signed_add(word + 1, rest & 0xFFFFFFFFU);
    signed_add(word + 2, rest >> 32);
  }
  void add(const ExactSum& other) noexcept {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      words_[i] += other.words_[i];
    }
    special_ += other.special_;
  }

  /// The sum, rounded to nearest (ties may go either way by one unit in the last place of long
  /// double, then to double); deterministic.
  [[nodiscard]] double value() const noexcept {
    if (special_ != 0 || special_ != special_) {
      return special_;
    }
    // Carry, so that every word is in [0, 2^32) but the top one, which holds the sign.
    std::array<std::int64_t, size> carried = words_;
    for (std::size_t i = 0; i + 1 < size; ++i) {
      const std::int64_t carry = carried[i] >> 32;  // arithmetic: rounds down
      carried[i] -= carry * (std::int64_t{1} << 32);
      carried[i + 1] += carry;
    }
    const bool negative = carried[size - 1] < 0;
    if (negative) {  // two's complement of the whole number
      std::int64_t carry = 0;
      for (std::size_t i = 0; i + 1 < size; ++i) {
        const std::int64_t flipped = -carried[i] + carry;
        carry = flipped < 0 ? -1 : 0;
        carried[i] = flipped - carry * (std::int64_t{1} << 32);
      }
      carried[size - 1] = -carried[size - 1] + carry;
    }
    std::size_t top = size;
    while (top > 0 && carried[top - 1] == 0) {
      --top;
    }
    if (top == 0) {
      return 0;
    }
    // The leading words decide; the rest only break ties, as a sticky bit.
    constexpr std::size_t kept = 4;
    const std::size_t lowest = top > kept ? top - kept : 0;
    bool sticky = false;
    for (std::size_t i = 0; i < lowest; ++i) {
      sticky = sticky || carried[i] != 0;
    }
    long double total = 0;
    for (std::size_t i = top; i-- > lowest;) {
      const std::int64_t word = carried[i] | (i == lowest && sticky ? 1 : 0);
      total += std::ldexp(static_cast<long double>(word), static_cast<int>(32 * i) - 1074);
    }
    const auto rounded = static_cast<double>(total);
    return negative ? -rounded : rounded;
  }

  friend bool operator==(const ExactSum&, const ExactSum&) = default;

 private:
  static constexpr std::size_t size = 68;  // 2098 bits of doubles and room for carries
  std::array<std::int64_t, size> words_{};
  double special_ = 0;
};

}  // namespace dag
