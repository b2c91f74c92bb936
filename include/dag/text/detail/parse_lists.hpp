// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/text/detail/grammar.hpp>

namespace dag::detail {

/// Lists, relations and their chains: what an answer is made of.

inline bool Parser::separator(bool& any_or, bool& any_and) {
  bool found = false;
  for (;;) {
    const Token& t = peek();
    const bool word = t.kind == TokenKind::word || t.kind == TokenKind::letter;
    if (t.is(',') || t.is(';') || (t.is('&') && found)) {
      next();
    } else if (word && t.run == "and" && t.first) {
      any_and = true;
      skip_run();
    } else if (word && t.run == "or" && t.first) {
      any_or = true;
      skip_run();
    } else if (t.is_command("lor") || t.is_command("vee")) {
      any_or = true;
      next();
    } else if (t.is_command("land") || t.is_command("wedge")) {
      any_and = true;
      next();
    } else {
      return found;
    }
    found = true;
  }
}

inline void Parser::skip_run() noexcept {
  const auto* run = peek().run.data();
  do {
    next();
  } while (peek().kind == TokenKind::letter && !peek().first && peek().run.data() == run);
}

inline int Parser::list() {
  std::vector<int> kids{element()};
  bool any_or = false;
  bool any_and = false;
  while (ok_ && separator(any_or, any_and)) {
    if (peek().kind == TokenKind::end) {
      break;
    }
    kids.push_back(element());
  }
  if (!ok_) {
    return 0;
  }
  return kids.size() == 1
             ? kids[0]
             : tree_.add(Op::list, std::move(kids), any_or ? "or" : (any_and ? "and" : ""));
}

inline std::string_view Parser::relation_sign(const Token& t) noexcept {
  if (t.kind == TokenKind::symbol) {
    return t.is('=') ? "=" : (t.is('<') ? "<" : (t.is('>') ? ">" : ""));
  }
  if (t.kind != TokenKind::command) {
    return "";
  }
  constexpr std::array<std::array<std::string_view, 2>, 19> signs{{{"le", "<="},
                                                                   {"leq", "<="},
                                                                   {"leqslant", "<="},
                                                                   {"leqq", "<="},
                                                                   {"ge", ">="},
                                                                   {"geq", ">="},
                                                                   {"geqslant", ">="},
                                                                   {"geqq", ">="},
                                                                   {"lt", "<"},
                                                                   {"gt", ">"},
                                                                   {"ne", "!="},
                                                                   {"neq", "!="},
                                                                   {"in", "in"},
                                                                   {"equiv", "equiv"},
                                                                   {"to", "to"},
                                                                   {"rightarrow", "to"},
                                                                   {"mapsto", "to"},
                                                                   {"approx", "="},
                                                                   {"simeq", "="}}};
  for (const auto& [name, sign] : signs) {
    if (t.text == name) {
      return sign;
    }
  }
  return "";
}

inline int Parser::element() {
  const std::string_view lone = relation_sign(peek());
  std::vector<int> kids;
  std::string signs;
  if (!lone.empty() && lone != "in" && lone != "to") {  // ">= 3", "= 5"
    next();
    const int right = union_of_sets();
    if (lone == "=") {
      return right;
    }
    signs = lone;
    kids = {tree_.add(Op::symbol, {}, ""), right};
    return ok_ ? tree_.add(Op::relation, std::move(kids), std::move(signs)) : 0;
  }
  kids.push_back(union_of_sets());
  while (ok_) {
    const std::string sign(relation_sign(peek()));
    if (sign.empty()) {
      break;
    }
    next();
    kids.push_back(union_of_sets());
    signs += (signs.empty() ? "" : " ") + sign;
  }
  if (!ok_) {
    return 0;
  }
  return kids.size() == 1 ? kids[0] : tree_.add(Op::relation, std::move(kids), std::move(signs));
}

inline int Parser::union_of_sets() {
  int left = quantity();
  while (ok_ && (peek().is_command("cup") || peek().is_command("bigcup") ||
                 peek().is_command("setminus") || peek().is_command("backslash"))) {
    const bool unite = peek().text == "cup" || peek().text == "bigcup";
    next();
    left = tree_.add(unite ? Op::unite : Op::without, {left, quantity()});
  }
  return left;
}

}  // namespace dag::detail
