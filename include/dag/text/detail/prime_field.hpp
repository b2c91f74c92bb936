// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <dag/text/detail/evaluator.hpp>
#include <dag/text/detail/tree.hpp>

namespace dag::detail {

/// Values of rational functions over the rationals (numbers, symbols, + - * /, whole powers) at
/// random points of the fields of 2^61 - 1 and 2^62 - 57 elements. Nothing is rounded there: x and
/// x + 10^-50 differ, and so do x^200 and x^200 + 1.
///
/// Identity testing (Schwartz 1980, doi:10.1145/322217.322225; Zippel 1979): two functions whose
/// difference has over a field a numerator of degree d that is not zero agree at a random point
/// with probability at most d / p. With d up to 2^20 (beyond: no value) and three points in one
/// field, below 2^-123. A difference that is zero in one field has coefficients divisible by its p;
/// in both, by more than 2^122. Points are scattered from the names of the symbols, the same in
/// every run.
class PrimeField {
 public:
  static constexpr std::array<std::uint64_t, 2> primes{(std::uint64_t{1} << 61) - 1,
                                                       (std::uint64_t{1} << 62) - 57};
  static constexpr std::size_t points = 3;
  static constexpr std::uint64_t longest_degree = std::uint64_t{1} << 20;

  /// point: which values the symbols take.
  PrimeField(const Tree& tree, std::uint64_t prime, std::size_t point)
      : tree_(tree), prime_(prime), point_(point) {}

  /// The value of a rational function; nothing where it divides by zero or its degree is beyond
  /// `longest_degree`.
  [[nodiscard]] std::optional<std::uint64_t> operator()(int index) const {
    const Result at = evaluate(index);
    return at ? std::optional<std::uint64_t>(at->value) : std::nullopt;
  }

  [[nodiscard]] std::uint64_t difference(std::uint64_t a, std::uint64_t b) const noexcept {
    return plus(a, minus(b));
  }
  /// needs b != 0
  [[nodiscard]] std::uint64_t quotient(std::uint64_t a, std::uint64_t b) const noexcept {
    return times(a, inverse(b));
  }

  /// How many bits above or below one the terms of a rational function reach at points of size
  /// below 4; nothing if it is no rational function.
  [[nodiscard]] static std::optional<std::uint64_t> reach(const Tree& tree, int index) {
    const Node& node = tree.at(index);
    constexpr std::uint64_t most = std::uint64_t{1} << 40;
    if (node.op == Op::number) {
      return std::max(node.value.above().bit_length(), node.value.below().bit_length());
    }
    if (node.op == Op::symbol) {
      return node.text.empty() ? std::nullopt : std::optional<std::uint64_t>(2);
    }
    if (node.op == Op::power) {
      const auto base = reach(tree, node.kids[0]);
      std::int64_t n = 0;
      return base && whole_exponent(tree, node, n)
                 ? std::optional<std::uint64_t>(
                       std::min(most, *base * static_cast<std::uint64_t>(n < 0 ? -n : n)))
                 : std::nullopt;
    }
    const bool product = node.op == Op::multiply || node.op == Op::divide;
    if (!product && node.op != Op::add && node.op != Op::negative && node.op != Op::percent) {
      return std::nullopt;
    }
    std::uint64_t all = 0;
    for (const int kid : node.kids) {
      const auto part = reach(tree, kid);
      if (!part) {
        return part;
      }
      all = product ? std::min(most, all + *part) : std::max(all, *part);
    }
    return all;
  }

 private:
  struct Residue {
    std::uint64_t value = 0;
    std::uint64_t degree = 0;  ///< at least that of numerator and denominator
  };
  using Result = std::optional<Residue>;

  [[nodiscard]] std::uint64_t plus(std::uint64_t a, std::uint64_t b) const noexcept {
    const std::uint64_t sum = a + b;  // below 2^63
    return sum >= prime_ ? sum - prime_ : sum;
  }
  [[nodiscard]] std::uint64_t minus(std::uint64_t a) const noexcept {
    return a == 0 ? 0 : prime_ - a;
  }
  [[nodiscard]] std::uint64_t times(std::uint64_t a, std::uint64_t b) const noexcept {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<Wide>(a) * b % prime_);
  }
  [[nodiscard]] std::uint64_t power(std::uint64_t a, std::uint64_t n) const noexcept {
    std::uint64_t result = 1;
    for (; n > 0; n >>= 1U) {
      result = (n & 1U) != 0 ? times(result, a) : result;
      a = times(a, a);
    }
    return result;
  }
  [[nodiscard]] std::uint64_t inverse(std::uint64_t a) const noexcept {
    return power(a, prime_ - 2);
  }
  [[nodiscard]] std::uint64_t residue(BigNatural whole) const {
    return whole.divide(BigNatural(prime_)).low_64();
  }

  [[nodiscard]] static bool whole_exponent(const Tree& tree, const Node& node, std::int64_t& n) {
    const Node& exponent = tree.at(node.kids[1]);
    const bool negated = exponent.op == Op::negative;
    const Node& size = negated ? tree.at(exponent.kids[0]) : exponent;
    if (size.op != Op::number || !size.value.to_integer(n)) {
      return false;
    }
    n = negated ? -n : n;
    return n > -(std::int64_t{1} << 40) && n < (std::int64_t{1} << 40);
  }

  [[nodiscard]] Result evaluate(int index) const {
    Result result = unchecked(index);
    return result && result->degree > longest_degree ? std::nullopt : result;
  }
  [[nodiscard]] Result unchecked(int index) const {
    const Node& node = tree_.at(index);
    switch (node.op) {
      case Op::number: {
        const std::uint64_t below = residue(node.value.below());
        if (below == 0) {
          return std::nullopt;
        }
        const std::uint64_t size = quotient(residue(node.value.above()), below);
        return Residue{node.value.negative() ? minus(size) : size, 0};
      }
      case Op::symbol:
        return node.text.empty() ? Result() : Residue{scatter(node.text, 5 + point_) % prime_, 1};
      case Op::negative: {
        const Result a = evaluate(node.kids[0]);
        return a ? Result(Residue{minus(a->value), a->degree}) : a;
      }
      case Op::percent: {
        const Result a = evaluate(node.kids[0]);
        return a ? Result(Residue{quotient(a->value, 100), a->degree}) : a;
      }
      case Op::add: {
        Residue sum;
        for (const int kid : node.kids) {
          const Result term = evaluate(kid);
          if (!term) {
            return term;
          }
          sum = {plus(sum.value, term->value), sum.degree + term->degree};
        }
        return sum;
      }
      case Op::multiply:
      case Op::divide: {
        const Result a = evaluate(node.kids[0]);
        const Result b = a ? evaluate(node.kids[1]) : a;
        const bool divides = node.op == Op::divide;
        if (!b || (divides && b->value == 0)) {
          return std::nullopt;
        }
        return Residue{divides ? quotient(a->value, b->value) : times(a->value, b->value),
                       a->degree + b->degree};
      }
      case Op::power: {
        std::int64_t n = 0;
        const Result base = evaluate(node.kids[0]);
        if (!base || !whole_exponent(tree_, node, n) || (base->value == 0 && n <= 0)) {
          return std::nullopt;
        }
        const auto count = static_cast<std::uint64_t>(n < 0 ? -n : n);
        const std::uint64_t up = power(base->value, count);
        return Residue{n < 0 ? inverse(up) : up, base->degree * count};
      }
      default: return std::nullopt;
    }
  }

  const Tree& tree_;
  std::uint64_t prime_;
  std::size_t point_;
};

}  // namespace dag::detail
