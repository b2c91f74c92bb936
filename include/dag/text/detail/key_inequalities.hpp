// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dag/text/detail/key_writer.hpp>

namespace dag::detail {

/// Keys of inequalities: of one name an interval, if it is linear; of several what is known of it.

inline std::optional<KeyPart> KeyWriter::unequal(const Node& node) {
  const bool swapped = !has_symbols(node.kids[0]);
  const int name = node.kids[swapped ? 1 : 0];
  const int number = node.kids[swapped ? 0 : 1];
  if (tree_.at(name).op != Op::symbol || has_symbols(number) || contains(number, Op::plus_minus) ||
      !use(AnswerRule::inequality)) {
    return std::nullopt;
  }
  Result part = (*this)(number);
  if (!part) {
    return part;
  }
  return all_but(part->key);
}

inline std::optional<KeyPart> KeyWriter::inequality(const Node& node,
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
  if (node.kids.size() == 3 && less(signs[1]) == up) {  // 0 < 2x + 1 < 7
    std::string name;
    const auto low = line(node.kids[up ? 0 : 2], name);
    const auto high = low ? line(node.kids[up ? 2 : 0], name) : low;
    const auto middle = high && name.empty() ? line(node.kids[1], name) : std::nullopt;
    if (middle && !middle->slope.is_zero() && compare(low->constant, high->constant) < 0) {
      const Exact from = (low->constant - middle->constant) / middle->slope;
      const Exact to = (high->constant - middle->constant) / middle->slope;
      const bool with_low = closed(signs[up ? 0 : 1]);
      const bool with_high = closed(signs[up ? 1 : 0]);
      return middle->slope.negative() ? interval(to.text(), with_high, from.text(), with_low)
                                      : interval(from.text(), with_low, to.text(), with_high);
    }
  }
  if (node.kids.size() != 2) {
    return in_order(node, signs);
  }
  const bool swapped = !has_symbols(node.kids[0]);
  if (swapped && !has_symbols(node.kids[1])) {
    return in_order(node, signs);  // 5 < 3 is false, and so is 7 < 3: they are not one answer
  }
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
  if (auto solved = solved_inequality(node, up, closed(signs[0]))) {
    return solved;
  }
  // greater - smaller > 0
  const auto key = proportion(node.kids[up ? 1 : 0], node.kids[up ? 0 : 1], true);
  return key ? Result(
                   KeyPart{(closed(signs[0]) ? "#ge:" : "#gt:") + *key, {}, AnswerForm::inequality})
             : std::nullopt;
}

inline std::optional<KeyPart> KeyWriter::in_order(const Node& node,
                                                  const std::vector<std::string>& signs) {
  const bool up = signs[0][0] == '<';
  if (!std::all_of(signs.begin(), signs.end(),
                   [&](const std::string& s) { return (s[0] == '<') == up; })) {
    return std::nullopt;
  }
  const auto all = parts(node.kids);
  if (!all) {
    return std::nullopt;
  }
  KeyPart part{(*all)[up ? 0 : all->size() - 1].key, {}, AnswerForm::inequality};
  for (std::size_t i = 1; i < all->size(); ++i) {
    const std::size_t at = up ? i : all->size() - 1 - i;
    const bool equal = signs[up ? i - 1 : at].size() == 2;
    part.key += (equal ? " <= " : " < ") + (*all)[at].key;
  }
  return part;
}

inline std::optional<KeyWriter::Line> KeyWriter::line(int index, std::string& name) const {
  const Node& node = tree_.at(index);
  if (!has_symbols(index)) {
    const auto value = contains(index, Op::plus_minus) || contains(index, Op::infinity)
                           ? std::optional<Value>()
                           : Evaluator(tree_, 0, true)(index);
    return value && value->is_real_exact() ? std::optional(Line{Exact(), value->real})
                                           : std::nullopt;
  }
  switch (node.op) {
    case Op::symbol:
      if (node.text.empty() || (!name.empty() && name != node.text)) {
        return std::nullopt;
      }
      name = node.text;
      return Line{Exact(1), Exact()};
    case Op::negative: {
      const auto of = line(node.kids[0], name);
      return of ? std::optional(Line{of->slope.negated(), of->constant.negated()}) : of;
    }
    case Op::add: {
      Line sum;
      for (const int kid : node.kids) {
        const auto term = line(kid, name);
        if (!term) {
          return std::nullopt;
        }
        sum = {sum.slope + term->slope, sum.constant + term->constant};
      }
      return sum;
    }
    case Op::multiply:
    case Op::divide: {
      const auto a = line(node.kids[0], name);
      const auto b = a ? line(node.kids[1], name) : a;
      if (!b) {
        return std::nullopt;
      }
      if (node.op == Op::multiply && a->slope.is_zero()) {
        return Line{a->constant * b->slope, a->constant * b->constant};
      }
      if (!b->slope.is_zero() || (node.op == Op::divide && b->constant.is_zero())) {
        return std::nullopt;
      }
      const Exact factor = node.op == Op::multiply ? b->constant : b->constant.inverse();
      return Line{a->slope * factor, a->constant * factor};
    }
    default: return std::nullopt;
  }
}

inline std::optional<KeyPart> KeyWriter::solved_inequality(const Node& node, bool up, bool closed) {
  std::string name;
  const auto below = [&](const Line& l) {  // l < 0: of a line that is no constant
    const Exact root = l.constant.negated() / l.slope;
    return l.slope.negative() ? interval(root.text(), closed, "inf", false)
                              : interval("-inf", false, root.text(), closed);
  };
  const Node& left = tree_.at(node.kids[0]);
  if (left.op == Op::function && left.text == "abs") {  // |ax + b| < c
    const auto inside = line(left.kids[0], name);
    const auto size = inside && positive(node.kids[1]) ? line(node.kids[1], name) : std::nullopt;
    if (!size || !size->slope.is_zero() || inside->slope.is_zero()) {
      return std::nullopt;
    }
    Exact low = (size->constant.negated() - inside->constant) / inside->slope;
    Exact high = (size->constant - inside->constant) / inside->slope;
    if (compare(low, high) > 0) {
      std::swap(low, high);
    }
    return up ? interval(low.text(), closed, high.text(), closed)
              : join_sorted({interval("-inf", false, low.text(), closed),
                             interval(high.text(), closed, "inf", false)},
                            " \\cup ", "", "", AnswerForm::interval);
  }
  const auto a = line(node.kids[up ? 0 : 1], name);
  const auto b = a ? line(node.kids[up ? 1 : 0], name) : a;
  if (!b || (a->slope - b->slope).is_zero()) {
    return std::nullopt;
  }
  return below({a->slope - b->slope, a->constant - b->constant});
}

inline bool KeyWriter::positive(int index) const {
  const auto value = has_symbols(index) ? std::optional<Value>() : Evaluator(tree_, 0, true)(index);
  return value && value->as_ball().is_real() && value->as_ball().real.sign() > 0 &&
         !contains(index, Op::plus_minus);
}

inline std::optional<KeyPart> KeyWriter::between(const Node& node) {
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

inline std::optional<KeyPart> KeyWriter::between_without(const Node& node) {
  Span span{{{}, "-inf", -1}, {{}, "inf", 1}, false, false};
  std::vector<End> holes;
  std::string name;
  const auto known = [&](int index, End& end, const End& unset) {
    auto found = end_of(index);
    const bool fresh = end.infinite == unset.infinite;
    if (!found || found->infinite != 0 || !fresh) {
      return false;  // none, or a second bound of one side
    }
    end = std::move(*found);
    return true;
  };
  const End lowest{{}, "-inf", -1};
  const End highest{{}, "inf", 1};
  bool unequal_before = false;
  for (const int index : node.kids) {
    const Node& kid = tree_.at(index);
    if (kid.op != Op::relation) {  // x \ne 1, 2
      auto hole = unequal_before ? end_of(index) : std::nullopt;
      if (!hole || hole->infinite != 0) {
        return std::nullopt;
      }
      holes.push_back(std::move(*hole));
      continue;
    }
    const auto signs = signs_of(kid);
    const std::string own = restricted_name(index);
    if (own.empty() || (!name.empty() && own != name)) {
      return std::nullopt;
    }
    name = own;
    unequal_before = signs.size() == 1 && signs[0] == "!=";
    if (unequal_before) {
      const bool swapped = !has_symbols(kid.kids[0]);
      auto hole = end_of(kid.kids[swapped ? 0 : 1]);
      if (!hole || hole->infinite != 0 || tree_.at(kid.kids[swapped ? 1 : 0]).op != Op::symbol) {
        return std::nullopt;
      }
      holes.push_back(std::move(*hole));
      continue;
    }
    for (std::size_t i = 0; i < signs.size(); ++i) {  // 0 < x, or 0 < x < 5
      const bool swapped = !has_symbols(kid.kids[i]);
      const bool up = signs[i][0] == '<';
      if ((signs[i][0] != '<' && signs[i][0] != '>') || signs.size() > 2 ||
          (signs[i][0] != signs[0][0]) ||
          tree_.at(kid.kids[swapped ? i + 1 : i]).op != Op::symbol) {
        return std::nullopt;
      }
      const bool above = up != swapped;  // x < number
      if (!known(kid.kids[swapped ? i : i + 1], above ? span.high : span.low,
                 above ? highest : lowest)) {
        return std::nullopt;
      }
      (above ? span.with_high : span.with_low) = signs[i].size() == 2;
    }
  }
  const auto ordered = order(span.low, span.high);
  if (holes.empty() || !ordered || *ordered >= 0) {
    return std::nullopt;
  }
  std::vector<Span> spans{std::move(span)};
  return puncture(spans, holes) ? spans_key(std::move(spans)) : std::nullopt;
}

inline KeyPart KeyWriter::interval(const std::string& low, bool with_low, const std::string& high,
                                   bool with_high) {
  return {(with_low ? "[" : "(") + low + ", " + high + (with_high ? "]" : ")"),
          {},
          AnswerForm::interval};
}

}  // namespace dag::detail
