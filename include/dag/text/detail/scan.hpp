// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Small looks at characters that all ways of extraction share. ASCII unless said otherwise.
namespace dag::detail {

inline constexpr std::size_t nowhere = std::string_view::npos;

[[nodiscard]] constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
[[nodiscard]] constexpr bool is_digit_char(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
[[nodiscard]] constexpr bool is_alpha(char c) noexcept {
  return is_upper(c) || (c >= 'a' && c <= 'z');
}
[[nodiscard]] constexpr char ascii_lower(char c) noexcept {
  return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
}
/// A byte of a letter: ASCII, or any byte of a character beyond ASCII.
[[nodiscard]] constexpr bool is_word_byte(char c) noexcept {
  return is_alpha(c) || (static_cast<unsigned char>(c) & 0x80U) != 0;
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
[[nodiscard]] constexpr bool blank(std::string_view text) noexcept { return trimmed(text).empty(); }

/// Whether `text` at `at` spells `word` (ASCII letters of it in lower case), whatever its case.
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

[[nodiscard]] constexpr bool starts(std::string_view text, std::string_view with) noexcept {
  return text.substr(0, with.size()) == with;
}
[[nodiscard]] constexpr bool ends(std::string_view text, std::string_view with) noexcept {
  return text.size() >= with.size() && text.substr(text.size() - with.size()) == with;
}
[[nodiscard]] constexpr char char_at(std::string_view text, std::size_t i) noexcept {
  return i < text.size() ? text[i] : '\0';
}

/// The position after blanks (no line ends).
[[nodiscard]] constexpr std::size_t skip_spaces(std::string_view text, std::size_t i) noexcept {
  while (i < text.size() && (text[i] == ' ' || text[i] == '\t')) {
    ++i;
  }
  return i;
}

/// The position after the group that opens at text[at] == '{' (escaped braces do not count), or
/// nowhere. Linear.
[[nodiscard]] constexpr std::size_t group_end(std::string_view text, std::size_t at) noexcept {
  std::size_t depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '{') {
      ++depth;
    } else if (text[at] == '}' && --depth == 0) {
      return at + 1;
    }
  }
  return nowhere;
}

/// Whether text[at] is escaped: an odd number of backslashes before it.
[[nodiscard]] constexpr bool escaped(std::string_view text, std::size_t at) noexcept {
  std::size_t slashes = 0;
  while (slashes < at && text[at - 1 - slashes] == '\\') {
    ++slashes;
  }
  return slashes % 2 == 1;
}

/// Where the group that closes at text[at] == '}' opens, or nowhere.
[[nodiscard]] constexpr std::size_t group_begin(std::string_view text, std::size_t at) noexcept {
  std::size_t depth = 0;
  for (std::size_t i = at + 1; i > 0; --i) {
    const char c = text[i - 1];
    if ((c == '{' || c == '}') && !escaped(text, i - 1)) {
      depth += c == '}' ? 1 : 0;
      if (c == '{' && --depth == 0) {
        return i - 1;
      }
    }
  }
  return nowhere;
}

/// The text that was not thought: what follows the last end of a thought, without one that has only
/// begun. `unfinished`: there is one.
struct Spoken {
  std::string_view text;
  bool unfinished = false;
};
[[nodiscard]] constexpr Spoken spoken(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 4> names{"think", "thinking", "thought", "reasoning"};
  std::size_t begin = 0;       // after the last end
  std::size_t open = nowhere;  // the first beginning after it
  for (std::size_t i = text.find('<'); i != nowhere; i = text.find('<', i + 1)) {
    const std::size_t slash = char_at(text, i + 1) == '/' ? 1 : 0;
    for (const std::string_view name : names) {
      const std::size_t end = i + 1 + slash + name.size();
      if (char_at(text, end) != '>' || !spells(text, i + 1 + slash, name)) {
        continue;
      }
      if (slash == 1) {
        begin = end + 1;
        open = nowhere;
      } else if (open == nowhere) {
        open = i;
      }
    }
  }
  return open == nowhere ? Spoken{text.substr(begin), false}
                         : Spoken{text.substr(begin, open - begin), true};
}

/// Where a model that has answered begins to recite another exercise: the first line after `from`
/// that begins with "Question:", "Q:", "Problem 2:", "Human:" and the like.
[[nodiscard]] constexpr std::size_t recital_begin(std::string_view text,
                                                  std::size_t from) noexcept {
  constexpr std::array<std::string_view, 8> labels{
      "question", "problem", "q", "human", "user", "input", "exercise", "instruction"};
  for (std::size_t line = text.find('\n', from); line != nowhere;
       line = text.find('\n', line + 1)) {
    std::size_t i = line + 1;
    while (i < text.size() && (text[i] == ' ' || text[i] == '#' || text[i] == '*')) {
      ++i;
    }
    for (const std::string_view label : labels) {
      if (!spells(text, i, label)) {
        continue;
      }
      std::size_t after = i + label.size();
      while (after < text.size() && after < i + label.size() + 8 &&
             (text[after] == ' ' || text[after] == '#' || text[after] == '*' ||
              is_digit_char(text[after]))) {
        ++after;
      }
      if (char_at(text, after) == ':') {
        return line;
      }
    }
  }
  return text.size();
}

/// Whether all of `text` names one choice: B, (B), B., [B], **(b)**; its letter, or 0.
[[nodiscard]] constexpr char bare_choice(std::string_view text) noexcept {
  std::size_t first = 0;
  std::size_t last = text.size();
  const auto outer = [](char c) {
    return is_blank(c) || c == '*' || c == '(' || c == ')' || c == '[' || c == ']' || c == '.' ||
           c == '$' || c == ':' || c == '_';
  };
  while (first < last && outer(text[first])) {
    ++first;
  }
  while (last > first && outer(text[last - 1])) {
    --last;
  }
  const bool parens = first > 0 && (text[first - 1] == '(' || text[first - 1] == '[');
  return last == first + 1 && is_alpha(text[first]) && (is_upper(text[first]) || parens)
             ? text[first]
             : '\0';
}

/// ASCII letters in lower case.
[[nodiscard]] inline std::string lower_ascii(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; });
  return out;
}

/// Words of a text, at blanks, commas and hyphens.
[[nodiscard]] inline std::vector<std::string> words_of(std::string_view text,
                                                       std::string_view gaps = " ,") {
  std::vector<std::string> out;
  std::string word;
  for (const char c : text) {
    if (is_blank(c) || gaps.find(c) != std::string_view::npos) {
      if (!word.empty()) {
        out.push_back(std::move(word));
        word.clear();
      }
    } else {
      word += c;
    }
  }
  if (!word.empty()) {
    out.push_back(std::move(word));
  }
  return out;
}

}  // namespace dag::detail
