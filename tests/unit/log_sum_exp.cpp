// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/numeric/log_sum_exp.hpp>

#include <dag/core/random.hpp>
#include <dag/numeric/xlogx.hpp>

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <vector>

namespace {

template <class Scalar>
constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
template <class Scalar>
constexpr Scalar epsilon = std::numeric_limits<Scalar>::epsilon();

template <class Scalar>
std::vector<Scalar> random_logits(std::size_t size, Scalar spread, std::uint64_t seed) {
  dag::RandomStream stream(seed, 0);
  std::vector<Scalar> logits(size);
  for (Scalar& value : logits) {
    value = spread * static_cast<Scalar>(stream.normal());
  }
  return logits;
}

}  // namespace

TEST_CASE_TEMPLATE("log_sum_exp agrees with long double and never overflows", Scalar, float,
                   double) {
  for (const Scalar spread : {Scalar(0.01), Scalar(1), Scalar(30), Scalar(1e30)}) {
    const auto logits = random_logits(257, spread, 1);
    long double largest = -infinity<long double>, sum = 0;
    for (const Scalar value : logits) {
      largest = std::fmax(largest, static_cast<long double>(value));
    }
    dag::LogSumExp<Scalar> online, first, second;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      sum += std::exp(static_cast<long double>(logits[i]) - largest);
      online.add(logits[i]);
      (i % 3 == 0 ? first : second).add(logits[i]);
    }
    const auto expected = largest + std::log(sum);
    const auto bound = 260 * epsilon<Scalar> * (1 + std::abs(expected));
    CHECK(std::abs(dag::log_sum_exp(logits) - expected) <= bound);
    CHECK(std::abs(online.value() - expected) <= 2 * bound);
    auto backwards = second;
    backwards.merge(first);
    first.merge(second);
    CHECK(std::abs(first.value() - expected) <= 2 * bound);
    CHECK(std::abs(backwards.value() - expected) <= 2 * bound);
  }
}

TEST_CASE("log_sum_exp at the edges of its domain") {
  const double none = -infinity<double>;
  CHECK(dag::log_sum_exp(std::vector<double>{}) == none);
  CHECK(dag::log_sum_exp(std::vector{none, none}) == none);
  CHECK(dag::log_sum_exp(std::vector{none, 3.0, none}) == 3.0);
  CHECK(dag::log_sum_exp(std::array{1e308, 1e308}) == 1e308);
  CHECK(dag::log_sum_exp(std::array{-1e4, -1e4}) == doctest::Approx(-1e4 + std::log(2.0)));
  for (const double bad : {infinity<double>, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(static_cast<void>(dag::log_sum_exp(std::vector{0.0, bad})), dag::Error);
    CHECK_THROWS_AS(static_cast<void>(dag::log_sum_exp(std::vector{bad, none})), dag::Error);
    CHECK_THROWS_AS(static_cast<void>(dag::log_sum_exp(std::vector{none, bad})), dag::Error);
    std::vector<double> values{bad, 1.0};
    CHECK_THROWS_AS(dag::softmax(values), dag::Error);
    values = {none, bad};
    CHECK_THROWS_AS(dag::softmax(values), dag::Error);
    values = {none, bad};
    CHECK_THROWS_AS(dag::log_normalize(values), dag::Error);
    dag::LogSumExp<double> online;
    online.add(1.0);
    online.add(bad);
    CHECK(std::isnan(online.value()));
    online.add(2.0);
    CHECK(std::isnan(online.value()));
  }
  dag::LogSumExp<double> online, empty;
  CHECK(online.value() == none);
  online.add(none);
  CHECK(online.value() == none);
  online.merge(empty);
  CHECK(online.value() == none);
  online.add(-5.0);
  online.merge(empty);
  CHECK(online.value() == -5.0);
  empty.merge(online);
  CHECK(empty.value() == -5.0);
}

TEST_CASE_TEMPLATE("softmax and log_normalize are the same distribution", Scalar, float, double) {
  auto probabilities = random_logits<Scalar>(100, 5, 2);
  probabilities[7] = -infinity<Scalar>;
  auto logs = probabilities;
  const Scalar total = dag::log_sum_exp(probabilities);
  CHECK(dag::log_normalize(logs) == total);
  CHECK(std::abs(dag::softmax(std::span(probabilities)) - total) <= 200 * epsilon<Scalar>);
  Scalar sum = 0;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    sum += probabilities[i];
    CHECK(std::abs(std::exp(logs[i]) - probabilities[i]) <= 50 * epsilon<Scalar>);
  }
  CHECK(std::abs(sum - 1) <= 100 * epsilon<Scalar>);
  CHECK(probabilities[7] == 0);
  CHECK(logs[7] == -infinity<Scalar>);
  CHECK(std::abs(dag::log_sum_exp(logs)) <= 200 * epsilon<Scalar>);
  std::vector<Scalar> nothing(3, -infinity<Scalar>);
  CHECK_THROWS_AS(dag::softmax(nothing), dag::Error);
  CHECK_THROWS_AS(dag::log_normalize(nothing), dag::Error);
  CHECK_THROWS_AS(dag::softmax(std::vector<Scalar>{}), dag::Error);
}

TEST_CASE("log1p_exp and log1m_exp keep their relative accuracy at both ends") {
  for (const double x : {-800.0, -40.0, -1.0, -0.7, -0.6, -1e-3, -1e-20, 0.0, 1.0, 40.0, 1e300}) {
    const long double wide = x;
    const long double plus =
        x > 0 ? wide + std::log1p(std::exp(-wide)) : std::log1p(std::exp(wide));
    CHECK(std::abs(dag::log1p_exp(x) - plus) <=
          4 * epsilon<double> * plus + std::numeric_limits<double>::denorm_min());
    if (x < 0) {
      const long double minus = x < -1 ? std::log1p(-std::exp(wide)) : std::log(-std::expm1(wide));
      CHECK(std::abs(dag::log1m_exp(x) - minus) <=
            4 * epsilon<double> * std::abs(minus) + std::numeric_limits<double>::denorm_min());
    }
  }
  CHECK(dag::log1m_exp(0.0) == -infinity<double>);
}

TEST_CASE("terms of entropy and divergence follow 0 log 0 = 0") {
  const double none = -infinity<double>;
  CHECK(dag::xlogx(0.0) == 0.0);
  CHECK(dag::xlogx(1.0) == 0.0);
  CHECK(dag::xlogx(0.5) == doctest::Approx(-0.34657359027997264));
  CHECK(dag::kl_term(0.0, 0.0) == 0.0);
  CHECK(dag::kl_term(0.0, 0.3) == 0.0);
  CHECK(dag::kl_term(0.3, 0.0) == infinity<double>);
  CHECK(dag::kl_term(1e-300, 1e300) == doctest::Approx(-1e-300 * 600 * std::log(10.0)));
  CHECK(dag::kl_term_from_log(none, none) == 0.0);
  CHECK(dag::kl_term_from_log(-1.0, none) == infinity<double>);
  CHECK(dag::kl_term_from_log(-1.0, -3.0) == doctest::Approx(2 * std::exp(-1.0)));
  CHECK(dag::kl_bregman_term(0.0, 0.3) == 0.3);
  CHECK(dag::kl_bregman_term(0.0, 0.0) == 0.0);
  CHECK(dag::kl_bregman_term(0.3, 0.0) == infinity<double>);
}

TEST_CASE("the Bregman form of the divergence keeps its relative accuracy as p meets q") {
  for (const double q : {0.3, 1e-5, 40.0}) {
    for (const double t : {1e-12, -1e-9, 1e-5, -1e-3, 0.05, 0.1, -0.15, 0.2, 0.25, -0.5, 3.0}) {
      const double p = q * (1 + t);
      const long double ratio = (static_cast<long double>(p) - q) / q;
      // t^2/2 - t^3/6 + ... in long double for small t, the definition elsewhere.
      long double expected = (1 + ratio) * std::log1p(ratio) - ratio;
      if (std::abs(t) < 0.01) {
        expected = 0;
        long double power = ratio;
        for (int n = 2; n < 12; ++n) {
          power *= -ratio;
          expected -= power / (n * (n - 1));
        }
      }
      const double term = dag::kl_bregman_term(p, q);
      CHECK(term >= 0);
      CHECK(std::abs(term / q - expected) <= 64 * epsilon<double> * expected);
    }
    CHECK(dag::kl_bregman_term(q, q) == 0.0);
  }
}
