// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once
// NOLINTBEGIN(readability-container-size-empty)

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

[[nodiscard]] inline std::string lower_ascii(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; });
  return out;
}

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
  constexpr std::array<std::string_view, 6> short_words{"No", "NO", "Yes", "YES", "Is", "It"};
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

/// The number that English words spell, up to trillions: "twenty-five", "one hundred and five".
[[nodiscard]] inline std::optional<std::int64_t> number_in_words(std::string_view text) {
  constexpr std::array<std::string_view, 20> small{
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
    const auto s = std::find(small.begin(), small.end(), word);
    const auto t = std::find(tens.begin() + 2, tens.end(), word);
    if (t != tens.end()) {
      if (!ten_open) {
        return std::nullopt;
      }
      group += 10 * (t - tens.begin());
      ten_open = false;
    } else if (s != small.end()) {
      const std::int64_t value = s - small.begin();
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

/// A fraction in English words: "one half", "two-thirds", "half".
[[nodiscard]] inline std::optional<std::string> fraction_in_words(std::string_view text) {
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

// ---- dates and times ----

[[nodiscard]] inline int month_of(std::string_view word) {
  constexpr std::array<std::string_view, 12> months{
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  std::string name = lower_ascii(word);
  if (!name.empty() && name.back() == '.') {
    name.pop_back();
  }
  for (std::size_t m = 0; m < months.size(); ++m) {
    if (name == months[m] || (name.size() >= 3 && name == months[m].substr(0, 3)) ||
        (name == "sept" && m == 8)) {
      return static_cast<int>(m) + 1;
    }
  }
  return 0;
}

/// The digits of a text as a small number, or -1.
[[nodiscard]] inline int figures(std::string_view text, std::size_t least, std::size_t most) {
  if (text.size() < least || text.size() > most ||
      !std::all_of(text.begin(), text.end(), is_digit_char)) {
    return -1;
  }
  int value = 0;
  for (const char c : text) {
    value = 10 * value + (c - '0');
  }
  return value;
}

[[nodiscard]] inline std::string two_digits(int value) {
  return std::string(1, static_cast<char>('0' + value / 10)) + static_cast<char>('0' + value % 10);
}
[[nodiscard]] inline std::string date_text(int year, int month, int day) {
  std::string out = year < 0 ? "-" : std::to_string(year);
  while (year >= 0 && out.size() < 4) {
    out.insert(0, 1, '0');
  }
  return out + "-" + two_digits(month) + (day > 0 ? "-" + two_digits(day) : "");
}
[[nodiscard]] constexpr bool is_day(int month, int day) noexcept {
  constexpr std::array<int, 12> days{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month >= 1 && month <= 12 && day >= 1 && day <= days[static_cast<std::size_t>(month) - 1];
}

/// A date as year-month-day: 07/01/1972, 1972-07-01, July 1, 1972, 1 July 1972, July 1972, July 1
/// (which has no year: --07-01).
[[nodiscard]] inline std::optional<std::string> date_of(std::string_view text, bool day_first) {
  if (text.size() < 5 || text.size() > 40) {
    return std::nullopt;
  }
  for (const char sign : {'/', '-', '.'}) {
    const std::size_t a = text.find(sign);
    const std::size_t b = a == std::string_view::npos ? a : text.find(sign, a + 1);
    if (b == std::string_view::npos || text.find(sign, b + 1) != std::string_view::npos) {
      continue;
    }
    const std::string_view x = text.substr(0, a);
    const std::string_view y = text.substr(a + 1, b - a - 1);
    const std::string_view z = text.substr(b + 1);
    if (x.size() == 4 && sign != '.') {
      const int year = figures(x, 4, 4), month = figures(y, 1, 2), day = figures(z, 1, 2);
      if (year >= 0 && is_day(month, day)) {
        return date_text(year, month, day);
      }
    } else if (z.size() == 4) {
      int month = figures(x, 1, 2), day = figures(y, 1, 2);
      const int year = figures(z, 4, 4);
      if (day_first || sign == '.' || (month > 12 && day <= 12)) {
        std::swap(month, day);
        if (day_first && month > 12 && day <= 12) {
          std::swap(month, day);
        }
      }
      if (year >= 0 && month >= 1 && is_day(month, day)) {
        return date_text(year, month, day);
      }
    }
  }
  const auto words = words_of(text);
  if (words.size() < 2 || words.size() > 5) {
    return std::nullopt;
  }
  int month = 0;
  int day = -1;
  int year = -1;
  for (std::string word : words) {
    const bool weekday = word.size() >= 6 && lower_ascii(word).substr(word.size() - 3) == "day";
    if (word == "of" || word == "the" || weekday) {
      continue;
    }
    const int named = month_of(word);
    if (named > 0 && month == 0) {
      month = named;
      continue;
    }
    if (word.size() >= 3 && word.size() <= 4 && is_digit_char(word[0])) {
      const std::string ending = word.substr(word.size() - 2);
      if (ending == "st" || ending == "nd" || ending == "rd" || ending == "th") {
        word.resize(word.size() - 2);
      }
    }
    if (const int number = figures(word, 1, 2); number > 0 && day < 0) {
      day = number;
    } else if (const int four = figures(word, 4, 4); four >= 0 && year < 0) {
      year = four;
    } else {
      return std::nullopt;
    }
  }
  if (month == 0 || (day < 0 && year < 0) || (day > 0 && !is_day(month, day))) {
    return std::nullopt;
  }
  return date_text(year, month, day);
}

/// A time of day: 15:30 for 3:30 p.m., 3:30 am for 3:30 a.m., 3:30 where nothing is said.
[[nodiscard]] inline std::optional<std::string> time_of(std::string_view text) {
  if (text.size() < 4 || text.size() > 16) {
    return std::nullopt;
  }
  std::string half;
  std::string figures_part;
  bool letters = false;
  for (const char c : lower_ascii(text)) {
    if (is_digit_char(c) || c == ':') {
      if (letters) {
        return std::nullopt;
      }
      figures_part += c;
    } else if (c == 'a' || c == 'p' || c == 'm') {
      letters = true;
      half += c;
    } else if (c != ' ' && c != '.') {
      return std::nullopt;
    }
  }
  if (half != "" && half != "am" && half != "pm") {
    return std::nullopt;
  }
  if (text.find('.') != std::string_view::npos && half.empty()) {
    return std::nullopt;
  }
  const std::size_t a = figures_part.find(':');
  const std::string_view all(figures_part);
  int hour = figures(all.substr(0, a), 1, 2);
  std::string rest;
  if (a == std::string::npos) {
    if (half.empty()) {
      return std::nullopt;
    }
    rest = ":00";
  } else {
    std::string_view more = all.substr(a + 1);
    for (int part = 0; part < 2 && !more.empty(); ++part) {
      const int minutes = figures(more.substr(0, 2), 2, 2);
      if (minutes < 0 || minutes > 59) {
        return std::nullopt;
      }
      rest += ":" + two_digits(minutes);
      more.remove_prefix(2);
      if (!more.empty() && (more[0] != ':' || more.size() == 1)) {
        return std::nullopt;
      }
      more.remove_prefix(more.empty() ? 0 : 1);
    }
    if (!more.empty() || rest.empty()) {
      return std::nullopt;
    }
  }
  if (hour < 0 || hour > (half.empty() ? 24 : 12) || (!half.empty() && hour == 0)) {
    return std::nullopt;
  }
  if (half == "pm") {
    hour = hour == 12 ? 12 : hour + 12;
    return std::to_string(hour) + rest;
  }
  if (half == "am") {
    return std::to_string(hour) + rest + " am";
  }
  return std::to_string(hour) + rest;
}

// ---- multiple choice ----

/// The letters of an answer that is nothing but labels: A, (A), A., A and C, (A) (C), "A, C"; empty
/// if there is anything else.
[[nodiscard]] inline std::string only_labels(std::string_view text) {
  std::string letters;
  bool open = false;
  bool gap = true;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto rest = text.substr(at);
    if (is_blank(c) || c == ',' || c == ';' || c == '&' || c == '/' || c == '+') {
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
      if (letters.empty()) {
        return {};
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
  constexpr std::array<Phrase, 19> phrases{{{"dne", "does not exist"},
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
// NOLINTEND(readability-container-size-empty)
