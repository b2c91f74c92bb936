// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/backend/eigen.hpp>
#include <dag/core/random.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace {

template <class Real>
std::vector<Real> random_vector(std::uint64_t seed, std::size_t size) {
  dag::RandomStream random(seed, 1);
  std::vector<Real> v(size);
  for (Real& entry : v) {
    entry = static_cast<Real>(2 * random.uniform() - 1);
  }
  return v;
}

template <class Real>
std::span<const Real> in(const std::vector<Real>& v) {
  return v;
}
template <class Real>
std::span<Real> out(std::vector<Real>& v) {
  return v;
}

template <class Real>
Real kl(const std::vector<Real>& p, const std::vector<Real>& log_p,
        const std::vector<Real>& log_q) {
  return dag::eigen{}.weighted_kl(dag::Blocks{p.size()}, in(std::vector<Real>{1}), in(p), in(log_p),
                                  in(log_q));
}

}  // namespace

TEST_CASE_TEMPLATE("the dual product equals two products in long double", Real, float, double) {
  const dag::eigen backend;
  for (const std::size_t rows : {1U, 2U, 7U, 8U, 9U, 33U}) {
    for (const std::size_t columns : {1U, 3U, 8U, 17U, 64U, 65U}) {
      const auto entries = random_vector<Real>(rows * 100 + columns, rows * columns);
      const auto x = random_vector<Real>(1, rows);
      const auto y = random_vector<Real>(2, columns);
      dag::eigen::matrix<Real> a(rows, columns);
      std::copy(entries.begin(), entries.end(), a.data());
      std::vector<Real> a_y(rows, std::numeric_limits<Real>::quiet_NaN());
      std::vector<Real> at_x(columns, std::numeric_limits<Real>::quiet_NaN());
      backend.dual_product(a, in(x), in(y), Real{2}, Real{-3}, out(a_y), out(at_x));
      const Real bound =
          static_cast<Real>(rows + columns + 4) * 3 * std::numeric_limits<Real>::epsilon();
      for (std::size_t i = 0; i < rows; ++i) {
        long double sum = 0;
        for (std::size_t j = 0; j < columns; ++j) {
          sum += static_cast<long double>(entries[i * columns + j]) * y[j];
        }
        CHECK(std::abs(a_y[i] - static_cast<Real>(2 * sum)) <= bound);
      }
      for (std::size_t j = 0; j < columns; ++j) {
        long double sum = 0;
        for (std::size_t i = 0; i < rows; ++i) {
          sum += static_cast<long double>(entries[i * columns + j]) * x[i];
        }
        CHECK(std::abs(at_x[j] - static_cast<Real>(-3 * sum)) <= bound);
      }
    }
  }
}

TEST_CASE_TEMPLATE("exp of -inf is exactly zero, and normalize keeps it", Real, float, double) {
  const dag::eigen backend;
  const Real infinity = std::numeric_limits<Real>::infinity();
  for (std::size_t size = 2; size < 40; ++size) {
    std::vector<Real> logits = random_vector<Real>(size, size);
    logits[size / 2] = -infinity;
    for (Real& logit : logits) {
      logit += Real(700);  // far outside exp's range unless the maximum is removed
    }
    std::vector<Real> p(size);
    backend.normalize(dag::Blocks{logits.size()}, out(logits), out(p));
    Real total = 0;
    for (std::size_t i = 0; i < size; ++i) {
      total += p[i];
    }
    CHECK(p[size / 2] == 0);
    CHECK(logits[size / 2] == -infinity);
    CHECK(std::abs(total - 1) <= static_cast<Real>(size) * std::numeric_limits<Real>::epsilon());
    CHECK(std::isfinite(kl(p, logits, logits)));
  }
}

TEST_CASE("log-probabilities that are NaN, +inf or all -inf are refused") {
  const dag::eigen backend;
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {infinity, std::nan("")}) {
    for (std::size_t where = 0; where < 9; ++where) {
      std::vector<double> logits(9, 0.5), p(9);
      logits[where] = bad;
      CHECK_THROWS_AS(backend.normalize(dag::Blocks{logits.size()}, out(logits), out(p)),
                      dag::Error);
    }
  }
  std::vector<double> logits(5, -infinity), p(5);
  CHECK_THROWS_AS(backend.normalize(dag::Blocks{logits.size()}, out(logits), out(p)), dag::Error);
}

TEST_CASE("kl off the support: a zero of p adds nothing, a zero of q gives +inf") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> p{0.5, 0.5, 0}, log_p{std::log(0.5), std::log(0.5), -infinity};
  const std::vector<double> log_q{std::log(0.25), -infinity, std::log(0.75)};
  const std::vector<double> log_r{std::log(0.25), std::log(0.75), -infinity};
  CHECK(kl(p, log_p, log_q) == infinity);
  CHECK(kl(p, log_p, log_r) == doctest::Approx(0.5 * std::log(2.0) + 0.5 * std::log(0.5 / 0.75)));
}

TEST_CASE("the projection on the simplex satisfies its optimality condition") {
  const dag::eigen backend;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto v = random_vector<double>(seed, 1 + seed);
    auto u = v;
    backend.project_simplex(out(u));
    double total = 0;
    for (const double entry : u) {
      CHECK(entry >= 0);
      total += entry;
    }
    CHECK(std::abs(total - 1) < 1e-13);
    // <v - u, e_i - u> <= 0 for every vertex e_i.
    double inner = 0;
    for (std::size_t i = 0; i < u.size(); ++i) {
      inner += (v[i] - u[i]) * u[i];
    }
    for (std::size_t i = 0; i < u.size(); ++i) {
      CHECK(v[i] - u[i] - inner <= 1e-13);
    }
  }
  std::vector<double> bad{0.1, std::nan("")};
  CHECK_THROWS_AS(backend.project_simplex(out(bad)), dag::Error);
}
