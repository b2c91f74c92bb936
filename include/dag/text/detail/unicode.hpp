// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <dag/text/compose.hpp>
#include <dag/text/fold.hpp>

namespace dag::detail {

struct CharacterSpelling {
  char32_t from;
  std::string_view to;
};

/// Characters of mathematics and typography as the ASCII or LaTeX that means the same, sorted.
inline constexpr std::array character_spellings{
    CharacterSpelling{0x00A2, "\\cent "},
    CharacterSpelling{0x00A3, "\\pounds "},
    CharacterSpelling{0x00A5, "\\yen "},
    CharacterSpelling{0x00AB, "\""},
    CharacterSpelling{0x00AC, "\\neg "},
    CharacterSpelling{0x00AD, ""},
    CharacterSpelling{0x00B0, "^\\circ "},
    CharacterSpelling{0x00B1, "\\pm "},
    CharacterSpelling{0x00B4, "'"},
    CharacterSpelling{0x00B7, "\\cdot "},
    CharacterSpelling{0x00BB, "\""},
    CharacterSpelling{0x00BC, "\\frac{1}{4}"},
    CharacterSpelling{0x00BD, "\\frac{1}{2}"},
    CharacterSpelling{0x00BE, "\\frac{3}{4}"},
    CharacterSpelling{0x00D7, "\\times "},
    CharacterSpelling{0x00F7, "\\div "},
    CharacterSpelling{0x060C, ","},
    CharacterSpelling{0x066A, "%"},
    CharacterSpelling{0x066B, "."},
    CharacterSpelling{0x066C, ","},
    CharacterSpelling{0x200B, ""},
    CharacterSpelling{0x200C, ""},
    CharacterSpelling{0x200D, ""},
    CharacterSpelling{0x2010, "-"},
    CharacterSpelling{0x2011, "-"},
    CharacterSpelling{0x2012, "-"},
    CharacterSpelling{0x2013, "-"},
    CharacterSpelling{0x2014, "-"},
    CharacterSpelling{0x2015, "-"},
    CharacterSpelling{0x2016, "\\|"},
    CharacterSpelling{0x2018, "'"},
    CharacterSpelling{0x2019, "'"},
    CharacterSpelling{0x201C, "\""},
    CharacterSpelling{0x201D, "\""},
    CharacterSpelling{0x201E, "\""},
    CharacterSpelling{0x2022, "\\cdot "},
    CharacterSpelling{0x2026, "\\ldots "},
    CharacterSpelling{0x2032, "'"},
    CharacterSpelling{0x2033, "''"},
    CharacterSpelling{0x2044, "/"},
    CharacterSpelling{0x2060, ""},
    CharacterSpelling{0x2061, ""},
    CharacterSpelling{0x2062, ""},
    CharacterSpelling{0x2063, ","},
    CharacterSpelling{0x20AC, "\\euro "},
    CharacterSpelling{0x20B9, "\\rupee "},
    CharacterSpelling{0x2102, "\\mathbb{C}"},
    CharacterSpelling{0x2103, "^\\circ C"},
    CharacterSpelling{0x2109, "^\\circ F"},
    CharacterSpelling{0x2115, "\\mathbb{N}"},
    CharacterSpelling{0x211A, "\\mathbb{Q}"},
    CharacterSpelling{0x211D, "\\mathbb{R}"},
    CharacterSpelling{0x2124, "\\mathbb{Z}"},
    CharacterSpelling{0x2150, "\\frac{1}{7}"},
    CharacterSpelling{0x2151, "\\frac{1}{9}"},
    CharacterSpelling{0x2152, "\\frac{1}{10}"},
    CharacterSpelling{0x2153, "\\frac{1}{3}"},
    CharacterSpelling{0x2154, "\\frac{2}{3}"},
    CharacterSpelling{0x2155, "\\frac{1}{5}"},
    CharacterSpelling{0x2156, "\\frac{2}{5}"},
    CharacterSpelling{0x2157, "\\frac{3}{5}"},
    CharacterSpelling{0x2158, "\\frac{4}{5}"},
    CharacterSpelling{0x2159, "\\frac{1}{6}"},
    CharacterSpelling{0x215A, "\\frac{5}{6}"},
    CharacterSpelling{0x215B, "\\frac{1}{8}"},
    CharacterSpelling{0x215C, "\\frac{3}{8}"},
    CharacterSpelling{0x215D, "\\frac{5}{8}"},
    CharacterSpelling{0x215E, "\\frac{7}{8}"},
    CharacterSpelling{0x2190, "\\leftarrow "},
    CharacterSpelling{0x2192, "\\to "},
    CharacterSpelling{0x21D2, "\\Rightarrow "},
    CharacterSpelling{0x21D4, "\\Leftrightarrow "},
    CharacterSpelling{0x2200, "\\forall "},
    CharacterSpelling{0x2202, "\\partial "},
    CharacterSpelling{0x2203, "\\exists "},
    CharacterSpelling{0x2205, "\\emptyset "},
    CharacterSpelling{0x2206, "\\Delta "},
    CharacterSpelling{0x2207, "\\nabla "},
    CharacterSpelling{0x2208, "\\in "},
    CharacterSpelling{0x2209, "\\notin "},
    CharacterSpelling{0x220F, "\\prod "},
    CharacterSpelling{0x2211, "\\sum "},
    CharacterSpelling{0x2212, "-"},
    CharacterSpelling{0x2213, "\\mp "},
    CharacterSpelling{0x2215, "/"},
    CharacterSpelling{0x2216, "\\setminus "},
    CharacterSpelling{0x2217, "*"},
    CharacterSpelling{0x2219, "\\cdot "},
    CharacterSpelling{0x221A, "\\sqrt "},
    CharacterSpelling{0x221B, "\\sqrt[3]"},
    CharacterSpelling{0x221C, "\\sqrt[4]"},
    CharacterSpelling{0x221E, "\\infty "},
    CharacterSpelling{0x2220, "\\angle "},
    CharacterSpelling{0x2223, "|"},
    CharacterSpelling{0x2225, "\\parallel "},
    CharacterSpelling{0x2227, "\\land "},
    CharacterSpelling{0x2228, "\\lor "},
    CharacterSpelling{0x2229, "\\cap "},
    CharacterSpelling{0x222A, "\\cup "},
    CharacterSpelling{0x222B, "\\int "},
    CharacterSpelling{0x2236, ":"},
    CharacterSpelling{0x2248, "\\approx "},
    CharacterSpelling{0x2260, "\\ne "},
    CharacterSpelling{0x2261, "\\equiv "},
    CharacterSpelling{0x2264, "\\le "},
    CharacterSpelling{0x2265, "\\ge "},
    CharacterSpelling{0x2282, "\\subset "},
    CharacterSpelling{0x2286, "\\subseteq "},
    CharacterSpelling{0x22A5, "\\perp "},
    CharacterSpelling{0x22C5, "\\cdot "},
    CharacterSpelling{0x22EF, "\\ldots "},
    CharacterSpelling{0x2308, "\\lceil "},
    CharacterSpelling{0x2309, "\\rceil "},
    CharacterSpelling{0x230A, "\\lfloor "},
    CharacterSpelling{0x230B, "\\rfloor "},
    CharacterSpelling{0x25B3, "\\triangle "},
    CharacterSpelling{0x27E8, "\\langle "},
    CharacterSpelling{0x27E9, "\\rangle "},
    CharacterSpelling{0x2A7D, "\\le "},
    CharacterSpelling{0x2A7E, "\\ge "},
    CharacterSpelling{0x3001, ","},
    CharacterSpelling{0x3002, "."},
    CharacterSpelling{0xFEFF, ""},
    CharacterSpelling{0xFFE0, "\\cent "},
    CharacterSpelling{0xFFE1, "\\pounds "},
    CharacterSpelling{0xFFE5, "\\yen "},
};

inline constexpr std::array<std::string_view, 25> greek_names{
    "alpha", "beta",   "gamma",   "delta", "epsilon", "zeta",    "eta",  "theta", "iota",
    "kappa", "lambda", "mu",      "nu",    "xi",      "omicron", "pi",   "rho",   "sigma",
    "sigma", "tau",    "upsilon", "phi",   "chi",     "psi",     "omega"};

/// The digit 0 to 9 that a character of another script is, or -1.
[[nodiscard]] constexpr int script_digit(char32_t c) noexcept {
  for (const char32_t zero :
       {0x0660U, 0x06F0U, 0x07C0U, 0x0966U, 0x09E6U, 0x0A66U, 0x0AE6U, 0x0B66U, 0x0BE6U, 0x0C66U,
        0x0CE6U, 0x0D66U, 0x0E50U, 0x0ED0U, 0x0F20U, 0x1040U, 0x17E0U, 0x1810U, 0xFF10U}) {
    if (c >= zero && c <= zero + 9) {
      return static_cast<int>(c - zero);
    }
  }
  return -1;
}

/// The character that a superscript (or subscript) is one of, or 0.
[[nodiscard]] constexpr char raised_character(char32_t c, bool below) noexcept {
  const char32_t zero = below ? 0x2080U : 0x2070U;
  if (!below) {
    switch (c) {
      case 0x00B9: return '1';
      case 0x00B2: return '2';
      case 0x00B3: return '3';
      case 0x2071: return 'i';
      case 0x207F: return 'n';
      default: break;
    }
  }
  if (c >= zero && c <= zero + 9) {
    return static_cast<char>('0' + static_cast<int>(c - zero));
  }
  switch (c - zero) {
    case 10: return '+';
    case 11: return '-';
    case 12: return '=';
    case 13: return '(';
    case 14: return ')';
    default: return 0;
  }
}

[[nodiscard]] constexpr bool is_greek(char32_t c) noexcept {
  return (c >= 0x391 && c <= 0x3A9 && c != 0x3A2) || (c >= 0x3B1 && c <= 0x3C9);
}

[[nodiscard]] inline bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// `text` with its characters as ASCII and LaTeX where they mean the same: the rule `unicode`.
[[nodiscard]] inline std::string plain_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  char32_t before = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text.substr(at));
    const auto following = [&] {
      return at + c.length < text.size() ? decode_utf8(text.substr(at + c.length))
                                         : CodePoint{0, 0, false};
    };
    const char32_t value = c.value;
    std::size_t used = c.length;
    if (!c.valid || value < 0x80) {
      out += text[at];
    } else if (is_space(value) && value != 0x200B && value != 0xFEFF) {
      out += ' ';
    } else if (const int digit = script_digit(value); digit >= 0) {
      out += static_cast<char>('0' + digit);
    } else if (value >= 0xFF01 && value <= 0xFF5E) {
      out += static_cast<char>(value - 0xFEE0);
    } else if (raised_character(value, false) != 0 || raised_character(value, true) != 0) {
      const bool below = raised_character(value, false) == 0;
      out += below ? "_{" : "^{";
      std::size_t end = at;
      for (CodePoint d = c; end < text.size() && d.valid && raised_character(d.value, below) != 0;
           d = decode_utf8(text.substr(end))) {
        out += raised_character(d.value, below);
        end += d.length;
        if (end >= text.size()) {
          break;
        }
      }
      out += '}';
      used = end - at;
    } else if (value == 0xB5 || value == 0x3BC) {
      const char32_t next = following().value;
      const bool unit = (next >= 'A' && next <= 'Z') || (next >= 'a' && next <= 'z');
      out += unit ? "u" : "\\mu ";
    } else if (is_greek(value) && !is_greek(before) && !is_greek(following().value)) {
      const bool capital = value < 0x3B1;
      std::string name(greek_names[value - (capital ? 0x391 : 0x3B1)]);
      if (capital) {
        name[0] = static_cast<char>(name[0] - 32);
      }
      out += '\\' + name + ' ';
    } else {
      const auto found =
          std::lower_bound(character_spellings.begin(), character_spellings.end(), value,
                           [](const CharacterSpelling& s, char32_t v) { return s.from < v; });
      if (found != character_spellings.end() && found->from == value) {
        out += found->to;
      } else {
        out += text.substr(at, c.length);
      }
    }
    before = value;
    at += used;
  }
  return is_ascii(out) || text_composer == nullptr ? out : text_composer(out);
}

}  // namespace dag::detail
