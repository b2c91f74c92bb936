// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include <dag/text/extract.hpp>

namespace dag {

namespace detail {

/// Where the answer begins if text[at] is the word "answer" followed by "is", "=" or ":" (emphasis
/// and one remark in parentheses may stand between); npos if it is not, or if "not" follows.
[[nodiscard]] constexpr std::size_t phrase_end(std::string_view text, std::size_t at) noexcept {
  constexpr std::size_t none = std::string_view::npos;
  std::size_t i = at + 6;
  const auto skip = [&](std::string_view what) {
    while (i < text.size() && what.find(text[i]) != none) {
      ++i;
    }
  };
  skip(" *_\"");
  if (i < text.size() && text[i] == '(') {
    const std::size_t close = text.find(')', i);
    if (close == none || close - i > 60) {
      return none;
    }
    i = close + 1;
    skip(" *_");
  }
  const bool is = spells(text, i, "is") && (i + 2 == text.size() || !is_letter(text[i + 2]));
  if (is) {
    i += 2;
    skip(" *_");
    if (i < text.size() && (text[i] == ':' || text[i] == '=')) {
      ++i;
    }
  } else if (i < text.size() && (text[i] == ':' || text[i] == '=')) {
    ++i;
  } else {
    return none;
  }
  skip(" \t\r\n*_");
  return spells(text, i, "not ") ? none : i;
}

/// Where a sentence that begins at the front ends: a line's end, or a stop before white space. The
/// point of 3.5 is no stop, nor is one inside quotes.
[[nodiscard]] constexpr std::size_t sentence_end(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool last = i + 1 == text.size();
    if (text[i] == '\n' ||
        ((text[i] == '.' || text[i] == '!' || text[i] == '?') && (last || is_blank(text[i + 1])))) {
      return i;
    }
  }
  return text.size();
}

}  // namespace detail

/// What follows the last "answer is", "answer:" or "answer =" (any case; "the final answer is",
/// "**Answer:**", "the answer (arabic numerals) is" too; "the answer is not ..." is passed over),
/// up to the end of its sentence: a box's content if one stands there, what stands between quotes,
/// the letter of "(B) ..." or "B) ...", else the words.
[[nodiscard]] inline Extraction extract_answer_is(std::string_view text) {
  if (detail::blank(text)) {
    return {ExtractOutcome::no_text, {}};
  }
  std::size_t begin = std::string_view::npos;
  for (std::size_t i = 0; i + 6 <= text.size(); ++i) {
    if (detail::spells(text, i, "answer") && (i == 0 || !detail::is_letter(text[i - 1]))) {
      const std::size_t end = detail::phrase_end(text, i);
      begin = end == std::string_view::npos ? begin : end;
    }
  }
  if (begin == std::string_view::npos) {
    return {ExtractOutcome::no_marker, {}};
  }
  std::string_view rest = text.substr(begin);
  const std::string_view line = rest.substr(0, rest.find('\n'));
  if (line.find("\\boxed") != std::string_view::npos) {
    return extract_boxed(line);
  }
  if (!rest.empty() && (rest.front() == '"' || rest.front() == '`')) {
    const std::size_t close = line.find(rest.front(), 1);
    if (close != std::string_view::npos) {
      return detail::finished(line.substr(1, close - 1));
    }
  }
  return detail::finished(rest.substr(0, detail::sentence_end(rest)));
}

}  // namespace dag
