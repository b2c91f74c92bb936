// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/text/detail/grammar.hpp>

namespace dag::detail {

/// Sums, products, signs and powers.

inline int Parser::expression() {
  const Depth depth(*this);
  if (!ok_) {
    return 0;
  }
  std::vector<int> terms;
  bool first = true;
  while (ok_) {
    const Token& t = peek();
    if (terms.size() == 1 && joins_sets(terms[0])) {
      break;  // \mathbb{R} - \{1\}
    }
    if (t.is('+') || t.is('-')) {
      const bool minus = t.is('-');
      next();
      if (first && minus && peek().is('-')) {
        return refuse();  // --5
      }
      const int value = signed_term();
      const bool matrix = ok_ && first && tree_.at(value).op == Op::matrix;
      terms.push_back(!minus || !ok_ ? value
                      : matrix       ? product(tree_.number(Exact(-1)), value)
                                     : tree_.add(Op::negative, {value}));
    } else if (t.is_command("pm") || t.is_command("mp")) {
      const std::string sign = t.text == "pm" ? "+" : "-";
      next();
      used_.insert(AnswerRule::plus_minus);
      if (!on(AnswerRule::plus_minus)) {
        return refuse();
      }
      const int value = term();
      terms.push_back(ok_ ? tree_.add(Op::plus_minus, {value}, sign) : 0);
    } else if (first) {
      terms.push_back(term());
    } else {
      break;
    }
    first = false;
  }
  if (!ok_) {
    return 0;
  }
  return terms.size() == 1 ? terms[0] : tree_.add(Op::add, std::move(terms));
}

inline bool Parser::begins_matrix() const {
  constexpr std::string_view begin = "begin ";
  constexpr std::array<std::string_view, 5> known{"pmatrix", "bmatrix", "matrix", "smallmatrix",
                                                  "Bmatrix"};
  const Token& t = peek();
  return t.kind == TokenKind::command && t.text.compare(0, begin.size(), begin) == 0 &&
         one_of(std::string_view(t.text).substr(begin.size()), known);
}

inline int Parser::signed_term() {
  if (peek().is('-')) {
    next();
    const int value = term();
    return ok_ ? tree_.add(Op::negative, {value}) : 0;
  }
  return term();
}

inline bool Parser::times_sign() const noexcept {
  const Token& t = peek();
  return t.is('*') || t.is_command("times") || t.is_command("cdot") || t.is_command("ast") ||
         (t.kind == TokenKind::letter && t.text == "x" && t.run == "x" && at_ > 0 &&
          tokens_[at_ - 1].kind == TokenKind::number && peek(1).kind == TokenKind::number &&
          peek(1).text == "10");  // 1.2x10^5
}

inline int Parser::term() {
  int left = factor();
  while (ok_) {
    const Token& t = peek();
    if (times_sign()) {
      const bool cross = t.is_command("times");
      next();
      const int right = signed_factor();
      if (ok_ && is_field(left) && (is_field(right) || tree_.at(left).text == "\\nabla")) {
        left = tree_.add(Op::opaque, {left, right}, cross ? "cross product" : "dot product");
      } else {
        left = product(left, right);
      }
    } else if (t.is('/') || t.is_command("div")) {
      next();
      left = tree_.add(Op::divide, {left, signed_factor()});
    } else if (t.is('%') || (t.kind == TokenKind::word && t.text == "percent")) {
      next();
      left = tree_.add(Op::percent, {left});
    } else if (t.kind == TokenKind::letter && t.run == "per" && t.first && peek(3).text == "cent" &&
               peek(4).kind == TokenKind::end) {
      at_ += 4;  // per cent
      left = tree_.add(Op::percent, {left});
    } else if (begins_factor(left) || (begins_matrix() && constant(left))) {
      left = product(left, factor());
    } else {
      break;
    }
  }
  return left;
}

inline bool Parser::is_field(int index) const {
  const Node& node = tree_.at(index);
  return (node.op == Op::opaque && node.text == "vec") ||
         (node.op == Op::symbol && node.text == "\\nabla");
}

inline int Parser::signed_factor() {
  if (take('-')) {
    const int value = factor();
    return ok_ ? tree_.add(Op::negative, {value}) : 0;
  }
  take('+');
  return factor();
}

inline bool Parser::begins_factor(int left) const {
  const Token& t = peek();
  if (joins_sets(left)) {
    return false;
  }
  switch (t.kind) {
    case TokenKind::number: return tree_.at(left).op == Op::factorial && !t.space;  // 3!4!
    case TokenKind::letter:
      return t.run != "and" && t.run != "or" && !(constant(left) && unit_follows()) &&
             !(tree_.at(left).op == Op::degree && (t.text == "C" || t.text == "F"));
    case TokenKind::symbol:
      return t.is('{') || (t.is('|') && bars_ == 0) ||
             (t.is('(') && !(peek(1).roman && constant(left) && unit_follows()));
    case TokenKind::command: {
      if (!relation_sign(t).empty() || (constant(left) && unit_follows())) {
        return false;
      }
      constexpr std::array<std::string_view, 27> stops{
          "pm",     "mp",  "cup",   "cap",   "setminus", "rfloor", "rceil", "rangle", "over",
          "choose", "mid", "div",   "times", "cdot",     "ast",    "rvert", "rVert",  "euro",
          "pounds", "yen", "rupee", "cent",  "bigcup",   "bmod",   "pmod",  "lor",    "land"};
      return !one_of(t.text, stops) && t.text.compare(0, 3, "end") != 0 &&
             t.text.compare(0, 5, "begin") != 0;
    }
    default: return false;
  }
}

inline bool Parser::unit_follows() const {
  if (!on(AnswerRule::unit)) {
    return false;
  }
  UnitParser units(tokens_, at_);
  return units.parse().has_value();
}

inline int Parser::factor() {
  const bool fraction = peek().is_command("frac") || peek().is_command("dfrac") ||
                        peek().is_command("tfrac") || peek().is_command("cfrac");
  int base = primary();
  while (ok_) {
    const Token& t = peek();
    if (t.is('^') && fraction && !peek(1).is_command("circ")) {
      return refuse();  // \frac{1}{2}^n: of the fraction, or of what is above its line
    }
    if (t.is('^')) {
      base = raised(base);
    } else if (t.is('!') && !t.space) {
      next();
      if (peek().is('!')) {
        return double_factorial(base);
      }
      base = tree_.add(Op::factorial, {base});
    } else if (t.is('\'') && tree_.at(base).op == Op::symbol) {
      next();
      base = tree_.add(Op::symbol, {}, tree_.at(base).text + "'");
    } else if (t.is_command("degree")) {
      next();
      base = tree_.add(Op::degree, {base});
    } else {
      break;
    }
  }
  return base;
}

inline int Parser::double_factorial(int base) {
  next();
  std::int64_t n = 0;
  if (peek().is('!') || peek().is('^') || tree_.at(base).op != Op::number ||
      !tree_.at(base).value.to_integer(n) || n < 0 || n > 200) {
    return refuse();
  }
  Exact value(1);
  for (; n > 1; n -= 2) {
    value = value * Exact(n);
  }
  return tree_.number(std::move(value));
}

inline bool Parser::degree_sign() noexcept {
  std::size_t i = at_;
  const bool braces = tokens_[i].is('{');
  i += braces ? 1 : 0;
  if (!tokens_[i].is_command("circ") || (braces && !tokens_[i + 1].is('}'))) {
    return false;
  }
  at_ = i + (braces ? 2 : 1);
  return true;
}

inline int Parser::raised(int base) {
  const bool typed = peek().plain;  // **
  next();                           // ^
  if (degree_sign()) {
    return tree_.add(Op::degree, {base});
  }
  const bool braces = peek().is('{');
  int exponent = 0;
  if (braces && tree_.at(base).op == Op::symbol && peek(1).is('(') && peek(3).is(')') &&
      peek(4).is('}')) {  // f^{(2)}, x^{(i)}: a derivative, an index; no power
    exponent = group();
    return ok_ ? tree_.add(Op::opaque, {base, exponent}, "raised") : 0;
  }
  if (braces) {
    exponent = group();
    if (peek().is('^')) {
      return refuse();  // a^{b}^c
    }
  } else if (peek().is('(')) {
    exponent = primary();
  } else if (peek().is('-') || peek().is('+')) {
    const bool minus = peek().is('-');
    next();
    exponent = peek().is('(') ? primary() : short_exponent();
    const Token& after = peek();
    if (!after.space && (after.kind == TokenKind::letter || after.is('('))) {
      return refuse();  // x^-1y
    }
    exponent = minus && ok_ ? tree_.add(Op::negative, {exponent}) : exponent;
  } else {
    // x^10 is typeset as x^1 0: as it is typed only where there are but figures (2^10).
    if (peek().kind == TokenKind::number && peek().text.size() > 1 && !typed && !constant(base)) {
      return refuse();
    }
    exponent = short_exponent();
    if (ok_ && peek().is('^')) {
      exponent = raised(exponent);
    }
  }
  if (!ok_) {
    return 0;
  }
  const int count = arrangements(base, exponent);
  return count >= 0 ? count : tree_.add(Op::power, {base, exponent});
}

inline int Parser::arrangements(int base, int exponent) {
  const Node& name = tree_.at(base);
  const Node& taken = tree_.at(exponent);
  std::int64_t k = 0;
  if (name.op != Op::symbol || name.text.size() < 3 || name.text.size() > 5 ||
      (name.text[0] != 'C' && name.text[0] != 'A') || name.text[1] != '_' ||
      taken.op != Op::number || !taken.value.to_integer(k)) {
    return -1;
  }
  std::int64_t n = 0;
  for (const char c : name.text.substr(2)) {
    if (c < '0' || c > '9') {
      return -1;
    }
    n = 10 * n + (c - '0');
  }
  if (k < 0 || k > n) {
    return -1;
  }
  const bool ordered = name.text[0] == 'A';
  const int chosen = tree_.add(Op::function, {tree_.number(Exact(n)), exponent}, "binom");
  return ordered ? tree_.add(Op::multiply, {chosen, tree_.add(Op::factorial, {exponent})}) : chosen;
}

inline int Parser::short_exponent() {
  const Token& t = peek();
  if (t.kind == TokenKind::number) {
    return argument(true);
  }
  if (t.kind == TokenKind::letter && peek(1).kind == TokenKind::number && !peek(1).space) {
    return refuse();  // 2^x3
  }
  if (t.kind == TokenKind::letter || (t.kind == TokenKind::command && relation_sign(t).empty())) {
    return primary();
  }
  return refuse();
}

inline int Parser::group() {
  expect('{');
  const int value = over();
  expect('}');
  return value;
}

inline int Parser::over() {
  const Depth depth(*this);
  const int value = expression();
  if (ok_ && (peek().is_command("over") || peek().is_command("choose"))) {
    const bool fraction = peek().text == "over";
    next();
    const int below = expression();
    return ok_ ? (fraction ? tree_.add(Op::divide, {value, below})
                           : tree_.add(Op::function, {value, below}, "binom"))
               : 0;
  }
  return value;
}

inline int Parser::argument(bool whole_number) {
  const Depth depth(*this);
  if (!ok_) {
    return 0;
  }
  if (peek().is('{')) {
    return group();
  }
  Token& t = tokens_[at_];
  if (t.kind == TokenKind::number && !whole_number && t.text.size() > 1) {
    if (t.text.find('.') != std::string::npos) {
      return refuse();
    }
    const int digit = tree_.number(Exact::decimal(t.text.substr(0, 1)));
    t.text.erase(0, 1);
    return digit;
  }
  if (t.kind == TokenKind::number && t.text.size() <= exact_bits / 4 && t.exponent == 0) {
    const int value = tree_.number(Exact::decimal(t.text));
    next();
    return value;
  }
  if (t.kind == TokenKind::letter || t.kind == TokenKind::command || (whole_number && t.is('('))) {
    return primary();
  }
  return refuse();
}

}  // namespace dag::detail
