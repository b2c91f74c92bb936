// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <dag/core/error.hpp>

namespace dag {

namespace detail {

/// The elimination of `stationary_distribution` for any numbers that add, multiply and divide and
/// know their zero and one; p[first..] are left unnormalised. Returns `first`.
template <class Number>
std::size_t eliminate_states(std::span<Number> rates, std::span<Number> p,
                             Number one = Number(1.0)) {
  const std::size_t n = p.size();
  const Number zero{};
  std::size_t first = n - 1;
  for (; first > 0; --first) {
    Number* row = rates.data() + first * n;
    Number away = zero;
    for (std::size_t k = 0; k < first; ++k) {
      away += row[k];
    }
    if (!(away > zero)) {
      break;  // nothing leads from here to the states before: a closed class
    }
    for (std::size_t j = 0; j < first; ++j) {  // walks through `first` go straight on
      Number& into = rates[j * n + first];
      into /= away;
      for (std::size_t k = 0; k < first; ++k) {
        rates[j * n + k] += into * row[k];
      }
    }
  }
  for (std::size_t k = 0; k < first; ++k) {
    p[k] = zero;
  }
  p[first] = one;
  for (std::size_t k = first + 1; k < n; ++k) {
    p[k] = zero;
    for (std::size_t j = first; j < k; ++j) {
      p[k] += p[j] * rates[j * n + k];
    }
  }
  return first;
}

}  // namespace detail

/// A stationary distribution of the chain that leaves state j for k at rate rates[j * n + k] >= 0
/// (row-major; the diagonal is ignored): p with sum_j p_j r_jk = p_k sum_j r_kj. Where there are
/// several (no rates, closed classes) it is the one on the class met first from the last state.
///
/// Elimination without subtractions, so that every entry has full relative accuracy: Grassmann,
/// Taksar and Heyman (1985), doi:10.1287/opre.33.5.1107. `rates` is overwritten. 2n^3/3 flops, no
/// allocation. Errors: dimension_mismatch; invalid_argument for a rate that is not >= 0.
inline void stationary_distribution(std::span<double> rates, std::span<double> p) {
  const std::size_t n = p.size();
  require(n >= 1 && rates.size() == n * n, Errc::dimension_mismatch,
          "stationary_distribution: ", rates.size(), " rates for ", n, " states");
  for (const double rate : rates) {
    require(rate >= 0, Errc::invalid_argument, "stationary_distribution: rates must be >= 0, got ",
            rate);
  }
  const std::size_t first = detail::eliminate_states(rates, p);
  double sum = 0.0;
  for (std::size_t k = first; k < n; ++k) {
    sum += p[k];
  }
  for (std::size_t k = first; k < n; ++k) {
    p[k] /= sum;
  }
}

}  // namespace dag
