// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Each class of games by the property that defines it.
#include <dag/game/payoff_sum.hpp>
#include <dag/game/potential_game.hpp>
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/pure_equilibria.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace {

using Profile = std::vector<std::size_t>;

/// Pure equilibria by looking at every deviation, exactly.
std::set<Profile> pure(const dag::GameTable& game) {
  std::set<Profile> found;
  Profile profile(game.player_count(), 0);
  std::size_t at = 0;
  do {
    bool stable = true;
    std::size_t stride = 1;
    for (std::size_t i = 0; i < game.player_count(); ++i) {
      const std::size_t base = at - stride * profile[i];
      for (std::size_t s = 0; s < game.sizes[i]; ++s) {
        stable = stable && game.payoffs[i][base + stride * s] <= game.payoffs[i][at];
      }
      stride *= game.sizes[i];
    }
    if (stable) {
      found.insert(profile);
    }
    ++at;
  } while (dag::next_profile(game.sizes, profile));
  return found;
}

}  // namespace

TEST_CASE("covariant games: variance 1 and correlation rho, within five standard errors") {
  for (const double rho : {-0.5, -0.2, 0.0, 0.7}) {
    CAPTURE(rho);
    const dag::GameTable game = dag::covariant_game({40, 40, 40}, rho, 7).table;
    const auto n = static_cast<double>(game.profile_count());
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        double mean = 0;
        for (std::size_t p = 0; p < game.profile_count(); ++p) {
          mean += game.payoffs[i][p] * game.payoffs[j][p] / n;
        }
        const double wanted = i == j ? 1 : rho;
        // Var(x y) = 1 + rho^2 for correlated normals.
        CHECK(std::abs(mean - wanted) <= 5 * std::sqrt((1 + wanted * wanted) / n));
      }
    }
  }
  const dag::GameTable opposed = dag::covariant_game({3, 4}, -1, 2).table;
  CHECK(dag::payoff_sum(opposed).spread <= 1e-14);
  const dag::GameTable shared = dag::covariant_game({3, 4, 2}, 1, 2).table;
  for (std::size_t p = 0; p < shared.profile_count(); ++p) {
    CHECK(shared.payoffs[1][p] == doctest::Approx(shared.payoffs[0][p]).epsilon(1e-14));
  }
  CHECK_FALSE(dag::covariant_game({3, 4}, 0, 1).table == dag::covariant_game({3, 4}, 0, 2).table);
}

TEST_CASE("congestion games have an exact potential, and fall with the users") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const dag::GameTable game = dag::congestion_game(3, 3, seed).table;
    const dag::PotentialReport report = dag::find_potential(game);
    CHECK(report.exact);
    const std::set<Profile> equilibria = pure(game);
    CHECK_FALSE(equilibria.empty());
    // One facility for everybody ({1} is strategy 0): each further user takes something away.
    const dag::GameTable one = dag::congestion_game(4, 1, seed).table;
    CHECK(one.profile_count() == 1);
    CHECK(game.payoffs[0][0] < game.payoffs[0][0 + 7 * 1]);  // the second moves to facility 2
    dag::GameTable broken = game;
    broken.payoffs[0][5] += 0.1;
    CHECK_FALSE(dag::find_potential(broken).exact);
  }
}

TEST_CASE("travellers' dilemma: one pure equilibrium, the lowest claims") {
  for (const double reward : {1.5, 2.0, 30.0}) {
    const dag::KnownGame game = dag::travellers_dilemma(2, 30, reward);
    CHECK(pure(game.table) == std::set<Profile>{{0, 0}});
    CHECK(*game.value == 2);
  }
  const dag::GameTable game = dag::named_game("travellers-dilemma");
  CHECK(game.sizes == std::vector<std::size_t>{99, 99});
  CHECK(game.labels[0][98] == "100");
  CHECK(game.payoffs[0][98 + 99 * 97] == 97);  // 100 against 99
  CHECK(game.payoffs[1][98 + 99 * 97] == 101);
}

TEST_CASE("Bertrand: two sellers end at cost or one above") {
  for (const std::size_t cost : {1U, 3U, 6U}) {
    const dag::KnownGame game = dag::bertrand(2, 9, cost);
    CHECK(pure(game.table) == std::set<Profile>{{cost - 1, cost - 1}, {cost, cost}});
  }
  const dag::GameTable three = dag::bertrand(3, 5, 2).table;
  CHECK(pure(three).count({1, 1, 1}) == 1);
  CHECK(pure(three).count({2, 2, 2}) == 1);
  CHECK(pure(three).count({3, 3, 3}) == 0);
  CHECK(three.payoffs[0][2 + 5 * (2 + 5 * 2)] == doctest::Approx(1.0));  // (3 - 2) (6 - 3) / 3
}

TEST_CASE("war of attrition: in pure equilibria one gives up at once") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const dag::GameTable game = dag::war_of_attrition(9, seed).table;
    const std::set<Profile> equilibria = pure(game);
    CHECK(equilibria.count({0, 8}) == 1);
    CHECK(equilibria.count({8, 0}) == 1);
    for (const Profile& wait : equilibria) {
      CHECK((wait[0] == 0 || wait[1] == 0));
      CHECK(wait[0] + wait[1] > 0);
    }
  }
}

TEST_CASE("dispersion games: exactly the even spreads") {
  const dag::GameTable game = dag::dispersion_game(4, 3).table;
  const std::set<Profile> equilibria = pure(game);
  // Counts (2, 1, 1): choose the doubled action and its two players, order the others: 3 * 6 * 2.
  CHECK(equilibria.size() == 36);
  for (const Profile& action : equilibria) {
    std::vector<int> users(3);
    for (const std::size_t a : action) {
      ++users[a];
    }
    for (const int n : users) {
      CHECK((n == 1 || n == 2));
    }
  }
  CHECK(pure(dag::dispersion_game(3, 3).table).size() == 6);
  CHECK(dag::find_potential(game).exact);  // a congestion game of single facilities
}

TEST_CASE("minimum effort: exactly the profiles of equal effort") {
  for (const double cost : {0.5, 1.9}) {
    const std::set<Profile> equilibria = pure(dag::minimum_effort(3, 5, 2, cost).table);
    CHECK(equilibria.size() == 5);
    for (const Profile& effort : equilibria) {
      CHECK((effort[0] == effort[1] && effort[1] == effort[2]));
    }
  }
}

TEST_CASE("polymatrix games: what two opponents change together is what each changes alone") {
  const dag::GameTable game = dag::polymatrix_table(3, 4, 3).table;
  const auto at = [](std::size_t a, std::size_t b, std::size_t c) { return a + 4 * (b + 4 * c); };
  double changed = 0;
  for (std::size_t a = 0; a < 4; ++a) {
    for (std::size_t b = 0; b < 4; ++b) {
      for (std::size_t c = 0; c < 4; ++c) {
        const std::vector<double>& u = game.payoffs[0];
        CHECK(std::abs(u[at(a, b, c)] - u[at(a, 0, c)] - u[at(a, b, 0)] + u[at(a, 0, 0)]) <= 1e-14);
        changed += std::abs(u[at(a, b, c)] - u[at(a, 0, c)]);
      }
    }
  }
  CHECK(changed > 1);
}

TEST_CASE("location games: Hotelling's prices") {
  const dag::KnownGame even = dag::location_game(14, 1, 1, 8, 1);
  CHECK(pure(even.table).count({7, 7}) == 1);
  const dag::KnownGame uneven = dag::location_game(20, 3, 0, 12, 1);
  REQUIRE(uneven.equilibria.size() == 1);
  CHECK(uneven.equilibria[0][0][12] == 1);
  CHECK(uneven.equilibria[0][1][10] == 1);
  CHECK(pure(uneven.table).count({12, 10}) == 1);
  // Shops too near to each other undercut: no equilibrium is promised.
  CHECK(dag::location_game(14, 3.5, 3.5, 8, 1).equilibria.empty());
  // Everybody buys somewhere: the buyers of both are all of the street.
  const dag::GameTable& game = uneven.table;
  for (std::size_t p = 0; p < game.profile_count(); ++p) {
    const double first = static_cast<double>(p % 20 + 1);
    const double second = static_cast<double>(p / 20 + 1);
    CHECK(game.payoffs[0][p] / first + game.payoffs[1][p] / second == doctest::Approx(12));
  }
}

TEST_CASE("names that ask for what cannot be are refused") {
  for (const char* name :
       {"covariant:3x3x3:-0.6:1", "covariant:3x3:1.1:1", "covariant:3:0:1", "congestion:3:11:1",
        "congestion:9:9:1", "travellers-dilemma:5:5:2", "travellers-dilemma:2:9:1",
        "bertrand:2:3:3", "bertrand:1:3:2", "war-of-attrition:2:1", "dispersion:0:3",
        "minimum-effort:2:3:1:1", "polymatrix:1:3:1", "polymatrix:24:3:1", "location:9:4:4:8:1",
        "location:9:nan:4:8:1", "dispersion:24:4096"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(static_cast<void>(dag::named_game(name)), dag::Error);
  }
}
