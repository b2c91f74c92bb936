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

#include <dag/text/detail/complex_ball.hpp>
#include <dag/text/detail/tree.hpp>

namespace dag::detail {

/// Scatters the bits of a word (splitmix64).
[[nodiscard]] constexpr std::uint64_t scatter(std::uint64_t x) noexcept {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}
[[nodiscard]] constexpr std::uint64_t scatter(std::string_view text, std::uint64_t seed) noexcept {
  std::uint64_t hash = scatter(seed);
  for (const char c : text) {
    hash = scatter(hash ^ static_cast<unsigned char>(c));
  }
  return scatter(hash ^ text.size());
}

/// A value of an expression at a point: an exact complex rational, or a complex ball.
struct Value {
  bool exact = true;
  Exact real;
  Exact imaginary;
  ComplexBall ball;

  Value() = default;
  explicit Value(Exact re, Exact im = Exact()) : real(std::move(re)), imaginary(std::move(im)) {}
  explicit Value(const ComplexBall& b) : exact(false), ball(b) {}

  [[nodiscard]] bool is_real_exact() const noexcept { return exact && imaginary.is_zero(); }
  [[nodiscard]] bool is_zero_exact() const noexcept { return is_real_exact() && real.is_zero(); }
  [[nodiscard]] ComplexBall as_ball() const {
    return exact ? ComplexBall{Ball(real), imaginary.is_zero() ? Ball{} : Ball(imaginary)} : ball;
  }
  [[nodiscard]] bool valid() const noexcept { return exact || ball.valid(); }
};

/// Two 64-bit words that tell a value from others: its parts rounded to 128 bits. Values that are
/// equal and known to 150 bits have different words with probability about 2^-20 a part at worst
/// (where the rounding falls between), values that differ by more than 2^-127 of their size never
/// have the same rounding.
struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  void mix(std::uint64_t word) noexcept {
    high = scatter(high ^ word);
    low = scatter(low + scatter(word ^ 0xA0761D6478BD642FULL));
  }
  void mix(const Ball& part) noexcept {
    if (part.value_is_zero()) {
      mix(0);
      return;
    }
    auto mantissa = part.mantissa();
    std::int64_t exponent = part.exponent();
    // Round to the upper four limbs.
    if ((mantissa[3] & 0x80000000U) != 0) {
      std::size_t i = 4;
      while (i < mantissa.size() && ++mantissa[i] == 0) {
        ++i;
      }
      if (i == mantissa.size()) {
        mantissa[7] = 0x80000000U;
        ++exponent;
      }
    }
    mix((static_cast<std::uint64_t>(exponent) << 1) | (part.negative() ? 1U : 0U));
    mix((std::uint64_t{mantissa[7]} << 32) | mantissa[6]);
    mix((std::uint64_t{mantissa[5]} << 32) | mantissa[4]);
  }
};

/// Bits that a value must be known to, to be told from others.
inline constexpr std::int64_t certain_bits_needed = 150;

/// `z` with a part that is negligible beside the other made zero; not valid where the larger part
/// is not known well enough.
[[nodiscard]] inline ComplexBall settled(ComplexBall z) noexcept {
  if (!z.valid()) {
    return z;
  }
  const std::int64_t size =
      std::max(z.real.value_is_zero() ? -Ball::longest : z.real.exponent(),
               z.imaginary.value_is_zero() ? -Ball::longest : z.imaginary.exponent());
  // A value whose every part lies around zero is zero if its bound is small by itself.
  const std::int64_t scale = std::max<std::int64_t>(
      z.real.may_be_zero() && z.imaginary.may_be_zero() ? 0 : size, -Ball::longest);
  for (Ball* part : {&z.real, &z.imaginary}) {
    if (part->may_be_zero()) {
      if (part->error() > scale - certain_bits_needed) {
        return invalid_complex();
      }
      *part = Ball{};
    } else if (part->error() > scale - certain_bits_needed ||
               part->certain_bits() < certain_bits_needed) {
      return invalid_complex();
    }
  }
  return z;
}

/// Evaluates trees at a point. Arithmetic on rationals is exact; the rest goes through balls of 256
/// bits. What cannot be evaluated (1/0, a unit, a number too large) gives no value.
class Evaluator {
 public:
  /// Points with other signs and sizes: an expression with |.| in it (|xy|, |x - 2|) is a different
  /// analytic one on every piece. Two letters differ in sign at one of them at least (two other
  /// names: but for a chance of 1 in 250), and each is both positive and negative; the last two
  /// points are one and its negative, so that a - b has both signs. Sizes go from 1/8 to 2^8, at
  /// nine of the points each name's by itself: a^2 - b.
  static constexpr int first_piece = 8;
  static constexpr int pieces = 13;

  /// point: which values the symbols take; plus: the sign of plus-minus.
  Evaluator(const Tree& tree, int point, bool plus) : tree_(tree), point_(point), plus_(plus) {}

  [[nodiscard]] std::optional<Value> operator()(int index) {
    std::optional<Value> value = evaluate(tree_.at(index));
    if (value && value->exact && (!value->real.fits() || !value->imaginary.fits())) {
      value = Value(value->as_ball());
    }
    if (value && !value->valid()) {
      value.reset();
    }
    return value;
  }
  [[nodiscard]] bool symbols() const noexcept { return symbols_; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }

 private:
  using Result = std::optional<Value>;

  /// Whether a name is negative at the points of the pieces, a bit for each: letters have seven
  /// bits that are neither all set nor all clear, and no two the same; at the last two points,
  /// where all names are large, the signs are opposite.
  [[nodiscard]] static unsigned signs_of_name(std::string_view name, std::uint64_t hash) noexcept {
    constexpr std::array<std::string_view, 24> greek{
        "alpha", "beta",  "gamma",   "delta", "epsilon", "zeta", "eta",   "theta",
        "iota",  "kappa", "lambda",  "mu",    "nu",      "xi",   "pi",    "rho",
        "sigma", "tau",   "upsilon", "phi",   "chi",     "psi",  "omega", "ell"};
    const auto letter = name.size() > 1 && name[0] == '\\'
                            ? std::find(greek.begin(), greek.end(), name.substr(1))
                            : greek.end();
    unsigned code = 1 + static_cast<unsigned>(hash % 126);
    bool turned = (hash >> 32) % 2 == 1;
    if (letter != greek.end()) {
      code = 53 + static_cast<unsigned>(letter - greek.begin());
      turned = false;
    } else if (name.size() == 1 && name[0] >= 'a' && name[0] <= 'z') {
      code = 1 + static_cast<unsigned>(name[0] - 'a');
      turned = false;
    } else if (name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z') {
      code = 27 + static_cast<unsigned>(name[0] - 'A');
      turned = true;
    }
    const auto more = static_cast<unsigned>(hash >> 40) & 0xFU;  // at four points by chance
    return code | (more << 7) | (turned ? 0x800U : 0x1000U);
  }

  /// The value of a name: about 2^-1 to 2^2 in size, at the odd points negative; at the points of
  /// the pieces as said there.
  [[nodiscard]] Value named(std::uint64_t hash, std::string_view name = {}) const {
    const int sizes = point_ == first_piece + pieces - 1 ? point_ - 1 : point_;  // minus the last
    const std::uint64_t bits =
        scatter(hash ^ (std::uint64_t{0x5851F42D4C957F2D} * static_cast<std::uint64_t>(sizes + 1)));
    Ball value =
        Ball(static_cast<std::int64_t>((bits >> 3) | (std::uint64_t{1} << 60))).scaled(-60);
    value = value + Ball(static_cast<std::int64_t>(scatter(bits) >> 2)).scaled(-122);
    bool down = point_ % 2 == 1;
    if (point_ >= first_piece) {
      const auto piece = static_cast<std::size_t>(point_ - first_piece);
      const auto any = static_cast<std::int64_t>(scatter(bits ^ 0x94D049BB133111EBULL) % 8) - 3;
      // More bits than are compared: what is a few bits longer than these could be rounded either
      // way.
      for (const int below : {-184, -246}) {
        value =
            value +
            Ball(static_cast<std::int64_t>(scatter(bits + static_cast<std::uint64_t>(-below)) >> 2))
                .scaled(below);
      }
      value = value.scaled(piece < 2 ? -static_cast<std::int64_t>(piece) : piece < 11 ? any : 7);
      down = ((signs_of_name(name, hash) >> piece) & 1U) != 0;
    }
    return Value(ComplexBall{down ? value.negated() : value, {}});
  }

  Result evaluate(const Node& node) {
    switch (node.op) {
      case Op::number: return Value(node.value);
      case Op::symbol: symbols_ = true; return named(scatter(node.text, 1), node.text);
      case Op::pi: closed_ = true; return Value(ComplexBall{Ball::pi(), {}});
      case Op::euler: closed_ = true; return Value(ComplexBall{exponential(Ball(1)), {}});
      case Op::imaginary: return Value(Exact(), Exact(1));
      case Op::negative: {
        Result a = (*this)(node.kids[0]);
        return a ? Result(negated(*a)) : a;
      }
      case Op::add: {
        Value sum{Exact()};
        for (const int kid : node.kids) {
          Result term = (*this)(kid);
          if (!term) {
            return term;
          }
          sum = add(sum, *term);
        }
        return sum;
      }
      case Op::multiply:
      case Op::divide: {
        const Result a = (*this)(node.kids[0]);
        Result b = a ? (*this)(node.kids[1]) : a;
        if (!b) {
          return b;
        }
        if (node.op == Op::multiply) {
          return multiply(*a, *b);
        }
        return quotient(*a, *b);
      }
      case Op::percent: {
        const Result a = (*this)(node.kids[0]);
        return a ? Result(multiply(*a, Value(Exact(1) / Exact(100)))) : a;
      }
      case Op::degree: {
        const Result a = (*this)(node.kids[0]);
        closed_ = true;
        return a ? Result(Value(a->as_ball() * ComplexBall{Ball::pi(), {}} *
                                ComplexBall{Ball(Exact(1) / Exact(180)), {}}))
                 : a;
      }
      case Op::plus_minus: {
        const Result a = (*this)(node.kids[0]);
        return a && (plus_ != (node.text == "+")) ? Result(negated(*a)) : a;
      }
      case Op::power: return power_of(node);
      case Op::root: {
        const Result a = (*this)(node.kids[0]);
        std::int64_t degree = 2;
        return a && node.value.to_integer(degree) ? root_of(*a, degree) : std::nullopt;
      }
      case Op::factorial: {
        Result a = (*this)(node.kids[0]);
        std::int64_t n = 0;
        if (!a) {
          return a;
        }
        if (a->is_real_exact() && a->real.to_integer(n) && n >= 0 && n <= 500) {
          return Value(falling(n, n));
        }
        return hidden("factorial", {*a});
      }
      case Op::function: return function(node);
      case Op::opaque: {
        std::vector<Value> values;
        std::string name = node.text;
        for (const int kid : node.kids) {
          const Node& inner = tree_.at(kid);
          if (inner.op == Op::relation) {  // i = 1
            name += " " + inner.text;
            for (const int side : inner.kids) {
              Result value = argument(side);
              if (!value) {
                return value;
              }
              values.push_back(*value);
            }
            continue;
          }
          Result value = argument(kid);
          if (!value) {
            return value;
          }
          values.push_back(*value);
        }
        symbols_ = true;
        return hidden(name, values);
      }
      default: return std::nullopt;
    }
  }

  /// An argument of something that is not evaluated; infinity is one too.
  Result argument(int index) {
    if (tree_.at(index).op == Op::infinity) {
      return named(scatter("infinity", 3));
    }
    return (*this)(index);
  }

  [[nodiscard]] static Value negated(const Value& a) {
    return a.exact ? Value(a.real.negated(), a.imaginary.negated()) : Value(a.ball.negated());
  }
  [[nodiscard]] static Value add(const Value& a, const Value& b) {
    return a.exact && b.exact ? Value(a.real + b.real, a.imaginary + b.imaginary)
                              : Value(a.as_ball() + b.as_ball());
  }
  [[nodiscard]] static Value multiply(const Value& a, const Value& b) {
    if (!a.exact || !b.exact) {
      if (a.is_zero_exact() || b.is_zero_exact()) {
        return Value(Exact());
      }
      return Value(a.as_ball() * b.as_ball());
    }
    if (a.imaginary.is_zero() && b.imaginary.is_zero()) {
      return Value(a.real * b.real);
    }
    return Value(a.real * b.real - a.imaginary * b.imaginary,
                 a.real * b.imaginary + a.imaginary * b.real);
  }
  [[nodiscard]] static Result quotient(const Value& a, const Value& b) {
    if (!b.exact) {
      return Value(a.as_ball() * b.ball.inverse());
    }
    if (b.imaginary.is_zero()) {
      return b.real.is_zero() ? std::nullopt : Result(multiply(a, Value(b.real.inverse())));
    }
    const Exact size = b.real * b.real + b.imaginary * b.imaginary;
    if (!size.fits()) {
      return Value(a.as_ball() * b.as_ball().inverse());
    }
    return multiply(a, Value(b.real / size, b.imaginary.negated() / size));
  }

  Result power_of(const Node& node) {
    const Result a = (*this)(node.kids[0]);
    Result b = a ? (*this)(node.kids[1]) : a;
    if (!b) {
      return b;
    }
    std::int64_t n = 0;
    if (b->is_real_exact() && b->real.to_integer(n)) {
      const bool down = n < 0;
      const auto size = static_cast<std::uint64_t>(down ? -n : n);
      if (down && a->is_zero_exact()) {
        return std::nullopt;
      }
      if (a->is_zero_exact() && n == 0) {
        return Value(Exact(1));
      }
      if (size > 1000000) {
        closed_ = true;
        return Value(power(a->as_ball(), b->as_ball()));
      }
      if (a->is_real_exact()) {
        const std::size_t bits =
            std::max(a->real.above().bit_length(), a->real.below().bit_length());
        if (bits * size <= exact_bits || bits <= 1) {
          const Exact result =
              bits <= 1 ? (a->real.negative() && size % 2 == 1 ? Exact(-1) : a->real.magnitude())
                        : a->real.power(size);
          return Value(down ? result.inverse() : result);
        }
        closed_ = true;
      } else if (a->exact && size <= 64) {
        Value result(Exact(1));
        for (std::uint64_t i = 0; i < size; ++i) {
          result = multiply(result, *a);
        }
        return down ? quotient(Value(Exact(1)), result) : Result(result);
      }
      const ComplexBall result = power(a->as_ball(), size);
      return Value(down ? result.inverse() : result);
    }
    closed_ = true;
    // a^(p/q) with odd q is real for real a, as it is taught.
    if (b->is_real_exact() && b->real.below().bit_length() <= 10 &&
        b->real.above().bit_length() <= 20) {
      const auto degree = static_cast<std::int64_t>(b->real.below().low_64());
      const auto over = b->real.above().low_64();
      const Result base = root_of(*a, degree);
      if (base) {
        const ComplexBall result = power(base->as_ball(), over);
        return Value(b->real.negative() ? result.inverse() : result);
      }
    }
    return Value(power(a->as_ball(), b->as_ball()));
  }

  Result root_of(const Value& a, std::int64_t degree) {
    if (a.is_zero_exact()) {
      return a;
    }
    closed_ = true;
    const ComplexBall z = a.as_ball();
    if (degree == 2) {
      return Value(root(z));
    }
    if (z.is_real() && (degree % 2 == 1 || z.real.sign() > 0)) {
      const Ball size = exponential(logarithm(z.real.magnitude()) * Ball(Exact(1) / Exact(degree)));
      return Value(ComplexBall{z.real.negative() ? size.negated() : size, {}});
    }
    return Value(power(z, ComplexBall{Ball(Exact(1) / Exact(degree)), {}}));
  }

  /// n (n - 1) ... k factors
  [[nodiscard]] static Exact falling(std::int64_t n, std::int64_t k) {
    Exact result(1);
    for (std::int64_t i = 0; i < k; ++i) {
      result = result * Exact(n - i);
    }
    return result;
  }

  /// A value that depends on the name and on the arguments' values, and on nothing else.
  [[nodiscard]] Result hidden(std::string_view name, const std::vector<Value>& arguments) const {
    Fingerprint print;
    print.mix(scatter(name, 2));
    for (const Value& value : arguments) {
      const ComplexBall z = settled(value.as_ball());
      if (!z.valid()) {
        return std::nullopt;
      }
      print.mix(z.real);
      print.mix(z.imaginary);
    }
    return named(print.high ^ scatter(print.low));
  }

  Result function(const Node& node) {
    std::vector<Value> values;
    for (const int kid : node.kids) {
      Result value = (*this)(kid);
      if (!value) {
        return value;
      }
      values.push_back(*value);
    }
    const std::string_view name = node.text;
    const Value& a = values[0];
    if (name == "abs") {
      if (a.is_real_exact()) {
        return Value(a.real.magnitude());
      }
      return Value(ComplexBall{magnitude(a.as_ball()), {}});
    }
    if (name == "floor" || name == "ceil") {
      if (a.is_real_exact()) {
        return Value(name == "floor" ? a.real.floor() : a.real.negated().floor().negated());
      }
      return hidden(name, values);
    }
    if (name == "max" || name == "min" || name == "gcd" || name == "lcm") {
      return of_many(name, values);
    }
    if (name == "binom" && values.size() == 2) {
      std::int64_t n = 0;
      std::int64_t k = 0;
      if (a.is_real_exact() && a.real.to_integer(n) && values[1].is_real_exact() &&
          values[1].real.to_integer(k) && n >= 0 && n <= 2000 && k >= 0 && k <= n) {
        k = std::min(k, n - k);
        return Value(falling(n, k) / falling(k, k));
      }
      if (values[1].is_real_exact() && values[1].real.to_integer(k) && k >= 0 && k <= 12) {
        Value product{Exact(1)};  // n (n - 1) ... / k!
        for (std::int64_t i = 0; i < k; ++i) {
          product = multiply(product, add(a, Value(Exact(-i))));
        }
        return multiply(product, Value(falling(k, k).inverse()));
      }
      return hidden(name, values);
    }
    if (values.size() > 2 || (values.size() == 2 && name != "log")) {
      return hidden(name, values);
    }
    return elementary(name, values);
  }

  Result of_many(std::string_view name, const std::vector<Value>& values) const {
    Exact best = values[0].real;
    for (const Value& value : values) {
      if (!value.is_real_exact()) {
        return hidden(name, values);
      }
      if (name == "max" || name == "min") {
        const int order = compare(value.real, best);
        best = (name == "max" ? order > 0 : order < 0) ? value.real : best;
        continue;
      }
      if (!value.real.is_integer() || value.real.is_zero() || best.is_zero()) {
        return hidden(name, values);
      }
      const Exact common(false, gcd(best.above(), value.real.above()), BigNatural(1));
      best = name == "gcd" ? common : best.magnitude() * value.real.magnitude() / common;
    }
    return Value(best);
  }

  Result elementary(std::string_view name, const std::vector<Value>& values) {
    closed_ = true;
    const ComplexBall z = values[0].as_ball();
    const ComplexBall one{Ball(1), {}};
    const auto ratio = [](const ComplexBall& p, const ComplexBall& q) {
      return Value(p * q.inverse());
    };
    if (name == "ln" || name == "log" || name == "lg") {
      const ComplexBall natural = logarithm(z);
      if (name == "ln") {
        return Value(natural);
      }
      const ComplexBall base = values.size() == 2 ? values[1].as_ball() : ComplexBall{Ball(10), {}};
      return ratio(natural, logarithm(base));
    }
    if (name == "exp") {
      return Value(exponential(z));
    }
    if (name == "sinh" || name == "cosh" || name == "tanh" || name == "coth") {
      const ComplexBall up = exponential(z);
      const ComplexBall down = up.inverse();
      const ComplexBall half{Ball(1).scaled(-1), {}};
      const ComplexBall sinh = (up + down.negated()) * half;
      const ComplexBall cosh = (up + down) * half;
      return name == "sinh"   ? Value(sinh)
             : name == "cosh" ? Value(cosh)
             : name == "tanh" ? ratio(sinh, cosh)
                              : ratio(cosh, sinh);
    }
    if (name.substr(0, 2) == "ar") {
      return inverse_function(name, values);
    }
    const auto [sine, cosine] = sine_cosine(z);
    if (name == "sin" || name == "cos") {
      return Value(name == "sin" ? sine : cosine);
    }
    if (name == "tan" || name == "cot") {
      return name == "tan" ? ratio(sine, cosine) : ratio(cosine, sine);
    }
    if (name == "sec" || name == "csc") {
      return ratio(one, name == "sec" ? cosine : sine);
    }
    return hidden(name, values);
  }

  /// Inverse functions of real arguments inside their domains; others are not evaluated.
  Result inverse_function(std::string_view name, const std::vector<Value>& values) const {
    const ComplexBall z = values[0].as_ball();
    if (!z.is_real()) {
      return hidden(name, values);
    }
    const Ball one(1);
    const Ball half_turn = Ball::pi().scaled(-1);
    const auto value = [](const Ball& b) { return Value(ComplexBall{b, {}}); };
    if (name == "arctan") {
      return value(arc_tangent(z.real));
    }
    if (name == "arccot") {
      return value(half_turn - arc_tangent(z.real));
    }
    if (name == "arcsin" || name == "arccos") {
      Ball sine;
      if (values[0].is_real_exact() && values[0].real.magnitude() == Exact(1)) {
        sine = z.real.negative() ? half_turn.negated() : half_turn;
      } else {
        const Ball rest = one - z.real * z.real;
        if (rest.sign() <= 0) {
          return hidden(name, values);
        }
        sine = arc_tangent(z.real / rest.root());
      }
      return value(name == "arcsin" ? sine : half_turn - sine);
    }
    return hidden(name, values);
  }

  const Tree& tree_;
  int point_;
  bool plus_;
  bool symbols_ = false;
  bool closed_ = false;
};

}  // namespace dag::detail
