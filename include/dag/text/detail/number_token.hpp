// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <dag/text/detail/number_scanner.hpp>

namespace dag::detail {

/// What a number is made of: thousands, decimals, fractions, powers of ten, magnitudes.

inline NumberToken NumberScanner::token(std::size_t at) const {
  NumberToken out;
  std::size_t i = at;
  bool whole = true;
  if (text_[i] != '\\') {
    i = integer(i, out);
    if (digit(i + 1) && text_[i] == '.') {
      const std::size_t end = digits(i + 1);
      out.spelled += text_.substr(i, end - i);
      i = end;
      whole = false;
      out.fragment = out.fragment || (text_.substr(i, 1) == "." && digit(i + 1));  // 1.2.3
    } else if (const std::size_t comma = decimal_comma(i); comma > 0 && digit(i + comma)) {
      const std::size_t end = digits(i + comma);
      out.spelled += ',';
      out.spelled += text_.substr(i + comma, end - i - comma);
      i = end;
      whole = false;
      bool more = false;
      while (decimal_comma(i) > 0 && digit(i + decimal_comma(i))) {  // 1,2,3
        i = digits(i + decimal_comma(i));
        more = true;
      }
      out.fragment = out.fragment || more || in_parentheses(at, i);
    }
  }
  i = repetend(i, out);
  if (whole && text_[at] != '\\') {
    i = base(i, out);
  }
  if (whole) {
    i = fraction(at, i, out);
  }
  i = power_of_ten(i, out);
  std::size_t percent = spaces(i);
  percent += starts(text_.substr(percent), "\\%") ? 1U : 0U;
  if (char_at(text_, percent) == '%') {
    out.spelled += '%';
    i = percent + 1;
  }
  i = magnitude(i, out);
  out.end = i;
  out.fragment = out.fragment || goes_on(i) || (whole && in_date(at, i)) || joined(at, i);
  return out;
}

inline std::size_t NumberScanner::repetend(std::size_t i, NumberToken& out) const {
  const bool decimals = out.spelled.find('.') != std::string::npos;
  std::size_t end = i;
  for (bool more = true; more;) {
    more = false;
    const std::size_t at = end + (!decimals && end == i && char_at(text_, end) == '.' ? 1U : 0U);
    if (at == end && !decimals && end == i) {
      break;
    }
    for (const std::string_view mark : {"\\overline", "\\bar", "\\dot"}) {
      const std::size_t open = at + mark.size();
      if (starts(text_.substr(at), mark) && char_at(text_, open) == '{') {
        const std::size_t close = digits(open + 1);
        if (close > open + 1 && char_at(text_, close) == '}') {
          end = digits(close + 1);  // 0.\dot{1}4\dot{2}
          more = true;
        }
      }
    }
  }
  for (const std::string_view dots : {"...", "\\ldots", "\\dots", "\xE2\x80\xA6"}) {
    const bool three = decimals && out.spelled.size() - out.spelled.find('.') > 3;
    if (end == i && three && starts(text_.substr(i), dots)) {
      end = i + dots.size();  // 0.333...
      out.spelled += "...";
      return end;
    }
  }
  out.spelled += text_.substr(i, end - i);
  return end;
}

inline std::size_t NumberScanner::base(std::size_t i, NumberToken& out) const {
  if (char_at(text_, i) != '_') {
    return i;
  }
  const bool braced = char_at(text_, i + 1) == '{';
  const std::size_t begin = i + (braced ? 2U : 1U);
  const std::size_t end = digits(begin);
  if (end == begin || end - begin > 2 || (braced && char_at(text_, end) != '}')) {
    return i;
  }
  out.spelled += "_{";
  out.spelled += text_.substr(begin, end - begin);
  out.spelled += '}';
  return end + (braced ? 1U : 0U);
}

inline std::size_t NumberScanner::fraction_macro(std::size_t at) const {
  for (const std::string_view macro : {"\\frac", "\\dfrac", "\\tfrac", "\\cfrac"}) {
    if (starts(text_.substr(at), macro) && !is_alpha(char_at(text_, at + macro.size()))) {
      return macro.size();
    }
  }
  return 0;
}

inline std::size_t NumberScanner::separator(std::size_t i) const {
  for (const std::string_view mark : {"{,}", ",\\!", ",", "\\,", "\\ ", "{\\,}", "\\!", " ", "_"}) {
    if (starts(text_.substr(i), mark)) {
      return mark.size();
    }
  }
  return 0;
}

inline std::size_t NumberScanner::decimal_comma(std::size_t i) const {
  return starts(text_.substr(i), "{,}") ? 3 : char_at(text_, i) == ',' ? 1 : 0;
}

inline std::size_t NumberScanner::integer(std::size_t at, NumberToken& out) const {
  std::size_t i = digits(at);
  out.spelled = text_.substr(at, i - at);
  if (i == at || i - at > 3 || text_[at] == '0') {
    return i;
  }
  if (i - at <= 2 && char_at(text_, i) == ',' && exactly(i + 1, 2)) {  // 12,34,567
    std::size_t end = i;
    while (char_at(text_, end) == ',' && exactly(end + 1, 2)) {
      end += 3;
    }
    if (char_at(text_, end) == ',' && exactly(end + 1, 3)) {
      out.spelled.clear();
      for (const char c : text_.substr(at, end + 4 - at)) {
        out.spelled += is_digit_char(c) ? std::string(1, c) : std::string();
      }
      return end + 4;
    }
    return i;
  }
  const std::size_t mark = separator(i);
  while (mark > 0 && separator(i) == mark && exactly(i + mark, 3)) {
    out.spelled += mark == 1 && text_[i] == ',' ? "," : "";
    out.spelled += text_.substr(i + mark, 3);
    i += mark + 3;
  }
  return i;
}

inline bool NumberScanner::argument(std::size_t& i, std::string& out) const {
  i = spaces(i);
  if (digit(i)) {
    out += text_[i++];
    return true;
  }
  if (char_at(text_, i) != '{') {
    return false;
  }
  const std::size_t inside = spaces(i + 1);
  const std::size_t sign = char_at(text_, inside) == '-' ? 1 : 0;
  const std::size_t end = digits(inside + sign);
  const std::size_t close = spaces(end);
  if (end == inside + sign || char_at(text_, close) != '}') {
    return false;
  }
  out += text_.substr(inside, end - inside);
  i = close + 1;
  return true;
}

inline std::size_t NumberScanner::past_arguments(std::size_t i) const {
  for (int k = 0; k < 2; ++k) {
    const std::size_t next = spaces(i);
    const std::size_t end = char_at(text_, next) == '{' ? group_end(text_.substr(next, 256), 0) : 1;
    if (end == nowhere || next + end > text_.size()) {
      return i;
    }
    i = next + end;
  }
  return i;
}

inline std::size_t NumberScanner::fraction(std::size_t at, std::size_t i, NumberToken& out) const {
  if (char_at(text_, i) == '/' && digit(i + 1) && i > at) {
    const std::size_t end = digits(i + 1);
    const bool date = (at > 0 && text_[at - 1] == '/') || char_at(text_, end) == '/';
    out.spelled += text_.substr(i, end - i);
    out.fragment = out.fragment || date;
    return end;
  }
  const std::size_t next = spaces(i);
  if (i > at && next > i && text_.substr(next, 2) == "/ " && digit(next + 2)) {  // 3 / 4
    const std::size_t end = digits(next + 2);
    const bool chain = char_at(text_, spaces(end)) == '/' || char_at(text_, end) == '.' ||
                       (at > 1 && text_.substr(at - 2, 2) == "/ ");
    out.spelled += '/';
    out.spelled += text_.substr(next + 2, end - next - 2);
    out.fragment = out.fragment || (chain && (char_at(text_, end) != '.' || digit(end + 1)));
    return end;
  }
  if (const std::size_t macro = fraction_macro(next); macro > 0) {
    std::size_t end = next + macro;
    std::string above;
    std::string below;
    if (argument(end, above) && argument(end, below)) {
      out.spelled += (i > at ? " " : "") + above + "/" + below;
      return end;
    }
    out.fragment = true;
    return past_arguments(next + macro);
  }
  if (i > at && next > i && digit(next)) {
    const std::size_t slash = digits(next);
    if (char_at(text_, slash) == '/' && digit(slash + 1)) {
      const std::size_t end = digits(slash + 1);
      if (char_at(text_, end) != '/') {
        out.spelled += ' ';
        out.spelled += text_.substr(next, end - next);
        return end;
      }
    }
  }
  if (char_at(text_, i) == '\xC2' &&
      (char_at(text_, i + 1) == '\xBC' || char_at(text_, i + 1) == '\xBD' ||
       char_at(text_, i + 1) == '\xBE')) {  // one of the quarters
    out.spelled += text_.substr(i, 2);
    return i + 2;
  }
  return i;
}

inline std::size_t NumberScanner::power_of_ten(std::size_t i, NumberToken& out) const {
  const char c = char_at(text_, i);
  if (c == 'e' || c == 'E') {
    const std::size_t sign = char_at(text_, i + 1) == '-' || char_at(text_, i + 1) == '+' ? 1 : 0;
    const std::size_t end = digits(i + 1 + sign);
    const std::size_t count = end - (i + 1 + sign);
    if (count >= 1 && count <= 3 && !is_word_byte(char_at(text_, end))) {
      out.spelled += text_.substr(i, end - i);
      return end;
    }
    return i;
  }
  std::size_t next = spaces(i);
  std::size_t mark = 0;
  for (const std::string_view times : {"\\times", "\\cdot", "x", "*"}) {
    mark = mark == 0 && starts(text_.substr(next), times) ? times.size() : mark;
  }
  if (mark == 0) {
    return i;
  }
  next = spaces(next + mark);
  if (!starts(text_.substr(next), "10^")) {
    return i;
  }
  next += 3;
  const bool braced = char_at(text_, next) == '{';
  const std::size_t sign = next + (braced ? 1 : 0);
  const std::size_t begin = sign + (char_at(text_, sign) == '-' ? 1 : 0);
  const std::size_t end = digits(begin);
  if (end == begin || (braced && char_at(text_, end) != '}')) {
    return i;
  }
  out.spelled += "x10^";
  out.spelled += text_.substr(sign, end - sign);
  return end + (braced ? 1 : 0);
}

inline std::size_t NumberScanner::magnitude(std::size_t i, NumberToken& out) const {
  std::size_t next = spaces(i);
  bool closes = false;
  for (const std::string_view open : {"\\text{", "\\mathrm{", "\\textrm{"}) {
    if (starts(text_.substr(next), open)) {
      next = spaces(next + open.size());
      closes = true;
      break;
    }
  }
  for (const std::string_view word :
       {"million", "billion", "trillion", "thousand", "hundred", "dozen"}) {
    if (next > i && spells(text_, next, word) && !is_alpha(char_at(text_, next + word.size()))) {
      out.spelled += ' ';
      out.spelled += word;
      const std::size_t end = next + word.size();
      return closes && char_at(text_, end) == '}' ? end + 1 : end;
    }
  }
  return i;
}

inline bool NumberScanner::in_parentheses(std::size_t at, std::size_t end) const {
  const char open = at > 0 ? text_[at - 1] : '\0';
  const char close = char_at(text_, end);
  return (open == '(' || open == '[' || open == '{') && (close == ')' || close == ']');
}

}  // namespace dag::detail
