// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <dag/text/detail/key_writer.hpp>

namespace dag::detail {

/// Keys of values: numbers, constants and expressions by what they are worth; percents, quantities.

inline std::optional<KeyPart> KeyWriter::value(int index) {
  const Node& node = tree_.at(index);
  if (node.op == Op::symbol) {
    return node.text.empty() ? std::nullopt
                             : Result(KeyPart{node.text, {}, AnswerForm::expression});
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
  return KeyPart{"{" + keys[0] + ", " + keys[1] + "}", {}, AnswerForm::set};
}

inline bool KeyWriter::plain_number(int index) const {
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

inline std::optional<KeyPart> KeyWriter::value_at(int index, bool plus) {
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
    return KeyPart{complex_text(at->real, at->imaginary), {}, AnswerForm::number};
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

inline KeyPart KeyWriter::constant(const ComplexBall& z) const {
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

inline std::optional<KeyPart> KeyWriter::expression(int index, bool plus,
                                                    const ComplexBall& first) {
  Evaluator evaluator(tree_, 1, plus);
  const std::optional<Value> at = evaluator(index);
  if (!at) {
    return std::nullopt;
  }
  const ComplexBall second = settled(at->as_ball());
  if (!second.valid()) {
    return std::nullopt;
  }
  const std::vector<Ball> pieces = on_pieces(index, -1, plus, ComplexBall{Ball(1), {}});
  // The same rational at all points: the symbols cancel.
  if (const auto real = rational_in(first.real)) {
    const auto imaginary = rational_in(first.imaginary);
    const auto real_too = rational_in(second.real);
    const auto imaginary_too = rational_in(second.imaginary);
    if (imaginary && real_too && imaginary_too && *real == *real_too &&
        *imaginary == *imaginary_too &&
        std::all_of(pieces.begin(), pieces.end(), [&](const Ball& there) {
          const auto known = there.valid() ? rational_in(there) : real;
          return known && *known == *real;
        })) {
      return KeyPart{complex_text(*real, *imaginary), {}, AnswerForm::number};
    }
  }
  const Fingerprint print = fingerprint(first, second, pieces);
  if (reaches_far(index, index)) {
    const auto word = field_word(index, -1);
    return word ? Result(KeyPart{"#" + hex_words(print) + *word, {}, AnswerForm::expression})
                : std::nullopt;
  }
  // One of its own symbols and nothing else: x + 0 is x.
  const Fingerprint apart = fingerprint(first, second, {});  // without the pieces: seldom the same
  std::vector<std::string> names;
  symbols_of(index, names);
  for (const std::string& name : names) {
    Tree alone;
    alone.root = alone.add(Op::symbol, {}, name);
    const auto a = Evaluator(alone, 0, true)(0);
    const auto b = Evaluator(alone, 1, true)(0);
    const auto alike = [&] {
      const ComplexBall at_first = settled(a->as_ball());
      const ComplexBall at_second = settled(b->as_ball());
      if (fingerprint(at_first, at_second, {}).high != apart.high) {
        return false;
      }
      const KeyWriter writer(alone, options_);
      const auto there = writer.on_pieces(0, -1, true, ComplexBall{Ball(1), {}});
      return fingerprint(at_first, at_second, there).high == print.high;
    };
    if (a && b && !name.empty() && alike()) {
      return KeyPart{name, {}, AnswerForm::expression};
    }
  }
  return KeyPart{"#" + hex_words(print), {}, AnswerForm::expression};
}

inline bool KeyWriter::reaches_far(int left, int right) const {
  constexpr std::uint64_t nearby = 60;
  const auto a = PrimeField::reach(tree_, left);
  const auto b = PrimeField::reach(tree_, right);
  return a && b && std::max(*a, *b) > nearby;
}

inline std::optional<std::string> KeyWriter::field_word(int left, int right) const {
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

inline Fingerprint KeyWriter::fingerprint(const ComplexBall& a, const ComplexBall& b,
                                          const std::vector<Ball>& pieces) noexcept {
  Fingerprint print;
  for (const ComplexBall* z : {&a, &b}) {
    print.mix(z->real);
    print.mix(z->imaginary);
  }
  mix_pieces(print, pieces);
  return print;
}

inline void KeyWriter::mix_pieces(Fingerprint& print, const std::vector<Ball>& pieces) noexcept {
  for (const Ball& there : pieces) {
    if (there.valid()) {
      print.mix(there);
    } else {
      print.mix(~std::uint64_t{0});
    }
  }
}

inline std::vector<Ball> KeyWriter::on_pieces(int left, int right, bool plus,
                                              const ComplexBall& scale) const {
  std::vector<Ball> values;
  for (int piece = 0; piece < Evaluator::pieces; ++piece) {
    const int point = Evaluator::first_piece + piece;
    const auto a = Evaluator(tree_, point, plus)(left);
    const auto b = right < 0 ? std::optional(Value(Exact())) : Evaluator(tree_, point, plus)(right);
    const ComplexBall z =
        a && b ? settled((a->as_ball() + b->as_ball().negated()) * scale) : invalid_complex();
    values.push_back(z.real);
  }
  return values;
}

inline std::optional<KeyPart> KeyWriter::percent(const Node& node, int index) {
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

inline std::optional<KeyPart> KeyWriter::quantity(const Node& node) {
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
  KeyPart part{{}, {}, AnswerForm::quantity};
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

inline std::optional<std::string> KeyWriter::proportion(int left, int right, bool ordered) const {
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
  mix_pieces(print, on_pieces(left, right, true, scale));
  if (reaches_far(left, right)) {
    const auto word = field_word(left, right);
    return word ? std::optional(hex_words(print) + *word) : std::nullopt;
  }
  return hex_words(print);
}

}  // namespace dag::detail
