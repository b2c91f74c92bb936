// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <dag/text/detail/scan.hpp>
#include <dag/text/extraction.hpp>

namespace dag::detail {

/// Words that a point may follow without ending a sentence, in lower case, sorted.
inline constexpr std::array<std::string_view, 46> abbreviations{
    "adm",  "approx", "art", "ave", "blvd", "bros", "capt", "cf", "co",   "col", "corp", "dept",
    "dr",   "e.g",    "ed",  "eq",  "esp",  "fig",  "fr",   "ft", "gen",  "gov", "hon",  "i.e",
    "inc",  "jr",     "lt",  "ltd", "maj",  "mr",   "mrs",  "ms", "mt",   "no",  "nr",   "pres",
    "prof", "rd",     "rep", "rev", "sen",  "sgt",  "sr",   "st", "univ", "vs"};

/// Whether the point at text[at] belongs to the word before it: Dr., St., J., p.m., U.S., approx.
[[nodiscard]] constexpr bool abbreviation_point(std::string_view text, std::size_t at) noexcept {
  std::size_t begin = at;
  bool inner = false;
  while (begin > 0 && at - begin < 8 && (is_alpha(text[begin - 1]) || text[begin - 1] == '.')) {
    --begin;
    inner = inner || text[begin] == '.';
  }
  const std::size_t length = at - begin;
  if (length == 0 || (begin > 0 && (is_word_byte(text[begin - 1]) || text[begin - 1] == '\\'))) {
    return false;
  }
  if (inner) {  // p.m, U.S, e.g: letters and points in turn
    bool alternate = text[begin] != '.' && length % 2 == 1;
    for (std::size_t i = begin; i < at; ++i) {
      alternate = alternate && (text[i] == '.') == ((i - begin) % 2 == 1);
    }
    return alternate;
  }
  if (length == 1) {
    return is_upper(text[begin]);
  }
  std::array<char, 8> lower{};
  for (std::size_t i = 0; i < length; ++i) {
    lower[i] = ascii_lower(text[begin + i]);
  }
  return std::binary_search(abbreviations.begin(), abbreviations.end(),
                            std::string_view(lower.data(), length));
}

/// Stops of other scripts: they end a sentence wherever they stand. Their length at text[i], or 0.
[[nodiscard]] constexpr std::size_t wide_stop(std::string_view text, std::size_t i) noexcept {
  constexpr std::array<std::string_view, 7> stops{
      "\xE3\x80\x82", "\xEF\xBC\x81",         "\xEF\xBC\x9F",
      "\xEF\xBC\x9B", "\xEF\xBC\x8C" /* , */, "\xE0\xA5\xA4" /* danda */,
      "\xD8\x9F" /* ? of Arabic */};
  for (const std::string_view stop : stops) {
    if (text.substr(i, stop.size()) == stop) {
      return stop.size();
    }
  }
  return 0;
}

/// Where the sentence that begins at the front ends: at a line's end, or at a stop before white
/// space that is no abbreviation's (St. Petersburg, J. K. Rowling, 3:30 p.m. on Friday); the point
/// of 3.5 is no stop; mathematics between dollars is passed over. Also before ", because" and the
/// like.
[[nodiscard]] constexpr std::size_t sentence_end(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 9> reasons{" because ", " since ", ", since ",
                                                    ", which ",  ", so ",   ", where ",
                                                    ", not ",    ", as ",   " \xE2\x80\x94 "};
  bool math = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      return i;
    }
    if (c == '$' && !escaped(text.substr(i > 2 ? i - 2 : 0), i > 2 ? 2 : i)) {
      const std::size_t close = math ? i : text.find_first_of("$\n", i + 1);
      math = !math && close != nowhere && text[close] == '$';
      continue;
    }
    if (math) {
      continue;
    }
    if (c == '.' || c == '!' || c == '?') {
      const bool last = i + 1 == text.size();
      if (!last && !is_blank(text[i + 1]) && text[i + 1] != '*') {
        continue;
      }
      const std::size_t next = last ? nowhere : text.find_first_not_of(' ', i + 1);
      const bool ended = next == nowhere || text[next] == '\n' || text[next] == '\r';
      if (c == '.' && !ended && abbreviation_point(text, i)) {
        continue;
      }
      return i + (c == '.' && ended && abbreviation_point(text, i) && i > 1 && text[i - 2] == '.');
    }
    if ((static_cast<unsigned char>(c) & 0x80U) != 0 && wide_stop(text, i) > 0) {
      return i;
    }
    if (c == ' ' || c == ',') {
      for (const std::string_view reason : reasons) {
        if (i > 0 && spells(text, i, reason)) {
          return i;
        }
      }
    }
  }
  return text.size();
}

/// "(B) because", "B) Paris", "C. Paris", "C: Paris", "C, a city" choose a letter: its place, or
/// nowhere. Not
/// "(A) and (C)", "(a) 3 (b) 4", "(A) (B)", "J. K. Rowling", "A. Lincoln" after H.
[[nodiscard]] constexpr std::size_t leading_choice(std::string_view text) noexcept {
  const std::size_t open = !text.empty() && text[0] == '(' ? 1 : 0;
  if (text.size() < open + 2 || !is_alpha(text[open])) {
    return nowhere;
  }
  const char mark = text[open + 1];
  std::size_t rest = open + 2;
  if (open == 1 ? mark != ')' : mark != ')' && mark != '.' && mark != ':' && mark != ',') {
    return nowhere;
  }
  if (rest < text.size() && text[rest] != ' ' && text[rest] != '\n') {
    return nowhere;
  }
  rest = text.find_first_not_of(" \n.", rest);
  if (rest == nowhere) {
    return open;
  }
  const std::string_view tail = text.substr(rest);
  const bool word = is_word_byte(tail[0]) || tail[0] == '\\' || tail[0] == '$';
  const bool figure = is_upper(text[open]) && (is_digit_char(tail[0]) || tail[0] == '-');
  if (!word && !figure) {
    return nowhere;
  }
  if (mark == ',' && (text[open] > 'H' || !is_upper(text[open]) || tail.size() < 3 ||
                      !is_word_byte(tail[1]) || is_upper(tail[0]) || is_upper(tail[1]))) {
    return nowhere;  // "B, the countryside", but not "B, C" nor "A, Bern"
  }
  if (mark == '.' && (text[open] > 'H' || !is_upper(text[open]) || char_at(tail, 1) == '.')) {
    return nowhere;  // initials
  }
  for (const std::string_view joins : {"and ", "or ", "und ", "y ", "et "}) {
    if (spells(tail, 0, joins)) {
      return nowhere;
    }
  }
  for (std::size_t i = tail.find('('); i != nowhere; i = tail.find('(', i + 1)) {
    if (i + 2 < tail.size() && is_alpha(tail[i + 1]) && tail[i + 2] == ')') {
      return nowhere;
    }
  }
  return open;
}

/// Where a remark on rounding in parentheses begins that ends the text: "3.14 (rounded to two
/// decimals)"; nowhere if there is none.
[[nodiscard]] constexpr std::size_t rounding_remark(std::string_view text) noexcept {
  const std::size_t open = text.empty() || text.back() != ')' ? nowhere : text.rfind('(');
  if (open == nowhere || open == 0) {
    return nowhere;
  }
  const std::string_view inside = text.substr(open + 1);
  for (const std::string_view opening :
       {"rounded ", "rounding ", "correct to ", "to the nearest ", "approximately)", "approx.)"}) {
    if (spells(inside, 0, opening)) {
      return open;
    }
  }
  return nowhere;
}

/// Emphasis at the front of a line, "**B**: Paris": what is emphasised and what follows it. Views
/// without data where there is none, or the line has other marks than pairs.
struct Emphasised {
  std::string_view inside;
  std::string_view after;
};
[[nodiscard]] constexpr Emphasised emphasised(std::string_view line) noexcept {
  std::size_t marks = 0;
  while (marks < 4 && char_at(line, marks) == '*') {
    ++marks;
  }
  if (marks == 0 || marks == 4 || is_blank(char_at(line, marks))) {
    return {};
  }
  const std::size_t close = line.find(line.substr(0, marks), marks);
  if (close == nowhere || close == marks || is_blank(line[close - 1])) {
    return {};
  }
  const char then = char_at(line, close + marks);
  if (then == '*' || is_word_byte(then) || is_digit_char(then)) {
    return {};
  }
  return {line.substr(marks, close - marks), line.substr(close + marks)};
}

/// The line without the marks of its emphasis: **5** and **7**.
[[nodiscard]] inline std::string without_marks(const Emphasised& line, std::string_view mark) {
  std::string plain(line.inside);
  for (std::size_t i = 0; i < line.after.size();) {
    const bool marked = starts(line.after.substr(i), mark);
    plain += marked ? "" : line.after.substr(i, 1);
    i += marked ? mark.size() : 1;
  }
  return plain;
}

/// Whether the text ends in decimals that are said to go on: 0.333...
[[nodiscard]] constexpr bool decimals_go_on(std::string_view text) noexcept {
  if (!ends(text, "...") || ends(text, "....")) {
    return false;
  }
  std::size_t begin = text.size() - 3;
  while (begin > 0 && is_digit_char(text[begin - 1])) {
    --begin;
  }
  return text.size() - 3 - begin >= 3 && begin > 0 && text[begin - 1] == '.';
}

/// An answer as found, with white space, wrapping quotes, emphasis, dollars and a final stop taken
/// away; of "(B) because" and "B) Paris" the letter. LaTeX stays as it is.
[[nodiscard]] inline Extraction finished(std::string_view raw) {
  std::string_view text = trimmed(raw);
  const auto wrapped = [&](std::string_view open, std::string_view close) {
    const std::size_t both = open.size() + close.size();
    return text.size() >= both && starts(text, open) && ends(text, close) &&
           text.substr(open.size(), text.size() - both).find(open) == nowhere &&
           text.substr(open.size(), text.size() - both).find(close) == nowhere;
  };
  for (bool again = true; again && !text.empty();) {
    again = false;
    const char last = text.back();
    const bool point = last == '.' && !decimals_go_on(text) &&
                       !(text.size() > 2 && text[text.size() - 3] == '.' &&
                         abbreviation_point(text, text.size() - 1));
    if (point || last == ',' || last == ';' || last == ':' || last == '*') {
      again = !(text.size() > 1 && text[text.size() - 2] == '\\');  // \, and \; stay
      text.remove_suffix(again ? 1 : 0);
    } else if (text.front() == '*') {
      text.remove_prefix(1);
      again = true;
    } else if (const std::size_t remark = rounding_remark(text); remark != nowhere) {
      text = text.substr(0, remark);
      again = true;
    } else {
      for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"\"", "\""},
                                        {"'", "'"},
                                        {"`", "`"},
                                        {"$$", "$$"},
                                        {"$", "$"},
                                        {"\\(", "\\)"},
                                        {"\\[", "\\]"},
                                        {"__", "__"},
                                        {"\xE2\x80\x9C", "\xE2\x80\x9D"},
                                        {"\xC2\xAB", "\xC2\xBB"},
                                        {"\xE3\x80\x8C", "\xE3\x80\x8D"}}) {
        if (wrapped(open, close)) {
          text = text.substr(open.size(), text.size() - open.size() - close.size());
          again = true;
          break;
        }
      }
    }
    text = trimmed(text);
  }
  if (const std::size_t letter = leading_choice(text); letter != nowhere) {
    text = text.substr(letter, 1);
  }
  return text.empty() ? Extraction{ExtractOutcome::empty, {}}
                      : Extraction{ExtractOutcome::found, std::string(text)};
}

}  // namespace dag::detail
