// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <dag/text/latex.hpp>

namespace dag {

/// How reading an answer from a text ended. All but `found` are unparseable: a missing answer,
/// counted by its reason.
enum class ExtractOutcome {
  found,
  no_text,    ///< there is no text, or it is blank
  no_marker,  ///< no box, no ####, no "answer is", no number, no match
  unclosed,   ///< the last \boxed{ does not close: the text was cut off inside its answer
  empty       ///< the marker is there, and nothing after it
};

inline constexpr std::array<std::string_view, 5> extract_outcome_names{
    "found", "no_text", "no_marker", "unclosed", "empty"};

/// An answer read from a text, or why there is none. A value, never an exception or a signal.
struct Extraction {
  ExtractOutcome outcome = ExtractOutcome::no_marker;
  std::string answer;

  [[nodiscard]] bool found() const noexcept { return outcome == ExtractOutcome::found; }
  friend bool operator==(const Extraction&, const Extraction&) = default;
};

namespace detail {

[[nodiscard]] constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
[[nodiscard]] constexpr bool is_digit_char(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr char ascii_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// Whether `text` at `at` spells `word` (lower-case ASCII), whatever its case.
[[nodiscard]] constexpr bool spells(std::string_view text, std::size_t at,
                                    std::string_view word) noexcept {
  if (at > text.size() || text.size() - at < word.size()) {
    return false;
  }
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (ascii_lower(text[at + i]) != word[i]) {
      return false;
    }
  }
  return true;
}

/// An answer as found: white space, mark-up, wrapping quotes, emphasis and a final stop taken away;
/// of "(B) because" or "B) because" the letter.
[[nodiscard]] inline Extraction finished(std::string_view raw) {
  const std::string plain = dag::plain_latex(raw);
  std::string_view text = trimmed(plain);
  for (bool again = true; again && !text.empty();) {
    again = false;
    const char last = text.back();
    if (last == '.' || last == ',' || last == ';' || last == ':' || last == '*') {
      text.remove_suffix(1);
      again = true;
    } else if (text.front() == '*') {
      text.remove_prefix(1);
      again = true;
    } else if (text.size() >= 2 && text.front() == last &&
               (last == '"' || last == '\'' || last == '`')) {
      text = text.substr(1, text.size() - 2);
      again = true;
    }
    text = trimmed(text);
  }
  const std::size_t open = !text.empty() && text[0] == '(' ? 1 : 0;
  if (text.size() >= open + 2 && is_letter(text[open]) && text[open + 1] == ')' &&
      (text.size() == open + 2 || is_blank(text[open + 2]))) {
    text = text.substr(open, 1);  // "(B) because" and "B) because" choose B
  }
  return text.empty() ? Extraction{ExtractOutcome::empty, {}}
                      : Extraction{ExtractOutcome::found, std::string(text)};
}

[[nodiscard]] constexpr bool blank(std::string_view text) noexcept { return trimmed(text).empty(); }

/// The number that begins at text[at] (a digit, or a point before one): its length. Thousands
/// groups, decimals, a/b, an exponent of one or two digits, a percent sign.
[[nodiscard]] constexpr std::size_t number_length(std::string_view text, std::size_t at) noexcept {
  const auto digit = [&](std::size_t i) { return i < text.size() && is_digit_char(text[i]); };
  const auto skip = [&](std::size_t i) {
    while (digit(i)) {
      ++i;
    }
    return i;
  };
  std::size_t i = skip(at);
  bool whole = i > at;
  if (whole && i - at <= 3) {
    while (i < text.size() && text[i] == ',' && digit(i + 1) && digit(i + 2) && digit(i + 3) &&
           !digit(i + 4)) {
      i += 4;
      whole = false;
    }
  }
  if (i < text.size() && text[i] == '.' && digit(i + 1)) {
    i = skip(i + 1);
    whole = false;
  }
  if (whole && i < text.size() && text[i] == '/' && digit(i + 1) &&
      (at == 0 || text[at - 1] != '/')) {
    const std::size_t end = skip(i + 1);
    return end < text.size() && text[end] == '/' ? i - at : end - at;  // 07/01/1972 is no fraction
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    const std::size_t sign =
        i + 1 < text.size() && (text[i + 1] == '-' || text[i + 1] == '+') ? 1 : 0;
    const std::size_t end = skip(i + 1 + sign);
    const std::size_t digits = end - (i + 1 + sign);
    if (digits >= 1 && digits <= 2 && (end == text.size() || !is_letter(text[end]))) {
      i = end;
    }
  }
  return (i < text.size() && text[i] == '%' ? i + 1 : i) - at;
}

/// Where the sign of the number at text[at] begins (at itself: no sign). A minus counts if it
/// touches the number (or its currency sign) and nothing that could be subtracted from stands
/// before it.
[[nodiscard]] constexpr std::size_t sign_begin(std::string_view text, std::size_t at) noexcept {
  constexpr std::string_view typeset = "\xE2\x88\x92";
  std::size_t end = at;
  if (end > 0 && text[end - 1] == '$') {
    --end;
    end -= end > 0 && text[end - 1] == '\\' ? 1U : 0U;
  }
  std::size_t begin = end;
  if (end >= 1 && text[end - 1] == '-') {
    begin = end - 1;
  } else if (end >= 3 && text.substr(end - 3, 3) == typeset) {
    begin = end - 3;
  }
  if (begin == end) {
    return at;
  }
  std::size_t before = begin;
  while (before > 0 && text[before - 1] == ' ') {
    --before;
  }
  if (before == 0) {
    return begin;
  }
  const char c = text[before - 1];
  const bool minuend = is_digit_char(c) || c == ')' || c == ']' || c == '}' || c == '%' ||
                       (is_letter(c) && before == begin) || (c == '-' && before == begin);
  return minuend ? at : begin;
}

}  // namespace detail

/// The content of the last \boxed{...} (\fbox too; nested and escaped braces counted; "\boxed 5"
/// without braces). Earlier boxes are not looked at: a last box that does not close is `unclosed`.
[[nodiscard]] inline Extraction extract_boxed(std::string_view text) {
  if (detail::blank(text)) {
    return {ExtractOutcome::no_text, {}};
  }
  std::size_t at = std::string_view::npos;
  std::size_t length = 0;
  for (const std::string_view macro : {"\\boxed", "\\fbox"}) {
    for (std::size_t i = text.rfind(macro); i != std::string_view::npos;
         i = i == 0 ? std::string_view::npos : text.rfind(macro, i - 1)) {
      const std::size_t next = i + macro.size();
      if (next < text.size() && detail::is_letter(text[next])) {
        continue;  // \boxedfoo is another macro
      }
      if (at == std::string_view::npos || i > at) {
        at = i;
        length = macro.size();
      }
      break;
    }
  }
  if (at == std::string_view::npos) {
    return {ExtractOutcome::no_marker, {}};
  }
  std::string_view rest = text.substr(at + length);
  while (!rest.empty() && detail::is_blank(rest.front())) {
    rest.remove_prefix(1);
  }
  if (rest.empty()) {
    return {ExtractOutcome::unclosed, {}};
  }
  if (rest.front() == '{') {
    const std::size_t end = detail::close_brace(rest, 0);
    return end == std::string_view::npos ? Extraction{ExtractOutcome::unclosed, {}}
                                         : detail::finished(rest.substr(1, end - 2));
  }
  return detail::finished(rest.substr(0, rest.find_first_of(" \t\r\n$")));
}

/// What follows the last "####" on its line.
[[nodiscard]] inline Extraction extract_hash(std::string_view text) {
  if (detail::blank(text)) {
    return {ExtractOutcome::no_text, {}};
  }
  const std::size_t at = text.rfind("####");
  if (at == std::string_view::npos) {
    return {ExtractOutcome::no_marker, {}};
  }
  const std::string_view rest = text.substr(at + 4);
  return detail::finished(rest.substr(0, rest.find('\n')));
}

namespace detail {

/// The first or the last number of the text.
[[nodiscard]] inline Extraction scan_number(std::string_view text, bool first) {
  Extraction found{ExtractOutcome::no_marker, {}};
  for (std::size_t i = 0; i < text.size() && !(first && found.found());) {
    const bool point = text[i] == '.' && i + 1 < text.size() && is_digit_char(text[i + 1]) &&
                       (i == 0 || !is_digit_char(text[i - 1]));
    if (!point && !is_digit_char(text[i])) {
      const bool word = is_letter(text[i]) || text[i] == '_';
      ++i;
      while (word && i < text.size() &&
             (is_letter(text[i]) || is_digit_char(text[i]) || text[i] == '_')) {
        ++i;  // the 4 of gpt4 is part of a name
      }
      continue;
    }
    const std::size_t length = number_length(text, i);
    found = {ExtractOutcome::found,
             (sign_begin(text, i) < i ? "-" : "") + std::string(text.substr(i, length))};
    i += length;
  }
  return found;
}

}  // namespace detail

/// The last number of the text, with its sign, thousands separators and percent sign, as spelled.
[[nodiscard]] inline Extraction extract_number(std::string_view text) {
  return detail::blank(text) ? Extraction{ExtractOutcome::no_text, {}}
                             : detail::scan_number(text, false);
}

}  // namespace dag
