// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
// Alignment by comparisons: the fixed point nu ∝ nu0 exp(P nu / beta).
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/alignment/preference_game.hpp>
#include <dag/core/random.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>

namespace {

struct Drawn {
  std::vector<double> wins, nu0;
};

Drawn draw(std::uint64_t seed, std::size_t n, double total) {
  dag::RandomStream random(2027, seed);
  Drawn out{std::vector<double>(n * n, total / 2), std::vector<double>(n)};
  double sum = 0;
  for (std::size_t a = 0; a < n; ++a) {
    sum += out.nu0[a] = -std::log(1 - random.uniform()) + 1e-3;
    for (std::size_t b = 0; b < a; ++b) {
      out.wins[a * n + b] = random.uniform();
      out.wins[b * n + a] = total - out.wins[a * n + b];
    }
  }
  for (double& p : out.nu0) {
    p /= sum;
  }
  return out;
}

}  // namespace

TEST_CASE("two answers: a scalar root, by bisection") {
  // log(p / (1 - p)) = log(p0 / (1 - p0)) + ((P nu)_0 - (P nu)_1) / beta, and with two answers the
  // difference of win rates is w - 1/2, whatever nu is.
  const double w = 0.8, p0 = 0.3, beta = 0.25;
  const std::vector<double> wins{0.5, w, 1 - w, 0.5}, nu0{p0, 1 - p0};
  const auto found = dag::preference_equilibrium(wins, nu0, beta);
  const double odds = p0 / (1 - p0) * std::exp((w - 0.5) / beta);
  CHECK(found.status == dag::Status::converged);
  CHECK(found.nu[0] == doctest::Approx(odds / (1 + odds)).epsilon(1e-12));
  CHECK(found.win_rate > 0.5);
}

TEST_CASE("rock, paper, scissors: the policy keeps all three, however small beta is") {
  for (const double beta : {1.0, 1e-2, 1e-4}) {
    //! [preference]
    const std::vector<double> wins{0.5, 0, 1, 1, 0.5, 0, 0, 1, 0.5}, nu0{0.8, 0.15, 0.05};
    const auto found = dag::preference_equilibrium(wins, nu0, beta);  // rock, paper, scissors
    //! [preference]
    CAPTURE(beta);
    CHECK(found.status == dag::Status::converged);
    const double off = std::abs(found.nu[0] - 1.0 / 3);
    CHECK(off <= 3 * beta);  // the pull shifts win rates by beta log ratios
  }
}

TEST_CASE("random tables: the fixed point, unbeaten; three algorithms come to it") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    const std::size_t n = 2 + seed % 9;
    const double total = seed % 3 == 0 ? 0.0 : 1.0,
                 beta = std::exp2(-static_cast<double>(seed % 6));
    const Drawn drawn = draw(seed, n, total);
    const auto found = dag::preference_equilibrium(drawn.wins, drawn.nu0, beta);
    REQUIRE(found.status == dag::Status::converged);
    CHECK(std::accumulate(found.nu.begin(), found.nu.end(), 0.0) == doctest::Approx(1));
    // Against the equilibrium no other policy earns more, its own distance to nu0 paid.
    const auto worth = [&](const std::vector<double>& nu) {
      double value = 0;
      for (std::size_t z = 0; z < n; ++z) {
        value += nu[z] * (found.reward[z] - beta * std::log(nu[z] / drawn.nu0[z]));
      }
      return value;
    };
    for (std::uint64_t other = 0; other < 5; ++other) {
      CHECK(worth(draw(1000 + 7 * seed + other, n, 1).nu0) <= worth(found.nu) + 1e-12);
    }
    CHECK(worth(drawn.nu0) <= worth(found.nu) + 1e-12);
    const auto game = dag::preference_game(drawn.wins, drawn.nu0, beta);
    const dag::SolverOptions<double> options{.tolerance = 1e-12, .max_iterations = 200'000};
    const auto prox = dag::mirror_prox(game, options);
    const auto descent = dag::mirror_descent(game, options);
    for (std::size_t z = 0; z < n; ++z) {
      CHECK(prox.strategy(0)[z] == doctest::Approx(found.nu[z]).epsilon(1e-4));
      CHECK(prox.strategy(1)[z] == doctest::Approx(found.nu[z]).epsilon(1e-4));
      CHECK(descent.strategy(0)[z] == doctest::Approx(found.nu[z]).epsilon(1e-4));
    }
  }
}

TEST_CASE("sampled comparisons have no bias, by enumeration") {
  const Drawn drawn = draw(3, 3, 1);
  const std::vector<double>& nu = drawn.nu0;
  for (std::size_t mine = 0; mine < 3; ++mine) {
    double mean = 0, exact = 0;
    for (std::size_t b = 0; b < 3; ++b) {
      exact += drawn.wins[mine * 3 + b] * nu[b];
    }
    for (std::size_t rest = 0; rest < 27; ++rest) {  // the answers of three other samples
      const std::size_t z[4] = {mine, rest % 3, rest / 3 % 3, rest / 9};
      std::vector<double> wins(16), reward(4);
      for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < 4; ++j) {
          wins[i * 4 + j] = drawn.wins[z[i] * 3 + z[j]];
        }
      }
      dag::win_rate_rewards(wins, reward);
      mean += nu[z[1]] * nu[z[2]] * nu[z[3]] * reward[0];
    }
    CHECK(mean == doctest::Approx(exact).epsilon(1e-14));
  }
}

TEST_CASE("refusals") {
  const std::vector<double> nu0{0.5, 0.5}, wins{0.5, 0.9, 0.2, 0.5};
  CHECK_THROWS_AS((void)dag::preference_game(wins, nu0, 1), dag::Error);  // 0.9 + 0.2
  const std::vector<double> right{0.5, 0.9, 0.1, 0.5}, off{0.5, 0.6};
  CHECK_THROWS_AS((void)dag::preference_game(right, off, 1), dag::Error);
  CHECK_THROWS_AS((void)dag::preference_game(right, nu0, 0), dag::Error);
  CHECK_THROWS_AS((void)dag::preference_game(right, std::vector<double>{1}, 1), dag::Error);
  std::vector<double> out(2);
  CHECK_THROWS_AS(dag::win_rate_rewards(std::vector<double>(3), out), dag::Error);
}
