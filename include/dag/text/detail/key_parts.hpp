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

/// Keys of what has parts: tuples, sets, unions of intervals, matrices.

inline std::optional<std::vector<KeyPart>> KeyWriter::parts(const std::vector<int>& kids) {
  std::vector<KeyPart> out;
  for (const int kid : kids) {
    Result part = (*this)(kid);
    if (!part) {
      return std::nullopt;
    }
    out.push_back(std::move(*part));
  }
  return out;
}

inline KeyPart KeyWriter::join(const std::vector<KeyPart>& parts, std::string_view between,
                               std::string_view open, std::string_view close, AnswerForm form) {
  KeyPart part{std::string(open), std::string(open), form};
  bool omitted = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string_view gap = i == 0 ? "" : between;
    part.key += gap;
    part.key += parts[i].key;
    part.bare += gap;
    part.bare += parts[i].bare.empty() ? parts[i].key : parts[i].bare;
    omitted = omitted || !parts[i].bare.empty();
  }
  part.key += close;
  part.bare += close;
  if (!omitted) {
    part.bare.clear();
  }
  return part;
}

inline std::optional<KeyPart> KeyWriter::joined(const std::vector<int>& kids,
                                                std::string_view between, std::string_view open,
                                                std::string_view close, AnswerForm form) {
  const auto all = parts(kids);
  return all ? Result(join(*all, between, open, close, form)) : std::nullopt;
}

inline KeyPart KeyWriter::join_sorted(std::vector<KeyPart> all, std::string_view between,
                                      std::string_view open, std::string_view close,
                                      AnswerForm form) {
  std::sort(all.begin(), all.end(),
            [](const KeyPart& a, const KeyPart& b) { return a.key < b.key; });
  KeyPart part = join(all, between, open, close, form);
  if (!part.bare.empty()) {  // what is left out is sorted by what is left
    for (KeyPart& p : all) {
      p.key = p.bare.empty() ? p.key : p.bare;
      p.bare.clear();
    }
    std::sort(all.begin(), all.end(),
              [](const KeyPart& a, const KeyPart& b) { return a.key < b.key; });
    part.bare = join(all, between, open, close, form).key;
  }
  return part;
}

inline std::optional<KeyPart> KeyWriter::unordered(const std::vector<int>& kids, AnswerRule rule,
                                                   bool once) {
  if (!use(rule)) {
    return std::nullopt;
  }
  auto all = parts(kids);
  if (!all) {
    return std::nullopt;
  }
  if (all->empty()) {
    return KeyPart{"\\emptyset", {}, AnswerForm::set};
  }
  bool nested = false;
  for (std::size_t i = 0; i < kids.size(); ++i) {  // \{\{1\}, \{2, 3\}\} is not \{1, 2, 3\}
    std::string& key = (*all)[i].key;
    if (tree_.at(kids[i]).op != Op::set || key == "\\emptyset") {
      continue;
    }
    nested = true;
    if (key.compare(0, 2, "\\{") != 0) {
      const bool braces = key[0] == '{' && tree_.at(kids[i]).kids.size() > 1;
      key = "\\{" + (braces ? key.substr(1, key.size() - 2) : key) + "\\}";
    }
    (*all)[i].bare.clear();
  }
  if (once) {
    const auto before = [](const KeyPart& a, const KeyPart& b) { return a.key < b.key; };
    const auto same = [](const KeyPart& a, const KeyPart& b) { return a.key == b.key; };
    std::sort(all->begin(), all->end(), before);
    all->erase(std::unique(all->begin(), all->end(), same), all->end());
  }
  if (all->size() == 1 && (*all)[0].key == "\\emptyset") {
    return KeyPart{"\\{\\emptyset\\}", {}, AnswerForm::set};
  }
  if (all->size() == 1 && !nested) {
    return std::move((*all)[0]);  // {5} is 5: what asks for a set is answered by its element
  }
  return join_sorted(flattened(std::move(*all)), ", ", nested ? "\\{" : "{", nested ? "\\}" : "}",
                     AnswerForm::set);
}

inline std::vector<KeyPart> KeyWriter::flattened(std::vector<KeyPart> all) {
  std::vector<KeyPart> out;
  for (KeyPart& part : all) {
    const bool two = part.form == AnswerForm::set && part.key.size() > 2 &&
                     part.key.find_first_of("{([", 1) == std::string::npos;
    const std::size_t comma = two ? part.key.find(", ") : std::string::npos;
    if (all.size() > 1 && comma != std::string::npos &&
        part.key.find(", ", comma + 2) == std::string::npos) {
      out.push_back({part.key.substr(1, comma - 1), {}, AnswerForm::number});
      out.push_back(
          {part.key.substr(comma + 2, part.key.size() - comma - 3), {}, AnswerForm::number});
    } else {
      out.push_back(std::move(part));
    }
  }
  return out;
}

inline std::optional<KeyPart> KeyWriter::tuple(const Node& node) {
  if (node.kids.size() == 1 && tree_.at(node.kids[0]).op == Op::matrix) {
    return (*this)(node.kids[0]);
  }
  const bool interval = node.kids.size() == 2 && node.text != "()" && node.text != "[]";
  if (!use(interval ? AnswerRule::interval : AnswerRule::tuple)) {
    return std::nullopt;
  }
  const bool infinite = std::any_of(node.kids.begin(), node.kids.end(),
                                    [&](int kid) { return contains(kid, Op::infinity); });
  std::string_view brackets = node.text;
  return joined(node.kids, ", ", brackets.substr(0, 1), brackets.substr(1),
                interval || infinite ? AnswerForm::interval : AnswerForm::tuple);
}

inline std::optional<KeyPart> KeyWriter::matrix(const Node& node) {
  if (!use(AnswerRule::matrix)) {
    return std::nullopt;
  }
  const auto rows = parts(node.kids);
  if (!rows) {
    return std::nullopt;
  }
  const bool determinant = node.text == "determinant";
  return join(*rows, ", ", determinant ? "\\det ([" : "[", determinant ? "])" : "]",
              AnswerForm::matrix);
}

}  // namespace dag::detail
