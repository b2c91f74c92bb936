// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/text/detail/exact.hpp>
#include <dag/text/detail/lexer.hpp>
#include <dag/text/fold.hpp>

namespace dag::detail {

/// A short text without its LaTeX: \text and fonts give what is in them, spacing a blank, \$ a $.
/// False for what is no text: other macros, braces that group, two \text without a blank between.
inline bool flat_text(std::string_view text, std::string& out, int depth = 0) {
  if (depth > 24) {
    return false;
  }
  bool after_group = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '{' || c == '}') {
      return false;
    }
    if (c == '~') {
      out += ' ';
      ++at;
      continue;
    }
    if (c != '\\') {
      out += is_blank(c) ? ' ' : c;
      after_group = false;
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    while (end < text.size() && is_alpha(text[end])) {
      ++end;
    }
    const std::string_view name = text.substr(at + 1, end - at - 1);
    if (name.empty()) {
      const char next = end < text.size() ? text[end] : ' ';
      constexpr std::string_view spaces = ",;: \\/";
      constexpr std::string_view nothing = "!()[]";
      if (spaces.find(next) != std::string_view::npos) {
        out += ' ';
      } else if (nothing.find(next) == std::string_view::npos) {
        out += next;
      }
      at = std::min(end + 1, text.size());
    } else if (one_of(name, ignored_macros)) {
      at = end;
    } else if (name == "quad" || name == "qquad") {
      out += ' ';
      at = end;
    } else if (name == "ldots" || name == "dots" || name == "cdots") {
      out += "...";
      at = end;
    } else if (one_of(name, text_macros) || one_of(name, font_macros)) {
      while (end < text.size() && text[end] == ' ') {
        ++end;
      }
      const std::size_t close =
          end < text.size() && text[end] == '{' ? group_end(text, end) : std::string_view::npos;
      if (close == std::string_view::npos) {
        return false;
      }
      const std::string_view inside = text.substr(end + 1, close - end - 2);
      if (after_group && !out.empty() && !is_blank(out.back()) && !inside.empty() &&
          !is_blank(inside.front())) {
        return false;  // \text{A}\text{B}
      }
      if (!flat_text(inside, out, depth + 1)) {
        return false;
      }
      after_group = true;
      at = close;
    } else {
      return false;
    }
  }
  return true;
}

/// Case folded by the option: all of it, none, or that of words: first capitals of words of three
/// letters and more, capitals of whole words unless they could be symbols (AABB, CCO).
[[nodiscard]] inline std::string fold_case(std::string_view text, LetterCase how) {
  std::string out;
  if (how == LetterCase::fold) {
    fold_text(text, out);
    return out;
  }
  constexpr std::array<std::string_view, 7> short_words{"Ja", "No", "NO", "Yes", "YES", "Is", "It"};
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text.substr(at));
    const auto letter = [](const CodePoint& p) {
      return (p.valid && p.value < 0x80 && is_alpha(static_cast<char>(p.value))) ||
             (p.valid && p.value >= 0xC0 && !is_space(p.value));
    };
    if (!letter(c)) {
      if (c.valid && is_space(c.value)) {
        if (!out.empty() && out.back() != ' ') {
          out += ' ';
        }
      } else {
        out += text.substr(at, c.length);
      }
      at += c.length;
      continue;
    }
    std::size_t end = at;
    std::size_t letters = 0;
    bool first = false;
    std::size_t capitals = 0;
    bool symbols = true;  // only letters of SMILES
    bool doubled = true;  // AABB
    bool vowel = false;
    char before = 0;
    while (end < text.size()) {
      const CodePoint d = decode_utf8(text.substr(end));
      if (!letter(d)) {
        break;
      }
      const bool capital = to_lower(d.value) != d.value;
      first = first || (letters == 0 && capital);
      capitals += capital ? 1 : 0;
      const char ascii = d.value < 0x80 ? static_cast<char>(d.value) : '\xFF';
      symbols = symbols && std::string_view("BCNOPSFIHcnops").find(ascii) != std::string_view::npos;
      doubled = doubled && (letters % 2 == 0 || ascii == before);
      vowel = vowel || d.value >= 0x80 ||
              std::string_view("AEIOUYaeiouy").find(ascii) != std::string_view::npos;
      before = ascii;
      ++letters;
      end += d.length;
    }
    const std::string_view word = text.substr(at, end - at);
    const bool beside_digit =
        (at > 0 && is_digit_char(text[at - 1])) || (end < text.size() && is_digit_char(text[end]));
    const bool title = first && capitals == 1 && (letters >= 3 || word.size() > letters);
    const bool shouted = capitals == letters && letters >= 3 && !symbols && !doubled && vowel;
    const bool whole_capitals = capitals == letters && word.size() > letters;  // no ASCII: a script
    if (how == LetterCase::words && !beside_digit &&
        (title || shouted || whole_capitals || one_of(word, short_words))) {
      for (std::size_t i = at; i < end;) {
        const CodePoint d = decode_utf8(text.substr(i));
        encode_utf8(to_lower(d.value), out);
        i += d.length;
      }
    } else {
      out += word;
    }
    at = end;
  }
  while (!out.empty() && out.back() == ' ') {
    out.pop_back();
  }
  return out;
}

/// The number that English words spell, up to trillions: "twenty-five", "one hundred and five".
[[nodiscard]] inline std::optional<std::int64_t> number_in_words(std::string_view text) {
  constexpr std::array<std::string_view, 20> below_twenty{
      "zero",     "one",     "two",     "three",     "four",     "five",    "six",
      "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
      "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  constexpr std::array<std::string_view, 10> tens{"",      "",      "twenty",  "thirty", "forty",
                                                  "fifty", "sixty", "seventy", "eighty", "ninety"};
  if (text.size() > 120) {
    return std::nullopt;
  }
  std::int64_t total = 0;
  std::int64_t group = 0;
  std::int64_t last = 1000000000000000;
  bool any = false;
  bool unit_open = true;  // a small number may follow
  bool ten_open = true;
  for (const std::string& word : words_of(lower_ascii(text), " -")) {
    if (word == "and") {
      if (!any) {
        return std::nullopt;
      }
      continue;
    }
    std::int64_t scale = 0;
    if (word == "hundred") {
      if (group < 1 || group > 9) {
        return std::nullopt;
      }
      group *= 100;
      unit_open = ten_open = true;
      continue;
    }
    scale = word == "thousand"   ? 1000
            : word == "million"  ? 1000000
            : word == "billion"  ? 1000000000
            : word == "trillion" ? 1000000000000
                                 : 0;
    if (scale != 0) {
      if (group < 1 || scale >= last) {
        return std::nullopt;
      }
      total += group * scale;
      group = 0;
      last = scale;
      unit_open = ten_open = true;
      continue;
    }
    const auto s = std::find(below_twenty.begin(), below_twenty.end(), word);
    const auto t = std::find(tens.begin() + 2, tens.end(), word);
    if (t != tens.end()) {
      if (!ten_open) {
        return std::nullopt;
      }
      group += 10 * (t - tens.begin());
      ten_open = false;
    } else if (s != below_twenty.end()) {
      const std::int64_t value = s - below_twenty.begin();
      if (!unit_open || (value >= 10 && !ten_open) || (value == 0 && any)) {
        return std::nullopt;
      }
      group += value;
      unit_open = ten_open = false;
    } else {
      return std::nullopt;
    }
    any = true;
  }
  return any ? std::optional<std::int64_t>(total + group) : std::nullopt;
}

/// A fraction in English words: "one half", "two-thirds", "half", "two and a half".
[[nodiscard]] inline std::optional<std::string> fraction_in_words(std::string_view text) {
  if (const std::size_t join = text.rfind(" and "); join != std::string_view::npos) {
    const auto whole = number_in_words(text.substr(0, join));
    const std::string_view rest = text.substr(join + 5);
    const auto part = whole && rest != "half" ? fraction_in_words(rest) : std::nullopt;
    if (!part) {
      return std::nullopt;
    }
    const std::size_t slash = std::min(part->find('/'), part->size());
    const Exact below =
        slash < part->size() ? Exact::decimal(std::string_view(*part).substr(slash + 1)) : Exact(1);
    const Exact value = Exact::decimal(std::string_view(*part).substr(0, slash)) / below;
    return compare(value, Exact(1)) < 0 ? std::optional((Exact(*whole) + value).text())
                                        : std::nullopt;
  }
  constexpr std::array<std::string_view, 12> parts{"half",  "third", "quarter", "fourth",
                                                   "fifth", "sixth", "seventh", "eighth",
                                                   "ninth", "tenth", "halve",   "hundredth"};
  constexpr std::array<int, 12> below{2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 2, 100};
  auto words = text.size() > 40 ? std::vector<std::string>{} : words_of(lower_ascii(text), " -");
  if (words.empty() || words.size() > 2) {
    return std::nullopt;
  }
  std::string part = words.back();
  if (part.size() > 3 && part.back() == 's') {
    part.pop_back();
  }
  const auto at = std::find(parts.begin(), parts.end(), part);
  if (at == parts.end() || (words.size() == 1 && part != "half")) {
    return std::nullopt;
  }
  const auto above = words.size() == 1 || words[0] == "a" || words[0] == "an"
                         ? std::optional<std::int64_t>(1)
                         : number_in_words(words[0]);
  return above ? std::optional<std::string>(
                     (Exact(*above) / Exact(below[static_cast<std::size_t>(at - parts.begin())]))
                         .text())
               : std::nullopt;
}

}  // namespace dag::detail
