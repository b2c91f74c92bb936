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

/// Keys of unions: what overlaps or touches is one interval, and a point taken away makes two.

inline void KeyWriter::union_parts(int index, std::vector<int>& kids) const {
  const Node& node = tree_.at(index);
  if (node.op == Op::unite) {
    union_parts(node.kids[0], kids);
    union_parts(node.kids[1], kids);
  } else {
    kids.push_back(index);
  }
}

inline std::optional<KeyPart> KeyWriter::unite(int index) {
  if (!use(AnswerRule::interval)) {
    return std::nullopt;
  }
  std::vector<int> kids;
  union_parts(index, kids);
  const auto is_set = [&](int kid) { return tree_.at(kid).op == Op::set; };
  if (std::all_of(kids.begin(), kids.end(), is_set)) {
    std::vector<int> elements;
    for (const int kid : kids) {
      elements.insert(elements.end(), tree_.at(kid).kids.begin(), tree_.at(kid).kids.end());
    }
    return unordered(elements, AnswerRule::set, true);
  }
  if (auto spans = spans_of(kids)) {
    return spans_key(*spans);
  }
  auto all = parts(kids);
  return all ? Result(join_sorted(std::move(*all), " \\cup ", "", "", AnswerForm::interval))
             : std::nullopt;
}

inline std::optional<KeyWriter::End> KeyWriter::end_of(int index) {
  const Node& node = tree_.at(index);
  const bool minus = node.op == Op::negative;
  if (tree_.at(minus ? node.kids[0] : index).op == Op::infinity) {
    return End{{}, minus ? "-inf" : "inf", minus ? -1 : 1};
  }
  const auto value =
      has_symbols(index) || contains(index, Op::plus_minus) || contains(index, Op::infinity)
          ? std::optional<Value>()
          : Evaluator(tree_, 0, true)(index);
  if (!value || !value->as_ball().is_real()) {
    return std::nullopt;
  }
  const Result key = (*this)(index);
  return key ? std::optional(End{value->as_ball().real, key->key, 0}) : std::nullopt;
}

/// -1, 0, 1; nothing where two numbers are too close to tell.
inline std::optional<int> KeyWriter::order(const End& a, const End& b) {
  if (a.infinite != 0 || b.infinite != 0 || a.key == b.key) {
    return a.infinite < b.infinite ? -1 : (a.infinite > b.infinite ? 1 : 0);
  }
  const int sign = (a.value - b.value).sign();
  return sign == 0 ? std::nullopt : std::optional(sign);
}

inline std::optional<std::vector<KeyWriter::Span>> KeyWriter::spans_of(
    const std::vector<int>& kids) {
  std::vector<Span> spans;
  for (const int kid : kids) {
    const Node& node = tree_.at(kid);
    const bool interval = node.op == Op::tuple && node.kids.size() == 2;
    if (!interval && node.op != Op::set) {
      return std::nullopt;
    }
    std::vector<End> ends;
    for (const int inner : node.kids) {
      auto end = end_of(inner);
      if (!end || (!interval && end->infinite != 0)) {
        return std::nullopt;
      }
      ends.push_back(std::move(*end));
    }
    for (const End& end : ends) {
      if (!interval) {
        spans.push_back({end, end, true, true});
      }
    }
    if (interval) {
      const auto ordered = order(ends[0], ends[1]);
      if (!ordered || *ordered >= 0) {
        return std::nullopt;
      }
      spans.push_back({ends[0], ends[1], node.text[0] == '[', node.text.back() == ']'});
    }
  }
  return spans;
}

inline std::optional<KeyPart> KeyWriter::spans_key(std::vector<Span> spans) {
  bool known = true;
  const auto compared = [&](const End& a, const End& b) {
    const auto sign = order(a, b);
    known = known && sign.has_value();
    return sign.value_or(0);
  };
  // Sorted by insertion: an order that is not known must not reach std::sort.
  for (std::size_t i = 1; i < spans.size(); ++i) {
    for (std::size_t j = i; j > 0; --j) {
      const int sign = compared(spans[j].low, spans[j - 1].low);
      if (sign > 0 || (sign == 0 && !(spans[j].with_low && !spans[j - 1].with_low))) {
        break;
      }
      std::swap(spans[j], spans[j - 1]);
    }
  }
  std::vector<Span> joined;
  for (Span& span : spans) {
    if (!joined.empty()) {
      Span& last = joined.back();
      const int gap = compared(span.low, last.high);
      if (gap < 0 || (gap == 0 && (span.with_low || last.with_high))) {
        const int further = compared(span.high, last.high);
        if (further > 0) {
          last.high = std::move(span.high);
          last.with_high = span.with_high;
        } else if (further == 0) {
          last.with_high = last.with_high || span.with_high;
        }
        continue;
      }
    }
    joined.push_back(std::move(span));
  }
  if (!known || joined.size() > 200) {
    return std::nullopt;
  }
  std::vector<KeyPart> all;
  for (const Span& span : joined) {
    const bool point = span.low.key == span.high.key;
    all.push_back(point ? KeyPart{"{" + span.low.key + "}", {}, AnswerForm::set}
                        : interval(span.low.key, span.with_low, span.high.key, span.with_high));
  }
  return join_sorted(std::move(all), " \\cup ", "", "", AnswerForm::interval);
}

inline bool KeyWriter::puncture(std::vector<Span>& spans, const std::vector<End>& holes) {
  for (const End& point : holes) {
    for (std::size_t i = 0; i < spans.size(); ++i) {
      Span& span = spans[i];
      const auto from = order(span.low, point);
      const auto to = order(point, span.high);
      if (!from || !to || (*from == 0 && *to == 0)) {
        return false;
      }
      span.with_low = span.with_low && *from != 0;
      span.with_high = span.with_high && *to != 0;
      if (*from < 0 && *to < 0) {
        Span rest{point, span.high, false, span.with_high};
        span.high = point;
        span.with_high = false;
        spans.insert(spans.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(rest));
        ++i;
      }
    }
  }
  return true;
}

inline std::optional<KeyPart> KeyWriter::punctured(const Node& node) {
  const Node& taken = tree_.at(node.kids[1]);
  std::vector<int> kids;
  union_parts(node.kids[0], kids);
  auto spans = taken.op == Op::set && !taken.kids.empty() ? spans_of(kids) : std::nullopt;
  for (const int kid : taken.kids) {
    const auto point = spans ? end_of(kid) : std::nullopt;
    if (!point) {
      const Result line = taken.kids.size() == 1 ? (*this)(node.kids[0]) : std::nullopt;
      const Result hole = line && line->key == "(-inf, inf)" ? (*this)(kid) : std::nullopt;
      return hole ? Result(all_but(hole->key)) : hole;
    }
    if (!puncture(*spans, {*point})) {
      return std::nullopt;
    }
  }
  return spans && use(AnswerRule::interval) ? spans_key(std::move(*spans)) : std::nullopt;
}

inline KeyPart KeyWriter::all_but(const std::string& key) {
  return join_sorted({{"(-inf, " + key + ")", {}, AnswerForm::interval},
                      {"(" + key + ", inf)", {}, AnswerForm::interval}},
                     " \\cup ", "", "", AnswerForm::interval);
}

}  // namespace dag::detail
