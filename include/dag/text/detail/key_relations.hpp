// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/text/detail/key_writer.hpp>

namespace dag::detail {

/// Keys of relations: equations, inequalities, roundings.

inline std::vector<std::string> KeyWriter::signs_of(const Node& node) {
  std::vector<std::string> signs{""};
  for (const char c : node.text) {
    if (c == ' ') {
      signs.emplace_back();
    } else {
      signs.back() += c;
    }
  }
  return signs;
}

inline bool KeyWriter::is_name(int index) const {
  const Node& node = tree_.at(index);
  switch (node.op) {
    case Op::symbol:
    case Op::opaque:
    case Op::euler:  // eccentricity
    case Op::imaginary: return true;
    case Op::multiply: return is_name(node.kids[0]) && is_name(node.kids[1]);
    case Op::power: return is_name(node.kids[0]) && tree_.at(node.kids[1]).op == Op::opaque;
    case Op::function: return node.text == "abs" && is_name(node.kids[0]);
    case Op::tuple:
      return std::all_of(node.kids.begin(), node.kids.end(), [&](int kid) { return is_name(kid); });
    default: return false;
  }
}

inline std::optional<Part> KeyWriter::relation(const Node& node) {
  const auto signs = signs_of(node);
  const auto all = [&](std::string_view sign) {
    return std::all_of(signs.begin(), signs.end(), [&](const auto& s) { return s == sign; });
  };
  if (all("=")) {
    return equation(node);
  }
  if (std::find(signs.begin(), signs.end(), "~") != signs.end()) {
    return rounded(node, signs);
  }
  if (signs.size() == 1 && signs[0] == "in" && tree_.at(node.kids[0]).op == Op::symbol) {
    return use(AnswerRule::interval) ? (*this)(node.kids[1]) : std::nullopt;
  }
  if (signs.size() == 1 && signs[0] == "!=") {
    return unequal(node);
  }
  const bool order = std::all_of(signs.begin(), signs.end(), [](const std::string& s) {
    return s == "<" || s == "<=" || s == ">" || s == ">=";
  });
  return order && use(AnswerRule::inequality) ? inequality(node, signs) : std::nullopt;
}

inline std::optional<Part> KeyWriter::rounded(const Node& node,
                                              const std::vector<std::string>& signs) {
  std::size_t cut = 0;
  while (signs[cut] != "~") {
    ++cut;
  }
  if (cut == 0 && has_symbols(node.kids[0])) {
    return std::nullopt;
  }
  for (std::size_t i = cut + 1; i < node.kids.size(); ++i) {
    const auto a = Evaluator(tree_, 0, true)(node.kids[cut]);
    const auto b = Evaluator(tree_, 0, true)(node.kids[i]);
    if (!a || !b || has_symbols(node.kids[cut]) || has_symbols(node.kids[i])) {
      return std::nullopt;
    }
    const ComplexBall x = a->as_ball();
    const ComplexBall y = b->as_ball();
    const Ball slack = x.real.magnitude() - (x.real - y.real).magnitude() * Ball(10);
    if (!x.is_real() || !y.is_real() || slack.sign() < 0) {
      return std::nullopt;
    }
  }
  if (cut == 0) {
    return (*this)(node.kids[0]);
  }
  Node kept = node;
  kept.kids.resize(cut + 1);
  kept.text.clear();
  for (std::size_t i = 0; i < cut; ++i) {
    kept.text += (i == 0 ? "" : " ") + signs[i];
  }
  return relation(kept);
}

inline std::optional<Part> KeyWriter::equation(const Node& given) {
  Node node = given;
  if (node.kids.size() == 2 && is_name(node.kids[1]) && !has_symbols(node.kids[0])) {
    std::swap(node.kids[0], node.kids[1]);  // 5 = x
  }
  const int right = node.kids.back();
  const bool named = is_name(node.kids[0]);
  // Sides after a name, or all of them, that are one value.
  const bool constant = std::all_of(node.kids.begin() + (named ? 1 : 0), node.kids.end(),
                                    [&](int kid) { return !has_symbols(kid); });
  if (constant) {
    if (!use(AnswerRule::assignment)) {
      return std::nullopt;
    }
    Result last = (*this)(right);
    for (std::size_t i = named ? 1 : 0; last && i + 1 < node.kids.size(); ++i) {
      const Result side = (*this)(node.kids[i]);
      if (!side || side->key != last->key) {
        return std::nullopt;  // 2 + 3 = 6
      }
    }
    return last;
  }
  if (node.kids.size() != 2) {
    return std::nullopt;
  }
  const Node& left = tree_.at(node.kids[0]);
  const Op right_op = tree_.at(right).op;
  const bool parts = right_op == Op::tuple || right_op == Op::set || right_op == Op::matrix ||
                     right_op == Op::unite || right_op == Op::atom;
  if (named && on(AnswerRule::assignment) &&
      (parts || (left.op == Op::opaque && left.text.compare(0, 6, "apply ") == 0))) {
    used_.insert(AnswerRule::assignment);
    return (*this)(right);
  }
  if (!use(AnswerRule::equation)) {
    return std::nullopt;
  }
  const auto key = proportion(node.kids[0], right, false);
  if (!key) {
    return std::nullopt;
  }
  Part part{"#eq:" + *key, {}, AnswerForm::equation};
  if (left.op == Op::symbol && on(AnswerRule::left_side_omitted)) {
    if (const Result alone = (*this)(right)) {
      part.bare = alone->key;
    }
  }
  return part;
}

inline std::optional<Part> KeyWriter::unequal(const Node& node) {
  const bool swapped = !has_symbols(node.kids[0]);
  const int name = node.kids[swapped ? 1 : 0];
  const int number = node.kids[swapped ? 0 : 1];
  if (tree_.at(name).op != Op::symbol || has_symbols(number) || !use(AnswerRule::inequality)) {
    return std::nullopt;
  }
  Result part = (*this)(number);
  if (!part) {
    return part;
  }
  return all_but(part->key);
}

inline std::optional<Part> KeyWriter::inequality(const Node& node,
                                                 const std::vector<std::string>& signs) {
  const auto less = [](const std::string& s) { return s[0] == '<'; };
  const auto closed = [](const std::string& s) { return s.size() == 2; };
  const bool up = less(signs[0]);
  if (node.kids.size() == 3 && less(signs[1]) == up && tree_.at(node.kids[1]).op == Op::symbol &&
      !has_symbols(node.kids[0]) && !has_symbols(node.kids[2])) {
    const Result low = (*this)(node.kids[up ? 0 : 2]);
    const Result high = low ? (*this)(node.kids[up ? 2 : 0]) : low;
    return high ? Result(interval(low->key, closed(signs[up ? 0 : 1]), high->key,
                                  closed(signs[up ? 1 : 0])))
                : std::nullopt;
  }
  if (node.kids.size() != 2) {
    return std::nullopt;
  }
  const bool swapped = !has_symbols(node.kids[0]);
  const int name = node.kids[swapped ? 1 : 0];
  const int number = node.kids[swapped ? 0 : 1];
  const Node& left = tree_.at(name);
  const bool size = left.op == Op::function && left.text == "abs" &&
                    tree_.at(left.kids[0]).op == Op::symbol && positive(number);
  if ((left.op == Op::symbol || size) && !has_symbols(number)) {
    Result part = (*this)(number);
    if (!part) {
      return part;
    }
    if (size && part->key.substr(0, 2) != "~:") {  // |x| < 3
      const std::string low = "-" + part->key.substr(part->key[0] == '~' ? 1 : 0);
      const std::string from = part->key[0] == '~' ? "~" + low : low;
      const bool with = closed(signs[0]);
      return up != swapped ? interval(from, with, part->key, with)
                           : join_sorted({interval("-inf", false, from, with),
                                          interval(part->key, with, "inf", false)},
                                         " \\cup ", "", "", AnswerForm::interval);
    }
    return up != swapped ? Result(interval("-inf", false, part->key, closed(signs[0])))
                         : Result(interval(part->key, closed(signs[0]), "inf", false));
  }
  // greater - smaller > 0
  const auto key = proportion(node.kids[up ? 1 : 0], node.kids[up ? 0 : 1], true);
  return key ? Result(Part{(closed(signs[0]) ? "#ge:" : "#gt:") + *key, {}, AnswerForm::inequality})
             : std::nullopt;
}

inline bool KeyWriter::positive(int index) const {
  const auto value = has_symbols(index) ? std::optional<Value>() : Evaluator(tree_, 0, true)(index);
  return value && value->as_ball().is_real() && value->as_ball().real.sign() > 0 &&
         !contains(index, Op::plus_minus);
}

inline std::optional<Part> KeyWriter::between(const Node& node) {
  int low = -1;
  int high = -1;
  bool with_low = false;
  bool with_high = false;
  std::string name;
  for (const int index : node.kids) {
    const Node& kid = tree_.at(index);
    if (kid.kids.size() != 2 || kid.text == "!=" || (kid.text[0] != '<' && kid.text[0] != '>')) {
      return std::nullopt;
    }
    const bool swapped = !has_symbols(kid.kids[0]);
    const Node& symbol = tree_.at(kid.kids[swapped ? 1 : 0]);
    const int number = kid.kids[swapped ? 0 : 1];
    if (symbol.op != Op::symbol || symbol.text.empty() || has_symbols(number) ||
        (!name.empty() && symbol.text != name)) {
      return std::nullopt;
    }
    name = symbol.text;
    const bool above = (kid.text[0] == '<') != swapped;  // x < number
    (above ? high : low) = number;
    (above ? with_high : with_low) = kid.text.size() == 2;
  }
  const auto a = low < 0 || high < 0 ? std::optional<Value>() : Evaluator(tree_, 0, true)(low);
  const auto b = a ? Evaluator(tree_, 0, true)(high) : a;
  if (!b || !a->as_ball().is_real() || !b->as_ball().is_real()) {
    return std::nullopt;
  }
  const int order = (b->as_ball().real - a->as_ball().real).sign();
  const Result from = order == 0 ? std::nullopt : (*this)(low);
  const Result to = from ? (*this)(high) : from;
  if (!to || (order < 0 && node.text == "and")) {
    return std::nullopt;
  }
  return order > 0 ? interval(from->key, with_low, to->key, with_high)
                   : join_sorted({interval("-inf", false, to->key, with_high),
                                  interval(from->key, with_low, "inf", false)},
                                 " \\cup ", "", "", AnswerForm::interval);
}

inline Part KeyWriter::interval(const std::string& low, bool with_low, const std::string& high,
                                bool with_high) {
  return {(with_low ? "[" : "(") + low + ", " + high + (with_high ? "]" : ")"),
          {},
          AnswerForm::interval};
}

}  // namespace dag::detail
