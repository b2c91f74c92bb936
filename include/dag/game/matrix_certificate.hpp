// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

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

namespace detail {

/// sum_k p_k (best - e_k) for what each strategy earns, best = max e_k and sum_k p_k e_k: from the
/// first strategy on, moving `missed` along whenever a better one comes.
struct Shortfall {
  DoubleDouble best;
  DoubleDouble missed;
  DoubleDouble mean;
  DoubleDouble weight;
  bool any = false;

  void add(DoubleDouble earned, double probability) {
    if (!any || best < earned) {
      if (any) {
        missed += (earned - best) * weight;
      }
      best = earned;
      any = true;
    }
    missed += (best - earned) * probability;
    mean += earned * probability;
    weight += probability;
  }
};

}  // namespace detail

/// Duality gap of (x, y) in the zero-sum game A (rows x columns, row-major, x maximises) with the
/// strategies divided by their own sums, in about 106 bits: the error is below 2^-90 of the largest
/// payoff, and a constant added to A changes nothing. Never negative where the probabilities are
/// not: it is the sum of what each played strategy earns less than the best reply. `range`: largest
/// payoff less the smallest, 0 if all are equal. Two passes over A, about ten times the work of one
/// in doubles. Allocates nothing.
template <Scalar Real>
[[nodiscard]] PreciseGap matrix_certificate(std::span<const Real> payoff, std::span<const Real> x,
                                            std::span<const Real> y) {
  const std::size_t columns = y.size();
  auto low = static_cast<double>(payoff[0]);
  double high = low;
  for (const Real entry : payoff) {
    const auto a = static_cast<double>(entry);
    low = a < low ? a : low;
    high = a > high ? a : high;
  }
  const double largest = -low > high ? -low : high;
  // A power of two near the payoffs' size, so that products neither overflow nor vanish.
  const int exponent = largest > 0 ? std::ilogb(largest) : 0;
  const int half = exponent / 2;  // in two factors: 2^-exponent itself may overflow
  const double first = std::ldexp(1.0, -half);
  const double second = std::ldexp(1.0, half - exponent);
  const auto entry = [&](std::size_t i, std::size_t j) {
    return static_cast<double>(payoff[i * columns + j]) * first * second;
  };
  detail::Shortfall rows;
  for (std::size_t i = 0; i < x.size(); ++i) {
    DoubleDouble earned;
    for (std::size_t j = 0; j < columns; ++j) {
      if (y[j] != 0) {
        earned += DoubleDouble::product(entry(i, j), static_cast<double>(y[j]));
      }
    }
    rows.add(earned, static_cast<double>(x[i]));
  }
  // Columns by strips that share a cache line.
  constexpr std::size_t strip = 8;
  detail::Shortfall against;  // of what the column player earns, -x' A
  for (std::size_t begin = 0; begin < columns; begin += strip) {
    const std::size_t width = columns - begin < strip ? columns - begin : strip;
    std::array<DoubleDouble, strip> earned{};
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto weight = static_cast<double>(x[i]);
      if (weight != 0) {
        for (std::size_t j = 0; j < width; ++j) {
          earned[j] += DoubleDouble::product(-entry(i, begin + j), weight);
        }
      }
    }
    for (std::size_t j = 0; j < width; ++j) {
      against.add(earned[j], static_cast<double>(y[begin + j]));
    }
  }
  const DoubleDouble all = rows.weight * against.weight;
  const double gap = ((rows.missed + against.missed) / all).value();
  const double range = high * first * second - low * first * second;
  return {std::ldexp(gap, exponent), range > 0 ? gap / range : 0.0,
          std::ldexp((rows.mean / all).value(), exponent)};
}

}  // namespace dag
