// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <dag/text/answer_rules.hpp>

namespace dag {

/// How upper and lower case of words compare.
enum class LetterCase : std::uint8_t {
  words,  ///< Yes = YES = yes, but Aa, N and CCO are not aa, n and cco: capitals of words only
  fold,   ///< all case is folded
  keep    ///< none is
};

/// What a comma and a point inside a number are.
enum class DecimalMark : std::uint8_t {
  automatic,  ///< 1,234 = 1234; 1.234,5 = 1234.5; 3,5 are two numbers
  point,      ///< 1,234.5
  comma       ///< 1.234,5; 3,5 = 3.5
};

/// How answers are read.
struct ReadOptions {
  bool exact = false;                          ///< only equal bytes are equal; nothing below counts
  LetterCase letter_case = LetterCase::words;  ///< what of it counts
  DecimalMark decimal_mark = DecimalMark::automatic;  ///< 1,234 and 1.234
  bool day_first = false;                             ///< 03/04/2020 is 3 April; otherwise 4 March
  AnswerRuleSet off{};                                ///< rules that are switched off
  friend bool operator==(const ReadOptions&, const ReadOptions&) = default;
};

/// Answers exactly as given: only equal bytes are equal.
inline constexpr ReadOptions exact_answers{.exact = true};

/// What an answer was read as.
enum class AnswerForm : std::uint8_t {
  empty,
  number,      ///< an exact rational number
  constant,    ///< a closed form that is no rational number
  expression,  ///< with free variables
  equation,
  inequality,  ///< in more than one variable; in one it is an interval
  interval,
  set,  ///< and lists: order does not matter
  tuple,
  matrix,
  quantity,  ///< a number with a unit, or money
  time,
  date,
  ratio,
  choice,
  choices,
  parts,
  text,
  unread  ///< mark-up or mathematics that was not understood: equal only to itself
};

inline constexpr std::array<std::string_view, 19> answer_form_names{
    "empty",  "number",  "constant", "expression", "equation", "inequality", "interval",
    "set",    "tuple",   "matrix",   "quantity",   "time",     "date",       "ratio",
    "choice", "choices", "parts",    "text",       "unread"};

[[nodiscard]] constexpr std::string_view to_string(AnswerForm form) noexcept {
  return answer_form_names[static_cast<std::size_t>(form)];
}

/// An answer as read. Two answers are the same answer exactly if their keys are equal bytes: an
/// equivalence. Keys are answers too: read again, a key is itself.
struct ReadAnswer {
  std::string key;
  std::string
      bare;  ///< the key without what people leave out (unit, "y ="); empty: nothing to omit
  AnswerForm form = AnswerForm::empty;
  AnswerRuleSet rules{};  ///< the rules that were used
};

/// Whether two answers are equal, and the name of the rule that made them equal; "same" for equal
/// spellings. Where they differ: "different", or "not understood" where one of them is unread.
struct Equality {
  bool equal = false;
  std::string_view rule;
  explicit operator bool() const noexcept { return equal; }
};

}  // namespace dag
