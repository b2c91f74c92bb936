// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/random.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Two tasks on small numbers, written in tokens that stand for characters.
///
/// Sums: a + b for a, b in 10..99, asked in four surface forms; the first three use alphabets of
/// their own for digits, so that a form that was seldom seen errs in its own way:
///   plain  17+25=      letters  bh&cf=      reversed  71,52=      crossed  kl|rp= (tens, then
///   units)
/// and answered with written steps, in one of two styles that say nothing about the answer:
///   units first  U12T4#42.   (7 + 5 = 12, 1 + 2 + 1 = 4)      tens first  T3U12#42.
///
/// Pairs: ?042u= asks for x + y = 42 with units digit u of x; any such pair of two-digit numbers is
/// right, x+y. is the trace, and (x, y) the answer.
namespace reasoning {

using Tokens = std::vector<std::int32_t>;

inline constexpr std::int32_t stop_token = 40, pad_token = 41, vocabulary = 52;
inline constexpr std::int64_t prompt_length = 6, trace_length = 11;
inline constexpr std::size_t form_count = 4;
inline constexpr std::array<const char*, form_count> form_names{"plain", "letters", "reversed",
                                                                "crossed"};

struct Sum {
  int a = 0, b = 0;
};
struct Pair {
  int total = 0, units = 0;
};

/// The questions of each task, each in exactly one of four places.
struct Split {
  std::vector<Sum> taught_sums, pool_sums, validation_sums, test_sums;
  std::vector<Pair> taught_pairs, pool_pairs, validation_pairs, test_pairs;
};
[[nodiscard]] const Split& split();

[[nodiscard]] Tokens prompt(const Sum& sum, std::size_t form);
[[nodiscard]] Tokens prompt(const Pair& pair);
[[nodiscard]] std::string text(const Tokens& tokens);

enum class Style { units_first, tens_first };
[[nodiscard]] Tokens steps(const Sum& sum, Style style);
[[nodiscard]] Tokens steps(int x, int y);

/// The number after '#', or -1 where the trace does not have the shape of an answer.
[[nodiscard]] std::int32_t sum_answer(const Tokens& trace);
/// 100 x + y, or -1.
[[nodiscard]] std::int32_t pair_answer(const Tokens& trace);
/// 0 units first, 1 tens first, -1 neither.
[[nodiscard]] int style_of(const Tokens& trace);

[[nodiscard]] bool right(const Sum& sum, std::int32_t answer);
[[nodiscard]] bool right(const Pair& pair, std::int32_t answer);
/// The class of answers that the constraint forbids: the larger number first.
[[nodiscard]] bool forbidden(std::int32_t pair_answer);
/// All right pairs x, smallest first.
[[nodiscard]] std::vector<int> valid(const Pair& pair);

/// What the supervised phase shows.
struct Mix {
  std::array<double, form_count> forms{};  ///< shares of the sums
  double pairs = 0.25;                     ///< share of the pairs
  double skew = 0.6;                       ///< odds of each next larger valid x
};
struct Example {
  Tokens prompt, trace;
};
[[nodiscard]] Example taught_example(const Mix& mix, dag::RandomStream& stream);

}  // namespace reasoning
