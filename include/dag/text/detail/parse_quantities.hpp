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

#include <dag/text/detail/grammar.hpp>

namespace dag::detail {

/// Numbers with their units, degrees and money.

inline int Parser::magnitude_letter() const {
  const Token& letter = peek(1);
  if (!on(AnswerRule::magnitude) || peek().kind != TokenKind::number || letter.space ||
      letter.kind != TokenKind::letter || letter.run.size() != 1) {
    return 0;
  }
  constexpr std::string_view letters = "KMBT";
  const std::size_t at = letter.text == "k" ? 0 : letters.find(letter.text);
  return at == std::string_view::npos ? 0 : static_cast<int>(at) + 1;
}

inline int Parser::quantity() {
  std::optional<Unit> money;
  bool negative = false;
  if (on(AnswerRule::money)) {
    const std::size_t start = at_;
    negative = take('-');
    money = currency();
    if (money && !negative) {
      negative = take('-');
    }
    if (!money) {
      at_ = start;
      negative = false;
    }
  }
  const bool rate = money && peek().kind == TokenKind::number && peek(1).is('/') &&
                    (peek(2).kind == TokenKind::word || peek(2).kind == TokenKind::letter);
  const int thousands = money ? magnitude_letter() : 0;  // $1.5M
  int value = rate || thousands > 0 ? number() : over();
  if (thousands > 0) {
    next();
    used_.insert(AnswerRule::magnitude);
    value = tree_.add(Op::multiply,
                      {value, tree_.number(Exact(1000).power(static_cast<unsigned>(thousands)))});
  }
  if (negative) {
    value = tree_.add(Op::negative, {value});
  }
  if (!ok_) {
    return 0;
  }
  if (take_magnitude(value)) {
    used_.insert(AnswerRule::magnitude);
  }
  if (!constant(value)) {
    return value;  // $2x is 2x
  }
  if (money) {
    used_.insert(AnswerRule::money);
    const bool per =
        take('/') || ((peek().kind == TokenKind::letter || peek().kind == TokenKind::word) &&
                      peek().run == "per");
    if (per && peek().run == "per") {
      skip_run();
    }
    UnitParser units(tokens_, at_);
    const auto more = units.parse();
    if (per && !more) {
      return refuse();
    }
    if (more && (per || more->powers == money->powers)) {
      at_ = units.position();  // $5 dollars, $5 per hour
    }
    return with_unit(value, per ? *money * more->raised(-1) : *money);
  }
  if (on(AnswerRule::money)) {
    if (const auto after = currency()) {
      used_.insert(AnswerRule::money);
      return with_unit(value, *after);
    }
  }
  if (on(AnswerRule::unit) && constant(value)) {
    if (tree_.at(value).op == Op::degree) {
      return degrees(value);
    }
    UnitParser units(tokens_, at_);
    if (const auto unit = units.parse()) {
      at_ = units.position();
      used_.insert(is_money(*unit) ? AnswerRule::money : AnswerRule::unit);
      return compound(value, *unit);
    }
  }
  return value;
}

inline int Parser::compound(int value, const Unit& unit) {
  std::vector<int> terms;
  while (ok_ && !unit.powers.empty()) {
    const std::size_t start = at_;
    if ((peek().kind == TokenKind::letter || peek().kind == TokenKind::word) &&
        peek().run == "and" && peek().first) {
      skip_run();
    }
    if (peek().kind != TokenKind::number) {
      at_ = start;
      break;
    }
    const int more = number();
    UnitParser units(tokens_, at_);
    const auto next_unit = ok_ ? units.parse() : std::nullopt;
    if (!next_unit || next_unit->powers != unit.powers ||
        compare(next_unit->factor, unit.factor) >= 0) {
      ok_ = true;
      at_ = start;
      break;
    }
    at_ = units.position();
    terms.push_back(tree_.add(Op::multiply, {more, tree_.number(next_unit->factor)}));
  }
  if (terms.empty()) {
    return with_unit(value, unit);
  }
  terms.push_back(tree_.add(Op::multiply, {value, tree_.number(unit.factor)}));
  Unit base = unit;
  base.factor = Exact(1);
  return with_unit(tree_.add(Op::add, std::move(terms), "compound"), base);
}

inline int Parser::degrees(int value) {
  used_.insert(AnswerRule::unit);
  Unit unit;
  std::string name = "deg";
  const Token& t = peek();
  if (t.kind == TokenKind::letter && (t.text == "C" || t.text == "F")) {
    name += t.text;
    next();
  } else if (t.kind == TokenKind::word && (t.text == "Celsius" || t.text == "Fahrenheit")) {
    name += t.text[0];
    next();
  }
  unit.powers[name] = 1;
  return with_unit(tree_.at(value).kids[0], unit);
}

inline int Parser::with_unit(int value, const Unit& unit) {
  tree_.units.push_back(unit);
  const int node = tree_.add(Op::quantity, {value});
  tree_.nodes.back().value = Exact(static_cast<std::int64_t>(tree_.units.size()) - 1);
  return node;
}

inline std::optional<Unit> Parser::currency() {
  const Token& t = peek();
  std::string_view code;
  if (t.is('$') || t.is_command("dollar")) {
    code = "USD";
  } else if (t.is_command("euro")) {
    code = "EUR";
  } else if (t.is_command("pounds")) {
    code = "GBP";
  } else if (t.is_command("yen")) {
    code = "JPY";
  } else if (t.is_command("rupee")) {
    code = "INR";
  } else if (t.is_command("cent")) {
    next();
    return known_unit("cent");
  } else if (t.first && (t.run == "USD" || t.run == "EUR" || t.run == "GBP" || t.run == "Rs" ||
                         t.run == "INR" || t.run == "JPY" || t.run == "CNY" || t.run == "US")) {
    const bool dollars = t.run == "US";
    if (dollars && !peek(2).is('$')) {
      return std::nullopt;
    }
    code = dollars ? "USD" : (t.run == "Rs" ? "INR" : t.run);
    skip_run();
    take('.');
    take('$');
    return known_unit(code);
  } else {
    return std::nullopt;
  }
  next();
  return known_unit(code);
}

inline bool Parser::take_magnitude(int& value) {
  constexpr std::array<std::pair<std::string_view, int>, 10> words{{{"hundred", 2},
                                                                    {"thousand", 3},
                                                                    {"million", 6},
                                                                    {"billion", 9},
                                                                    {"trillion", 12},
                                                                    {"lakh", 5},
                                                                    {"crore", 7},
                                                                    {"millions", 6},
                                                                    {"billions", 9},
                                                                    {"thousands", 3}}};
  if (!on(AnswerRule::magnitude) || !constant(value)) {
    return false;
  }
  bool found = false;
  for (const auto& [word, power] : words) {
    if (peek().kind == TokenKind::word && peek().text == word) {
      next();
      value = tree_.add(Op::multiply,
                        {value, tree_.number(Exact(10).power(static_cast<unsigned>(power)))});
      found = true;
    }
  }
  return found;
}

inline bool Parser::constant(int index) const {
  const Node& node = tree_.at(index);
  if (node.op == Op::symbol || node.op == Op::opaque || node.op == Op::relation ||
      node.op == Op::matrix) {
    return false;
  }
  return std::all_of(node.kids.begin(), node.kids.end(), [&](int kid) { return constant(kid); });
}

}  // namespace dag::detail
