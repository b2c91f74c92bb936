// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
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
      any_or = logic_ = true;
      next();
    } else if (t.is_command("land") || t.is_command("wedge")) {
      any_and = logic_ = true;
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
  if (logic_ && !std::all_of(kids.begin(), kids.end(),
                             [&](int kid) { return tree_.at(kid).op == Op::relation; })) {
    return refuse();  // p \land q is no list
  }
  bind_integer(kids);
  return kids.size() == 1
             ? kids[0]
             : tree_.add(Op::list, std::move(kids), any_or ? "or" : (any_and ? "and" : ""));
}

inline void Parser::bind_integer(const std::vector<int>& kids) {
  if (kids.size() != 2 || (tree_.at(kids[0]).op == Op::relation && tree_.at(kids[0]).text != "=")) {
    return;
  }
  const Node& relation = tree_.at(kids[1]);
  if (relation.op != Op::relation || relation.text != "in" ||
      tree_.at(relation.kids[0]).op != Op::symbol) {
    return;
  }
  const std::string name = tree_.at(relation.kids[0]).text;
  const std::string& integers = tree_.at(relation.kids[1]).text;
  std::vector<std::string> names;
  if (tree_.at(kids[0]).op == Op::relation) {  // x = 2n\pi, but not n = 3
    names_in(tree_.at(kids[0]).kids[0], names);
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return;
    }
  }
  names_in(kids[0], names);
  const auto has = [&](std::string_view wanted) {
    return std::find(names.begin(), names.end(), wanted) != names.end();
  };
  if (name.size() != 1 || !has(name) || has("k") || tree_.at(relation.kids[1]).op != Op::symbol ||
      (integers.compare(0, 10, "\\mathbb{Z}") != 0 &&
       integers.compare(0, 10, "\\mathbb{N}") != 0)) {
    return;
  }
  for (Node& node : tree_.nodes) {
    if (node.op == Op::symbol && node.text == name) {
      node.text = "k";
    }
  }
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
                                                                   {"approx", "~"},
                                                                   {"simeq", "~"}}};
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
    if (lone == "=" || lone == "~") {
      return right;
    }
    signs = lone;
    kids = {tree_.add(Op::symbol, {}, ""), right};
    return ok_ ? tree_.add(Op::relation, std::move(kids), std::move(signs)) : 0;
  }
  kids.push_back(union_of_sets());
  while (ok_) {
    if (aligned_ && peek().is('&') && !relation_sign(peek(1)).empty()) {
      next();
    }
    const std::string sign(relation_sign(peek()));
    if (sign.empty()) {
      break;
    }
    next();
    if (aligned_) {
      take('&');
    }
    kids.push_back(union_of_sets());
    if (sign == "in" && ok_) {
      kids.back() = number_set(kids.back());
    }
    signs += (signs.empty() ? "" : " ") + sign;
  }
  if (!ok_) {
    return 0;
  }
  if (signs == "~" && !constant(kids[0])) {
    signs = "=";  // x \approx 3.5
  }
  return kids.size() == 1 ? kids[0] : tree_.add(Op::relation, std::move(kids), std::move(signs));
}

inline int Parser::number_set(int index) {
  const Node& node = tree_.at(index);
  constexpr std::array<std::string_view, 4> names{"Z", "N", "Q", "C"};
  if (node.op != Op::symbol) {
    return index;
  }
  if (one_of(std::string_view(node.text), names)) {
    return tree_.add(Op::symbol, {}, "\\mathbb{" + node.text + "}");
  }
  if (node.text == "R") {
    const int end = tree_.add(Op::infinity);
    return tree_.add(Op::tuple, {tree_.add(Op::negative, {end}), end}, "()");
  }
  return index;
}

inline void Parser::open_condition() {
  // tokens: ... ( ... ) end
  if (tokens_.size() < 6 || !tokens_[tokens_.size() - 2].is(')')) {
    return;
  }
  std::size_t open = tokens_.size() - 2;
  bool relation = false;
  for (int depth = 0; open > 0; --open) {
    const Token& t = tokens_[open];
    depth += t.is(')') ? 1 : (t.is('(') ? -1 : 0);
    relation = relation || (depth == 1 && !relation_sign(t).empty() && !t.is('='));
    if (depth == 0) {
      break;
    }
  }
  if (open == 0 || !relation ||
      (tokens_[open - 1].kind == TokenKind::letter && !tokens_[open].space)) {
    return;
  }
  tokens_[open].text = ",";
  tokens_.erase(tokens_.end() - 2);
}

inline bool Parser::joins_sets(int left) const {
  const Op op = tree_.at(left).op;
  const Token& then = peek(1);
  const bool braces = then.kind == TokenKind::symbol && then.text == "\\{";
  if (peek().kind == TokenKind::letter && peek().text == "U" && peek().run == "U") {
    return (op == Op::tuple || op == Op::set || op == Op::unite) &&
           (braces || then.is('(') || then.is('['));
  }
  return peek().is('-') && braces && op == Op::tuple && tree_.at(left).text != "[]";
}

inline int Parser::union_of_sets() {
  int left = quantity();
  while (ok_ &&
         (peek().is_command("cup") || peek().is_command("bigcup") ||
          peek().is_command("setminus") || peek().is_command("backslash") || joins_sets(left))) {
    const bool unite = peek().text == "cup" || peek().text == "bigcup" || peek().text == "U";
    next();
    left = tree_.add(unite ? Op::unite : Op::without, {left, quantity()});
  }
  return left;
}

}  // namespace dag::detail
