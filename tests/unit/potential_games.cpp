// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/game/potential_game.hpp>
#include <dag/game/regret.hpp>
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/pure_equilibria.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace {

/// A random potential plus, for each player, what depends on the others only.
dag::GameTable random_potential_game(std::vector<std::size_t> sizes, std::uint64_t seed,
                                     std::vector<double>* potential = nullptr) {
  dag::RandomStream random(seed, 0x706f74);
  dag::GameTable game = dag::random_general_game(std::move(sizes), seed).table;
  game.numbers.clear();
  std::vector<double> p(game.profile_count());
  for (double& entry : p) {
    entry = random.normal();
  }
  std::size_t stride = 1;
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    for (std::size_t k = 0; k < p.size(); ++k) {
      const std::size_t others = k - k / stride % game.sizes[i] * stride;  // i's first strategy
      game.payoffs[i][k] = p[k] + std::sin(static_cast<double>(others * (i + 2)));
    }
    stride *= game.sizes[i];
  }
  if (potential != nullptr) {
    *potential = p;
  }
  return game;
}

}  // namespace

TEST_CASE("an exact potential is found, up to its constant, and its maximum is an equilibrium") {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    for (const std::vector<std::size_t>& sizes :
         {std::vector<std::size_t>{3, 4}, {2, 3, 4}, {2, 2, 2, 3}, {5}}) {
      std::vector<double> p;
      const dag::GameTable game = random_potential_game(sizes, seed, &p);
      const dag::PotentialReport report = dag::find_potential(game);
      REQUIRE(report.exact);
      for (std::size_t k = 0; k < p.size(); ++k) {
        CHECK(std::abs(report.potential[k] - (p[k] - p[0])) <= 1e-13 * 8);
      }
      const std::vector<std::size_t> best = dag::maximize_potential(game, report);
      CHECK(dag::max_regret(game, dag::pure_profile(game.sizes, best)) == 0);
      const auto pure = dag::pure_equilibria(game);
      CHECK(std::find(pure.begin(), pure.end(), best) != pure.end());
    }
  }
}

TEST_CASE("a game without a potential is refuted by a cycle that anyone can add up") {
  for (const char* name : {"matching-pennies", "rps", "jordan", "general:3x3x2:1", "shapley"}) {
    CAPTURE(name);
    const dag::GameTable game = dag::named_game(name);
    const dag::PotentialReport report = dag::find_potential(game);
    CHECK(!report.exact);
    CHECK(report.potential.empty());
    CHECK_THROWS_AS((void)dag::maximize_potential(game, report), dag::Error);
    // Walk the cycle.
    std::vector<std::size_t> at = report.worst.start;
    const auto index = [&] {
      std::size_t profile = 0;
      for (std::size_t i = at.size(); i-- > 0;) {
        profile = profile * game.sizes[i] + at[i];
      }
      return profile;
    };
    double sum = 0;
    const auto move = [&](std::size_t player, std::size_t to) {
      const double before = game.payoffs[player][index()];
      at[player] = to;
      sum += game.payoffs[player][index()] - before;
    };
    const dag::PotentialCycle& cycle = report.worst;
    move(cycle.first, cycle.first_to);
    move(cycle.second, cycle.second_to);
    move(cycle.first, cycle.start[cycle.first]);
    move(cycle.second, cycle.start[cycle.second]);
    CHECK(at == cycle.start);
    CHECK(sum == doctest::Approx(cycle.sum).epsilon(1e-13));
    CHECK(std::abs(sum) == doctest::Approx(report.violation).epsilon(1e-13));
    CHECK(report.violation > 0.1);
  }
}

TEST_CASE("known potential games, and one payoff off") {
  CHECK(dag::find_potential(dag::named_game("prisoners-dilemma")).exact);
  CHECK(dag::find_potential(dag::named_game("stag-hunt")).exact);
  dag::GameTable game = random_potential_game({3, 3, 3}, 4);
  game.payoffs[1][14] += 1e-6;  // more than 1e-9 of the range
  const dag::PotentialReport report = dag::find_potential(game);
  CHECK(!report.exact);
  CHECK(report.violation == doctest::Approx(1e-6).epsilon(1e-6));
  CHECK(dag::find_potential(game, {.tolerance = 1e-3}).exact);
  CHECK_THROWS_AS((void)dag::find_potential(game, {.tolerance = std::nan("")}), dag::Error);
}
