// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Classic slips seen to break these tests: the Jacobian in p in place of log p; lambda off by a
// thousandth; steps so long that another branch is met.
#include <dag/game/regret.hpp>
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/logit_branch.hpp>

#include <doctest/doctest.h>

#include <support/logit.hpp>

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace {

double largest_log_size(const dag::GameTable& game) {
  double largest = 0;
  for (const std::size_t size : game.sizes) {
    largest = std::fmax(largest, std::log(static_cast<double>(size)));
  }
  return largest;
}

}  // namespace

TEST_CASE("one player: the path is softmax(lambda u)") {
  dag::GameTable game;
  game.players = {"One"};
  game.sizes = {4};
  game.payoffs = {{3, 1, 2.5, -7}};
  const dag::LogitBranch path = dag::logit_branch(game);
  REQUIRE(path.status == dag::Status::converged);
  CHECK(path.turning_points == 0);
  for (const dag::LogitBranchPoint& at : path.points) {
    CHECK(test::fixed_point_error(game, at) <= 1e-13);
  }
  const dag::LogitBranch one = dag::logit_equilibrium(game, 0.5);
  REQUIRE(one.status == dag::Status::converged);
  CHECK(one.points.back().lambda == doctest::Approx(2).epsilon(1e-13));
  const double sum = std::exp(6.) + std::exp(2.) + std::exp(5.) + std::exp(-14.);
  CHECK(one.points.back().profile[0][0] == doctest::Approx(std::exp(6.) / sum).epsilon(1e-12));
}

TEST_CASE("every point is a logit equilibrium, its regret at most tau log n, its end near Nash") {
  for (const char* name :
       {"matching-pennies", "biased-pennies", "biased-rps", "prisoners-dilemma", "stag-hunt",
        "shapley", "jordan", "kuhn-poker", "general:3x3:1", "general:4x5:2", "general:3x3x3:3",
        "general:2x3x4:4", "general:2x2x2x2:5", "general:5x5:6", "random:10x12:7"}) {
    CAPTURE(name);
    const dag::GameTable game = dag::named_game(name);
    const dag::LogitBranch path = dag::logit_branch(game, {.tolerance = 1e-5});
    REQUIRE(path.status == dag::Status::converged);
    CHECK(path.points.front().lambda == 0);
    for (const dag::LogitBranchPoint& at : path.points) {
      // log p is solved to 1e-11, its equations are conditioned like lambda times the payoffs.
      CHECK(test::fixed_point_error(game, at) <= 1e-8);
      CHECK(at.lambda * at.max_regret <= largest_log_size(game) * (1 + 1e-9));
    }
    CHECK(dag::max_regret(game, path.points.back().profile) <= 1e-5 * dag::payoff_range(game));
  }
}

TEST_CASE("the path ends where theory says") {
  // The only equilibrium of biased pennies.
  const dag::KnownGame pennies = dag::known_game("biased-pennies");
  const dag::LogitBranch path = dag::logit_branch(pennies.table, {.tolerance = 1e-8});
  REQUIRE(path.status == dag::Status::converged);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(path.points.back().profile[i][0] ==
          doctest::Approx(pennies.equilibria[0][i][0]).epsilon(1e-6));
  }
  // 2x2 with two strict equilibria: the risk-dominant one (Turocy 2005, Theorem 7), here the hare.
  const dag::LogitBranch hunt = dag::logit_branch(dag::named_game("stag-hunt"));
  CHECK(hunt.points.back().profile[0][1] >= 1 - 1e-5);
  CHECK(hunt.points.back().profile[1][1] >= 1 - 1e-5);
}

TEST_CASE("matching pennies' logit equilibrium against one equation in one unknown") {
  // A = ((3, -1), (-2, 1)): the row player's advantage of its first strategy is 5 q - 2 (1 - q).
  const dag::GameTable game = dag::named_game("biased-pennies");
  for (const double tau : {2.0, 0.5, 0.1, 0.02}) {
    const dag::LogitBranch found = dag::logit_equilibrium(game, tau);
    REQUIRE(found.status == dag::Status::converged);
    const auto row = [&](double q) { return 1 / (1 + std::exp(-(5 * q - 2 * (1 - q)) / tau)); };
    // The column player: -(3p - 2(1-p)) against -(-p + (1-p)).
    const auto reply = [&](double p) {
      return 1 / (1 + std::exp(((3 * p - 2 * (1 - p)) - (-p + (1 - p))) / tau));
    };
    double low = 0;
    double high = 1;  // p - row(reply(p)) grows with p
    for (int round = 0; round < 200; ++round) {
      const double p = (low + high) / 2;
      (p - row(reply(p)) < 0 ? low : high) = p;
    }
    CHECK(found.points.back().profile[0][0] == doctest::Approx(low).epsilon(1e-10));
    CHECK(found.points.back().profile[1][0] == doctest::Approx(reply(low)).epsilon(1e-10));
  }
}

TEST_CASE("the branch is followed around its turning points") {
  // Seen with steps ten times as short: lambda turns four times here, and a step that is too long
  // leaves the branch.
  const dag::GameTable game = dag::named_game("general:3x3x3:1");
  const dag::LogitBranch path = dag::logit_branch(game);
  REQUIRE(path.status == dag::Status::converged);
  CHECK(path.turning_points == 4);
  int turns = 0;
  for (std::size_t k = 2; k < path.points.size(); ++k) {
    CHECK(test::fixed_point_error(game, path.points[k]) <= 1e-8);
    const auto& p = path.points;
    turns += (p[k].lambda - p[k - 1].lambda) * (p[k - 1].lambda - p[k - 2].lambda) < 0 ? 1 : 0;
  }
  CHECK(turns == 4);
}

TEST_CASE("payoffs' scale and shift change nothing but lambda's unit") {
  dag::GameTable game = dag::named_game("general:3x4:9");
  const dag::LogitBranch path = dag::logit_branch(game);
  for (std::vector<double>& payoffs : game.payoffs) {
    for (double& payoff : payoffs) {
      payoff *= 1024;  // a power of two: the same bits
    }
  }
  const dag::LogitBranch scaled = dag::logit_branch(game);
  REQUIRE(scaled.points.size() == path.points.size());
  CHECK(scaled.points.back().profile == path.points.back().profile);
  CHECK(scaled.points.back().lambda * 1024 == path.points.back().lambda);
}

TEST_CASE("constant payoffs, limits and errors") {
  dag::GameTable game = dag::named_game("general:3x2:1");
  CHECK(dag::logit_branch(game, {.max_steps = 2}).status == dag::Status::iteration_limit);
  const dag::LogitBranch low = dag::logit_branch(game, {.tolerance = 0, .max_lambda = 3});
  CHECK(low.status == dag::Status::iteration_limit);
  CHECK_THROWS_AS((void)dag::logit_branch(game, {.tolerance = std::nan("")}), dag::Error);
  CHECK_THROWS_AS((void)dag::logit_branch(game, {.first_step = 0}), dag::Error);
  CHECK_THROWS_AS((void)dag::logit_equilibrium(game, 0), dag::Error);
  CHECK_THROWS_AS((void)dag::logit_equilibrium(game, std::nan("")), dag::Error);
  for (std::vector<double>& payoffs : game.payoffs) {
    payoffs.assign(payoffs.size(), 3.0);
  }
  game.numbers.clear();
  const dag::LogitBranch flat = dag::logit_branch(game);
  CHECK(flat.status == dag::Status::converged);
  CHECK(flat.points.back().profile[0][2] == doctest::Approx(1.0 / 3));
}

TEST_CASE("a branch that nearly meets another: the same as a crawl in lambda") {
  // The payoffs of a random 2x2 game whose mixed equilibrium lies near the branch: without a look
  // at the determinant's sign the steps went over to it (0.518).
  std::mt19937_64 random(7);
  random.discard(1774 * 8);
  dag::GameTable game;
  game.players = {"row", "column"};
  game.sizes = {2, 2};
  game.payoffs.assign(2, std::vector<double>(4));
  for (std::vector<double>& payoffs : game.payoffs) {
    for (const std::size_t profile : {0U, 2U, 1U, 3U}) {  // row by row
      payoffs[profile] = 2 * (static_cast<double>(random() >> 11) * 0x1p-53) - 1;
    }
  }
  const double tau = 0.1;
  const std::vector<double>& a = game.payoffs[0];
  const std::vector<double>& b = game.payoffs[1];
  const auto share = [](double d) { return 1 / (1 + std::exp(-d)); };
  double d = 0;  // log x_0 / x_1
  const int steps = 100000;
  for (int k = 1; k <= steps; ++k) {
    const double lambda = k / (tau * steps);
    for (int round = 0; round < 5; ++round) {
      const double x = share(d);
      const double y = share(lambda * ((b[0] - b[2]) * x + (b[1] - b[3]) * (1 - x)));
      const double slope_y = y * (1 - y) * lambda * ((b[0] - b[2]) - (b[1] - b[3])) * x * (1 - x);
      const double f = d - lambda * ((a[0] - a[1]) * y + (a[2] - a[3]) * (1 - y));
      const double slope = 1 - lambda * ((a[0] - a[1]) - (a[2] - a[3])) * slope_y;
      d -= f / slope;
    }
  }
  const dag::LogitBranch path = dag::logit_equilibrium(game, tau);
  REQUIRE(path.status == dag::Status::converged);
  CHECK(path.points.back().profile[0][0] == doctest::Approx(share(d)).epsilon(1e-9));
  CHECK(share(d) < 1e-3);
}
