// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Sums that do not depend on the order of their terms by one bit, and how exact they are.
#include <dag/core/random.hpp>
#include <dag/numeric/bounded_sum.hpp>
#include <dag/numeric/exact_sum.hpp>
#include <dag/numeric/sorted_sum.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace {

std::vector<double> random_terms(dag::RandomStream& stream, std::size_t count, int spread) {
  std::vector<double> terms(count);
  for (double& term : terms) {
    term = std::ldexp(2 * stream.uniform() - 1,
                      static_cast<int>(stream.below(static_cast<std::uint64_t>(spread) + 1)));
  }
  return terms;
}

void shuffle(std::vector<double>& terms, dag::RandomStream& stream) {
  for (std::size_t i = terms.size(); i > 1; --i) {
    std::swap(terms[i - 1], terms[stream.below(i)]);
  }
}

double largest(const std::vector<double>& terms) {
  double most = 0;
  for (const double term : terms) {
    most = std::abs(term) > most ? std::abs(term) : most;
  }
  return most;
}

double exact(const std::vector<double>& terms) {
  dag::ExactSum sum;
  for (const double term : terms) {
    sum.add(term);
  }
  return sum.value();
}

double bounded(const std::vector<double>& terms) {
  dag::BoundedSum sum(largest(terms));
  for (const double term : terms) {
    sum.add(term);
  }
  return sum.value();
}

double sorted(std::vector<double> terms) { return dag::sorted_sum(std::span<double>(terms)); }
double product(std::vector<double> terms) { return dag::sorted_product(std::span<double>(terms)); }

}  // namespace

TEST_CASE("the same bits in any order, where a plain loop differs") {
  dag::RandomStream stream(1, 0);
  std::size_t plain_differs = 0;
  for (const std::size_t count : {0U, 1U, 2U, 5U, 32U, 33U, 400U}) {
    for (int round = 0; round < 20; ++round) {
      auto terms = random_terms(stream, count, 6);
      double plain = 0, other = 0;
      for (const double term : terms) {
        plain += term;
      }
      const double by_sorting = sorted(terms), by_bound = bounded(terms), times = product(terms);
      shuffle(terms, stream);
      for (const double term : terms) {
        other += term;
      }
      plain_differs += plain != other ? 1 : 0;
      REQUIRE(sorted(terms) == by_sorting);
      REQUIRE(bounded(terms) == by_bound);
      REQUIRE(product(terms) == times);
    }
  }
  CHECK(plain_differs > 30);
}

TEST_CASE("bounded sums: within their bound of the exact one, at any scale") {
  dag::RandomStream stream(2, 0);
  for (const int scale : {-1060, -900, -300, 0, 300, 900}) {
    for (int round = 0; round < 50; ++round) {
      auto terms = random_terms(stream, 300, 20);
      for (double& term : terms) {
        term = std::ldexp(term, scale);
      }
      const double most = largest(terms), wanted = exact(terms);
      const double allowed = std::ldexp(300 * most, -61) +
                             std::numeric_limits<double>::epsilon() * std::abs(wanted) +
                             std::numeric_limits<double>::denorm_min();
      REQUIRE(std::abs(bounded(terms) - wanted) <= allowed);
    }
  }
  CHECK(bounded({}) == 0);
  CHECK(bounded({0, 0}) == 0);
  CHECK(bounded({1.5, -0.25}) == 1.25);
  CHECK(bounded({-3}) == -3);
}

TEST_CASE("equal terms added at once are the same bits as one by one") {
  dag::RandomStream stream(3, 0);
  for (int round = 0; round < 100; ++round) {
    const auto terms = random_terms(stream, 9, 10);
    dag::BoundedSum one(largest(terms)), many(largest(terms));
    dag::ExactSum exact_one, exact_many;
    for (const double term : terms) {
      const auto times = stream.below(3000);
      many.add(term, static_cast<std::int64_t>(times));
      exact_many.add(term, times);
      for (std::uint64_t i = 0; i < times; ++i) {
        one.add(term);
        exact_one.add(term);
      }
    }
    REQUIRE(one.value() == many.value());
    REQUIRE(exact_one.value() == exact_many.value());
  }
  dag::ExactSum huge;
  huge.add(0x1p-1000, 0x7FFFFFFF);
  CHECK(huge.value() == std::ldexp(2147483647.0, -1000));
}

TEST_CASE("terms that are not finite give what an ordinary sum gives, in any order") {
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  dag::RandomStream stream(4, 0);
  for (const std::size_t count : {10U, 100U}) {
    auto terms = random_terms(stream, count, 3);
    terms[3] = infinity;
    for (int round = 0; round < 5; ++round) {
      shuffle(terms, stream);
      CHECK(sorted(terms) == infinity);
    }
    terms[0] = -infinity;
    terms[1] = infinity;
    CHECK(std::isnan(sorted(terms)));
    terms[0] = nan;
    for (int round = 0; round < 5; ++round) {
      shuffle(terms, stream);
      CHECK(std::isnan(sorted(terms)));
    }
  }
}
