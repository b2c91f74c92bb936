// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <dag/text/detail/exact.hpp>
#include <dag/text/detail/scan.hpp>

namespace dag::detail {

/// Notations that are no mathematics and no prose: each from a whole answer to its plain spelling,
/// or nothing.

/// H_2O, \mathrm{H_2O}, \ce{H2O}: "H2O". Fe^{3+}: "Fe^3+". At least two elements, one of them H, C,
/// N, O or of two letters, with a number; or a charge; or \ce. (C_1V_1 without H is a product.)
[[nodiscard]] inline std::optional<std::string> chemical_formula(std::string_view text) {
  static const std::set<std::string_view> elements{
      "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si",
      "P",  "S",  "Cl", "Ar", "K",  "Ca", "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni",
      "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",  "Zr", "Nb", "Mo",
      "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La",
      "Ce", "W",  "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Rn", "Ra", "Th", "U",  "Pu"};
  if (text.size() > 120 || text.empty()) {
    return std::nullopt;
  }
  std::string plain;
  bool marked = false;  // \ce, \mathrm, \text
  bool below = false;   // inside _{...}
  for (std::size_t at = 0; at < text.size();) {
    bool macro = false;
    for (const std::string_view name : {"\\ce{", "\\mathrm{", "\\text{"}) {
      if (text.substr(at, name.size()) == name) {
        marked = true;
        at += name.size();
        macro = true;
        break;
      }
    }
    if (macro) {
      continue;
    }
    const char c = text[at];
    if (c == '_') {
      below = true;
    } else if (c == '}') {
      if (below && at + 1 < text.size() && is_digit_char(text[at + 1])) {
        return std::nullopt;  // H_{2}3
      }
      below = false;
    } else if (is_alpha(c) || is_digit_char(c) || c == '(' || c == ')' || c == '^' || c == '+' ||
               c == '-') {
      plain += c;
    } else if (c != '{') {
      return std::nullopt;
    }
    ++at;
  }
  std::set<std::string_view> seen;
  const std::string_view all(plain);
  std::size_t atoms = 0;
  bool numbers = false;
  bool charge = false;
  bool known = false;
  int depth = 0;
  for (std::size_t at = 0; at < all.size();) {
    const char c = all[at];
    if (c == '(') {
      ++depth;
      ++at;
    } else if (c == ')') {
      if (--depth < 0 || at == 0 || all[at - 1] == '(') {
        return std::nullopt;
      }
      ++at;
    } else if (is_digit_char(c)) {
      if (at == 0 || all[at - 1] == '(') {
        return std::nullopt;
      }
      numbers = true;
      ++at;
    } else if (c == '^') {
      std::size_t end = at + 1;
      while (end < all.size() && is_digit_char(all[end])) {
        ++end;
      }
      if (at == 0 || end + 1 != all.size() || (all[end] != '+' && all[end] != '-')) {
        return std::nullopt;
      }
      charge = true;
      at = all.size();
    } else {
      std::size_t size = 2;
      if (elements.count(all.substr(at, 2)) == 0 || all.size() < at + 2) {
        size = 1;
      }
      const std::string_view name = all.substr(at, size);
      if (elements.count(name) == 0) {
        return std::nullopt;
      }
      known = known || size == 2 || name == "H" || name == "C" || name == "N" || name == "O";
      seen.insert(name);
      ++atoms;
      at += size;
    }
  }
  const bool formula =
      charge || (marked && numbers && atoms > 0 && known) || (numbers && seen.size() >= 2 && known);
  return formula && depth == 0 && atoms > 0 ? std::optional<std::string>(plain) : std::nullopt;
}

/// 6'2" and 5' are lengths in feet and inches: "6 ft 2 in".
[[nodiscard]] inline std::optional<std::string> feet_and_inches(std::string_view text) {
  const std::size_t foot = text.find('\'');
  if (foot == std::string_view::npos || foot == 0 || foot > 4 || foot + 1 >= text.size()) {
    return std::nullopt;
  }
  std::string_view inches = trimmed(text.substr(foot + 1));
  if (inches.size() >= 2 && inches.substr(inches.size() - 2) == "''") {
    inches.remove_suffix(2);
  } else if (!inches.empty() && inches.back() == '"') {
    inches.remove_suffix(1);
  } else {
    return std::nullopt;
  }
  const std::string_view feet = text.substr(0, foot);
  if (inches.empty() || inches.size() > 4 ||
      !std::all_of(feet.begin(), feet.end(), is_digit_char) ||
      !std::all_of(inches.begin(), inches.end(),
                   [](char c) { return is_digit_char(c) || c == '.'; })) {
    return std::nullopt;
  }
  return std::string(feet) + " ft " + std::string(inches) + " in";
}

/// Statements by their circled numbers, in any order: "\u2460, \u2462".
[[nodiscard]] inline std::optional<std::string> circled_numbers(std::string_view text) {
  std::set<std::string_view> found;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view head = text.substr(at, 3);
    const bool circled = head.size() == 3 && head.substr(0, 2) == "\xE2\x91" &&
                         static_cast<unsigned char>(head[2]) >= 0xA0 &&
                         static_cast<unsigned char>(head[2]) <= 0xB3;
    if (circled) {
      found.insert(head);
      at += 3;
    } else if (text[at] == ' ' || text[at] == ',') {
      ++at;
    } else if (head == "and" || head == "\xE5\x92\x8C" ||
               head == "\xE4\xB8\x8E") {  // and, in Chinese too
      at += 3;
    } else {
      return std::nullopt;
    }
  }
  std::string out;
  for (const std::string_view number : found) {
    out += (out.empty() ? "" : ", ") + std::string(number);
  }
  return found.empty() ? std::nullopt : std::optional<std::string>(out);
}

/// Whole numbers in Chinese characters, below 10^12.
[[nodiscard]] inline std::optional<std::int64_t> number_in_chinese(std::string_view text) {
  constexpr std::array<std::string_view, 11> digits{"\xE9\x9B\xB6", "\xE4\xB8\x80", "\xE4\xBA\x8C",
                                                    "\xE4\xB8\x89", "\xE5\x9B\x9B", "\xE4\xBA\x94",
                                                    "\xE5\x85\xAD", "\xE4\xB8\x83", "\xE5\x85\xAB",
                                                    "\xE4\xB9\x9D", "\xE4\xB8\xA4"};
  constexpr std::array<std::string_view, 5> scales{"\xE5\x8D\x81", "\xE7\x99\xBE", "\xE5\x8D\x83",
                                                   "\xE4\xB8\x87", "\xE4\xBA\xBF"};
  constexpr std::array<std::int64_t, 5> sizes{10, 100, 1000, 10000, 100000000};
  if (text.empty() || text.size() > 60 || text.size() % 3 != 0) {
    return std::nullopt;
  }
  std::int64_t total = 0;
  std::int64_t group = 0;
  std::int64_t digit = -1;
  std::int64_t last = 10000;
  for (std::size_t at = 0; at < text.size(); at += 3) {
    const std::string_view c = text.substr(at, 3);
    const auto* d = std::find(digits.begin(), digits.end(), c);
    if (d != digits.end()) {
      if (digit > 0) {
        return std::nullopt;  // one two: a list of figures
      }
      digit = d - digits.begin() == 10 ? 2 : d - digits.begin();
      continue;
    }
    const auto* s = std::find(scales.begin(), scales.end(), c);
    if (s == scales.end()) {
      return std::nullopt;
    }
    const std::int64_t size = sizes[static_cast<std::size_t>(s - scales.begin())];
    if (size >= 10000) {
      group += std::max<std::int64_t>(digit, 0);
      if (group == 0 || group >= 10000) {
        return std::nullopt;
      }
      total += group * size;
      group = 0;
      last = 10000;
    } else {
      if (size >= last || digit == 0 || (digit < 0 && (size != 10 || at != 0))) {
        return std::nullopt;
      }
      group += (digit < 0 ? 1 : digit) * size;
      last = size;
    }
    digit = -1;
  }
  return total + group + std::max<std::int64_t>(digit, 0);
}

/// {}_{10}C_3 and ^{10}P_3: "\binom{10}{3}", and that times 3!.
[[nodiscard]] inline std::optional<std::string> arrangements(std::string_view text) {
  if (text.substr(0, 2) == "{}") {
    text.remove_prefix(2);
  }
  const auto number = [&]() -> std::string {
    const bool braces = text.substr(0, 1) == "{";
    text.remove_prefix(braces ? 1 : 0);
    std::string digits;
    while (!text.empty() && is_digit_char(text[0]) && digits.size() < 4) {
      digits += text[0];
      text.remove_prefix(1);
    }
    if (braces) {
      if (text.substr(0, 1) != "}") {
        return {};
      }
      text.remove_prefix(1);
    }
    return digits;
  };
  if (text.empty() || (text[0] != '_' && text[0] != '^')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const std::string n = number();
  const char letter = text.empty() ? ' ' : text[0];
  if (n.empty() || (letter != 'C' && letter != 'P') || text.substr(1, 1) != "_") {
    return std::nullopt;
  }
  text.remove_prefix(2);
  const std::string k = number();
  if (k.empty() || !text.empty()) {
    return std::nullopt;
  }
  const std::string chosen = "\\binom{" + n + "}{" + k + "}";
  return letter == 'C' ? chosen : chosen + "\\cdot " + k + "!";
}

/// x \equiv 7 \pmod 3, 1 (mod 3), 1 mod 3: "1 (mod 3)".
[[nodiscard]] inline std::optional<std::string> congruence(std::string_view text) {
  const std::size_t mod = text.rfind("mod");
  if (mod == std::string_view::npos || mod == 0 || text.size() > 200) {
    return std::nullopt;
  }
  const auto integer = [&](std::string_view part, std::string_view around) {
    while (!part.empty() && (is_blank(part.back()) || around.find(part.back()) != nowhere)) {
      part.remove_suffix(1);
    }
    while (!part.empty() && (is_blank(part.front()) || around.find(part.front()) != nowhere)) {
      part.remove_prefix(1);
    }
    const bool negative = part.substr(0, 1) == "-";
    const std::string_view digits = part.substr(negative ? 1 : 0);
    const bool plain = !digits.empty() && digits.size() < 18 &&
                       std::all_of(digits.begin(), digits.end(), is_digit_char);
    return plain ? std::optional(std::stoll(std::string(part))) : std::nullopt;
  };
  std::string_view left = text.substr(0, mod);
  for (const std::string_view end : {"(\\", "\\p", "\\b", "\\text{ (", "\\text{(", "\\", "("}) {
    if (ends(left, end)) {
      left.remove_suffix(end.size());
      break;
    }
  }
  const std::size_t sign = left.find("\\equiv");
  if (sign != std::string_view::npos) {  // after a name alone
    const std::string_view name = trimmed(left.substr(0, sign));
    if (name.empty() || name.size() > 8 || !std::all_of(name.begin(), name.end(), is_alpha)) {
      return std::nullopt;
    }
    left.remove_prefix(sign + 6);
  }
  const auto rest = integer(left, "");
  const auto modulus = integer(text.substr(mod + 3), "{()}");
  if (!rest || !modulus || *modulus < 2) {
    return std::nullopt;
  }
  const auto least = ((*rest % *modulus) + *modulus) % *modulus;
  return std::to_string(least) + " (mod " + std::to_string(*modulus) + ")";
}

/// FF_{16} and (1010)_2: whole numbers in a base from 2 to 16, with letters in base 16 alone.
[[nodiscard]] inline std::optional<std::string> number_in_base(std::string_view text) {
  const std::size_t mark = text.rfind('_');
  if (mark == std::string_view::npos || mark == 0 || text.size() > 200) {
    return std::nullopt;
  }
  std::string_view digits = text.substr(0, mark);
  std::string_view under = text.substr(mark + 1);
  if (digits.size() > 2 && digits.front() == '(' && digits.back() == ')') {
    digits = digits.substr(1, digits.size() - 2);
  }
  if (digits.substr(0, 6) == "\\text{" && digits.back() == '}') {
    digits = digits.substr(6, digits.size() - 7);
  }
  if (under.size() > 2 && under.front() == '{' && under.back() == '}') {
    under = under.substr(1, under.size() - 2);
  }
  constexpr std::array<std::string_view, 15> bases{
      "two", "three",  "four",   "five",     "six",      "seven",   "eight",  "nine",
      "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"};
  std::string number;
  if (under.substr(0, 6) == "\\text{" && under.back() == '}') {
    const auto* word = std::find(bases.begin(), bases.end(), under.substr(6, under.size() - 7));
    number = word == bases.end() ? std::string() : std::to_string(word - bases.begin() + 2);
    under = number;
  }
  if (digits.empty() || under.empty() || under.size() > 2 ||
      !std::all_of(under.begin(), under.end(), is_digit_char)) {
    return std::nullopt;
  }
  const std::uint32_t base =
      under.size() == 1 ? static_cast<std::uint32_t>(under[0] - '0')
                        : static_cast<std::uint32_t>(10 * (under[0] - '0') + (under[1] - '0'));
  if (base < 2 || base > 16) {
    return std::nullopt;
  }
  BigNatural value;
  for (const char c : digits) {
    const std::uint32_t digit = is_digit_char(c) ? static_cast<std::uint32_t>(c - '0')
                                : c >= 'A' && c <= 'F' && base == 16
                                    ? static_cast<std::uint32_t>(c - 'A' + 10)
                                    : 99U;
    if (digit >= base) {
      return std::nullopt;
    }
    value.multiply_add(base, digit);
  }
  return value.text();
}

}  // namespace dag::detail
