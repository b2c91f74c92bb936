// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/numeric/remez.hpp>

#include <doctest/doctest.h>

namespace {

// x^n on [0, 1] by polynomials of lower degree that vanish at 0: the error is Chebyshev's T_n on
// the interval from its first zero to 1, scaled to leading coefficient one.
template <class Scalar>
void check_monomial(std::size_t n) {
  const auto order = static_cast<double>(n);
  const auto fit = dag::best_approximation<Scalar>(
      [&](Scalar x) { return std::pow(x, static_cast<Scalar>(n - 1)); }, [](Scalar x) { return x; },
      n - 2);
  CHECK(fit.converged);
  const double exact = std::pow(2.0, 1 - order) /
                       std::pow(1 + std::cos(3.14159265358979323846 / (2 * order)), order);
  CHECK(std::abs(fit.error) == doctest::Approx(exact).epsilon(1e-9));
}

}  // namespace

TEST_CASE("best_approximation reproduces Chebyshev's monomials") {
  for (const std::size_t n : {2UL, 3UL, 5UL, 10UL}) {
    check_monomial<double>(n);
    check_monomial<long double>(n);
  }
}

TEST_CASE("the error alternates degree + 2 times and is levelled: de la Vallee Poussin's bound") {
  for (const std::size_t degree : {0UL, 1UL, 7UL, 40UL, 200UL}) {
    const auto function = [](long double x) { return std::log(x); };
    const auto fit = dag::best_approximation<long double>(
        function, [](long double x) { return x; }, degree);
    CHECK(fit.converged);
    REQUIRE(fit.angles.size() == degree + 2);
    long double sign = 1;
    for (std::size_t i = 0; i < fit.angles.size(); ++i, sign = -sign) {
      if (i > 0) {
        CHECK(fit.angles[i] > fit.angles[i - 1]);
      }
      const long double x = std::sin(fit.angles[i] / 2) * std::sin(fit.angles[i] / 2);
      CHECK(x * (fit.values[i] - function(x)) ==
            doctest::Approx(static_cast<double>(sign * fit.error)).epsilon(1e-8));
    }
    // Every polynomial is off by at least |error| somewhere; this one by at most `largest`.
    CHECK(fit.largest <= std::abs(fit.error) * (1 + 1e-9L));
    for (int i = 1; i <= 3000; ++i) {
      const long double theta = 3.14159265358979323846L * i / 3000;
      const long double x = std::sin(theta / 2) * std::sin(theta / 2);
      REQUIRE(std::abs(x * (fit(theta) - function(x))) <= std::abs(fit.error) * (1 + 1e-8L));
    }
  }
}

TEST_CASE("best_approximation checks its options") {
  const auto one = [](double) { return 1.0; };
  CHECK_THROWS_AS(static_cast<void>(dag::best_approximation<double>(one, one, 3, 0.0)), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::best_approximation<double>(one, one, 3, 1e-9, 0)),
                  dag::Error);
}
