// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include <dag/problem/catalogue.hpp>
#include <dag/solver/matrix/linear_program.hpp>
#include <dag/solver/table/commitment.hpp>

namespace {

struct Brute {
  double strong = -1e9;
  double weak = -1e9;
  double quantal = -1e9;
};

/// Over the leader's mixes of two strategies: at every point of a grid, and at every point where
/// two answers tie (the strong value is reached at one of them or at an end).
Brute brute(const dag::GameTable& game, double tau) {
  const std::size_t n = game.sizes[1];
  const auto at = [&](std::size_t player, std::size_t column, double p) {
    return p * game.payoffs[player][2 * column] + (1 - p) * game.payoffs[player][2 * column + 1];
  };
  std::vector<double> points;
  for (int k = 0; k <= 4000; ++k) {
    points.push_back(k / 4000.0);
  }
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const double left = at(1, a, 0) - at(1, b, 0);
      const double right = at(1, a, 1) - at(1, b, 1);
      const double p = left / (left - right);
      if (p > 0 && p < 1) {
        points.insert(points.end(), {p, p - 1e-9, p + 1e-9});
      }
    }
  }
  Brute found;
  for (const double p : points) {
    double top = -1e9;
    for (std::size_t j = 0; j < n; ++j) {
      top = std::fmax(top, at(1, j, p));
    }
    double high = -1e9;
    double low = 1e9;
    double sum = 0.0;
    double expected = 0.0;
    for (std::size_t j = 0; j < n; ++j) {
      if (at(1, j, p) >= top - 1e-12) {
        high = std::fmax(high, at(0, j, p));
        low = std::fmin(low, at(0, j, p));
      }
      const double weight = std::exp((at(1, j, p) - top) / tau);
      sum += weight;
      expected += weight * at(0, j, p);
    }
    found.strong = std::fmax(found.strong, high);
    found.weak = std::fmax(found.weak, low);
    found.quantal = std::fmax(found.quantal, expected / sum);
  }
  return found;
}

}  // namespace

TEST_CASE("random 2 x 4 games against brute force: strong, weak, quantal responder") {
  for (int seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const dag::GameTable game = dag::named_game("general:2x4:" + std::to_string(seed));
    const Brute known = brute(game, 0.2);
    CHECK(std::abs(dag::stackelberg(game).leader_payoff - known.strong) <= 1e-8);
    CHECK(std::abs(dag::stackelberg(game, 0, dag::Tie::weak).leader_payoff - known.weak) <= 1e-7);
    const double quantal = dag::quantal_stackelberg(game, 0.2).leader_payoff;
    CHECK(quantal >= known.quantal - 1e-9);
    CHECK(quantal <= known.quantal + 1e-5);  // the grid
  }
}

TEST_CASE("the textbook game: committing to 1/2, 1/2 beats every equilibrium") {
  // Conitzer and Sandholm's example: (2,1) (4,0) / (1,0) (3,1). The only equilibrium gives 2;
  // committing to the mix gives 3.5 (ties broken for the leader), and 3.5 is neared by weak ones.
  dag::GameTable game;
  game.players = {"leader", "follower"};
  game.sizes = {2, 2};
  game.payoffs = {{2, 1, 4, 3}, {1, 0, 0, 1}};
  const dag::Commitment strong = dag::stackelberg(game);
  CHECK(strong.leader_payoff == doctest::Approx(3.5));
  CHECK(strong.leader[0] == doctest::Approx(0.5));
  const dag::Commitment weak = dag::stackelberg(game, 0, dag::Tie::weak);
  CHECK(weak.leader_payoff == doctest::Approx(3.5));
  CHECK(!weak.attained);
}

TEST_CASE("zero-sum games: commitment is worth the value; answers that are the same are feared") {
  for (int seed = 1; seed <= 10; ++seed) {
    const dag::GameTable game = dag::named_game("random:4x5:" + std::to_string(seed));
    const double value = dag::linear_program(dag::row_major(game, 0), 4, 5).value;
    CHECK(dag::stackelberg(game).leader_payoff == doctest::Approx(value).epsilon(1e-9));
    CHECK(dag::stackelberg(game, 1).leader_payoff == doctest::Approx(-value).epsilon(1e-9));
  }
  dag::GameTable twins;  // the follower never cares; the leader does
  twins.players = {"leader", "follower"};
  twins.sizes = {2, 2};
  twins.payoffs = {{3, 0, 0, 1}, {0, 0, 0, 0}};
  CHECK(dag::stackelberg(twins).leader_payoff == doctest::Approx(3));
  CHECK(dag::stackelberg(twins, 0, dag::Tie::weak).leader_payoff == doctest::Approx(0.75));
  twins.payoffs = {{5, 1, 9, 0}, {2, 0, 2, 0}};  // at the first row 5 is feared, 9 hoped for
  CHECK(dag::stackelberg(twins, 0, dag::Tie::weak).leader_payoff == doctest::Approx(5));
  CHECK(dag::stackelberg(twins).leader_payoff == doctest::Approx(9));
}

TEST_CASE("bad input is refused") {
  CHECK_THROWS_AS(static_cast<void>(dag::stackelberg(dag::named_game("jordan"))), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::stackelberg(dag::named_game("chicken"), 2)), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::quantal_stackelberg(dag::named_game("chicken"), 0.0)),
                  dag::Error);
}
