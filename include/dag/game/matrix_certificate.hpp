// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/numeric/double_double.hpp>

namespace dag {

/// What a certificate says when rounding has been taken out of it.
struct PreciseGap {
  double gap = 0;           ///< units of payoff
  double relative_gap = 0;  ///< sum of regret / payoff range over the players
  double value = 0;         ///< of the first player
};

/// What exact solvers compare a relative gap with: the tolerance, or where that is 0 (as near as
/// doubles come) 64 roundings of the payoff range.
[[nodiscard]] constexpr double tolerance_or_rounding(double tolerance) noexcept {
  return tolerance > 0 ? tolerance : 64 * std::numeric_limits<double>::epsilon();
}

/// The same in the precision of the solve.
template <Scalar Real>
struct Gaps {
  Real gap = 0;
  Real relative_gap = 0;
};

/// Duality gap of (x, y) in the zero-sum game A (rows x columns, row-major, x maximises) with the
/// strategies divided by their own sums, in about 106 bits: the error is below 2^-90 of the largest
/// payoff, and a constant added to A changes nothing. Never negative where the probabilities are
/// not: it is the sum of what each played strategy earns less than the best reply. `range`: largest
/// payoff less the smallest, 0 if all are equal. One pass over A, about ten times that of doubles.
template <Scalar Real>
[[nodiscard]] PreciseGap matrix_certificate(std::span<const Real> payoff, std::span<const Real> x,
                                            std::span<const Real> y) {
  const std::size_t columns = y.size();
  double largest = 0;
  double low = static_cast<double>(payoff[0]);
  double high = low;
  for (const Real entry : payoff) {
    const auto a = static_cast<double>(entry);
    low = a < low ? a : low;
    high = a > high ? a : high;
  }
  largest = -low > high ? -low : high;
  // A power of two near the payoffs' size, so that products neither overflow nor vanish.
  const int exponent = largest > 0 ? std::ilogb(largest) : 0;
  const int half = exponent / 2;  // in two factors: 2^-exponent itself may overflow
  const double first = std::ldexp(1.0, -half);
  const double second = std::ldexp(1.0, half - exponent);
  std::vector<DoubleDouble> against(columns);
  std::vector<DoubleDouble> earned(x.size());
  DoubleDouble x_sum;
  DoubleDouble y_sum;
  for (const Real probability : y) {
    y_sum += static_cast<double>(probability);
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto weight = static_cast<double>(x[i]);
    x_sum += weight;
    for (std::size_t j = 0; j < columns; ++j) {
      const double a = static_cast<double>(payoff[i * columns + j]) * first * second;
      if (y[j] != 0) {
        earned[i] += DoubleDouble::product(a, static_cast<double>(y[j]));
      }
      if (weight != 0) {
        against[j] += DoubleDouble::product(a, weight);
      }
    }
  }
  DoubleDouble best = earned[0];
  DoubleDouble worst = against[0];
  for (const DoubleDouble& payoff_of_row : earned) {
    best = best < payoff_of_row ? payoff_of_row : best;
  }
  for (const DoubleDouble& payoff_of_column : against) {
    worst = payoff_of_column < worst ? payoff_of_column : worst;
  }
  DoubleDouble missed;
  DoubleDouble value;
  for (std::size_t i = 0; i < x.size(); ++i) {
    missed += (best - earned[i]) * static_cast<double>(x[i]);
    value += earned[i] * static_cast<double>(x[i]);
  }
  for (std::size_t j = 0; j < columns; ++j) {
    missed += (against[j] - worst) * static_cast<double>(y[j]);
  }
  const DoubleDouble all = x_sum * y_sum;
  const double gap = (missed / all).value();
  const double range = high * first * second - low * first * second;
  return {std::ldexp(gap, exponent), range > 0 ? gap / range : 0.0,
          std::ldexp((value / all).value(), exponent)};
}

}  // namespace dag
