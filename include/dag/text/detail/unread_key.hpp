// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include <dag/text/answer_rules.hpp>
#include <dag/text/detail/lexer.hpp>
#include <dag/text/read_options.hpp>

namespace dag::detail {

/// One mark of a text after the last one of `key`.
inline void write_mark(const Token& token, std::string& key) {
  if (token.kind == TokenKind::end) {
    return;
  }
  constexpr std::array<std::array<std::string_view, 2>, 12> names{{{"rightarrow", "to"},
                                                                   {"dfrac", "frac"},
                                                                   {"tfrac", "frac"},
                                                                   {"mod", "bmod"},
                                                                   {"leq", "le"},
                                                                   {"geq", "ge"},
                                                                   {"neq", "ne"},
                                                                   {"leqslant", "le"},
                                                                   {"geqslant", "ge"},
                                                                   {"varnothing", "emptyset"},
                                                                   {"land", "wedge"},
                                                                   {"lor", "vee"}}};
  std::string mark = token.text;
  const bool alphanumeric =
      is_alpha(mark[0]) || is_digit_char(mark[0]) || static_cast<unsigned char>(mark[0]) >= 0x80;
  if (token.kind == TokenKind::command) {
    for (const auto& [name, known] : names) {
      mark = mark == name ? std::string(known) : mark;
    }
    mark = "\\" + mark;
  } else if (token.kind == TokenKind::number && token.exponent != 0) {
    mark += "e" + std::to_string(token.exponent);
  }
  // 1 2 is not 12, and \frac a not \fraca.
  const char before = key.back();
  const bool beside =
      is_alpha(before) || is_digit_char(before) || static_cast<unsigned char>(before) >= 0x80;
  const bool run = token.kind == TokenKind::letter && !token.first;
  if (key.size() > 1 && beside && alphanumeric && token.kind != TokenKind::command && !run) {
    key += ' ';
  }
  key += mark;
}

/// Not understood: equal only to the same marks in the same order. What only sets them (fonts,
/// sizes, spaces) does not count, nor which of the names of one sign is used.
[[nodiscard]] inline std::string unread_key(std::string_view text, const ReadOptions& options) {
  std::string key = "?";
  if (!options.off.contains(AnswerRule::markup)) {
    Lexer lexer(text, options);
    if (lexer.ok()) {
      for (const Token& token : lexer.tokens()) {
        write_mark(token, key);
      }
      while (key.back() == ' ') {
        key.pop_back();
      }
      return key;
    }
  }
  bool gap = false;
  for (const char c : text) {
    if (is_blank(c)) {
      gap = true;
    } else {
      if (gap && key.size() > 1) {
        key += ' ';
      }
      gap = false;
      key += c;
    }
  }
  return key;
}

}  // namespace dag::detail
