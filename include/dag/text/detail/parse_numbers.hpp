// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <dag/text/detail/grammar.hpp>

namespace dag::detail {

/// What stands alone in an expression: numbers, words, letters and their indices.

inline int Parser::primary() {
  const Depth depth(*this);
  if (!ok_) {
    return 0;
  }
  const Token& t = peek();
  switch (t.kind) {
    case TokenKind::number: return number();
    case TokenKind::letter: return letter();
    case TokenKind::command: return command();
    case TokenKind::symbol: return bracket();
    case TokenKind::atom: {
      const int node = tree_.add(Op::atom, {}, t.text);
      next();
      return node;
    }
    case TokenKind::word: return word();
    case TokenKind::end: break;
  }
  return refuse();
}

inline int Parser::word() {
  const Token& t = peek();
  const int node = tree_.add(Op::symbol, {}, t.text);
  next();
  // Words side by side are text, and so is a word beside a number.
  const TokenKind after = peek().kind;
  if (after == TokenKind::word || after == TokenKind::number || after == TokenKind::letter ||
      (at_ >= 2 && (tokens_[at_ - 2].kind == TokenKind::number ||
                    tokens_[at_ - 2].kind == TokenKind::letter))) {
    return refuse();
  }
  return subscript(node);
}

inline int Parser::number() {
  const Token& t = peek();
  if (t.text.size() > exact_bits / 4 || t.exponent > 1000 || t.exponent < -1000) {
    return refuse();
  }
  const bool integer = t.text.find('.') == std::string::npos && t.exponent == 0;
  const std::string digits = t.text;
  Exact value = Exact::decimal(digits, t.exponent);
  next();
  const Token& after = peek();
  if (digits.find('.') != std::string::npos && !after.space &&
      (after.is_command("overline") || after.is_command("bar") || after.is_command("dot") ||
       (after.is('(') && digits.back() == '.'))) {
    return repeating(value, digits);
  }
  if (digits.find('.') != std::string::npos && on(AnswerRule::repeating) && dots()) {
    // 0.333..., 0.1212...: the last digits, if they stand there twice
    const std::string_view all(digits);
    const std::size_t places = all.size() - all.find('.') - 1;
    std::size_t period = 1;
    while (2 * period <= places && period <= 18 &&
           all.substr(all.size() - period) != all.substr(all.size() - 2 * period, period)) {
      ++period;
    }
    if (2 * period > places || period > 18 || t.exponent != 0) {
      return refuse();
    }
    at_ += peek().is('.') ? 3U : 1U;
    used_.insert(AnswerRule::repeating);
    return tree_.number(value + Exact::decimal(all.substr(all.size() - period)) /
                                    (Exact(10).power(period) - Exact(1)) / Exact(10).power(places));
  }
  if (after.is('_') && integer) {
    return based(digits);
  }
  if (integer && on(AnswerRule::mixed)) {
    const int mixed = mixed_number(value);
    if (!ok_ || mixed >= 0) {
      return mixed;
    }
  }
  if (peek().kind == TokenKind::number) {
    return refuse();  // 1 2
  }
  if (peek().kind == TokenKind::letter && !peek().space && peek(1).kind == TokenKind::number &&
      !peek(1).space && !times_sign()) {
    return refuse();  // 3a5
  }
  return tree_.number(std::move(value));
}

inline bool Parser::dots() const noexcept {
  return peek().is_command("ldots") || peek().is_command("dots") || peek().is_command("cdots") ||
         (peek().is('.') && peek(1).is('.') && peek(2).is('.'));
}

inline int Parser::repeating(const Exact& head, const std::string& digits) {
  const bool round = peek().is('(');  // 0.(3)
  next();
  const bool braces = !round && take('{');
  const Token& t = peek();
  if (!on(AnswerRule::repeating) || t.kind != TokenKind::number || t.exponent != 0 ||
      t.text.find('.') != std::string::npos || t.text.size() > 200) {
    return refuse();
  }
  const auto before = static_cast<unsigned>(digits.size() - digits.find('.') - 1);
  const Exact period = Exact::decimal(t.text) / (Exact(10).power(t.text.size()) - Exact(1)) /
                       Exact(10).power(before);
  next();
  if (braces || round) {
    expect(braces ? '}' : ')');
  }
  used_.insert(AnswerRule::repeating);
  return ok_ ? tree_.number(head + period) : 0;
}

inline int Parser::based(const std::string& digits) {
  next();
  const bool braces = take('{');
  const Token& t = peek();
  std::int64_t base = 0;
  if (t.kind != TokenKind::number || t.text.size() > 2 || !on(AnswerRule::base)) {
    return refuse();
  }
  for (const char c : t.text) {
    base = 10 * base + (c - '0');
  }
  next();
  if (braces) {
    expect('}');
  }
  Exact value;
  for (const char c : digits) {
    if (base < 2 || c - '0' >= base) {
      return refuse();
    }
    value = value * Exact(base) + Exact(c - '0');
  }
  used_.insert(AnswerRule::base);
  return tree_.number(std::move(value));
}

inline int Parser::mixed_number(const Exact& whole) {
  std::size_t i = at_;
  const auto integer = [&](std::size_t j) {
    return j < tokens_.size() && tokens_[j].kind == TokenKind::number && tokens_[j].exponent == 0 &&
           tokens_[j].text.find('.') == std::string::npos && tokens_[j].text.size() <= 18;
  };
  std::string above, below;
  if (tokens_[i].kind == TokenKind::command &&
      (tokens_[i].text == "frac" || tokens_[i].text == "dfrac" || tokens_[i].text == "tfrac" ||
       tokens_[i].text == "cfrac")) {
    ++i;
    for (std::string* part : {&above, &below}) {
      const bool braces = tokens_[i].is('{');
      i += braces ? 1 : 0;
      if (!integer(i)) {
        return -1;
      }
      if (braces) {
        *part = tokens_[i].text;
        if (!tokens_[i + 1].is('}')) {
          return -1;
        }
        i += 2;
      } else if (tokens_[i].text.size() == 2 && part == &above) {
        above = tokens_[i].text.substr(0, 1);
        below = tokens_[i].text.substr(1);
        ++i;
        break;
      } else if (tokens_[i].text.size() == 1) {
        *part = tokens_[i].text;
        ++i;
      } else {
        return -1;
      }
    }
  } else if (integer(i) && tokens_[i].space && tokens_[i + 1].is('/') && integer(i + 2)) {
    above = tokens_[i].text;
    below = tokens_[i + 2].text;
    i += 3;
  } else {
    return -1;
  }
  const Exact top = Exact::decimal(above);
  const Exact bottom = Exact::decimal(below);
  if (compare(top, bottom) >= 0) {
    return -1;
  }
  at_ = i;
  used_.insert(AnswerRule::mixed);
  return tree_.number(whole + top / bottom);
}

inline int Parser::letter() {
  const Token t = peek();
  next();
  const Token& after = peek();
  if (t.boundary && at_ >= 2 && !t.space && tokens_[at_ - 2].kind == TokenKind::letter) {
    return refuse();  // \text{A}\text{B}
  }
  if (after.kind == TokenKind::number && !after.space) {
    // x1 is a name if nothing precedes or follows it closely; a5b is none
    const bool alone = t.run.size() == 1 && after.text.size() <= 2 && after.exponent == 0 &&
                       after.text.find('.') == std::string::npos &&
                       (at_ < 2 || tokens_[at_ - 2].kind != TokenKind::number) &&
                       (peek(1).kind != TokenKind::letter || peek(1).space);
    if (!alone) {
      return refuse();
    }
    const int node = tree_.add(Op::symbol, {}, t.text + "_" + after.text);
    next();
    return node;
  }
  if (after.kind == TokenKind::number || after.kind == TokenKind::word) {
    return refuse();  // a 5
  }
  if (after.is('(') && !t.roman && t.run.size() == 1 &&
      (t.text == "f" || t.text == "g" || t.text == "h" || t.text == "F" || t.text == "G")) {
    return application(t.text);
  }
  if (after.is('^') && (t.text == "f" || t.text == "g" || t.text == "h") && peek(1).is('{') &&
      peek(2).is('-') && peek(3).text == "1" && peek(4).is('}') && peek(5).is('(')) {
    at_ += 5;
    return application(t.text + " inverse");
  }
  if (!after.is('_')) {
    if (t.text == "e") {
      return tree_.add(Op::euler);
    }
    if (t.text == "i") {
      return tree_.add(Op::imaginary);
    }
  }
  return subscript(tree_.add(Op::symbol, {}, t.text));
}

inline int Parser::application(std::string name) {
  next();  // (
  std::vector<int> kids{expression()};
  while (take(',')) {
    kids.push_back(expression());
  }
  expect(')');
  return ok_ ? tree_.add(Op::opaque, std::move(kids), "apply " + std::move(name)) : 0;
}

inline std::vector<int> Parser::letters_of(int index) const {
  std::vector<int> letters;
  std::vector<int> rest{index};
  while (!rest.empty()) {
    const Node& node = tree_.at(rest.back());
    const int last = rest.back();
    rest.pop_back();
    if (node.op == Op::multiply) {
      rest.push_back(node.kids[1]);
      rest.push_back(node.kids[0]);
    } else if (node.op == Op::symbol || node.op == Op::imaginary || node.op == Op::euler) {
      letters.push_back(last);
    } else {
      return {index};
    }
  }
  return letters;
}

inline int Parser::subscript(int symbol) {
  if (!ok_ || !take('_')) {
    return symbol;
  }
  const std::string name = tree_.at(symbol).text;
  const bool braces = peek().is('{');
  const std::size_t inner = at_ + (braces ? 1 : 0);
  const TokenKind kind = tokens_[std::min(inner, tokens_.size() - 1)].kind;
  const bool plain =
      kind == TokenKind::number || kind == TokenKind::letter || kind == TokenKind::word;
  if (plain && (!braces || peek(2).is('}'))) {
    Token& t = tokens_[inner];
    std::string index = t.text;
    if (!braces && kind == TokenKind::number && t.text.size() > 1) {
      index = t.text;  // a_12 as it is typed
    }
    at_ = inner + (braces ? 2 : 1);
    return tree_.add(Op::symbol, {}, name + "_" + index);
  }
  std::vector<int> kids;
  if (braces) {
    next();
    kids.push_back(expression());
    while (take(',')) {
      kids.push_back(expression());
    }
    expect('}');
    if (ok_ && kids.size() == 1) {
      kids = letters_of(kids[0]);  // a_{ij} is not a_{ji}
    }
  } else {
    kids.push_back(short_exponent());
  }
  return ok_ ? tree_.add(Op::opaque, std::move(kids), "index " + name) : 0;
}

}  // namespace dag::detail
