// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/numeric/binomial.hpp>
#include <dag/numeric/remez.hpp>

namespace dag {

/// Mean and variance of a table's entry c[k], k ~ Bin(K-1, p).
struct TableMoments {
  double mean = 0;
  double variance = 0;
};

/// Exact properties of a reward table c[0..K-1] of groups of K samples, over all p in [0, 1].
struct TableMeasure {
  double sup_bias = 0;             ///< max over p of |p E[c] - p g(p)|
  double sup_bias_at = 0;          ///< the p where it is reached
  double integrated_variance = 0;  ///< integral over p of p Var(c)
  double max_variance = 0;         ///< max over p of p Var(c)
  double magnitude = 0;  ///< max over p of p E|c|: what rounding of the entries scales with

  friend bool operator==(const TableMeasure&, const TableMeasure&) = default;
};

namespace detail {

struct WideMoments {
  long double mean = 0;
  long double variance = 0;
  long double magnitude = 0;  // E|c|
};

/// Moments by the binomial row, in long double; the variance around the mean, so without
/// cancellation. `row` has the table's length.
inline WideMoments wide_moments(std::span<const double> table, long double p,
                                std::vector<long double>& row) {
  const BinomialWindow window = binomial_row(p, row);
  WideMoments result;
  for (std::size_t k = window.first; k < window.last; ++k) {
    const long double term = row[k] * static_cast<long double>(table[k]);
    result.mean += term;
    result.magnitude += std::abs(term);
  }
  for (std::size_t k = window.first; k < window.last; ++k) {
    const long double off = static_cast<long double>(table[k]) - result.mean;
    result.variance += row[k] * off * off;
  }
  return result;
}

/// Long double to double, saturating: the measures of an exploded table stay finite.
inline double saturate(long double value) noexcept {
  constexpr double top = std::numeric_limits<double>::max();
  return value < top ? static_cast<double>(value) : top;
}

inline long double half_angle_square(long double theta) noexcept {
  const long double sine = std::sin(theta / 2);
  return sine * sine;
}

/// Gauss-Legendre on [0, 1]: calls function(node, weight) for `count` nodes; exact for polynomials
/// of degree 2 count - 1. Newton on the recurrence from the usual cosine guess.
template <class Function>
void gauss_legendre(std::size_t count, Function&& function) {
  constexpr long double pi = 3.14159265358979323846264338327950288L;
  const auto n = static_cast<long double>(count);
  for (std::size_t i = 0; i < count; ++i) {
    long double x = std::cos(pi * (static_cast<long double>(i) + 0.75L) / (n + 0.5L));
    long double slope = 1;
    for (int round = 0; round < 8; ++round) {
      long double before = 1, here = x;
      for (std::size_t j = 2; j <= count; ++j) {
        const auto degree = static_cast<long double>(j);
        const long double next = ((2 * degree - 1) * x * here - (degree - 1) * before) / degree;
        before = here;
        here = next;
      }
      slope = n * (x * here - before) / (x * x - 1);
      const long double step = here / slope;
      x -= step;
      if (std::abs(step) < 1e-17L) {
        break;
      }
    }
    function((1 + x) / 2, 1 / ((1 - x * x) * slope * slope));
  }
}

inline void require_table(const char* where, std::span<const double> table) {
  require(!table.empty(), Errc::invalid_argument, where, ": the table must have an entry");
  for (const double value : table) {
    require(std::abs(value) <= std::numeric_limits<double>::max(), Errc::not_finite, where,
            ": entries must be finite, got ", value);
  }
}

}  // namespace detail

/// Mean and variance of c[k], k ~ Bin(table.size() - 1, p). Stable for thousands of entries.
/// Throws `invalid_argument` unless 0 <= p <= 1.
[[nodiscard]] inline TableMoments table_moments(std::span<const double> table, double p) {
  detail::require_table("table_moments", table);
  std::vector<long double> row(table.size());
  const auto moments = detail::wide_moments(table, p, row);
  return {static_cast<double>(moments.mean), detail::saturate(moments.variance)};
}

/// p E[c] - p g(p): the bias of the expected gradient's weight on an answer of probability p.
[[nodiscard]] inline double table_bias(std::span<const double> table, double p,
                                       const RewardFunction& function) {
  detail::require_table("table_bias", table);
  std::vector<long double> row(table.size());
  const long double at = p;
  return static_cast<double>(at * detail::wide_moments(table, at, row).mean -
                             function.weighted(at));
}

/// The integral over [0, 1] of p Var(c), by Gauss-Legendre with as many nodes as entries: exact,
/// since the integrand is a polynomial of degree 2K - 1. O(K^2).
[[nodiscard]] inline double integrated_variance(std::span<const double> table) {
  detail::require_table("integrated_variance", table);
  std::vector<long double> row(table.size());
  long double sum = 0;
  detail::gauss_legendre(table.size(), [&](long double p, long double weight) {
    sum += weight * p * detail::wide_moments(table, p, row).variance;
  });
  return detail::saturate(sum);
}

/// Measures a table against g: 12 K points uniform in the angle theta, p = sin^2(theta/2), where
/// polynomials of degree K oscillate evenly, and refinement of every peak that may be the largest.
/// O(K^2) binomial terms. Sums run in long double; results beyond the range of double saturate.
[[nodiscard]] inline TableMeasure measure_table(std::span<const double> table,
                                                const RewardFunction& function) {
  detail::require_table("measure_table", table);
  std::vector<long double> row(table.size());
  constexpr long double pi = 3.14159265358979323846264338327950288L;
  const std::size_t points = 12 * (table.size() > 8 ? table.size() : 8);
  const long double spacing = pi / static_cast<long double>(points);
  std::vector<long double> bias(points + 1), spread(points + 1);
  const auto bias_at = [&](long double theta) {
    const long double p = detail::half_angle_square(theta);
    return std::abs(p * detail::wide_moments(table, p, row).mean - function.weighted(p));
  };
  const auto spread_at = [&](long double theta) {
    const long double p = detail::half_angle_square(theta);
    return p * detail::wide_moments(table, p, row).variance;
  };
  long double magnitude = 0;
  for (std::size_t i = 0; i <= points; ++i) {
    const long double p = detail::half_angle_square(static_cast<long double>(i) * spacing);
    const auto moments = detail::wide_moments(table, p, row);
    bias[i] = std::abs(p * moments.mean - function.weighted(p));
    spread[i] = p * moments.variance;
    magnitude = p * moments.magnitude > magnitude ? p * moments.magnitude : magnitude;
  }
  // A peak between grid points rises above them by at most a few per cent.
  const auto largest = [&](const std::vector<long double>& values, const auto& at,
                           long double& place) {
    long double top = 0;
    for (const long double value : values) {
      top = value > top ? value : top;
    }
    long double best = -1;
    for (std::size_t i = 0; i <= points; ++i) {
      const bool peak =
          (i == 0 || values[i] >= values[i - 1]) && (i == points || values[i] >= values[i + 1]);
      if (peak && values[i] >= 0.9L * top) {
        long double theta = static_cast<long double>(i) * spacing, value = values[i];
        refine_maximum(at, theta, value, spacing);
        if (value > best) {
          best = value;
          place = detail::half_angle_square(theta);
        }
      }
    }
    return detail::saturate(best);
  };
  TableMeasure result;
  long double place = 0, ignored = 0;
  result.sup_bias = largest(bias, bias_at, place);
  result.sup_bias_at = static_cast<double>(place);
  result.max_variance = largest(spread, spread_at, ignored);
  result.integrated_variance = integrated_variance(table);
  result.magnitude = detail::saturate(magnitude);
  return result;
}

}  // namespace dag
