// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/numeric/binomial.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <vector>

TEST_CASE("log_factorial and log_binomial agree with sums and with Pascal's triangle") {
  long double sum = 0;
  for (std::size_t n = 1; n <= 3000; ++n) {
    sum += std::log(static_cast<long double>(n));
    REQUIRE(std::abs(dag::log_factorial<long double>(n) - sum) <= 1e-17L * (1 + sum));
    REQUIRE(std::abs(dag::log_factorial<double>(n) - sum) <= 1e-15L * (1 + sum));
  }
  for (std::size_t n = 1; n < 60; ++n) {
    double entry = 1;
    for (std::size_t k = 0; k <= n; ++k) {
      REQUIRE(std::exp(dag::log_binomial<long double>(n, k)) ==
              doctest::Approx(entry).epsilon(1e-13));
      entry = entry * static_cast<double>(n - k) / static_cast<double>(k + 1);
    }
  }
  CHECK(dag::log_binomial<double>(3, 4) == -std::numeric_limits<double>::infinity());
}

TEST_CASE_TEMPLATE("binomial_row is the binomial law, at any size and probability", Scalar, double,
                   long double) {
  const Scalar unit = std::numeric_limits<Scalar>::epsilon();
  for (const std::size_t trials : {0UL, 1UL, 7UL, 63UL, 1023UL, 4095UL}) {
    std::vector<Scalar> row(trials + 1);
    for (const Scalar p : {Scalar(0), Scalar(1e-300), Scalar(1e-6), Scalar(0.01), Scalar(0.3),
                           Scalar(0.5), Scalar(0.97), 1 - Scalar(1e-9), Scalar(1)}) {
      const auto window = dag::binomial_row(p, row);
      long double sum = 0, mean = 0, square = 0;
      for (std::size_t k = 0; k <= trials; ++k) {
        const auto count = static_cast<long double>(k);
        REQUIRE(row[k] >= 0);
        REQUIRE((row[k] == 0 || (window.first <= k && k < window.last)));
        sum += row[k];
        mean += row[k] * count;
        square += row[k] * count * count;
        if (p > 0 && p < 1 && row[k] > Scalar(1e-30)) {
          const long double hits = count * std::log(static_cast<long double>(p));
          const long double misses =
              static_cast<long double>(trials - k) * std::log1p(-static_cast<long double>(p));
          const long double exact =
              std::exp(dag::log_binomial<long double>(trials, k) + hits + misses);
          // The reference adds logarithms of this size, each rounded.
          const long double size = 3 * dag::log_factorial<long double>(trials) - hits - misses;
          const long double reference =
              std::numeric_limits<long double>::epsilon() * (10 + 4 * size);
          REQUIRE(std::abs(row[k] - exact) <= (2000 * unit + reference) * exact);
        }
      }
      const long double n = static_cast<long double>(trials), q = 1 - static_cast<long double>(p);
      CHECK(std::abs(sum - 1) <= (10 + n) * unit);
      CHECK(std::abs(mean - n * p) <= 1000 * unit * (1 + n * p));
      CHECK(std::abs(square - mean * mean - n * p * q) <= 4000 * unit * (1 + n * n * p));
    }
  }
}

TEST_CASE("binomial_row refuses what is no probability") {
  std::vector<double> row(4), nothing;
  CHECK_THROWS_AS(dag::binomial_row(-0.1, row), dag::Error);
  CHECK_THROWS_AS(dag::binomial_row(1.1, row), dag::Error);
  CHECK_THROWS_AS(dag::binomial_row(std::nan(""), row), dag::Error);
  CHECK_THROWS_AS(dag::binomial_row(0.5, nothing), dag::Error);
}
