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

/// Keys of lists: choices, assignments, conditions, and what is unordered.

inline std::optional<KeyPart> KeyWriter::list(const Node& node) {
  const auto capital = [&](int kid) {
    const Node& k = tree_.at(kid);
    return k.op == Op::symbol && k.text.size() == 1 && k.text[0] >= 'A' && k.text[0] <= 'Z';
  };
  if (std::all_of(node.kids.begin(), node.kids.end(), capital) && use(AnswerRule::choices)) {
    auto all = parts(node.kids);
    if (all && repeats(*all)) {
      return join(*all, ", ", "", "", AnswerForm::tuple);  // T, F, T: a sequence
    }
    return all ? Result(join_sorted(std::move(*all), ", ", "", "", AnswerForm::choices))
               : std::nullopt;
  }
  std::vector<std::string> names;
  bool assignments = true;
  bool inequalities = true;
  for (std::size_t i = 0; i < node.kids.size(); ++i) {
    const Node& kid = tree_.at(node.kids[i]);
    const bool relation = kid.op == Op::relation;
    const bool assignment = relation && kid.text == "=" && kid.kids.size() == 2 &&
                            is_name(kid.kids[0]) && !has_symbols(kid.kids[1]);
    if (assignment) {
      names.push_back(name_text(kid.kids[0]));
    } else if (!(i > 0 && !relation && names.size() == 1 && !has_symbols(node.kids[i]))) {
      assignments = false;
    }
    inequalities = inequalities && relation && kid.text.find('=') != 0;
  }
  if (assignments && !names.empty() && use(AnswerRule::assignment)) {
    return assigned(node, names);
  }
  if (auto part = several_names(node)) {
    return part;
  }
  if (inequalities && node.text == "or" && use(AnswerRule::inequality)) {
    auto all = parts(node.kids);
    return all ? Result(join_sorted(std::move(*all), " \\cup ", "", "", AnswerForm::interval))
               : std::nullopt;
  }
  const Node& first = tree_.at(node.kids[0]);
  if ((inequalities || (first.op == Op::relation && first.text == "!=")) && node.text != "or" &&
      on(AnswerRule::inequality)) {
    if (auto part = between_without(node)) {
      used_.insert(AnswerRule::inequality);
      return part;
    }
  }
  if (inequalities && node.kids.size() == 2 && on(AnswerRule::inequality)) {
    if (auto part = between(node)) {
      used_.insert(AnswerRule::inequality);
      return part;
    }
  }
  if (node.text == "or" && on(AnswerRule::interval)) {  // (-inf, 1) or (3, inf)
    const auto all = parts(node.kids);
    if (all && std::all_of(all->begin(), all->end(),
                           [](const KeyPart& part) { return part.form == AnswerForm::interval; })) {
      used_.insert(AnswerRule::interval);
      auto spans = spans_of(node.kids);
      return spans ? spans_key(std::move(*spans))
                   : Result(join_sorted(*all, " \\cup ", "", "", AnswerForm::interval));
    }
  }
  return unordered(node.kids, AnswerRule::list, node.text == "or");
}

inline bool KeyWriter::repeats(const std::vector<KeyPart>& all) {
  for (std::size_t i = 1; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (all[i].key == all[j].key) {
        return true;
      }
    }
  }
  return false;
}

inline std::string KeyWriter::restricted_name(int index) const {
  const Node& node = tree_.at(index);
  if (node.op != Op::relation || node.text.find('~') != std::string::npos) {
    return {};
  }
  std::vector<std::string> names;
  const bool left = node.text == "=" || node.text == "in";
  if (left && tree_.at(node.kids[0]).op != Op::symbol) {
    return {};
  }
  symbols_of(left ? node.kids[0] : index, names);
  if (node.text == "=" && (node.kids.size() != 2 || has_symbols(node.kids[1]))) {
    return {};
  }
  return names.size() == 1 ? names[0] : std::string();
}

inline std::optional<KeyPart> KeyWriter::several_names(const Node& node) {
  std::vector<std::string> names;
  bool one = true;
  bool only_equal = true;
  for (const int kid : node.kids) {
    names.push_back(restricted_name(kid));
    one = one && names.back() == names.front();
    only_equal = only_equal && (names.back().empty() || tree_.at(kid).text == "=");
    if (names.back().empty()) {
      return std::nullopt;
    }
  }
  if (one || only_equal || !use(AnswerRule::inequality)) {
    return std::nullopt;
  }
  auto all = parts(node.kids);
  for (std::size_t i = 0; all && i < all->size(); ++i) {
    KeyPart& part = (*all)[i];
    const std::string before = names[i] + (tree_.at(node.kids[i]).text == "=" ? " = " : " \\in ");
    part.key = before + part.key;
    part.bare = part.bare.empty() ? std::string() : before + part.bare;
  }
  return all ? Result(join_sorted(std::move(*all), node.text == "or" ? " or " : ", ", "", "",
                                  AnswerForm::inequality))
             : std::nullopt;
}

inline std::string KeyWriter::name_text(int index) {
  const Result part = (*this)(index);
  return part ? part->key : std::string();
}

inline std::optional<KeyPart> KeyWriter::assigned(const Node& node,
                                                  const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, KeyPart>> values;
  for (std::size_t i = 0; i < node.kids.size(); ++i) {
    const Node& kid = tree_.at(node.kids[i]);
    Result part = (*this)(kid.op == Op::relation ? kid.kids[1] : node.kids[i]);
    if (!part) {
      return std::nullopt;
    }
    values.emplace_back(i < names.size() ? names[i] : names[0], std::move(*part));
  }
  // x_1 and x_2 are values of x.
  const auto stem = [](const std::string& name) { return name.substr(0, name.find('_')); };
  if (std::all_of(values.begin(), values.end(), [&](const auto& v) {
        return v.first.find('_') != std::string::npos && stem(v.first) == stem(values[0].first);
      })) {
    for (auto& v : values) {
      v.first = stem(v.first);
    }
  }
  std::stable_sort(values.begin(), values.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const bool same = std::all_of(values.begin(), values.end(),
                                [&](const auto& v) { return v.first == values[0].first; });
  const bool distinct =
      std::adjacent_find(values.begin(), values.end(), [](const auto& a, const auto& b) {
        return a.first == b.first;
      }) == values.end();
  std::vector<KeyPart> all;
  all.reserve(values.size());
  for (auto& v : values) {
    all.push_back(std::move(v.second));
  }
  if (same) {
    return join_sorted(flattened(std::move(all)), ", ", "{", "}", AnswerForm::set);
  }
  return distinct ? Result(join(all, ", ", "(", ")", AnswerForm::tuple)) : std::nullopt;
}

}  // namespace dag::detail
