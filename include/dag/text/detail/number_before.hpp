// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include <dag/text/detail/number_scanner.hpp>

namespace dag::detail {

/// What stands before a number: its sign, an operand of it, a label that makes it none.

inline NumberScanner::Before NumberScanner::before(std::size_t at, bool prose) const {
  std::size_t i = at;
  const auto last = [&](std::size_t back = 1) { return i >= back ? text_[i - back] : '\0'; };
  while (last() == '{' && last(2) != '\\') {  // an argument, or a group of its own
    --i;
  }
  if (i > 0 && (last() == '_' || last() == '^') && !(last() == '_' && last(2) == '_')) {
    return Before::skip;
  }
  const bool argument = i < at;
  if (last() == '-' && i >= 2 && argument == false && (last(2) == '^' || last(2) == '_')) {
    return Before::skip;
  }
  if (last() == '-' && i >= 3 && last(2) == '{' && (last(3) == '^' || last(3) == '_')) {
    return Before::skip;
  }
  if (is_alpha(last()) && !argument && !after_macro(i)) {
    return Before::skip;
  }
  if (prose && (label(i) || item(at))) {
    return Before::skip;
  }
  for (const std::string_view modulus : {"(mod ", "\\pmod ", "\\pmod", "\\bmod ", "\\mod "}) {
    if (ends(text_.substr(0, i), modulus)) {
      return Before::skip;
    }
  }
  if (last() == '\'' && i > 1 && is_digit_char(last(2))) {
    return Before::fragment;  // 6'2"
  }
  // A sign, perhaps with a currency sign between.
  std::size_t sign = i;
  if (last() == '$') {
    sign -= last(2) == '\\' ? 2U : 1U;
  } else if (currency_sign(i)) {
    sign -= text_[i - 1] == '\xA3' || text_[i - 1] == '\xA5' ? 2U : 3U;
  }
  if (sign >= 2 && text_[sign - 1] == ' ' && text_[sign - 2] == '-' && sign == i) {
    const std::size_t before_sign = back_over(sign - 2, " ");
    if (before_sign > 0 ? text_[before_sign - 1] == '=' : text_.find('\n') == nowhere) {
      return Before::minus;  // x = - 5; a text of one line is no item of a list
    }
  }
  const bool has_minus = sign > 0 && text_[sign - 1] == '-';
  const bool has_plus = sign > 0 && text_[sign - 1] == '+';
  if (!has_minus && !has_plus) {
    return operand(i) ? Before::fragment : Before::nothing;
  }
  const std::size_t begin = sign - 1;
  std::size_t left = begin;
  while (left > 0 && text_[left - 1] == ' ') {
    --left;
  }
  if (left > 0 && minuend(left, begin)) {
    const bool hyphen =
        left == begin && is_alpha(text_[left - 1]) && left > 1 && is_alpha(text_[left - 2]);
    return hyphen ? Before::skip : Before::fragment;  // covid-19
  }
  if (operand(begin)) {
    return Before::fragment;
  }
  return has_minus ? Before::minus : Before::nothing;
}

inline bool NumberScanner::after_macro(std::size_t i) const {
  while (i > 0 && is_alpha(text_[i - 1])) {
    --i;
  }
  return i > 0 && text_[i - 1] == '\\';
}

inline bool NumberScanner::currency_sign(std::size_t i) const {
  const std::string_view left = text_.substr(0, i);
  return ends(left, "\xE2\x82\xAC") || ends(left, "\xC2\xA3") || ends(left, "\xC2\xA5") ||
         ends(left, "\xE2\x82\xB9");
}

inline bool NumberScanner::minuend(std::size_t left, std::size_t begin) const {
  const char c = text_[left - 1];
  const bool tight = left == begin;
  if (is_digit_char(c) || c == ')' || c == ']' || c == '}' || c == '%') {
    return true;
  }
  if (is_alpha(c)) {  // x-5, x - 5; but not "to -5", nor \approx -5
    const bool single = left < 2 || !is_word_byte(text_[left - 2]);
    return !after_macro(left) ? single || tight : ends(text_.substr(0, left), "\\pi");
  }
  return tight && c == '-';
}

inline bool NumberScanner::operand(std::size_t i) const {
  std::size_t left = i;
  while (left > 0 && (text_[left - 1] == ' ' || text_[left - 1] == '{')) {
    --left;
  }
  if (left == 0) {
    return false;
  }
  const char c = text_[left - 1];
  const char b = left > 1 ? text_[left - 2] : '\0';
  if (c == '}' && char_at(text_, left) == '{') {
    return true;  // \binom{5}{2}
  }
  if (c == '>') {  // <b>5</b>
    std::size_t name = left - 1;
    while (name > 0 && is_alpha(text_[name - 1])) {
      --name;
    }
    name -= name > 0 && text_[name - 1] == '/' ? 1U : 0U;
    if (name + 1 < left && name > 0 && text_[name - 1] == '<') {
      return false;
    }
  }
  if (c == '<' || c == '>') {
    return b != '=' && b != '-' && b != c;  // =>, -> and >> lead to a result
  }
  if (c == '/' && left < i && b == ' ' && left > 2 && operand_digit(left - 2)) {
    return true;  // 1 / 2 / 3
  }
  if (c == ':' || c == '/' || c == '.') {
    return left == i && (is_digit_char(b) || (c == '/' && (is_alpha(b) || b == ')' || b == '}')));
  }
  if (c == '*') {
    const std::size_t next = left - 1;
    return next > 0 && b != '*' && (is_digit_char(b) || b == ' ' || b == ')') &&
           (left < i) == (b == ' ') && b != '\0' && operand_digit(next);
  }
  if ((c == '+' || c == '-') && left < i && b == ' ') {  // 17 + 5, x - 5; not "items - 5"
    const std::size_t before = left - 2;
    return operand_digit(before) ||
           (before > 0 && is_alpha(text_[before - 1]) &&
            (before < 2 || (!is_word_byte(text_[before - 2]) && text_[before - 2] != '\'')));
  }
  if (c == '(' || c == '[') {
    return is_alpha(b) && (left < 3 || !is_word_byte(text_[left - 3]));  // f(5)
  }
  if (c == '=' && (b == '>' || b == '<' || b == '!')) {
    return true;
  }
  if (!is_alpha(c)) {
    return false;
  }
  std::size_t name = left;
  while (name > 0 && is_alpha(text_[name - 1])) {
    --name;
  }
  if (name == 0 || text_[name - 1] != '\\') {
    return false;
  }
  const std::string_view macro = text_.substr(name, left - name);
  for (const std::string_view plain :
       {"text",       "textbf",     "textit",       "textrm",    "mathrm", "mathbf",
        "mathit",     "mathsf",     "mbox",         "boxed",     "fbox",   "framebox",
        "left",       "right",      "quad",         "qquad",     "approx", "to",
        "rightarrow", "Rightarrow", "implies",      "therefore", "equiv",  "displaystyle",
        "big",        "bigl",       "operatorname", "hspace",    "sim",    "underline",
        "bold",       "boldsymbol", "color",        "begin"}) {
    if (macro == plain) {
      return false;
    }
  }
  return true;
}

inline bool NumberScanner::operand_digit(std::size_t i) const {
  while (i > 0 && text_[i - 1] == ' ') {
    --i;
  }
  return i > 0 && (is_digit_char(text_[i - 1]) || text_[i - 1] == ')');
}

inline bool NumberScanner::label(std::size_t i) const {
  std::size_t end = i;
  while (end > 0 && (text_[end - 1] == ' ' || text_[end - 1] == '#')) {
    --end;
  }
  std::size_t begin = end;
  while (begin > 0 && end - begin < 12 && is_alpha(text_[begin - 1])) {
    --begin;
  }
  if (end == i || begin == end || (begin > 0 && is_alpha(text_[begin - 1]))) {
    return false;
  }
  for (const std::string_view word :
       {"step", "question", "problem", "example", "figure", "table", "equation", "part", "case",
        "line", "page", "chapter", "section", "exercise", "theorem", "lemma", "version"}) {
    if (word.size() == end - begin && spells(text_, begin, word)) {
      return true;
    }
  }
  return false;
}

inline bool NumberScanner::item(std::size_t at) const {
  std::size_t line = at;
  while (line > 0 && (text_[line - 1] == ' ' || text_[line - 1] == '*')) {
    --line;
  }
  if (line > 0 && text_[line - 1] != '\n') {
    return false;
  }
  const std::size_t end = digits(at);
  if (end - at > 2 || (char_at(text_, end) != '.' && char_at(text_, end) != ')')) {
    return false;
  }
  const std::size_t next = skip_spaces(text_, end + 1);
  return next > end + 1 && next < text_.size() && text_[next] != '\n';
}

}  // namespace dag::detail
