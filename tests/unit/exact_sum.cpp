// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/numeric/exact_sum.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace {

double sum_of(const std::vector<double>& terms) {
  dag::ExactSum sum;
  for (const double term : terms) {
    sum.add(term);
  }
  return sum.value();
}

}  // namespace

TEST_CASE("cancellation leaves exactly what remains") {
  CHECK(sum_of({1e300, 1.0, -1e300}) == 1.0);
  CHECK(sum_of({1.0, 1e-30, -1.0}) == 1e-30);
  CHECK(sum_of({1e16, 1.0, 1.0, -1e16}) == 2.0);
  CHECK(sum_of({-3.5}) == -3.5);
  CHECK(sum_of({}) == 0.0);
  const double tiny = std::numeric_limits<double>::denorm_min();
  CHECK(sum_of({tiny, tiny, tiny}) == 3 * tiny);
  CHECK(sum_of({-tiny}) == -tiny);
  const double huge = std::numeric_limits<double>::max();
  CHECK(sum_of({huge, huge, -huge}) == huge);
  CHECK(sum_of({huge, huge}) == std::numeric_limits<double>::infinity());
}

TEST_CASE("sums of integers times a power of two are exact, with either sign") {
  dag::RandomStream random(5, 0);
  for (int round = 0; round < 200; ++round) {
    dag::ExactSum sum;
    long long expected = 0;
    const int exponent = static_cast<int>(random.below(200)) - 100;
    for (int i = 0; i < 500; ++i) {
      const auto term = static_cast<long long>(random.below(1ULL << 40)) - (1LL << 39);
      expected += term;
      sum.add(std::ldexp(static_cast<double>(term), exponent));
    }
    REQUIRE(sum.value() == std::ldexp(static_cast<double>(expected), exponent));
  }
}

TEST_CASE("the same bits in every order and grouping") {
  dag::RandomStream random(6, 0);
  std::vector<double> terms(1000);
  for (double& term : terms) {
    term = std::ldexp(2 * random.uniform() - 1, static_cast<int>(random.below(120)) - 60);
  }
  const double forward = sum_of(terms);
  double naive = 0;
  for (const double term : terms) {
    naive += term;
  }
  CHECK(std::abs(forward - naive) <= 1e-10 * std::abs(forward));
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = terms.size(); i > 1; --i) {
      std::swap(terms[i - 1], terms[random.below(i)]);
    }
    CHECK(sum_of(terms) == forward);
    dag::ExactSum left, right;
    const std::size_t cut = random.below(terms.size());
    for (std::size_t i = 0; i < terms.size(); ++i) {
      (i < cut ? left : right).add(terms[i]);
    }
    right.add(left);
    CHECK(right.value() == forward);
  }
}

TEST_CASE("infinities and NaN come out as they do in an ordinary sum") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(sum_of({1.0, infinity}) == infinity);
  CHECK(sum_of({-infinity, 5.0}) == -infinity);
  CHECK(std::isnan(sum_of({infinity, -infinity})));
  CHECK(std::isnan(sum_of({std::nan(""), 1.0})));
}
