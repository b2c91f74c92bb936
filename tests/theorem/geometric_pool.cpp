// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Rewards of the geometric pool from counts: the stated bias is the bias, by enumeration of all
// groups; no table has a smaller sup bias than the minimax one; rates in the group size.
#include <dag/estimate/geometric_pool.hpp>
#include <dag/numeric/binomial.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using dag::PowerEstimator;

namespace {

std::vector<double> binomial(std::size_t trials, double p) {
  std::vector<double> row(trials + 1);
  dag::binomial_row(p, row);
  return row;
}

}  // namespace

TEST_CASE("own and other contexts' tables have one bias, a polynomial less a power") {
  for (const auto kind : {PowerEstimator::plug_in, PowerEstimator::minimax}) {
    const auto table = dag::power_table(kind, 6, 0.4);
    for (const double p : {0.0, 0.01, 0.2, 0.5, 0.9, 1.0}) {
      double own = 0;
      double other = 0;
      const auto few = binomial(5, p);
      const auto all = binomial(6, p);
      for (std::size_t k = 0; k < 6; ++k) {
        own += few[k] * table.own[k];
      }
      for (std::size_t n = 0; n <= 6; ++n) {
        other += all[n] * table.other(n);
      }
      CHECK(p * own - std::pow(p, 0.4) ==
            doctest::Approx(dag::power_bias(table, p)).epsilon(1e-12));
      CHECK(other == doctest::Approx(p * own).epsilon(1e-12));
      CHECK(std::abs(dag::power_bias(table, p)) <= table.sup_bias * (1 + 1e-6));
    }
  }
}

TEST_CASE("the stated bias of the reward and of the normaliser, by enumeration of the groups") {
  // Three contexts of 2, 3 and 4 samples, two answers and "another".
  const std::vector<std::size_t> sizes{2, 3, 4};
  const std::vector<double> weights{0.5, 0.3, 0.2};
  const std::vector<double> nu{0.3, 0.6, 0.45};
  for (const auto kind : {PowerEstimator::plug_in, PowerEstimator::minimax}) {
    std::vector<dag::PowerTable> tables;
    for (std::size_t x = 0; x < 3; ++x) {
      tables.push_back(dag::power_table(kind, sizes[x], weights[x]));
    }
    const std::vector<const dag::PowerTable*> view{&tables[0], &tables[1], &tables[2]};
    double exact = 1;
    for (std::size_t x = 0; x < 3; ++x) {
      exact *= std::pow(nu[x], weights[x]);
    }
    double mass = 0;
    for (std::size_t own = 0; own < 3; ++own) {
      double expected = 0;
      std::vector<std::vector<double>> rows;
      for (std::size_t x = 0; x < 3; ++x) {
        rows.push_back(binomial(sizes[x] - (x == own ? 1 : 0), nu[x]));
      }
      for (std::size_t a = 0; a < rows[0].size(); ++a) {
        for (std::size_t b = 0; b < rows[1].size(); ++b) {
          for (std::size_t c = 0; c < rows[2].size(); ++c) {
            std::vector<std::size_t> counts{a, b, c};
            ++counts[own];
            expected += rows[0][a] * rows[1][b] * rows[2][c] *
                        dag::geometric_pool_reward(view, counts, own);
          }
        }
      }
      CHECK(nu[own] * expected - exact ==
            doctest::Approx(dag::geometric_pool_bias(view, nu)).epsilon(1e-11));
      mass = nu[own] * expected;
    }
    double expected_mass = 0;
    for (std::size_t a = 0; a <= 2; ++a) {
      for (std::size_t b = 0; b <= 3; ++b) {
        for (std::size_t c = 0; c <= 4; ++c) {
          expected_mass += binomial(2, nu[0])[a] * binomial(3, nu[1])[b] * binomial(4, nu[2])[c] *
                           dag::geometric_pool_mass(view, std::vector<std::size_t>{a, b, c});
        }
      }
    }
    CHECK(expected_mass == doctest::Approx(mass).epsilon(1e-11));
  }
}

TEST_CASE("one context alone is exact; weight one is the identity") {
  for (const auto kind : {PowerEstimator::plug_in, PowerEstimator::minimax}) {
    const auto table = dag::power_table(kind, 5, 1);
    CHECK(table.own == std::vector<double>(5, 1.0));
    CHECK(table.sup_bias < 1e-15);
  }
}

TEST_CASE("the minimax table has the smallest sup bias; both shrink at their rates") {
  for (const double w : {0.25, 0.5}) {
    double last_plug_in = 0;
    double last_minimax = 0;
    for (const std::size_t size : {4U, 8U, 16U}) {
      const auto plug_in = dag::power_table(PowerEstimator::plug_in, size, w);
      auto minimax = dag::power_table(PowerEstimator::minimax, size, w);
      CAPTURE(w);
      CAPTURE(size);
      CHECK(minimax.sup_bias < plug_in.sup_bias);
      if (last_plug_in > 0) {  // K^{-w} and K^{-2w}, from K/2 to K
        CHECK(plug_in.sup_bias / last_plug_in == doctest::Approx(std::pow(2, -w)).epsilon(0.1));
        CHECK(minimax.sup_bias / last_minimax == doctest::Approx(std::pow(4, -w)).epsilon(0.1));
      }
      last_plug_in = plug_in.sup_bias;
      last_minimax = minimax.sup_bias;
      if (size == 8) {  // moving any entry either way makes the worst bias worse
        for (std::size_t k = 0; k < size; ++k) {
          for (const double shift : {-0.05, 0.05}) {
            dag::PowerTable moved = minimax;
            moved.own[k] += shift;
            double worst = 0;
            for (int i = 0; i <= 20000; ++i) {
              const double theta = 3.14159265358979323846 * i / 20000;
              worst = std::max(worst,
                               std::abs(dag::power_bias(moved, std::pow(std::sin(theta / 2), 2))));
            }
            CHECK(worst > minimax.sup_bias * (1 + 1e-9));
          }
        }
      }
    }
  }
}

TEST_CASE("impossible requests are refused") {
  const auto table = dag::power_table(PowerEstimator::plug_in, 3, 0.5);
  const std::vector<const dag::PowerTable*> view{&table, &table};
  CHECK_THROWS_AS((void)dag::power_table(PowerEstimator::minimax, 25, 0.5), dag::Error);
  CHECK_THROWS_AS((void)dag::power_table(PowerEstimator::plug_in, 0, 0.5), dag::Error);
  CHECK_THROWS_AS((void)dag::power_table(PowerEstimator::plug_in, 3, 0.0), dag::Error);
  CHECK_THROWS_AS((void)dag::power_table(PowerEstimator::plug_in, 3, std::nan("")), dag::Error);
  const std::vector<std::size_t> zero{0, 1}, beyond{1, 4}, one{1};
  CHECK_THROWS_AS((void)dag::geometric_pool_reward(view, zero, 0), dag::Error);
  CHECK_THROWS_AS((void)dag::geometric_pool_reward(view, beyond, 0), dag::Error);
  CHECK_THROWS_AS((void)dag::geometric_pool_reward(view, one, 0), dag::Error);
}
