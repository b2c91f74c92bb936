// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/regret.hpp>
#include <dag/numeric/double_double.hpp>
#include <dag/numeric/integer.hpp>
#include <dag/solver/detail/exact_mix.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace {

using dag::Fraction;
using dag::Integer;

/// Up to `words` random words, either sign, ends of words among them.
Integer drawn(dag::RandomStream& random, std::size_t words) {
  Integer x;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t bits = random() % 5 == 0 ? ~std::uint64_t{0} : random();
    x = x.shifted_left(63) + Integer(static_cast<std::int64_t>(bits >> 1));
  }
  return random() % 2 == 0 ? x : x.negated();
}

}  // namespace

TEST_CASE("integers: ring laws, exact quotients and cross products over the ends of words") {
  dag::RandomStream random(1, 0);
  for (int round = 0; round < 3000; ++round) {
    const Integer a = drawn(random, random() % 5);
    const Integer b = drawn(random, random() % 5);
    const Integer c = drawn(random, random() % 4);
    CHECK((a + b) * c == a * c + b * c);
    CHECK((a - b) + b == a);
    CHECK(a - a == Integer(0));
    CHECK(compare(a, b) == (a - b).sign());
    if (!b.is_zero()) {
      CHECK(quotient(a * b, b) == a);
      const Integer p = drawn(random, random() % 3);
      CHECK(cross_divide(a * b, p, c, b, b) == a * p - c);
    }
  }
  constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
  CHECK(Integer(lowest).negated().text() == "9223372036854775808");
  CHECK((Integer(lowest) - Integer(1)).text() == "-9223372036854775809");
  CHECK((Integer(1) + Integer(std::numeric_limits<std::int64_t>::max())).text() ==
        "9223372036854775808");
  CHECK(cross_divide(Integer(lowest), Integer(lowest), Integer(1), Integer(0), Integer(lowest)) ==
        Integer(lowest));
}

TEST_CASE("integers: text, doubles and division with remainder") {
  Integer power(1);
  std::string digits = "1";
  for (int k = 0; k < 60; ++k) {
    CHECK(power.text() == digits);
    CHECK(power.nearest() == std::stod(digits));
    power = power * Integer(10);
    digits += '0';
  }
  dag::RandomStream random(2, 0);
  for (int round = 0; round < 2000; ++round) {
    const dag::detail::BigNatural a = drawn(random, 1 + random() % 6).size();
    const dag::detail::BigNatural b = drawn(random, 1 + random() % 4).size();
    if (b.is_zero()) {
      continue;
    }
    dag::detail::BigNatural whole = a;
    const dag::detail::BigNatural rest = whole.divide(b);
    CHECK(compare(rest, b) < 0);
    CHECK(whole * b + rest == a);
    const auto common = gcd(a, b);
    if (!a.is_zero()) {
      dag::detail::BigNatural left = a, right = b;
      CHECK(left.divide(common).is_zero());
      CHECK(right.divide(common).is_zero());
      CHECK(gcd(left, right) == dag::detail::BigNatural(1));
    }
  }
  // Divisors of long numbers as by Euclid's steps, one division each; Fibonacci numbers take most.
  const auto euclid = [](dag::detail::BigNatural a, dag::detail::BigNatural b) {
    while (!b.is_zero()) {
      dag::detail::BigNatural rest = a.divide(b);
      a = std::exchange(b, std::move(rest));
    }
    return a;
  };
  dag::detail::BigNatural larger(1), smaller(1);
  for (int round = 0; round < 400; ++round) {
    const auto common = drawn(random, 1 + random() % 6).size();
    const auto a = drawn(random, 1 + random() % 20).size() * common;
    const auto b = drawn(random, 1 + random() % 20).size() * common;
    CHECK(gcd(a, b) == euclid(a, b));
    CHECK(gcd(a * b + common, a) == euclid(a * b + common, a));  // quotients of many limbs
    smaller = std::exchange(larger, larger + smaller);
    CHECK(gcd(smaller * common, larger * common) == common);
  }
  for (const double x :
       {0.0, 1.0, -0.75, 5e-324, 1.7976931348623157e308, 0.1, 9007199254740993.0}) {
    int exponent = 0;
    const Integer mantissa = Integer::mantissa(x, exponent);
    CHECK(std::ldexp(mantissa.nearest(), exponent) == x);
  }
}

TEST_CASE("fractions: lowest terms, sums, products, order, text") {
  const Fraction third(Integer(-2), Integer(-6));
  CHECK(third.text() == "1/3");
  CHECK((third + Fraction(Integer(1), Integer(6))).text() == "1/2");
  CHECK((third * Fraction(Integer(-3), Integer(1))).text() == "-1");
  CHECK(compare(third, Fraction(Integer(333), Integer(1000))) == 1);
  CHECK(Fraction(Integer(0), Integer(-7)).text() == "0");
  CHECK(Fraction(Integer(-1), Integer(3)).nearest() == -1.0 / 3.0);
}

TEST_CASE("double doubles: sums, products and quotients to 2^-100") {
  using dag::DoubleDouble;
  // (1e16 + 1) - 1e16 = 1, and 1/3 * 3 = 1 up to 2^-100.
  CHECK((DoubleDouble::sum(1e16, 1.0) - DoubleDouble(1e16)).value() == 1.0);
  const DoubleDouble third = DoubleDouble(1.0) / DoubleDouble(3.0);
  CHECK(std::abs((third * 3.0 - DoubleDouble(1.0)).value()) <= std::ldexp(1.0, -100));
  // Against whole numbers: a sum of products of wildly different sizes.
  dag::RandomStream random(3, 0);
  for (int round = 0; round < 200; ++round) {
    DoubleDouble sum;
    Integer exact;
    double size = 0;
    for (int k = 0; k < 20; ++k) {
      const double a = std::ldexp(random.uniform() - 0.5, static_cast<int>(random() % 40));
      const double b = std::ldexp(random.uniform() - 0.5, static_cast<int>(random() % 40));
      sum += DoubleDouble::product(a, b);
      size += std::abs(a * b);
      int i = 0, j = 0;
      const Integer left = Integer::mantissa(a, i);
      const Integer right = Integer::mantissa(b, j);
      exact = exact + (left * right).shifted_left(static_cast<std::size_t>(240 + i + j));
    }
    // The rest after the leading double, exactly.
    int e = 0;
    const Integer head = Integer::mantissa(sum.value(), e);
    const Integer rest = exact - head.shifted_left(static_cast<std::size_t>(240 + e));
    const double tail = (sum - DoubleDouble(sum.value())).value();
    const double true_tail = std::ldexp(rest.nearest(), -240);
    CHECK(std::abs(tail - true_tail) <= std::ldexp(size, -98));
  }
}

TEST_CASE("payoffs as whole numbers: affine games have the same entries") {
  dag::GameTable game = dag::zero_sum_table("", 2, 3, {3, -1, 4, 1, -5, 9});
  const dag::IntegerPayoffs plain = dag::integer_payoffs(game, 0);
  for (const double scale : {1e-300, 0.125, 7.0}) {
    for (const double offset : {0.0, 1e15}) {
      if (offset != 0 && scale != 7.0) {
        continue;  // otherwise doubles cannot hold both
      }
      dag::GameTable moved = game;
      for (double& payoff : moved.payoffs[0]) {
        payoff = payoff * scale + offset;
      }
      const dag::IntegerPayoffs there = dag::integer_payoffs(moved, 0);
      CHECK(there.entries == plain.entries);
      const std::vector<double>& doubles = moved.payoffs[0];
      for (std::size_t k = 0; k < doubles.size(); ++k) {
        CHECK((there.low + there.unit * Fraction(there.entries[k], Integer(1))).nearest() ==
              doubles[k]);
      }
    }
  }
  for (const double scale : {0x1p-900, 0x1p900}) {  // doubles taken for what they are
    std::vector<double> moved = game.payoffs[0];
    for (double& payoff : moved) {
      payoff *= scale;
    }
    CHECK(dag::integer_payoffs(moved).entries == plain.entries);
  }
  CHECK(dag::integer_payoffs(std::vector<double>{0.5, 0.5}).entries[1].is_zero());
}

TEST_CASE("profiles: probabilities below -tolerance or off their sum are refused") {
  const dag::GameTable game = dag::zero_sum_table("", 2, 2, {1, -1, -1, 1});
  CHECK_NOTHROW(dag::validate(game, {{0.5, 0.5}, {1.0, 0.0}}));
  CHECK_THROWS_AS(dag::validate(game, {{1.5, -0.5}, {1.0, 0.0}}), dag::Error);
  CHECK_THROWS_AS(dag::validate(game, {{1.0 + 1e-6, -1e-6}, {1.0, 0.0}}), dag::Error);
  CHECK_THROWS_AS(dag::validate(game, {{0.5, 0.5 + 1e-6}, {1.0, 0.0}}), dag::Error);
}

TEST_CASE("certificates: an offset of 1e15 or sums off by 1e-10 change no regret") {
  const std::vector<double> plain{3, -1, 0, -2, 1, 4, 1, 0, -3};
  std::vector<double> moved = plain;
  for (double& payoff : moved) {
    payoff += 1e15;
  }
  const dag::GameTable game = dag::zero_sum_table("", 3, 3, plain);
  const dag::GameTable far = dag::zero_sum_table("", 3, 3, moved);
  const dag::MixedProfile x{{0.25, 0.25, 0.5}, {0.125, 0.5, 0.375}};
  dag::MixedProfile longer = x;
  for (double& probability : longer[0]) {
    probability *= 1 + 1e-10;
  }
  const dag::RegretReport here = dag::certify(game, x);
  const dag::RegretReport there = dag::certify(far, longer);
  CHECK(there.max_regret == doctest::Approx(here.max_regret).epsilon(1e-12));
  CHECK(there.relative == doctest::Approx(here.relative).epsilon(1e-12));
  CHECK(here.nash_conv == 2.25);  // rows earn -1/8, 7/4, -1; columns 3/4, 0, -1/2
}
