// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/text/detail/words.hpp>
#include <dag/text/detail/wrappers.hpp>

namespace dag::detail {

/// The letters of an answer that is nothing but labels: A, (A), A., A and C, (A) (C), "A, C"; empty
/// if there is anything else.
[[nodiscard]] inline std::string only_labels(std::string_view text) {
  std::string letters;
  bool open = false;
  bool gap = true;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto rest = text.substr(at);
    if (is_blank(c) || c == ',' || c == ';' || c == '&') {
      gap = true;
      ++at;
    } else if (c == '(' || c == '[') {
      if (open) {
        return {};
      }
      open = true;
      gap = true;
      ++at;
    } else if (c == ')' || c == ']' || c == '.' || c == ':') {
      const char next = at + 1 < text.size() ? text[at + 1] : ' ';
      if (letters.empty() || ((c == '.' || c == ':') && is_upper(next))) {
        return {};  // D.C.
      }
      open = false;
      gap = true;
      ++at;
    } else if (!letters.empty() && (rest.substr(0, 3) == "and" || rest.substr(0, 2) == "or") &&
               gap) {
      at += c == 'a' ? 3 : 2;
      if (at < text.size() && is_alpha(text[at])) {
        return {};
      }
    } else if (is_upper(c) && gap) {
      letters += c;
      gap = false;
      ++at;
    } else {
      return {};
    }
  }
  return open ? std::string() : letters;
}

/// "A. Paris", "(A) 12", "A: x": the letter, A to J, with something after it.
[[nodiscard]] inline char label_with_text(std::string_view text) {
  const std::size_t open = !text.empty() && (text[0] == '(' || text[0] == '[') ? 1 : 0;
  if (text.size() < open + 4 || text[open] < 'A' || text[open] > 'J') {
    return 0;
  }
  const char after = text[open + 1];
  const bool closed =
      open == 1 ? after == ')' || after == ']' : after == ')' || after == '.' || after == ':';
  return closed && is_blank(text[open + 2]) ? text[open] : '\0';
}

/// The letters that a text chooses, sorted: "A", "answer: (b)", "A and C", "ACD", "B. Paris"; empty
/// if it is no choice. Not `several`: more than one letter is none.
[[nodiscard]] inline std::string choice_letters(std::string_view words, bool several) {
  constexpr std::string_view only = " only";  // A and C only
  if (words.size() > only.size() && words.substr(words.size() - only.size()) == only &&
      !only_labels(words.substr(0, words.size() - only.size())).empty()) {
    words.remove_suffix(only.size());
  }
  std::string_view rest = after_option(words);
  const bool opened = rest.size() < words.size();
  std::string plain;
  while (rest.size() > 4 && rest.substr(0, 2) == "**") {  // **A**: 12
    const std::size_t close = rest.find("**", 2);
    if (close == std::string_view::npos || close > 6) {
      break;
    }
    plain = std::string(rest.substr(2, close - 2)) + std::string(rest.substr(close + 2));
    rest = plain;
  }
  if (rest.size() >= 2 && rest.size() <= 3 && (opened || rest[0] == '(') && rest.back() == ')' &&
      rest[rest.size() - 2] >= 'a' && rest[rest.size() - 2] <= 'd') {
    return {static_cast<char>(rest[rest.size() - 2] - 32)};
  }
  if (opened && rest.size() == 1 && rest[0] >= 'a' && rest[0] <= 'e') {
    return {static_cast<char>(rest[0] - 32)};
  }
  if (lower_ascii(rest.substr(0, 5)) == "both ") {
    rest = trimmed(rest.substr(5));
  }
  std::string letters = only_labels(rest);
  if (letters.empty()) {
    const bool run = rest.size() >= 2 && rest.size() <= 8 &&
                     std::adjacent_find(rest.begin(), rest.end(),
                                        [](char a, char b) { return a >= b; }) == rest.end() &&
                     rest.front() >= 'A' && rest.back() <= 'H';
    letters = run ? std::string(rest) : "";
  }
  if (letters.size() == 1 || (several && letters.size() > 1)) {
    std::string sorted = letters;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    // T, F, T is a sequence, not a choice of two.
    return sorted.size() == 1 || sorted.size() == letters.size() ? sorted : std::string();
  }
  const char label = label_with_text(rest);
  if (label == 0) {
    return {};
  }
  // Another label after it: parts, or nothing that is known.
  const std::string_view text = rest.substr(2);
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] == '(' && is_alpha(text[i + 1]) && text[i + 2] == ')') {
      return {};
    }
  }
  return {label};
}

/// Statements by Roman numerals, in any order: "I and III", "II, I"; "II only". In their order,
/// with commas; nothing where all are single letters, which are choices.
[[nodiscard]] inline std::optional<std::string> roman_statements(std::string_view text) {
  constexpr std::array<std::string_view, 10> numerals{"I",  "II",  "III",  "IV", "V",
                                                      "VI", "VII", "VIII", "IX", "X"};
  std::vector<std::size_t> found;
  bool only = false;
  bool several_letters = false;
  for (const std::string& word : words_of(text, ",;")) {
    const auto at = std::find(numerals.begin(), numerals.end(), word);
    if (only || (at == numerals.end() && word != "and" && word != "only" && word != "&")) {
      return std::nullopt;
    }
    only = word == "only";
    if (at != numerals.end()) {
      found.push_back(static_cast<std::size_t>(at - numerals.begin()));
      several_letters = several_letters || word.size() > 1;
    }
  }
  std::sort(found.begin(), found.end());
  if (!several_letters || std::adjacent_find(found.begin(), found.end()) != found.end() ||
      (found.size() < 2 && !only)) {
    return std::nullopt;
  }
  std::string key;
  for (const std::size_t numeral : found) {
    key += (key.empty() ? "" : ", ") + std::string(numerals[numeral]);
  }
  return key;
}

struct LabelledPart {
  std::string label;
  std::string_view text;
};

/// The parts of "(a) 3 (b) 4", "i) yes ii) no": labels in their order from the first, each at the
/// beginning or after white space or a separator. Empty if there are none.
[[nodiscard]] inline std::vector<LabelledPart> labelled_parts(std::string_view text) {
  constexpr std::array<std::string_view, 10> roman{"i",  "ii",  "iii",  "iv", "v",
                                                   "vi", "vii", "viii", "ix", "x"};
  std::vector<LabelledPart> out;
  if (text.size() < 4 || (text[0] != '(' && !is_alpha(text[0]) && !is_digit_char(text[0]))) {
    return out;
  }
  enum class Series { none, lower, upper, roman_lower, figure };
  Series series = Series::none;
  const auto expected = [&](std::size_t n) -> std::string {
    switch (series) {
      case Series::lower:
        return n < 26 ? std::string(1, static_cast<char>('a' + static_cast<int>(n))) : "";
      case Series::upper:
        return n < 26 ? std::string(1, static_cast<char>('A' + static_cast<int>(n))) : "";
      case Series::roman_lower: return n < roman.size() ? std::string(roman[n]) : "";
      case Series::figure: return std::to_string(n + 1);
      case Series::none: break;
    }
    return "";
  };
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool starts =
        at == 0 || is_blank(text[at - 1]) || text[at - 1] == ';' || text[at - 1] == ',';
    if (!starts) {
      continue;
    }
    const bool bracket = text[at] == '(';
    const std::size_t from = at + (bracket ? 1 : 0);
    std::size_t end = from;
    while (end < text.size() && end - from < 5 &&
           (is_alpha(text[end]) || is_digit_char(text[end]))) {
      ++end;
    }
    if (end == from || end >= text.size() || text[end] != ')' ||
        (end + 1 < text.size() && !is_blank(text[end + 1]))) {
      continue;
    }
    const std::string_view label = text.substr(from, end - from);
    if (out.empty()) {
      if (at != 0) {
        return out;
      }
      series = label == "a"              ? Series::lower
               : label == "A"            ? Series::upper
               : label == "i"            ? Series::roman_lower
               : label == "1" && bracket ? Series::figure
                                         : Series::none;
      if (series == Series::none) {
        return out;
      }
    } else if (label != expected(out.size())) {
      continue;
    } else {
      out.back().text = text.substr(begin, at - begin);
    }
    out.push_back({std::string(label), {}});
    begin = end + 1;
    at = end;
  }
  if (out.size() < 2) {
    out.clear();
    return out;
  }
  out.back().text = text.substr(begin);
  for (LabelledPart& part : out) {
    part.text = trimmed(part.text);
    while (!part.text.empty() &&
           std::string_view(",;\\ ").find(part.text.back()) != std::string_view::npos) {
      part.text.remove_suffix(1);
    }
    if (part.text.substr(0, 3) == "and") {
      out.clear();
      break;
    }
  }
  return out;
}

/// Fixed phrases of one meaning, lower case.
[[nodiscard]] inline std::string_view synonym(std::string_view text) noexcept {
  struct Phrase {
    std::string_view from;
    std::string_view to;
  };
  constexpr std::array<Phrase, 22> phrases{{{"dne", "does not exist"},
                                            {"d.n.e.", "does not exist"},
                                            {"does not exist.", "does not exist"},
                                            {"doesn't exist", "does not exist"},
                                            {"no solutions", "no solution"},
                                            {"no real solutions", "no real solution"},
                                            {"there is no solution", "no solution"},
                                            {"there are no solutions", "no solution"},
                                            {"all real numbers", "(-inf, inf)"},
                                            {"all reals", "(-inf, inf)"},
                                            {"the empty set", "\\emptyset"},
                                            {"empty set", "\\emptyset"},
                                            {"null set", "\\emptyset"},
                                            {"infinity", "inf"},
                                            {"+infinity", "inf"},
                                            {"-infinity", "-inf"},
                                            {"positive infinity", "inf"},
                                            {"negative infinity", "-inf"},
                                            {"n/a", "not applicable"},
                                            {"none of the above", "none of these"},
                                            {"cannot be determined", "cannot be determined"},
                                            {"can not be determined", "cannot be determined"}}};
  for (const Phrase& phrase : phrases) {
    if (text == phrase.from) {
      return phrase.to;
    }
  }
  return {};
}

}  // namespace dag::detail
