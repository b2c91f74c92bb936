// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/text/detail/grammar.hpp>

namespace dag::detail {

/// Brackets: groups, absolute values, tuples, intervals and sets.

inline std::string_view Parser::closer(const Token& t) noexcept {
  if (t.is(')') || t.is(']')) {
    return t.text;
  }
  return t.is_command("rangle") ? ")" : "";
}

inline int Parser::bracket() {
  const Token& t = peek();
  if (t.is('{')) {
    next();
    int value = over();
    if (ok_ && peek().is(',')) {  // {1, 2} as it is typed
      std::vector<int> kids{value};
      while (take(',')) {
        kids.push_back(element());
      }
      value = on(AnswerRule::set) ? tree_.add(Op::set, std::move(kids)) : refuse();
    }
    expect('}');
    if (ok_ && peek().kind == TokenKind::symbol && peek().is('{')) {
      return refuse();  // {1}{2}
    }
    if (ok_ && peek().kind == TokenKind::number) {
      return refuse();
    }
    return value;
  }
  if (t.is('(') || t.is('[')) {
    return tuple(t.is('(') ? "(" : "[");
  }
  if (t.is(']')) {
    return tuple("]");  // ]0, 1[
  }
  if (t.kind == TokenKind::symbol && t.text == "\\{") {
    return set();
  }
  if (t.is('|')) {
    return magnitude('|');
  }
  return refuse();
}

inline int Parser::magnitude(char close) {
  const Depth depth(*this);
  next();
  ++bars_;
  const int value = expression();
  --bars_;
  expect(close);
  return ok_ ? tree_.add(Op::function, {value}, "abs") : 0;
}

inline int Parser::tuple(std::string open) {
  const Depth depth(*this);
  const bool outward = open == "]";
  const bool square = outward || open == "[";
  open = outward ? "(" : open;
  next();
  const int bars = bars_;
  bars_ = 0;
  std::vector<int> kids;
  if (closer(peek()).empty()) {
    do {
      kids.push_back(element());
    } while (ok_ && (take(',') || take(';')));
  }
  bars_ = bars;
  std::string close(ok_ ? closer(peek()) : "");
  if (ok_ && square && kids.size() == 2 && peek().is('[')) {
    close = ")";
  }
  if (close.empty() || (outward && kids.size() != 2)) {
    return refuse();
  }
  next();
  if (kids.size() == 1 && open == "(" && close == ")") {
    return tree_.at(kids[0]).op == Op::relation ? refuse() : kids[0];
  }
  if (kids.empty() || (kids.size() == 1 && open + close != "[]")) {
    return refuse();
  }
  if (kids.size() == 1 && tree_.at(kids[0]).op != Op::tuple && tree_.at(kids[0]).op != Op::matrix &&
      begins_operand()) {
    return kids[0];  // 2[x + 1]
  }
  return tree_.add(Op::tuple, std::move(kids), open + close);
}

inline bool Parser::begins_operand() const noexcept {
  const Token& t = peek();
  return t.is('^') || t.is('+') || t.is('-') || t.is('*') || t.is('/') ||
         t.kind == TokenKind::letter || t.is('(');
}

inline bool Parser::is_line(int index) const {
  const Node& node = tree_.at(index);
  return node.op == Op::tuple && node.text == "()" && node.kids.size() == 2 &&
         tree_.at(node.kids[0]).op == Op::negative && tree_.at(node.kids[1]).op == Op::infinity;
}

inline void Parser::names_in(int index, std::vector<std::string>& names) const {
  const Node& node = tree_.at(index);
  if (node.op == Op::symbol && std::find(names.begin(), names.end(), node.text) == names.end()) {
    names.push_back(node.text);
  }
  for (const int kid : node.kids) {
    names_in(kid, names);
  }
}

inline int Parser::set_builder(int element, int said) {
  std::vector<std::string> names;
  names_in(said, names);
  const auto about = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end() ||
           std::find(names.begin(), names.end(), "") != names.end();
  };
  const Node node = tree_.at(element);
  if (node.op == Op::symbol) {
    return about(node.text) ? said : refuse();
  }
  if (node.op == Op::relation && node.text == "in" && tree_.at(node.kids[0]).op == Op::symbol) {
    if (!about(tree_.at(node.kids[0]).text)) {
      return refuse();
    }
    if (is_line(node.kids[1])) {
      return said;
    }
  } else if (node.op == Op::tuple) {  // (x, y) with y = 2x says y = 2x
    std::vector<std::string> own;
    names_in(element, own);
    std::sort(names.begin(), names.end());
    const bool plain = std::all_of(node.kids.begin(), node.kids.end(),
                                   [&](int kid) { return tree_.at(kid).op == Op::symbol; });
    return plain && own == names ? said : refuse();
  }
  std::vector<int> kids{element};
  const Node& condition = tree_.at(said);
  if (condition.op == Op::list && condition.text != "or") {
    kids.insert(kids.end(), condition.kids.begin(), condition.kids.end());
  } else {
    kids.push_back(said);
  }
  bind_integer(kids);
  return tree_.add(Op::list, std::move(kids), "");
}

inline int Parser::set() {
  const Depth depth(*this);
  next();
  std::vector<int> kids;
  const auto closes = [&] { return peek().kind == TokenKind::symbol && peek().text == "\\}"; };
  const int bars = bars_++;
  if (!closes()) {
    kids.push_back(element());
    if (ok_ && (peek().is('|') || peek().is(':') || peek().is_command("mid"))) {
      next();
      const int said = list();
      bars_ = bars;
      if (!ok_ || !closes()) {
        return refuse();
      }
      next();
      return set_builder(kids[0], said);
    }
    bool any_or = false;
    bool any_and = false;
    while (ok_ && separator(any_or, any_and)) {
      kids.push_back(element());
    }
  }
  bars_ = bars;
  if (!ok_ || !closes()) {
    return refuse();
  }
  next();
  used_.insert(AnswerRule::set);
  return on(AnswerRule::set) ? tree_.add(Op::set, std::move(kids), "braces") : refuse();
}

}  // namespace dag::detail
