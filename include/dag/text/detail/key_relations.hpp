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

/// Keys of relations: equations and roundings.

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

inline std::optional<KeyPart> KeyWriter::relation(const Node& node) {
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

inline std::optional<KeyPart> KeyWriter::rounded(const Node& node,
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

inline std::optional<KeyPart> KeyWriter::equation(const Node& given) {
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
  KeyPart part{"#eq:" + *key, {}, AnswerForm::equation};
  if (left.op == Op::symbol && on(AnswerRule::left_side_omitted)) {
    if (const Result alone = (*this)(right)) {
      part.bare = alone->key;
    }
  }
  return part;
}

}  // namespace dag::detail
