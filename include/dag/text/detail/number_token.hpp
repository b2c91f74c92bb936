// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <dag/text/detail/dates.hpp>
#include <dag/text/detail/scan.hpp>
#include <dag/text/extraction.hpp>

namespace dag::detail {

/// Characters beyond ASCII that write numbers, as the ASCII or LaTeX that means the same:
/// full-width forms, the minus and dashes before digits, thin spaces, times, root, pi.
[[nodiscard]] inline std::string plain_figures(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 15> forms{
      {{"\xE2\x88\x92", "-"},
       {"\xE2\x80\x93", "-"},
       {"\xE2\x80\x89", "\\,"},
       {"\xE2\x80\xAF", "\\,"},
       {"\xC2\xA0", " "},
       {"\xE3\x80\x80", " "},
       {"\xC3\x97", "\\times "},
       {"\xC2\xB7", "\\cdot "},
       {"\xE2\x8B\x85", "\\cdot "},
       {"\xE2\x88\x9A", "\\sqrt "},
       {"\xCF\x80", "\\pi "},
       {"\xC2\xB1", "\\pm "},
       {"\xE2\x89\xA4", "<"},
       {"\xE2\x89\xA5", ">"},
       {"\xC3\xB7", "\\div "}}};
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t k) {
      return static_cast<unsigned char>(char_at(text, i + k));
    };
    if (byte(0) < 0x80) {
      out += text[i++];
      continue;
    }
    if (byte(0) == 0xEF && (byte(1) == 0xBC || byte(1) == 0xBD) && byte(2) >= 0x80) {
      const unsigned c = 0x21U + ((byte(1) - 0xBCU) << 6U) + byte(2) - 0x81U;
      if (c < 0x7F) {
        out += static_cast<char>(c);
        i += 3;
        continue;
      }
    }
    bool known = false;
    for (const auto& [from, to] : forms) {
      if (text.substr(i, from.size()) == from) {
        out += to;
        i += from.size();
        known = true;
        break;
      }
    }
    if (!known) {
      out += text[i++];
    }
  }
  return out;
}

/// A number that stands in a text. `text` is plain_figures.
struct NumberToken {
  std::size_t end = 0;
  std::string spelled;
  bool fragment = false;
};

class NumberScanner {
 public:
  explicit NumberScanner(std::string_view text) : text_(text) {}

  /// The number whose first digit (or point before one, or \frac) is at `at`, without its sign.
  [[nodiscard]] NumberToken token(std::size_t at) const {
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

  enum class Before { nothing, minus, fragment, skip };

  /// What stands before the number at `at`: nothing that matters, its sign, a piece of an
  /// expression that it belongs to, or what makes it no number at all (x_1, 10^3, Step 2).
  [[nodiscard]] Before before(std::size_t at, bool prose) const {
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

  /// Whether the number from `at` to `end` is the last of a tuple or an interval: (1, 2].
  [[nodiscard]] bool coordinate(std::size_t at, std::size_t end) const {
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

  /// Whether the text after a first number goes on with another one of the same list.
  [[nodiscard]] bool list_goes_on(std::size_t i) const {
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

  [[nodiscard]] bool digit(std::size_t i) const {
    return i < text_.size() && is_digit_char(text_[i]);
  }

  /// \frac, \dfrac, \tfrac, \cfrac at `at`: the length of the macro, or 0.
  [[nodiscard]] std::size_t fraction_macro(std::size_t at) const {
    for (const std::string_view macro : {"\\frac", "\\dfrac", "\\tfrac", "\\cfrac"}) {
      if (starts(text_.substr(at), macro) && !is_alpha(char_at(text_, at + macro.size()))) {
        return macro.size();
      }
    }
    return 0;
  }

 private:
  [[nodiscard]] std::size_t digits(std::size_t i) const {
    while (digit(i)) {
      ++i;
    }
    return i;
  }

  /// Past blanks and LaTeX's small spaces.
  [[nodiscard]] std::size_t spaces(std::size_t i) const {
    while (i < text_.size()) {
      if (text_[i] == ' ' || text_[i] == '~') {
        ++i;
      } else if (text_[i] == '\\' && i + 1 < text_.size() &&
                 std::string_view(",;!: ").find(text_[i + 1]) != nowhere) {
        i += 2;
      } else {
        break;
      }
    }
    return i;
  }

  [[nodiscard]] bool exactly(std::size_t i, std::size_t count) const {
    return digits(i) == i + count;
  }

  /// The length of what separates thousands at `i` ("," "{,}" "\," "\ " "{\,}" " "), or 0.
  [[nodiscard]] std::size_t separator(std::size_t i) const {
    for (const std::string_view mark : {"{,}", ",\\!", ",", "\\,", "\\ ", "{\\,}", "\\!", " "}) {
      if (starts(text_.substr(i), mark)) {
        return mark.size();
      }
    }
    return 0;
  }

  [[nodiscard]] std::size_t decimal_comma(std::size_t i) const {
    return starts(text_.substr(i), "{,}") ? 3 : char_at(text_, i) == ',' ? 1 : 0;
  }

  /// Digits with thousands, written to `out` (groups by commas as they are; others closed up).
  std::size_t integer(std::size_t at, NumberToken& out) const {
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

  /// A number between braces or a single digit, an argument of \frac; false if it is none.
  bool argument(std::size_t& i, std::string& out) const {
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

  /// After the two arguments of a \frac that holds no plain numbers, as far as they are short.
  [[nodiscard]] std::size_t past_arguments(std::size_t i) const {
    for (int k = 0; k < 2; ++k) {
      const std::size_t next = spaces(i);
      const std::size_t end =
          char_at(text_, next) == '{' ? group_end(text_.substr(next, 256), 0) : 1;
      if (end == nowhere || next + end > text_.size()) {
        return i;
      }
      i = next + end;
    }
    return i;
  }

  /// a/b, \frac{a}{b}, and after an integer " a/b" or \frac: a mixed number.
  std::size_t fraction(std::size_t at, std::size_t i, NumberToken& out) const {
    if (char_at(text_, i) == '/' && digit(i + 1) && i > at) {
      const std::size_t end = digits(i + 1);
      const bool date = (at > 0 && text_[at - 1] == '/') || char_at(text_, end) == '/';
      out.spelled += text_.substr(i, end - i);
      out.fragment = out.fragment || date;
      return end;
    }
    const std::size_t next = spaces(i);
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

  std::size_t power_of_ten(std::size_t i, NumberToken& out) const {
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

  /// "5 million": the word is part of the number.
  std::size_t magnitude(std::size_t i, NumberToken& out) const {
    const std::size_t next = spaces(i);
    for (const std::string_view word :
         {"million", "billion", "trillion", "thousand", "hundred", "dozen"}) {
      if (next > i && spells(text_, next, word) && !is_alpha(char_at(text_, next + word.size()))) {
        out.spelled += ' ';
        out.spelled += word;
        return next + word.size();
      }
    }
    return i;
  }

  /// Whether [at, end) stands alone in parentheses or brackets: (1,2).
  [[nodiscard]] bool in_parentheses(std::size_t at, std::size_t end) const {
    const char open = at > 0 ? text_[at - 1] : '\0';
    const char close = char_at(text_, end);
    return (open == '(' || open == '[' || open == '{') && (close == ')' || close == ']');
  }

  /// Whether the digits [at, end) are the day or the year of a date in words: May 5, 2024; 17th of
  /// May; in May 2024. Months begin with a capital letter ("5 may be" names none).
  [[nodiscard]] bool in_date(std::size_t at, std::size_t end) const {
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
  [[nodiscard]] std::size_t back_over(std::size_t i, std::string_view blanks) const {
    while (i > 0 && blanks.find(text_[i - 1]) != nowhere) {
      --i;
    }
    return i;
  }
  [[nodiscard]] bool month_before(std::size_t end) const {
    end -= end > 0 && text_[end - 1] == '.' ? 1U : 0U;
    std::size_t begin = end;
    while (begin > 0 && end - begin < 10 && is_alpha(text_[begin - 1])) {
      --begin;
    }
    return month_at(begin) && (begin == 0 || !is_word_byte(text_[begin - 1]));
  }
  /// A month's name, or its first three letters, from `at` to the end of the word.
  [[nodiscard]] bool month_at(std::size_t at) const {
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

  /// Whether what follows a number at `i` makes it a piece of something.
  [[nodiscard]] bool goes_on(std::size_t i) const {
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

  [[nodiscard]] static constexpr bool is_unit_letter(char c) noexcept {
    return std::string_view("mgsLlhdKWVANJCFTtH").find(c) != nowhere;
  }

  /// Whether the digits before the s at `end` name a decade: 1990s, the 90s; not 90s of time.
  [[nodiscard]] bool decade(std::size_t end) const {
    std::size_t begin = end;
    while (begin > 0 && is_digit_char(text_[begin - 1])) {
      --begin;
    }
    const std::size_t count = end - begin;
    return count == 4 || (count == 2 && ends(text_.substr(0, begin), "the "));
  }

  /// Whether a few words before the number at `at` join it with one before: 3 to 5, 2 out of 7,
  /// 20% of 50, between 3 and 5, 5 x 4, 2 hours and 30 minutes, the day of a date in Chinese.
  [[nodiscard]] bool joined(std::size_t at, std::size_t end) const {
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
  /// A digit or a percent sign at the end of text_[0, i).
  [[nodiscard]] bool operand_figure(std::size_t i) const {
    return i > 0 && (is_digit_char(text_[i - 1]) || text_[i - 1] == '%');
  }
  /// "2 hours", "5 ft" at the end of text_[0, end).
  [[nodiscard]] bool larger_unit(std::size_t end) const {
    std::size_t begin = end;
    while (begin > 0 && end - begin < 8 && is_alpha(text_[begin - 1])) {
      --begin;
    }
    const std::string_view word = text_.substr(begin, end - begin);
    constexpr std::array<std::string_view, 21> units{
        "hours", "hour", "hrs",   "hr",   "h",      "minutes", "minute",
        "mins",  "min",  "feet",  "foot", "ft",     "days",    "day",
        "weeks", "week", "years", "year", "pounds", "pound",   "lb"};
    return std::find(units.begin(), units.end(), word) != units.end() &&
           operand_figure(back_over(begin, " "));
  }
  [[nodiscard]] bool smaller_unit(std::size_t begin) const {
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

  /// Whether the letters before `i` are a macro: \quad5, \approx5.
  [[nodiscard]] bool after_macro(std::size_t i) const {
    while (i > 0 && is_alpha(text_[i - 1])) {
      --i;
    }
    return i > 0 && text_[i - 1] == '\\';
  }

  [[nodiscard]] bool currency_sign(std::size_t i) const {
    const std::string_view left = text_.substr(0, i);
    return ends(left, "\xE2\x82\xAC") || ends(left, "\xC2\xA3") || ends(left, "\xC2\xA5") ||
           ends(left, "\xE2\x82\xB9");
  }

  /// Whether the text to the left of `left` can be subtracted from; `begin`: where the sign stands.
  [[nodiscard]] bool minuend(std::size_t left, std::size_t begin) const {
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

  /// Whether the text that ends at `i` makes what follows a piece of an expression: an operator
  /// with a left side, a function, a relation, a colon or slash after a digit.
  [[nodiscard]] bool operand(std::size_t i) const {
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
    if (c == '<' || c == '>') {
      return b != '=' && b != '-' && b != c;  // =>, -> and >> lead to a result
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

  [[nodiscard]] bool operand_digit(std::size_t i) const {
    while (i > 0 && text_[i - 1] == ' ') {
      --i;
    }
    return i > 0 && (is_digit_char(text_[i - 1]) || text_[i - 1] == ')');
  }

  /// Whether the word before `i` numbers something: Step 2, Question 5.
  [[nodiscard]] bool label(std::size_t i) const {
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

  /// Whether the number at `at` counts the items of a list: "2. Then" at the beginning of a line.
  [[nodiscard]] bool item(std::size_t at) const {
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

  std::string_view text_;
};

/// The first number of the text from `from` on, or the last.
[[nodiscard]] inline Extraction scan_numbers(std::string_view text, std::size_t from, bool first) {
  const NumberScanner scanner(text);
  using Before = NumberScanner::Before;
  Extraction found{ExtractOutcome::no_marker, {}};
  for (std::size_t i = from; i < text.size();) {
    const char c = text[i];
    const bool point = c == '.' && scanner.digit(i + 1) && (i == 0 || !is_digit_char(text[i - 1]));
    if (!point && !is_digit_char(c) && !(c == '\\' && scanner.fraction_macro(i) > 0)) {
      const bool word = is_alpha(c) || c == '_';
      ++i;
      while (word && i < text.size() && (is_alpha(text[i]) || is_digit_char(text[i]))) {
        ++i;  // the 4 of gpt4 is part of a name
      }
      if (c == '\\') {
        while (i < text.size() && is_alpha(text[i])) {
          ++i;
        }
      }
      continue;
    }
    const Before before = scanner.before(i, !first);
    const NumberToken token = scanner.token(i);
    if (before != Before::skip) {
      const bool piece = token.fragment || before == Before::fragment || token.spelled.empty() ||
                         scanner.coordinate(i, token.end) ||
                         (first && scanner.list_goes_on(token.end));
      found = piece ? Extraction{ExtractOutcome::fragment, {}}
                    : Extraction{ExtractOutcome::found,
                                 (before == Before::minus ? "-" : "") + token.spelled};
      if (first) {
        return found;
      }
    }
    i = token.end > i ? token.end : i + 1;
  }
  return found;
}

/// The first or the last number of the text. The last is looked for from lines near the end on,
/// which say the same as the whole text would: what a number is depends on its line alone.
[[nodiscard]] inline Extraction scan_number(std::string_view raw, bool first) {
  bool ascii = true;
  for (const char c : raw) {
    ascii = ascii && (static_cast<unsigned char>(c) & 0x80U) == 0;
  }
  const std::string mapped = ascii ? std::string() : plain_figures(raw);
  const std::string_view text = ascii ? raw : std::string_view(mapped);
  for (std::size_t back = 1024; !first && back < text.size(); back *= 8) {
    const std::size_t line = text.rfind('\n', text.size() - back);
    if (line == nowhere) {
      break;
    }
    Extraction found = scan_numbers(text, line + 1, false);
    if (found.outcome != ExtractOutcome::no_marker) {
      return found;
    }
  }
  return scan_numbers(text, 0, first);
}

}  // namespace dag::detail
