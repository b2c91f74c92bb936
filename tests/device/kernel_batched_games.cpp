// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/core/random.hpp>
#include <dag/gpu/context.hpp>
#include <dag/gpu/solve_batch.hpp>

namespace {

template <class Real>
struct Games {
  dag::BatchedMatrixGames<Real> batch;
  std::vector<std::vector<double>> payoffs;

  void add(std::size_t rows, std::size_t columns, dag::RandomStream& random) {
    std::vector<Real> entries(rows * columns);
    std::vector<double> copy;
    for (Real& entry : entries) {
      entry = static_cast<Real>(2 * random.uniform() - 1);
      copy.push_back(static_cast<double>(entry));
    }
    batch.add(rows, columns, entries);
    payoffs.push_back(copy);
  }
};

struct Certificate {
  double gap, value;
};
/// The gap of a pair of strategies, in double, by plain loops; with entropies of weight tau.
template <class Real>
Certificate certify(const std::vector<double>& a, std::span<const Real> x, std::span<const Real> y,
                    double tau = 0) {
  const std::size_t rows = x.size(), columns = y.size();
  std::vector<double> ay(rows), atx(columns);
  double value = 0, entropy_x = 0, entropy_y = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      ay[i] += a[i * columns + j] * static_cast<double>(y[j]);
      atx[j] += a[i * columns + j] * static_cast<double>(x[i]);
      value += a[i * columns + j] * static_cast<double>(x[i]) * static_cast<double>(y[j]);
    }
  }
  const auto best = [tau](const std::vector<double>& v, double sign) {
    double top = -std::numeric_limits<double>::infinity(), sum = 0;
    for (const double one : v) {
      top = std::max(top, sign * one);
    }
    for (const double one : v) {
      sum += tau > 0 ? std::exp((sign * one - top) / tau) : 0;
    }
    return tau > 0 ? top + tau * std::log(sum) : top;
  };
  for (const Real p : x) {
    entropy_x -= p > 0 ? static_cast<double>(p) * std::log(static_cast<double>(p)) : 0;
  }
  for (const Real p : y) {
    entropy_y -= p > 0 ? static_cast<double>(p) * std::log(static_cast<double>(p)) : 0;
  }
  return {best(ay, 1) - tau * entropy_y + best(atx, -1) - tau * entropy_x, value};
}

template <class Real>
void check_strategies(std::span<const Real> p) {
  double sum = 0;
  for (const Real mass : p) {
    CHECK(mass >= 0);
    sum += static_cast<double>(mass);
  }
  CHECK(std::abs(sum - 1) <= 64 * static_cast<double>(std::numeric_limits<Real>::epsilon()));
}

constexpr dag::BatchMethod first_order[] = {dag::BatchMethod::mirror_prox,
                                            dag::BatchMethod::optimistic,
                                            dag::BatchMethod::predictive_regret_matching_plus};

}  // namespace

TEST_CASE_TEMPLATE("every game of a ragged batch is solved to the tolerance", Real, float, double) {
  dag::RandomStream random(21, 0);
  Games<Real> games;
  for (const std::size_t rows : {1U, 2U, 16U, 31U, 33U, 64U}) {
    for (const std::size_t columns : {1U, 3U, 16U, 40U, 64U}) {
      games.add(rows, columns, random);
    }
  }
  Games<Real> small;  // one entry a lane
  for (const std::size_t rows : {1U, 2U, 7U, 16U}) {
    small.add(rows, 16, random);
    small.add(16, rows, random);
  }
  const dag::device::Context gpu;
  for (const auto* batch : {&games, &small}) {
    for (const dag::BatchMethod method : first_order) {
      const auto found =
          dag::solve_batch(gpu, batch->batch, {.method = method, .tolerance = Real(0.01)});
      for (std::size_t g = 0; g < batch->batch.size(); ++g) {
        CHECK(found.status[g] == dag::Status::converged);
        check_strategies(found.strategy(g, 0));
        check_strategies(found.strategy(g, 1));
        const auto real = certify(batch->payoffs[g], found.strategy(g, 0), found.strategy(g, 1));
        CHECK(real.gap <= 0.02 + 1e-5);  // the range is at most 2
        CHECK(std::abs(real.gap - static_cast<double>(found.gap[g])) <= 1e-5);
        CHECK(std::abs(real.value - static_cast<double>(found.value[g])) <= 1e-5);
      }
    }
  }
}

TEST_CASE("matching pennies, rock-paper-scissors, a saddle point, equal payoffs") {
  dag::BatchedMatrixGames<double> games;
  games.add(2, 2, std::vector<double>{3, -1, -2, 1});  // (3/7, 4/7), (2/7, 5/7), value 1/7
  games.add(3, 3, std::vector<double>{0, -1, 1, 1, 0, -1, -1, 1, 0});
  games.add(2, 3, std::vector<double>{4, 2, 3, 1, 0, 5});
  games.add(2, 2, std::vector<double>{5, 5, 5, 5});
  const dag::device::Context gpu;
  for (const dag::BatchMethod method : first_order) {
    const auto found =
        dag::solve_batch(gpu, games, {.method = method, .tolerance = 1e-6, .max_rounds = 1000000});
    CHECK(found.value[0] == doctest::Approx(1.0 / 7).epsilon(1e-4));
    CHECK(found.strategy(0, 0)[0] == doctest::Approx(3.0 / 7).epsilon(1e-3));
    CHECK(found.strategy(0, 1)[0] == doctest::Approx(2.0 / 7).epsilon(1e-3));
    CHECK(std::abs(found.value[1]) <= 1e-5);
    CHECK(found.value[2] == doctest::Approx(2).epsilon(1e-4));
    CHECK(found.value[3] == 5);
    CHECK(found.rounds[3] == 0);
  }
}

TEST_CASE("the scale of the payoffs changes no iterate; a limit of rounds is kept") {
  dag::RandomStream random(22, 0);
  dag::BatchedMatrixGames<double> games, scaled;
  std::vector<double> entries(12 * 9);
  for (double& entry : entries) {
    entry = random.uniform();
  }
  games.add(12, 9, entries);
  for (double& entry : entries) {
    entry *= 1048576;
  }
  scaled.add(12, 9, entries);
  const dag::device::Context gpu;
  for (const dag::BatchMethod method : first_order) {
    const auto one =
        dag::solve_batch(gpu, games, {.method = method, .tolerance = 0, .max_rounds = 77});
    const auto two =
        dag::solve_batch(gpu, scaled, {.method = method, .tolerance = 0, .max_rounds = 77});
    CHECK(one.status[0] == dag::Status::iteration_limit);
    CHECK(one.rounds[0] == 77);
    CHECK(one.strategies == two.strategies);
    CHECK(one.gap[0] * 1048576 == two.gap[0]);
  }
}

TEST_CASE_TEMPLATE("newton finds the equilibrium with entropies", Real, float, double) {
  dag::RandomStream random(23, 0);
  Games<Real> games;
  for (const std::size_t rows : {1U, 2U, 5U, 16U, 64U}) {
    for (const std::size_t columns : {1U, 2U, 17U, 64U}) {
      games.add(rows, columns, random);
    }
  }
  const dag::device::Context gpu;
  const Real tolerance = sizeof(Real) == 4 ? Real(2e-6) : Real(1e-11);
  for (const Real tau : {Real(1), Real(0.05)}) {
    const auto found = dag::solve_batch(gpu, games.batch,
                                        {.method = dag::BatchMethod::newton,
                                         .tolerance = tolerance,
                                         .max_rounds = 100,
                                         .tau = tau});
    for (std::size_t g = 0; g < games.batch.size(); ++g) {
      CHECK(found.status[g] == dag::Status::converged);
      CHECK(found.rounds[g] <= 40);
      check_strategies(found.strategy(g, 0));
      const auto real = certify(games.payoffs[g], found.strategy(g, 0), found.strategy(g, 1),
                                static_cast<double>(tau));
      CHECK(real.gap <= 4 * static_cast<double>(tolerance));
      CHECK(std::abs(real.value - static_cast<double>(found.value[g])) <= 1e-5);
    }
  }
}

TEST_CASE_TEMPLATE("newton with tolerance 0 goes on to rounding", Real, float, double) {
  dag::RandomStream random(24, 0);
  Games<Real> games;
  for (const std::size_t size : {3U, 16U, 40U}) {
    games.add(size, size + 1, random);
  }
  const dag::device::Context gpu;
  const double tau = 0.1;
  const auto found = dag::solve_batch(
      gpu, games.batch,
      {.method = dag::BatchMethod::newton, .tolerance = 0, .max_rounds = 100, .tau = Real(tau)});
  for (std::size_t g = 0; g < games.batch.size(); ++g) {
    const auto x = found.strategy(g, 0), y = found.strategy(g, 1);
    // y = softmax(-A'x / tau); that x = softmax(A y / tau) is how x is made.
    std::vector<double> response(y.size());
    double total = 0;
    for (std::size_t j = 0; j < y.size(); ++j) {
      double paid = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        paid += games.payoffs[g][i * y.size() + j] * static_cast<double>(x[i]);
      }
      response[j] = std::exp(-paid / tau);
      total += response[j];
    }
    for (std::size_t j = 0; j < y.size(); ++j) {
      CHECK(std::abs(response[j] / total - static_cast<double>(y[j])) <=
            64 * static_cast<double>(std::numeric_limits<Real>::epsilon()));
    }
  }
}

TEST_CASE("payoffs that are not finite, and options out of range") {
  const dag::device::Context gpu;
  for (const double bad : {std::numeric_limits<double>::infinity(), std::nan("")}) {
    dag::BatchedMatrixGames<double> games;
    games.add(2, 2, std::vector<double>{1, 2, 3, 4});
    games.add(2, 2, std::vector<double>{1, bad, 3, 4});
    CHECK_THROWS_AS((void)dag::solve_batch(gpu, games), dag::Error);
    CHECK_THROWS_AS(
        (void)dag::solve_batch(gpu, games, {.method = dag::BatchMethod::newton, .tau = 1}),
        dag::Error);
  }
  dag::BatchedMatrixGames<double> games;
  CHECK_THROWS_AS(games.add(65, 2, std::vector<double>(130)), dag::Error);
  CHECK_THROWS_AS(games.add(2, 2, std::vector<double>(3)), dag::Error);
  games.add(1, 1, std::vector<double>{7});
  CHECK_THROWS_AS((void)dag::solve_batch(gpu, games, {.tolerance = -1}), dag::Error);
  CHECK_THROWS_AS((void)dag::solve_batch(gpu, games, {.method = dag::BatchMethod::newton}),
                  dag::Error);
}
