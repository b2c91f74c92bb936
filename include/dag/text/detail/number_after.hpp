// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <dag/text/detail/dates.hpp>
#include <dag/text/detail/number_scanner.hpp>

namespace dag::detail {

/// What follows a number, or joins it with others: units, dates, ranges, lists.

/// Units that are divided into smaller ones.
inline constexpr std::array<std::string_view, 21> larger_units{
    "hours", "hour", "hrs", "hr",    "h",    "minutes", "minute", "mins",   "min",   "feet", "foot",
    "ft",    "days", "day", "weeks", "week", "years",   "year",   "pounds", "pound", "lb"};

template <std::size_t Count>
[[nodiscard]] constexpr bool unit_of(std::string_view word,
                                     const std::array<std::string_view, Count>& units) noexcept {
  return std::find(units.begin(), units.end(), word) != units.end();
}

inline bool NumberScanner::coordinate(std::size_t at, std::size_t end) const {
  std::size_t left = at;
  while (left > 0 && (text_[left - 1] == ' ' || text_[left - 1] == '-')) {
    --left;
  }
  const std::size_t right = spaces(end);
  const char close = char_at(text_, right);
  return left > 0 && text_[left - 1] == ',' &&
         (close == ')' || close == ']' || starts(text_.substr(right), "\\right") ||
          starts(text_.substr(right), "\\}"));
}

inline bool NumberScanner::list_goes_on(std::size_t i) const {
  constexpr std::array<std::string_view, 11> joins{
      ",",    ";", "and",   "or", "to", "\\text{ and }", "\\text{and}", "\\text{ or }",
      "\\pm", "&", "\\quad"};
  bool joined = false;
  for (bool more = true; more;) {
    more = false;
    const std::size_t next = spaces(i);
    for (const std::string_view join : joins) {
      if (starts(text_.substr(next), join)) {
        i = next + join.size();
        joined = more = true;
        break;
      }
    }
  }
  i = spaces(i);
  i += char_at(text_, i) == '-' || char_at(text_, i) == '$' ? 1U : 0U;
  return joined && (digit(i) || starts(text_.substr(i), "\\frac"));
}

inline bool NumberScanner::measured_on(std::size_t i) const {
  const auto opened = [&](std::size_t at) {
    at = spaces(at);
    for (const std::string_view open : {"\\text{", "\\mathrm{", "\\textrm{"}) {
      at = starts(text_.substr(at), open) ? spaces(at + open.size()) : at;
    }
    return at;
  };
  const auto closed = [&](std::size_t at) {
    for (std::size_t next = spaces(at); char_at(text_, next) == '}' || char_at(text_, next) == ',';
         next = spaces(at)) {
      at = next + 1;
    }
    return spaces(at);
  };
  const std::size_t unit = opened(i);
  std::size_t end = unit;
  while (end < text_.size() && is_alpha(text_[end])) {
    ++end;
  }
  if (end == unit || !unit_of(text_.substr(unit, end - unit), larger_units)) {
    return false;
  }
  std::size_t next = opened(closed(end));
  next = starts(text_.substr(next), "and") ? opened(closed(next + 3)) : next;
  const std::size_t number = digits(next);
  return number > next && smaller_unit(opened(number));
}

inline bool NumberScanner::in_date(std::size_t at, std::size_t end) const {
  const std::size_t count = end - at;
  if (count > 4 || digits(at) != end) {
    return false;
  }
  const bool day = count <= 2;
  std::size_t left = back_over(at, " ");
  if (day) {  // 5 May, 17th of May
    std::size_t next = spaces(end + (char_at(text_, end) == '.' ? 1U : 0U));
    if (next == end && is_alpha(char_at(text_, end)) && is_alpha(char_at(text_, end + 1))) {
      next = spaces(end + 2);
    }
    for (const std::string_view of : {"of ", "de "}) {
      next = starts(text_.substr(next), of) ? spaces(next + 3) : next;
    }
    if (next > end && month_at(next)) {
      return true;
    }
    // May 5, and then no word: "in May 24 clips were sold" says no date.
    const std::size_t then = spaces(end);
    return month_before(left) && (then == text_.size() || !is_alpha(text_[then]));
  }
  if (count != 4) {
    return false;
  }
  if (month_before(left)) {  // May 2024
    return true;
  }
  left = back_over(left, ", ");
  if (left >= 3 && text_.substr(left - 3, 3) == " de") {  // 5 de mayo de 2024
    return month_before(left - 3);
  }
  std::size_t begin = left;
  if (begin >= 2 && is_alpha(text_[begin - 1]) && is_alpha(text_[begin - 2])) {
    begin -= 2;  // 5th
  }
  const std::size_t digits_end = begin;
  while (begin > 0 && digits_end - begin < 3 && is_digit_char(text_[begin - 1])) {
    --begin;
  }
  return begin < digits_end && digits_end - begin <= 2 && month_before(back_over(begin, " "));
}

inline bool NumberScanner::month_before(std::size_t end) const {
  end -= end > 0 && text_[end - 1] == '.' ? 1U : 0U;
  std::size_t begin = end;
  while (begin > 0 && end - begin < 10 && is_alpha(text_[begin - 1])) {
    --begin;
  }
  return month_at(begin) && (begin == 0 || !is_word_byte(text_[begin - 1]));
}

inline bool NumberScanner::month_at(std::size_t at) const {
  std::size_t end = at;
  while (end < text_.size() && is_alpha(text_[end])) {
    ++end;
  }
  const std::string_view word = text_.substr(at, end - at);
  if (word.size() >= 3 && word.size() <= 9 && is_upper(word[0]) && month_of(word) > 0) {
    return true;
  }
  constexpr std::array<std::string_view, 41> names{
      "enero",    "febrero",    "marzo",     "abril",     "mayo",      "junio",     "julio",
      "agosto",   "septiembre", "octubre",   "noviembre", "diciembre", "janvier",   "avril",
      "mai",      "juin",       "juillet",   "septembre", "octobre",   "novembre",  "januar",
      "februar",  "april",      "juni",      "juli",      "oktober",   "dezember",  "gennaio",
      "febbraio", "aprile",     "maggio",    "giugno",    "luglio",    "settembre", "ottobre",
      "dicembre", "janeiro",    "fevereiro", "setembro",  "outubro",   "dezembro"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return name.size() == word.size() && spells(text_, at, name);
  });
}

inline bool NumberScanner::goes_on(std::size_t i) const {
  const char c = char_at(text_, i);
  if (c == '^') {
    const std::string_view rest = text_.substr(i + 1);
    return !(starts(rest, "\\circ") || starts(rest, "{\\circ}") || starts(rest, "{\\text") ||
             starts(rest, "\\text") || starts(rest, "\\prime"));
  }
  if ((c == ':' || c == '/') && (digit(i + 1) || (c == '/' && is_alpha(char_at(text_, i + 1)) &&
                                                  !is_alpha(char_at(text_, i + 2))))) {
    return c == ':' || !is_unit_letter(text_[i + 1]);
  }
  if ((c == '-' || c == '\'' || c == 'h') && digit(i + 1)) {
    return true;  // 3-5, 6'2", 17h30
  }
  if (c == 's' && i > 0 && text_[i - 1] == '0' && !is_word_byte(char_at(text_, i + 1)) &&
      decade(i)) {
    return true;
  }
  if (c == '(' && i + 1 < text_.size() && !is_blank(text_[i + 1])) {
    return true;
  }
  if (is_alpha(c) && !is_word_byte(char_at(text_, i + 1)) && !is_unit_letter(c)) {
    return true;  // 5x
  }
  const std::size_t next = spaces(i);
  const std::string_view rest = text_.substr(next);
  for (const std::string_view factor :
       {"\\sqrt", "\\pi", "\\cdot", "\\times", "\\pm", "\\frac", "\\dfrac", "\\ln", "\\log",
        "\\sin", "\\cos", "\\tan", "\\binom", "\\div", "\\alpha", "\\theta", "\\lambda"}) {
    if (starts(rest, factor) && !is_alpha(char_at(rest, factor.size()))) {
      return true;
    }
  }
  for (const std::string_view relation :
       {"\\le", "\\ge", "\\leq", "\\geq", "\\lt", "\\gt", "\\leqslant", "\\geqslant", "\\ne",
        "\\neq", "\\bmod", "\\mod", "mod"}) {
    if (starts(rest, relation) && !is_word_byte(char_at(rest, relation.size()))) {
      return true;  // 5 \le x, 7 \bmod 4
    }
  }
  if (next > i && rest.size() > 1 && (rest[0] == '<' || rest[0] == '>') &&
      (rest[1] == ' ' || rest[1] == '=')) {
    return true;  // 3 < x
  }
  if (rest.size() > 1 && (rest[0] == '+' || rest[0] == '*' || rest[0] == '-' || rest[0] == '/')) {
    const bool tight = next == i;
    const std::size_t after = spaces(next + 1);
    const char then = char_at(text_, after);
    const bool term = is_digit_char(then) || then == '\\' ||
                      (is_alpha(then) && !is_word_byte(char_at(text_, after + 1)));
    return term && (tight ? after == next + 1 : after > next + 1) && rest.substr(0, 2) != "**";
  }
  return false;
}

inline bool NumberScanner::decade(std::size_t end) const {
  std::size_t begin = end;
  while (begin > 0 && is_digit_char(text_[begin - 1])) {
    --begin;
  }
  const std::size_t count = end - begin;
  return count == 4 || (count == 2 && ends(text_.substr(0, begin), "the "));
}

inline bool NumberScanner::joined(std::size_t at, std::size_t end) const {
  const std::size_t left = back_over(at, " $");
  const std::string_view text = text_.substr(0, left);
  if (ends(text, "\xE6\x9C\x88") || ends(text, "\xE5\xB9\xB4")) {  // month, year
    const std::string_view next = text_.substr(end);
    return starts(next, "\xE6\x97\xA5") || starts(next, "\xE6\x9C\x88");
  }
  for (const std::string_view word : {" to", " out of", " of", " x"}) {
    if (left < at && ends(text, word) && operand_figure(left - word.size())) {
      return true;
    }
  }
  if (left < at && ends(text, "1 in") && (text.size() == 4 || text[text.size() - 5] == ' ')) {
    return true;  // 1 in 100
  }
  const bool conjoined = left < at && ends(text, " and");
  const std::size_t before = back_over(conjoined ? left - 4 : left, " ");
  if (conjoined && operand_figure(before)) {
    const std::size_t window = before > 24 ? before - 24 : 0;
    const bool between = text_.substr(window, before - window).find("between ") != nowhere;
    const char then = char_at(text_, spaces(end));
    return between || then == '.' || then == '\0' || then == '\n';
  }
  return larger_unit(before) && smaller_unit(end);
}

inline bool NumberScanner::operand_figure(std::size_t i) const {
  return i > 0 && (is_digit_char(text_[i - 1]) || text_[i - 1] == '%');
}

inline bool NumberScanner::larger_unit(std::size_t end) const {
  std::size_t begin = end;
  while (begin > 0 && end - begin < 8 && is_alpha(text_[begin - 1])) {
    --begin;
  }
  const std::string_view word = text_.substr(begin, end - begin);
  return unit_of(word, larger_units) && operand_figure(back_over(begin, " "));
}

inline bool NumberScanner::smaller_unit(std::size_t begin) const {
  begin = spaces(begin);
  std::size_t end = begin;
  while (end < text_.size() && end - begin < 9 && is_alpha(text_[end])) {
    ++end;
  }
  const std::string_view word = text_.substr(begin, end - begin);
  constexpr std::array<std::string_view, 24> units{
      "minutes", "minute", "mins",   "min",    "m",  "seconds", "second", "secs",
      "sec",     "s",      "inches", "inch",   "in", "hours",   "hour",   "days",
      "day",     "months", "month",  "ounces", "oz", "ounce",   "weeks",  "week"};
  return std::find(units.begin(), units.end(), word) != units.end();
}

}  // namespace dag::detail
