// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/measure.hpp>
#include <dag/numeric/remez.hpp>

namespace dag {

namespace detail {

[[nodiscard]] inline BestApproximation<long double> minimax_log(std::size_t group_size) {
  return best_approximation<long double>([](long double p) { return std::log(p); },
                                         [](long double p) { return p; }, group_size - 1);
}

/// Bernstein coefficients of a polynomial r of a degree, given by r(theta), p = sin^2(theta/2):
/// interpolated at Chebyshev points, then Clenshaw's recurrence carried out in the Bernstein basis
/// (multiplying by 2p-1 and raising degrees are averages). The coefficients themselves grow like
/// 2^degree times those of the Chebyshev basis; relative to the largest the error is a few eps.
template <class Polynomial>
[[nodiscard]] std::vector<long double> bernstein_coefficients(Polynomial&& polynomial,
                                                              std::size_t degree) {
  constexpr long double pi = 3.14159265358979323846264338327950288L;
  const std::size_t count = degree + 1;
  const auto n = static_cast<long double>(count);
  std::vector<long double> chebyshev(count);
  for (std::size_t i = 0; i < count; ++i) {
    const long double theta = pi * (static_cast<long double>(i) + 0.5L) / n;
    const long double value = polynomial(theta);
    for (std::size_t j = 0; j < count; ++j) {  // T_j(2p - 1) = (-1)^j cos(j theta)
      const std::size_t turn = (j * (2 * i + 1)) % (4 * count);
      const long double wave = std::cos(pi * static_cast<long double>(turn) / (2 * n));
      chebyshev[j] += (j % 2 == 0 ? value : -value) * wave * (j == 0 ? 1 : 2) / n;
    }
  }
  std::vector<long double> before, here, next;  // degrees d-1, d, d+1
  for (std::size_t j = count; j-- > 0;) {
    const std::size_t raised = here.size();  // number of coefficients of the product, minus one
    const long double factor = j == 0 ? 1 : 2;
    next.assign(raised + 1, chebyshev[j]);
    if (raised > 0) {
      const auto d = static_cast<long double>(raised);
      for (std::size_t k = 0; k <= raised; ++k) {
        const auto left = static_cast<long double>(k), right = d - left;
        const long double low = k > 0 ? here[k - 1] : 0, high = k < raised ? here[k] : 0;
        next[k] += factor * (left * low - right * high) / d;
      }
    }
    if (!before.empty()) {  // minus `before`, raised twice
      for (int lift = 0; lift < 2; ++lift) {
        const std::size_t size = before.size();
        before.push_back(0);
        for (std::size_t k = size + 1; k-- > 0;) {
          const auto share = static_cast<long double>(k) / static_cast<long double>(size);
          before[k] = (k > 0 ? share * before[k - 1] : 0) + (1 - share) * before[k];
        }
      }
      for (std::size_t k = 0; k < next.size(); ++k) {
        next[k] -= before[k];
      }
    }
    before.swap(here);
    here.swap(next);
  }
  return here;
}

}  // namespace detail

/// eps*_K: the smallest sup over p of |p E[c] - p log p| that any table for groups of K samples can
/// have; the error of the best approximation of x log x by polynomials of degree K vanishing at 0.
/// Remez for K < 64; beyond, K^2 eps*_K = 0.3250892734538 - 0.078798 / K^2, fitted to Remez at 512
/// and 1024 and equal to it within 2e-8 relative from 64 to 1024. Throws `invalid_argument` unless
/// K >= 2.
[[nodiscard]] inline double minimax_log_error(std::size_t group_size) {
  require(group_size >= 2, Errc::invalid_argument,
          "minimax_log_error: the group must have at least 2 samples, got ", group_size);
  if (group_size < 64) {
    return static_cast<double>(std::abs(detail::minimax_log(group_size).error));
  }
  const double square = static_cast<double>(group_size) * static_cast<double>(group_size);
  return (0.3250892734538 - 0.078798 / square) / square;
}

/// The table of smallest sup bias for log p, by Remez exchange on values and conversion to the
/// Bernstein basis, in long double. Its entries grow like 1.8^K (4.5 at K=8, 139 at 16, 1.5e4 at
/// 24): meant for small K. From about K = 44 the rounding of double exceeds the bias it is meant to
/// have; the caller compares max |c| eps with the sup bias. Entries beyond double saturate.
[[nodiscard]] inline std::vector<double> minimax_log_table(std::size_t group_size) {
  require(group_size >= 2, Errc::invalid_argument,
          "minimax_log_table: the group must have at least 2 samples, got ", group_size);
  const auto coefficients =
      detail::bernstein_coefficients(detail::minimax_log(group_size), group_size - 1);
  std::vector<double> table(coefficients.size());
  for (std::size_t k = 0; k < table.size(); ++k) {
    const long double value = coefficients[k];
    table[k] = value < 0 ? -detail::saturate(-value) : detail::saturate(value);
  }
  return table;
}

}  // namespace dag
