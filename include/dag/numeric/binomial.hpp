// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>

#include <dag/core/error.hpp>
#include <dag/detail/span.hpp>

namespace dag {

/// log n! for integers: exact products up to 30, Stirling's series with five corrections beyond
/// (relative error below 1e-18 before rounding). Unlike std::lgamma it touches no global state.
template <std::floating_point Scalar>
[[nodiscard]] Scalar log_factorial(std::size_t n) noexcept {
  if (n <= 30) {
    Scalar product = 1;
    for (std::size_t i = 2; i <= n; ++i) {
      product *= static_cast<Scalar>(i);
    }
    return std::log(product);
  }
  const Scalar x = static_cast<Scalar>(n);
  const Scalar y = 1 / (x * x);
  const Scalar series =
      (Scalar(1) / 12 -
       y * (Scalar(1) / 360 - y * (Scalar(1) / 1260 - y * (Scalar(1) / 1680 - y / 1188)))) /
      x;
  constexpr long double half_log_two_pi = 0.918938533204672741780329736405617640L;
  return (x + Scalar(0.5)) * std::log(x) - x + static_cast<Scalar>(half_log_two_pi) + series;
}

/// log of the binomial coefficient n over k; -inf for k > n.
template <std::floating_point Scalar>
[[nodiscard]] Scalar log_binomial(std::size_t n, std::size_t k) noexcept {
  return k > n ? -std::numeric_limits<Scalar>::infinity()
               : log_factorial<Scalar>(n) - log_factorial<Scalar>(k) - log_factorial<Scalar>(n - k);
}

/// Indices [first, last) of a row's entries that are not negligible.
struct BinomialWindow {
  std::size_t first;
  std::size_t last;
};

/// row[k] <- Bin(k; row.size() - 1, p) for every k: from the mode outwards by ratios, so that
/// nothing over- or underflows, and scaled to sum one. Entries below `cut` times the largest become
/// zero; the window of the others is returned. Relative error of an entry about (distance to the
/// mode) eps. Throws `invalid_argument` unless 0 <= p <= 1, and for an empty row.
template <detail::MutableRealSpan Row>
BinomialWindow binomial_row(std::type_identity_t<detail::span_scalar_t<Row>> p, Row&& row,
                            std::type_identity_t<detail::span_scalar_t<Row>> cut =
                                static_cast<detail::span_scalar_t<Row>>(1e-35L)) {
  using Scalar = detail::span_scalar_t<Row>;
  const std::span<Scalar> entries(row);
  require(p >= 0 && p <= 1, Errc::invalid_argument, "binomial_row: p must be in [0, 1], got ", p);
  require(!entries.empty(), Errc::invalid_argument, "binomial_row: the row must have an entry");
  const std::size_t trials = entries.size() - 1;
  const Scalar odds = p / (1 - p);
  const auto guess = static_cast<std::size_t>(static_cast<Scalar>(trials + 1) * p);
  const std::size_t mode = guess < trials ? guess : trials;
  for (Scalar& entry : entries) {
    entry = 0;
  }
  entries[mode] = 1;
  Scalar sum = 1;
  BinomialWindow window{mode, mode + 1};
  for (Scalar term = 1; window.last <= trials; ++window.last) {
    const std::size_t k = window.last;
    term *= static_cast<Scalar>(trials + 1 - k) / static_cast<Scalar>(k) * odds;
    if (!(term > cut)) {
      break;
    }
    entries[k] = term;
    sum += term;
  }
  for (Scalar term = 1; window.first > 0; --window.first) {
    const std::size_t k = window.first;
    term *= static_cast<Scalar>(k) / static_cast<Scalar>(trials + 1 - k) / odds;
    if (!(term > cut)) {
      break;
    }
    entries[k - 1] = term;
    sum += term;
  }
  const Scalar scale = 1 / sum;
  for (std::size_t k = window.first; k < window.last; ++k) {
    entries[k] *= scale;
  }
  return window;
}

}  // namespace dag
