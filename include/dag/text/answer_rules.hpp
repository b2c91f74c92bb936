// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include <dag/core/error.hpp>

namespace dag {

/// The rules by which two spellings are read as one answer. Each can be switched off; a text that
/// only a switched-off rule would read is read by the others, in the end as plain text.
enum class AnswerRule : std::uint8_t {
  unicode,
  markup,
  punctuation,
  letter_case,
  synonym,
  number,
  thousands,
  fraction,
  mixed,
  scientific,
  repeating,
  percent,
  base,
  number_word,
  magnitude,
  money,
  unit,
  time,
  date,
  ratio,
  choice,
  choices,
  parts,
  list,
  set,
  tuple,
  interval,
  inequality,
  matrix,
  plus_minus,
  assignment,
  equation,
  arithmetic,
  closed_form,
  identity,
  unit_omitted,
  percent_omitted,
  left_side_omitted,
};

/// A rule, its name and what it makes equal.
struct AnswerRuleInfo {
  AnswerRule rule;
  std::string_view name;
  std::string_view meaning;
};

namespace detail {

inline constexpr std::array answer_rule_table{
    AnswerRuleInfo{
        AnswerRule::unicode, "unicode",
        "compatible characters are one: full-width, dashes, superscripts, 1/2 as a sign"},
    AnswerRuleInfo{AnswerRule::markup, "markup",
                   "emphasis, code marks, dollars, boxes, \\text, \\left, \\right, spacing vanish"},
    AnswerRuleInfo{AnswerRule::punctuation, "punctuation",
                   "a final . , ; : (after words also ! ?) and quotes around all vanish"},
    AnswerRuleInfo{AnswerRule::letter_case, "case", "Yes = yes; see ReadOptions::letter_case"},
    AnswerRuleInfo{AnswerRule::synonym, "synonym",
                   "a few fixed phrases: DNE = does not exist, all real numbers = \\mathbb{R}"},
    AnswerRuleInfo{AnswerRule::number, "number", "7 = 7.0 = 007 = +7, .5 = 0.50"},
    AnswerRuleInfo{AnswerRule::thousands, "thousands",
                   "1,234 = 1{,}234 = 1 234 = 1_234 = 1234, 12,34,567, 1.234.567,5"},
    AnswerRuleInfo{AnswerRule::fraction, "fraction", "\\frac{1}{2} = 1/2 = {1 \\over 2} = 0.5"},
    AnswerRuleInfo{AnswerRule::mixed, "mixed", "2 1/2 = 2\\frac{1}{2} = 5/2"},
    AnswerRuleInfo{AnswerRule::scientific, "scientific", "1.2e5 = 1.2 \\times 10^5 = 120000"},
    AnswerRuleInfo{AnswerRule::repeating, "repeating", "0.\\overline{6} = 2/3"},
    AnswerRuleInfo{AnswerRule::percent, "percent", "50% = 0.5"},
    AnswerRuleInfo{AnswerRule::base, "base", "1011_2 = 11"},
    AnswerRuleInfo{AnswerRule::number_word, "number-word", "twenty-five = 25"},
    AnswerRuleInfo{AnswerRule::magnitude, "magnitude", "1.5 million = 1500000"},
    AnswerRuleInfo{AnswerRule::money, "money", "$5 = 5 dollars = USD 5, $0.50 = 50 cents"},
    AnswerRuleInfo{AnswerRule::unit, "unit", "90 minutes = 1.5 hours; 5 mA is not 5 MA"},
    AnswerRuleInfo{AnswerRule::time, "time", "3:30 p.m. = 3:30 PM = 15:30"},
    AnswerRuleInfo{AnswerRule::date, "date", "July 1, 1972 = 07/01/1972 = 1972-07-01"},
    AnswerRuleInfo{AnswerRule::ratio, "ratio", "3:4 = 6:8"},
    AnswerRuleInfo{AnswerRule::choice, "choice", "A = (A) = A. Paris = option A"},
    AnswerRuleInfo{AnswerRule::choices, "choices", "A, C = C and A = AC"},
    AnswerRuleInfo{AnswerRule::parts, "parts", "(a) 3 (b) 4 is read part by part"},
    AnswerRuleInfo{AnswerRule::list, "list", "1, 2 = 2 and 1 = \\{1, 2\\}"},
    AnswerRuleInfo{AnswerRule::set, "set", "\\{1, 2\\} = \\{2, 1\\}"},
    AnswerRuleInfo{AnswerRule::tuple, "tuple", "(1/2, 3) = (0.5, 3), in this order"},
    AnswerRuleInfo{AnswerRule::interval, "interval",
                   "unions of intervals as long as they go, in any order"},
    AnswerRuleInfo{AnswerRule::inequality, "inequality",
                   "x > 3 = (3, \\infty) = 3 < x = 2x + 1 > 7"},
    AnswerRuleInfo{AnswerRule::matrix, "matrix", "pmatrix = bmatrix = array, entry by entry"},
    AnswerRuleInfo{AnswerRule::plus_minus, "plus-minus", "\\pm 3 = 3, -3"},
    AnswerRuleInfo{AnswerRule::assignment, "assignment", "x = 5 is 5; x = 1, y = 2 is (1, 2)"},
    AnswerRuleInfo{AnswerRule::equation, "equation",
                   "x + y = 3 = 3 - x - y = 0, to a factor; x = 4 (mod 3) = 1 (mod 3)"},
    AnswerRuleInfo{AnswerRule::arithmetic, "arithmetic", "2 + 3 = 5, exactly"},
    AnswerRuleInfo{AnswerRule::closed_form, "closed-form",
                   "\\sqrt{12} = 2\\sqrt{3}: equal to more than 200 bits"},
    AnswerRuleInfo{AnswerRule::identity, "identity",
                   "2x + 3 = 3 + 2x: equal at random points, to more than 200 bits"},
    AnswerRuleInfo{AnswerRule::unit_omitted, "unit-omitted", "5 cm is matched by 5"},
    AnswerRuleInfo{AnswerRule::percent_omitted, "percent-omitted",
                   "50% is matched by 50 too (not 0.5% by 0.5)"},
    AnswerRuleInfo{AnswerRule::left_side_omitted, "left-side-omitted",
                   "y = 2x + 3 is matched by 2x + 3"},
};

}  // namespace detail

/// All rules, in the order of the enumeration.
[[nodiscard]] constexpr std::span<const AnswerRuleInfo> answer_rules() noexcept {
  return detail::answer_rule_table;
}

[[nodiscard]] constexpr std::string_view to_string(AnswerRule rule) noexcept {
  return detail::answer_rule_table[static_cast<std::size_t>(rule)].name;
}

/// The rule of that name. Errors: invalid_argument.
[[nodiscard]] inline AnswerRule answer_rule(std::string_view name) {
  for (const auto& info : answer_rules()) {
    if (info.name == name) {
      return info.rule;
    }
  }
  fail(Errc::invalid_argument, "answer_rule: there is no rule '", name, "'");
}

/// A set of rules.
class AnswerRuleSet {
 public:
  constexpr AnswerRuleSet() = default;
  constexpr AnswerRuleSet(std::initializer_list<AnswerRule> rules) noexcept {
    for (const auto rule : rules) {
      insert(rule);
    }
  }
  constexpr void insert(AnswerRule rule) noexcept { bits_ |= bit(rule); }
  constexpr void insert(AnswerRuleSet other) noexcept { bits_ |= other.bits_; }
  [[nodiscard]] constexpr bool contains(AnswerRule rule) const noexcept {
    return (bits_ & bit(rule)) != 0;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  friend constexpr bool operator==(AnswerRuleSet, AnswerRuleSet) noexcept = default;
  /// Any total order: earlier rules, fewer of them, first.
  friend constexpr bool operator<(AnswerRuleSet a, AnswerRuleSet b) noexcept {
    return a.bits_ < b.bits_;
  }

 private:
  [[nodiscard]] static constexpr std::uint64_t bit(AnswerRule rule) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(rule);
  }
  std::uint64_t bits_ = 0;
};

}  // namespace dag
