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

#include <dag/text/detail/evaluator.hpp>
#include <dag/text/detail/prime_field.hpp>
#include <dag/text/read_options.hpp>

namespace dag::detail {

/// The rational of at most 48 bits below the line that a ball of at least 150 certain bits holds,
/// if the two together have 64 bits less than are certain: a ball around another number holds one
/// by chance with probability below 2^-64.
[[nodiscard]] inline std::optional<Exact> rational_in(const Ball& ball) {
  if (ball.exactly_zero()) {
    return Exact();
  }
  if (ball.exponent() > 160 || ball.exponent() < -48) {
    return std::nullopt;
  }
  const Exact value = ball.exact().magnitude();
  BigNatural above = value.above();
  BigNatural below = value.below();
  BigNatural p(1), q, p_before, q_before(1);  // convergents p/q
  while (!below.is_zero()) {
    BigNatural rest = above.divide(below);  // the quotient stays in `above`
    const BigNatural digit = std::exchange(above, std::move(below));
    below = std::move(rest);
    BigNatural p_next = digit * p + p_before;
    BigNatural q_next = digit * q + q_before;
    p_before = std::exchange(p, std::move(p_next));
    q_before = std::exchange(q, std::move(q_next));
    if (q.bit_length() > 48) {
      return std::nullopt;
    }
    // The next digit says how good this convergent is: |value - p/q| < 1 / (q^2 digit).
    const auto quality = static_cast<std::int64_t>(above.bit_length()) -
                         static_cast<std::int64_t>(below.bit_length()) +
                         2 * static_cast<std::int64_t>(q.bit_length()) - 3;
    if (!below.is_zero() && quality < -ball.error() - 8) {
      continue;
    }
    const auto size = static_cast<std::int64_t>(p.bit_length() + q.bit_length());
    const Exact candidate(ball.negative(), p, q);
    const Ball distance = ball - Ball(candidate);
    if (distance.may_be_zero() && size + 64 <= ball.certain_bits()) {
      return candidate;
    }
    return std::nullopt;
  }
  return std::nullopt;
}

[[nodiscard]] inline std::string hex_words(const Fingerprint& print) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const std::uint64_t word : {print.high, print.low}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      out += digits[(word >> shift) & 15U];
    }
  }
  return out;
}

/// 40 significant digits of a ball that is no rational, after a tilde.
[[nodiscard]] inline std::string digits_of(const Ball& ball) {
  if (ball.exponent() > 6000 || ball.exponent() < -6000) {
    Fingerprint print;
    print.mix(ball);
    return "~:" + hex_words(print);
  }
  const Exact value = ball.exact().magnitude();
  auto power = static_cast<std::int64_t>(
      std::floor(static_cast<double>(ball.exponent() - 1) * 0.30102999566398120));
  std::string digits;
  const auto ten = [](std::int64_t n) {
    const Exact size = Exact(10).power(static_cast<std::uint64_t>(n < 0 ? -n : n));
    return n < 0 ? size.inverse() : size;
  };
  for (;;) {
    const Exact scaled = value * ten(39 - power) + Exact(1) / Exact(2);
    digits = scaled.floor().above().text();
    if (digits.size() == 40) {
      break;
    }
    power += digits.size() > 40 ? 1 : -1;
  }
  std::string out = ball.negative() ? "~-" : "~";
  if (power >= 0 && power < 20) {
    digits.insert(static_cast<std::size_t>(power) + 1, 1, '.');
    return out + digits;
  }
  digits.insert(1, 1, '.');
  return out + digits + "e" + std::to_string(power);
}

/// A part of an answer, made canonical.
struct Part {
  std::string key;
  std::string bare;  ///< empty: nothing that could be left out
  AnswerForm form = AnswerForm::number;
};

/// Trees to keys. A part that cannot be made canonical makes the whole answer unread (nullopt).
class KeyWriter {
 public:
  KeyWriter(const Tree& tree, const ReadOptions& options) : tree_(tree), options_(options) {}

  [[nodiscard]] std::optional<Part> operator()(int index) {
    const Node& node = tree_.at(index);
    switch (node.op) {
      case Op::tuple: return tuple(node);
      case Op::set: return unordered(node.kids, AnswerRule::set, node.text == "braces");
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
      case Op::atom: return Part{node.text, {}, atom_form(node.text)};
      case Op::infinity: return Part{"inf", {}, AnswerForm::constant};
      case Op::negative:
        if (tree_.at(node.kids[0]).op == Op::infinity) {
          return Part{"-inf", {}, AnswerForm::constant};
        }
        return value(index);
      case Op::percent: return percent(node, index);
      default: return value(index);
    }
  }
  [[nodiscard]] AnswerRuleSet used() const noexcept { return used_; }

 private:
  using Result = std::optional<Part>;

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

  Result value(int index) {
    const Node& node = tree_.at(index);
    if (node.op == Op::symbol) {
      return node.text.empty() ? std::nullopt : Result(Part{node.text, {}, AnswerForm::expression});
    }
    if (!contains(index, Op::plus_minus)) {
      return value_at(index, true);
    }
    if (!use(AnswerRule::plus_minus)) {
      return std::nullopt;
    }
    const Result up = value_at(index, true);
    Result down = up ? value_at(index, false) : up;
    if (!down) {
      return down;
    }
    std::vector<std::string> keys{up->key, down->key};
    std::sort(keys.begin(), keys.end());
    return Part{"{" + keys[0] + ", " + keys[1] + "}", {}, AnswerForm::set};
  }

  [[nodiscard]] bool plain_number(int index) const {
    const Node& node = tree_.at(index);
    switch (node.op) {
      case Op::number: return true;
      case Op::negative:
      case Op::percent:
      case Op::plus_minus: return plain_number(node.kids[0]);
      case Op::divide:
        return tree_.at(node.kids[0]).op == Op::number && tree_.at(node.kids[1]).op == Op::number;
      case Op::multiply:  // a times 10^b
        return tree_.at(node.kids[0]).op == Op::number && tree_.at(node.kids[1]).op == Op::power &&
               tree_.at(tree_.at(node.kids[1]).kids[0]).op == Op::number;
      default: return false;
    }
  }

  Result value_at(int index, bool plus) {
    Evaluator evaluator(tree_, 0, plus);
    const std::optional<Value> at = evaluator(index);
    if (!at) {
      return std::nullopt;
    }
    const Node& node = tree_.at(index);
    if (at->exact) {
      if (node.op == Op::divide || node.op == Op::negative) {
        used_.insert(AnswerRule::fraction);
      }
      if (!plain_number(index) && !use(AnswerRule::arithmetic)) {
        return std::nullopt;
      }
      return Part{complex_text(at->real, at->imaginary), {}, AnswerForm::number};
    }
    const ComplexBall z = settled(at->ball);
    if (!z.valid()) {
      return std::nullopt;
    }
    if (!evaluator.symbols()) {
      return use(AnswerRule::closed_form) ? Result(constant(z)) : std::nullopt;
    }
    if (!use(AnswerRule::identity)) {
      return std::nullopt;
    }
    return expression(index, plus, z);
  }

  Part constant(const ComplexBall& z) const {
    const std::optional<Exact> re = rational_in(z.real);
    const std::optional<Exact> im = rational_in(z.imaginary);
    if (re && im) {
      return {complex_text(*re, *im), {}, AnswerForm::number};
    }
    if (im && im->is_zero()) {
      return {digits_of(z.real), {}, AnswerForm::constant};
    }
    Fingerprint print;
    print.mix(z.real);
    print.mix(z.imaginary);
    return {"~:" + hex_words(print), {}, AnswerForm::constant};
  }

  [[nodiscard]] static std::string complex_text(const Exact& re, const Exact& im) {
    if (im.is_zero()) {
      return re.text();
    }
    std::string out = re.is_zero() ? "" : re.text();
    const Exact size = im.magnitude();
    out += im.negative() ? "-" : (out.empty() ? "" : "+");
    if (size.is_integer()) {
      out += size == Exact(1) ? "i" : size.text() + "i";
    } else {
      out += size.text() + "*i";
    }
    return out;
  }

  Result expression(int index, bool plus, const ComplexBall& first) {
    Evaluator evaluator(tree_, 1, plus);
    const std::optional<Value> at = evaluator(index);
    if (!at) {
      return std::nullopt;
    }
    const ComplexBall second = settled(at->as_ball());
    if (!second.valid()) {
      return std::nullopt;
    }
    // The same rational at both points: the symbols cancel.
    if (const auto real = rational_in(first.real)) {
      const auto imaginary = rational_in(first.imaginary);
      const auto real_too = rational_in(second.real);
      const auto imaginary_too = rational_in(second.imaginary);
      if (imaginary && real_too && imaginary_too && *real == *real_too &&
          *imaginary == *imaginary_too) {
        return Part{complex_text(*real, *imaginary), {}, AnswerForm::number};
      }
    }
    const Fingerprint print = fingerprint(first, second);
    if (reaches_far(index, index)) {
      const auto word = field_word(index, -1);
      return word ? Result(Part{"#" + hex_words(print) + *word, {}, AnswerForm::expression})
                  : std::nullopt;
    }
    // One of its own symbols and nothing else: x + 0 is x.
    std::vector<std::string> names;
    symbols_of(index, names);
    for (const std::string& name : names) {
      Tree alone;
      alone.root = alone.add(Op::symbol, {}, name);
      const auto a = Evaluator(alone, 0, true)(0);
      const auto b = Evaluator(alone, 1, true)(0);
      if (a && b && fingerprint(settled(a->as_ball()), settled(b->as_ball())).high == print.high &&
          !name.empty()) {
        return Part{name, {}, AnswerForm::expression};
      }
    }
    return Part{"#" + hex_words(print), {}, AnswerForm::expression};
  }

  /// Whether the terms of rational functions are of sizes so different that 128 bits of their real
  /// values do not tell them: x + 10^-50, x^200 + 1. The prime fields do.
  [[nodiscard]] bool reaches_far(int left, int right) const {
    constexpr std::uint64_t nearby = 60;
    const auto a = PrimeField::reach(tree_, left);
    const auto b = PrimeField::reach(tree_, right);
    return a && b && std::max(*a, *b) > nearby;
  }

  /// The values of a rational function in prime fields; of an equation (`right` >= 0) those of left
  /// - right, divided by the first. Nothing if there are none in either field.
  [[nodiscard]] std::optional<std::string> field_word(int left, int right) const {
    Fingerprint print;
    bool any = false;
    for (const std::uint64_t prime : PrimeField::primes) {
      std::uint64_t first = 0;
      for (std::size_t point = 0; point < PrimeField::points; ++point) {
        const PrimeField field(tree_, prime, point);
        auto value = field(left);
        if (right >= 0) {
          const auto other = field(right);
          value = value && other ? std::optional(field.difference(*value, *other)) : std::nullopt;
          first = point == 0 && value ? *value : first;
          value = value && first != 0 ? std::optional(field.quotient(*value, first)) : std::nullopt;
        }
        any = any || value.has_value();
        print.mix(value.value_or(prime));
      }
    }
    return any ? std::optional(":" + hex_words(print).substr(0, 32)) : std::nullopt;
  }

  [[nodiscard]] static Fingerprint fingerprint(const ComplexBall& a,
                                               const ComplexBall& b) noexcept {
    Fingerprint print;
    for (const ComplexBall* z : {&a, &b}) {
      print.mix(z->real);
      print.mix(z->imaginary);
    }
    return print;
  }

  Result percent(const Node& node, int index) {
    if (!use(AnswerRule::percent)) {
      return std::nullopt;
    }
    Result whole = value(index);
    const Result written = whole ? value(node.kids[0]) : whole;
    if (written && on(AnswerRule::percent_omitted) && written->form == AnswerForm::number) {
      const auto number = Evaluator(tree_, 0, true)(node.kids[0]);
      if (number && number->is_real_exact() && compare(number->real.magnitude(), Exact(1)) > 0) {
        whole->bare = written->key;
      }
    }
    return whole;
  }

  Result quantity(const Node& node) {
    const Unit& unit = tree_.units[static_cast<std::size_t>(node.value.above().low_64())];
    const Node& inner = tree_.at(node.kids[0]);
    if (unit.powers.empty() && unit.factor == Exact(1)) {
      return (*this)(node.kids[0]);
    }
    Result written = (*this)(node.kids[0]);
    if (!written) {
      return written;
    }
    const std::string name = unit.text();
    const auto with = [&](const std::string& key) { return name.empty() ? key : key + " " + name; };
    Part part{{}, {}, AnswerForm::quantity};
    if (inner.op == Op::atom || written->form == AnswerForm::set ||
        written->form == AnswerForm::tuple || unit.factor == Exact(1)) {
      if (!(unit.factor == Exact(1))) {
        return std::nullopt;
      }
      part.key = with(written->key);
    } else {
      std::optional<Value> value = Evaluator(tree_, 0, true)(node.kids[0]);
      if (!value || contains(node.kids[0], Op::plus_minus)) {
        return std::nullopt;
      }
      if (value->exact) {
        part.key = with(complex_text(value->real * unit.factor, value->imaginary * unit.factor));
      } else {
        const ComplexBall z = settled(value->ball * ComplexBall{Ball(unit.factor), {}});
        if (!z.valid()) {
          return std::nullopt;
        }
        part.key = with(constant(z).key);
      }
    }
    if (on(AnswerRule::unit_omitted) && !name.empty() && inner.text != "compound") {
      part.bare = written->key;
    }
    return part;
  }

  // ---- what has parts ----

  /// The parts of `kids`; nullopt if one cannot be read.
  std::optional<std::vector<Part>> parts(const std::vector<int>& kids) {
    std::vector<Part> out;
    for (const int kid : kids) {
      Result part = (*this)(kid);
      if (!part) {
        return std::nullopt;
      }
      out.push_back(std::move(*part));
    }
    return out;
  }
  [[nodiscard]] static Part join(const std::vector<Part>& parts, std::string_view between,
                                 std::string_view open, std::string_view close, AnswerForm form) {
    Part part{std::string(open), std::string(open), form};
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
  Result joined(const std::vector<int>& kids, std::string_view between, std::string_view open,
                std::string_view close, AnswerForm form) {
    const auto all = parts(kids);
    return all ? Result(join(*all, between, open, close, form)) : std::nullopt;
  }
  [[nodiscard]] static Part join_sorted(std::vector<Part> all, std::string_view between,
                                        std::string_view open, std::string_view close,
                                        AnswerForm form) {
    std::sort(all.begin(), all.end(), [](const Part& a, const Part& b) { return a.key < b.key; });
    Part part = join(all, between, open, close, form);
    if (!part.bare.empty()) {  // what is left out is sorted by what is left
      for (Part& p : all) {
        p.key = p.bare.empty() ? p.key : p.bare;
        p.bare.clear();
      }
      std::sort(all.begin(), all.end(), [](const Part& a, const Part& b) { return a.key < b.key; });
      part.bare = join(all, between, open, close, form).key;
    }
    return part;
  }

  /// once: what is there twice counts once, as in \{1, 1\}.
  Result unordered(const std::vector<int>& kids, AnswerRule rule, bool once = false) {
    if (!use(rule)) {
      return std::nullopt;
    }
    auto all = parts(kids);
    if (!all) {
      return std::nullopt;
    }
    if (all->empty()) {
      return Part{"\\emptyset", {}, AnswerForm::set};
    }
    if (once) {
      const auto before = [](const Part& a, const Part& b) { return a.key < b.key; };
      const auto same = [](const Part& a, const Part& b) { return a.key == b.key; };
      std::sort(all->begin(), all->end(), before);
      all->erase(std::unique(all->begin(), all->end(), same), all->end());
    }
    if (all->size() == 1 && (*all)[0].key == "\\emptyset") {
      return Part{"\\{\\emptyset\\}", {}, AnswerForm::set};
    }
    if (all->size() == 1) {
      return std::move((*all)[0]);  // {5} is 5: what asks for a set is answered by its element
    }
    return join_sorted(flattened(std::move(*all)), ", ", "{", "}", AnswerForm::set);
  }

  /// Elements that are themselves +-a give two.
  [[nodiscard]] static std::vector<Part> flattened(std::vector<Part> all) {
    std::vector<Part> out;
    for (Part& part : all) {
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

  Result tuple(const Node& node) {
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

  void union_parts(int index, std::vector<int>& kids) const {
    const Node& node = tree_.at(index);
    if (node.op == Op::unite) {
      union_parts(node.kids[0], kids);
      union_parts(node.kids[1], kids);
    } else {
      kids.push_back(index);
    }
  }
  Result unite(int index) {
    if (!use(AnswerRule::interval)) {
      return std::nullopt;
    }
    std::vector<int> kids;
    union_parts(index, kids);
    auto all = parts(kids);
    return all ? Result(join_sorted(std::move(*all), " \\cup ", "", "", AnswerForm::interval))
               : std::nullopt;
  }

  /// R without one number: two intervals.
  Result punctured(const Node& node) {
    const Result line = (*this)(node.kids[0]);
    const Node& taken = tree_.at(node.kids[1]);
    if (!line || line->key != "(-inf, inf)" || taken.op != Op::set || taken.kids.size() != 1) {
      return std::nullopt;
    }
    const Result hole = (*this)(taken.kids[0]);
    return hole ? Result(all_but(hole->key)) : hole;
  }
  [[nodiscard]] static Part all_but(const std::string& key) {
    return join_sorted({{"(-inf, " + key + ")", {}, AnswerForm::interval},
                        {"(" + key + ", inf)", {}, AnswerForm::interval}},
                       " \\cup ", "", "", AnswerForm::interval);
  }

  Result matrix(const Node& node) {
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

  // ---- relations ----

  [[nodiscard]] static std::vector<std::string> signs_of(const Node& node) {
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

  /// What stands on the left of "x = 5": a name, f(x), AB, |AB|, (x, y).
  [[nodiscard]] bool is_name(int index) const {
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
        return std::all_of(node.kids.begin(), node.kids.end(),
                           [&](int kid) { return is_name(kid); });
      default: return false;
    }
  }
  [[nodiscard]] static bool is_assignment_of(const Tree& tree, int index) {
    return tree.at(index).op == Op::relation && tree.at(index).text == "=";
  }

  Result relation(const Node& node) {
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

  /// 5/6 \approx 0.83 says 5/6, and x = 5/6 \approx 0.83 too: what is rounded is left out, if it
  /// lies within a tenth.
  Result rounded(const Node& node, const std::vector<std::string>& signs) {
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

  Result equation(const Node& given) {
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

  /// left - right at three points, divided by the first: known up to a factor (ordered: a positive
  /// one).
  std::optional<std::string> proportion(int left, int right, bool ordered) const {
    std::vector<ComplexBall> values;
    for (int point = 0; point < 3; ++point) {
      const auto a = Evaluator(tree_, point, true)(left);
      const auto b = Evaluator(tree_, point, true)(right);
      if (!a || !b || contains(left, Op::plus_minus) || contains(right, Op::plus_minus)) {
        return std::nullopt;
      }
      values.push_back(settled(a->as_ball() + b->as_ball().negated()));
      if (!values.back().valid() || (ordered && !values.back().is_real())) {
        return std::nullopt;
      }
    }
    if (values[0].exactly_zero()) {
      return std::nullopt;
    }
    Fingerprint print;
    const ComplexBall scale =
        ordered ? ComplexBall{values[0].real.magnitude().inverse(), {}} : values[0].inverse();
    if (ordered) {
      print.mix(values[0].real.negative() ? 1 : 2);
    }
    for (std::size_t i = 1; i < 3; ++i) {
      const ComplexBall ratio = settled(values[i] * scale);
      if (!ratio.valid()) {
        return std::nullopt;
      }
      print.mix(ratio.real);
      print.mix(ratio.imaginary);
    }
    if (reaches_far(left, right)) {
      const auto word = field_word(left, right);
      return word ? std::optional(hex_words(print) + *word) : std::nullopt;
    }
    return hex_words(print);
  }

  Result unequal(const Node& node) {
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

  Result inequality(const Node& node, const std::vector<std::string>& signs) {
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
    return key ? Result(
                     Part{(closed(signs[0]) ? "#ge:" : "#gt:") + *key, {}, AnswerForm::inequality})
               : std::nullopt;
  }
  /// Whether it is known to be a positive number, not infinite.
  [[nodiscard]] bool positive(int index) const {
    const auto value =
        has_symbols(index) ? std::optional<Value>() : Evaluator(tree_, 0, true)(index);
    return value && value->as_ball().is_real() && value->as_ball().real.sign() > 0 &&
           !contains(index, Op::plus_minus);
  }

  /// x > 3, x < 5: of two that bound one name from both sides, the interval between; where there is
  /// none (x < 3, x > 5), and no "and" says otherwise, both.
  Result between(const Node& node) {
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

  [[nodiscard]] static Part interval(const std::string& low, bool with_low, const std::string& high,
                                     bool with_high) {
    return {(with_low ? "[" : "(") + low + ", " + high + (with_high ? "]" : ")"),
            {},
            AnswerForm::interval};
  }

  // ---- lists ----

  Result list(const Node& node) {
    const auto capital = [&](int kid) {
      const Node& k = tree_.at(kid);
      return k.op == Op::symbol && k.text.size() == 1 && k.text[0] >= 'A' && k.text[0] <= 'Z';
    };
    if (std::all_of(node.kids.begin(), node.kids.end(), capital) && use(AnswerRule::choices)) {
      auto all = parts(node.kids);
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
    if (inequalities && node.text == "or" && use(AnswerRule::inequality)) {
      auto all = parts(node.kids);
      return all ? Result(join_sorted(std::move(*all), " \\cup ", "", "", AnswerForm::interval))
                 : std::nullopt;
    }
    if (inequalities && node.kids.size() == 2 && on(AnswerRule::inequality)) {
      if (auto part = between(node)) {
        used_.insert(AnswerRule::inequality);
        return part;
      }
    }
    return unordered(node.kids, AnswerRule::list);
  }

  [[nodiscard]] std::string name_text(int index) {
    const Result part = (*this)(index);
    return part ? part->key : std::string();
  }

  /// x = 1, y = 2 is (1, 2), by name; x = 1 or x = 2 (or just 2) is {1, 2}.
  Result assigned(const Node& node, const std::vector<std::string>& names) {
    std::vector<std::pair<std::string, Part>> values;
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
    std::vector<Part> all;
    all.reserve(values.size());
    for (auto& v : values) {
      all.push_back(std::move(v.second));
    }
    if (same) {
      return join_sorted(flattened(std::move(all)), ", ", "{", "}", AnswerForm::set);
    }
    return distinct ? Result(join(all, ", ", "(", ")", AnswerForm::tuple)) : std::nullopt;
  }

  const Tree& tree_;
  const ReadOptions& options_;
  AnswerRuleSet used_{};
};

}  // namespace dag::detail
