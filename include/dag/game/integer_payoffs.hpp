// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/integer.hpp>

namespace dag {

/// A player's payoffs without rounding: payoff k is low + unit * entries[k], the entries whole, the
/// least of them 0, without a common divisor. Games that differ by a positive factor or a constant
/// have the same entries.
struct IntegerPayoffs {
  std::vector<Integer> entries;  ///< one a profile, in the table's order
  Fraction low;
  Fraction unit{Integer(1), Integer(1)};
  std::size_t bits = 0;  ///< of the largest entry
};

namespace detail {

/// The least common multiple of the denominators; every numerator over that one from now on.
inline BigNatural over_one_denominator(std::vector<Integer>& numerators,
                                       const std::vector<BigNatural>& denominators) {
  BigNatural common(1);
  for (std::size_t s = 0; s < denominators.size(); ++s) {
    if (s == 0 || !(denominators[s] == denominators[s - 1])) {
      BigNatural missing = denominators[s];
      (void)missing.divide(gcd(common, denominators[s]));
      common = common * missing;
    }
  }
  for (std::size_t s = 0; s < denominators.size(); ++s) {
    if (!(denominators[s] == common)) {
      BigNatural factor = common;
      (void)factor.divide(denominators[s]);
      numerators[s] = numerators[s] * Integer(false, std::move(factor));
    }
  }
  return common;
}

/// numerators[k] / denominators[k], in the form above.
[[nodiscard]] inline IntegerPayoffs whole_payoffs(std::vector<Integer> numerators,
                                                  const std::vector<BigNatural>& denominators) {
  IntegerPayoffs whole;
  const BigNatural common = over_one_denominator(numerators, denominators);
  Integer low;
  for (std::size_t s = 0; s < denominators.size(); ++s) {
    low = s == 0 || compare(numerators[s], low) < 0 ? numerators[s] : low;
  }
  BigNatural divisor;
  for (Integer& entry : numerators) {
    entry = entry - low;
    divisor = gcd(divisor, entry.size());
  }
  const Integer unit(false, divisor.is_zero() ? BigNatural(1) : divisor);
  for (Integer& entry : numerators) {
    entry = quotient(entry, unit);
    const std::size_t bits = entry.bit_length();
    whole.bits = bits > whole.bits ? bits : whole.bits;
  }
  whole.entries = std::move(numerators);
  whole.low = Fraction(low, Integer(false, common));
  whole.unit = Fraction(unit, Integer(false, common));
  return whole;
}

}  // namespace detail

/// Player `player`'s payoffs as they were written (see `written_payoff`).
[[nodiscard]] inline IntegerPayoffs integer_payoffs(const GameTable& game, std::size_t player) {
  std::vector<Integer> numerators;
  std::vector<detail::BigNatural> denominators;
  for (std::size_t s = 0; s < game.profile_count(); ++s) {
    detail::Rational payoff = written_payoff(game, player, s).exact();
    numerators.emplace_back(payoff.negative, std::move(payoff.numerator));
    denominators.push_back(std::move(payoff.denominator));
  }
  return detail::whole_payoffs(std::move(numerators), denominators);
}

/// The same for doubles, each taken for exactly what it is.
[[nodiscard]] inline IntegerPayoffs integer_payoffs(std::span<const double> payoffs) {
  std::vector<Integer> numerators;
  std::vector<detail::BigNatural> denominators;
  for (const double payoff : payoffs) {
    int exponent = 0;
    const Integer mantissa = Integer::mantissa(payoff, exponent);
    numerators.push_back(exponent > 0 ? mantissa.shifted_left(static_cast<std::size_t>(exponent))
                                      : mantissa);
    denominators.emplace_back(1U);
    denominators.back().shift_left(exponent < 0 ? static_cast<std::size_t>(-exponent) : 0);
  }
  return detail::whole_payoffs(std::move(numerators), denominators);
}

/// Player `player`'s entries of a two-player game as a row-major matrix (rows: player 1).
[[nodiscard]] inline std::vector<Integer> integer_matrix(const GameTable& game,
                                                         const IntegerPayoffs& payoffs) {
  require(game.sizes.size() == 2, Errc::unsupported,
          "integer_matrix: needs a two-player game, got ", game.sizes.size(), " players");
  std::vector<Integer> matrix(payoffs.entries.size());
  for (std::size_t row = 0; row < game.sizes[0]; ++row) {
    for (std::size_t column = 0; column < game.sizes[1]; ++column) {
      matrix[row * game.sizes[1] + column] = payoffs.entries[row + game.sizes[0] * column];
    }
  }
  return matrix;
}

}  // namespace dag
