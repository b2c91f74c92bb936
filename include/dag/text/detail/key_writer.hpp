// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dag/text/answer_rules.hpp>
#include <dag/text/detail/evaluator.hpp>
#include <dag/text/detail/prime_field.hpp>
#include <dag/text/detail/tree.hpp>
#include <dag/text/detail/value_text.hpp>
#include <dag/text/read_options.hpp>

namespace dag::detail {

/// A part of an answer, made canonical.
struct KeyPart {
  std::string key;
  std::string bare;  ///< empty: nothing that could be left out
  AnswerForm form = AnswerForm::number;
};

/// Trees to keys. A part that cannot be made canonical makes the whole answer unread (nullopt).
class KeyWriter {
 public:
  KeyWriter(const Tree& tree, const ReadOptions& options) : tree_(tree), options_(options) {}

  /// Written once a node, however often it is asked for: without that, what is tried in two ways at
  /// every level takes 2^depth steps.
  [[nodiscard]] std::optional<KeyPart> operator()(int index) {
    if (const auto written = written_.find(index); written != written_.end()) {
      return written->second;
    }
    return written_.emplace(index, write(index)).first->second;
  }
  [[nodiscard]] AnswerRuleSet used() const noexcept { return used_; }

 private:
  using Result = std::optional<KeyPart>;

  Result write(int index);

  [[nodiscard]] bool on(AnswerRule rule) const noexcept { return !options_.off.contains(rule); }
  bool use(AnswerRule rule) noexcept {
    used_.insert(rule);
    return on(rule);
  }
  [[nodiscard]] static AnswerForm atom_form(std::string_view text) noexcept {
    if (text[0] == '~') {
      return AnswerForm::constant;
    }
    return text.substr(0, 4) == "#eq:"                                  ? AnswerForm::equation
           : text.substr(0, 4) == "#gt:" || text.substr(0, 4) == "#ge:" ? AnswerForm::inequality
                                                                        : AnswerForm::expression;
  }

  [[nodiscard]] bool contains(int index, Op op) const {
    const Node& node = tree_.at(index);
    return node.op == op || std::any_of(node.kids.begin(), node.kids.end(),
                                        [&](int kid) { return contains(kid, op); });
  }
  [[nodiscard]] bool has_symbols(int index) const {
    return contains(index, Op::symbol) || contains(index, Op::opaque) || contains(index, Op::atom);
  }
  void symbols_of(int index, std::vector<std::string>& names) const {
    const Node& node = tree_.at(index);
    if (node.op == Op::symbol && names.size() < 8 &&
        std::find(names.begin(), names.end(), node.text) == names.end()) {
      names.push_back(node.text);
    }
    for (const int kid : node.kids) {
      symbols_of(kid, names);
    }
  }

  // ---- values ----

  Result value(int index);

  [[nodiscard]] bool plain_number(int index) const;

  Result value_at(int index, bool plus);

  KeyPart constant(const ComplexBall& z) const;

  Result expression(int index, bool plus, const ComplexBall& first);

  /// Whether the terms of rational functions are of sizes so different that 128 bits of their real
  /// values do not tell them: x + 10^-50, x^200 + 1. The prime fields do.
  [[nodiscard]] bool reaches_far(int left, int right) const;

  /// The values of a rational function in prime fields; of an equation (`right` >= 0) those of left
  /// - right, divided by the first. Nothing if there are none in either field.
  [[nodiscard]] std::optional<std::string> field_word(int left, int right) const;

  /// The real parts of left - right (of left: right < 0), times a scale, at the points of the
  /// pieces; not valid where there is none. Real parts: principal values jump by what is imaginary
  /// (\ln x - \ln y and \ln(x/y), \sqrt{x}/\sqrt{y} and \sqrt{x/y}).
  [[nodiscard]] std::vector<Ball> on_pieces(int left, int right, bool plus,
                                            const ComplexBall& scale) const;
  static void mix_pieces(Fingerprint& print, const std::vector<Ball>& pieces) noexcept;

  [[nodiscard]] static Fingerprint fingerprint(const ComplexBall& a, const ComplexBall& b,
                                               const std::vector<Ball>& pieces) noexcept;

  Result percent(const Node& node, int index);

  Result quantity(const Node& node);

  // ---- what has parts ----

  /// The parts of `kids`; nullopt if one cannot be read.
  std::optional<std::vector<KeyPart>> parts(const std::vector<int>& kids);
  [[nodiscard]] static KeyPart join(const std::vector<KeyPart>& parts, std::string_view between,
                                    std::string_view open, std::string_view close, AnswerForm form);
  Result joined(const std::vector<int>& kids, std::string_view between, std::string_view open,
                std::string_view close, AnswerForm form);
  [[nodiscard]] static KeyPart join_sorted(std::vector<KeyPart> all, std::string_view between,
                                           std::string_view open, std::string_view close,
                                           AnswerForm form);

  /// once: what is there twice counts once, as in \{1, 1\}. Sets among `kids` stay sets.
  Result unordered(const std::vector<int>& kids, AnswerRule rule, bool once = false);

  /// Elements that are themselves +-a give two.
  [[nodiscard]] static std::vector<KeyPart> flattened(std::vector<KeyPart> all);

  Result tuple(const Node& node);

  void union_parts(int index, std::vector<int>& kids) const;
  Result unite(int index);

  struct End {
    Ball value;
    std::string key;
    int infinite = 0;  ///< -1 or 1
  };
  struct Span {
    End low;
    End high;
    bool with_low = false;
    bool with_high = false;
  };
  [[nodiscard]] std::optional<End> end_of(int index);
  [[nodiscard]] static std::optional<int> order(const End& a, const End& b);
  /// Intervals of known numbers, and sets of such as intervals of no length.
  [[nodiscard]] std::optional<std::vector<Span>> spans_of(const std::vector<int>& kids);
  /// The union of spans, each as long as it goes.
  [[nodiscard]] static Result spans_key(std::vector<Span> spans);

  /// Takes numbers out of spans; false where that is not known, or takes a whole span.
  [[nodiscard]] static bool puncture(std::vector<Span>& spans, const std::vector<End>& holes);

  /// Intervals without some numbers; the line without anything.
  Result punctured(const Node& node);
  [[nodiscard]] static KeyPart all_but(const std::string& key);

  Result matrix(const Node& node);

  // ---- relations ----

  [[nodiscard]] static std::vector<std::string> signs_of(const Node& node);

  /// What stands on the left of "x = 5": a name, f(x), AB, |AB|, (x, y).
  [[nodiscard]] bool is_name(int index) const;

  Result relation(const Node& node);

  /// 5/6 \approx 0.83 says 5/6, and x = 5/6 \approx 0.83 too: what is rounded is left out, if it
  /// lies within a tenth.
  Result rounded(const Node& node, const std::vector<std::string>& signs);

  Result equation(const Node& given);

  /// left - right at three points, divided by the first: known up to a factor (ordered: a positive
  /// one).
  std::optional<std::string> proportion(int left, int right, bool ordered) const;

  Result unequal(const Node& node);

  Result inequality(const Node& node, const std::vector<std::string>& signs);

  /// a < b <= c, and the same from right to left.
  Result in_order(const Node& node, const std::vector<std::string>& signs);

  struct Line {
    Exact slope;
    Exact constant;
  };
  /// slope * name + constant, if it is that, exactly; `name` is set by the first symbol.
  [[nodiscard]] std::optional<Line> line(int index, std::string& name) const;

  /// 2x + 1 < 7, |x - 1| >= 2 as intervals of the name.
  Result solved_inequality(const Node& node, bool up, bool closed);

  /// Whether it is known to be a positive number, not infinite.
  [[nodiscard]] bool positive(int index) const;

  /// x > 3, x < 5: of two that bound one name from both sides, the interval between; where there is
  /// none (x < 3, x > 5), and no "and" says otherwise, both.
  Result between(const Node& node);

  /// x >= -1, x \ne 2; 0 < x < 5, x \ne 1, x \ne 2: an interval without some numbers.
  Result between_without(const Node& node);

  [[nodiscard]] static KeyPart interval(const std::string& low, bool with_low,
                                        const std::string& high, bool with_high);

  // ---- lists ----

  Result list(const Node& node);

  /// Whether two of them are the same.
  [[nodiscard]] static bool repeats(const std::vector<KeyPart>& all);

  /// The one name that "x > 3", "x \ne 1", "x \in S", "x = 5" speak of, which the key of that alone
  /// leaves out; empty where there is none, or more.
  [[nodiscard]] std::string restricted_name(int index) const;

  /// x > 3, y < 5 with the names: one name's restrictions are not another's.
  Result several_names(const Node& node);

  [[nodiscard]] std::string name_text(int index);

  /// x = 1, y = 2 is (1, 2), by name; x = 1 or x = 2 (or just 2) is {1, 2}.
  Result assigned(const Node& node, const std::vector<std::string>& names);

  const Tree& tree_;
  const ReadOptions& options_;
  AnswerRuleSet used_{};
  std::unordered_map<int, Result> written_;
};

inline std::optional<KeyPart> KeyWriter::write(int index) {
  const Node& node = tree_.at(index);
  switch (node.op) {
    case Op::tuple: return tuple(node);
    case Op::set:
      if (!node.kids.empty() && std::all_of(node.kids.begin(), node.kids.end(), [&](int kid) {
            return tree_.at(kid).op == Op::relation;
          })) {
        return list(node);  // \{x = 1, y = 2\}
      }
      return unordered(node.kids, AnswerRule::set, node.text == "braces");
    case Op::unite: return unite(index);
    case Op::without:
      if (auto part = punctured(node)) {
        return part;
      }
      return joined(node.kids, "\\setminus ", "", "", AnswerForm::set);
    case Op::matrix: return matrix(node);
    case Op::relation: return relation(node);
    case Op::quantity: return quantity(node);
    case Op::list: return list(node);
    case Op::atom: return KeyPart{node.text, {}, atom_form(node.text)};
    case Op::infinity: return KeyPart{"inf", {}, AnswerForm::constant};
    case Op::negative:
      if (tree_.at(node.kids[0]).op == Op::infinity) {
        return KeyPart{"-inf", {}, AnswerForm::constant};
      }
      return value(index);
    case Op::percent: return percent(node, index);
    default: return value(index);
  }
}

}  // namespace dag::detail
