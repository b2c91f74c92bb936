// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/quantal_path.hpp>
#include <support/logit.hpp>

TEST_CASE("a list of lambda: fixed points of the logit map, in the order of the list") {
  const std::vector<double> lambdas{10, 0, 0.1, 1, 3};
  for (const char* name : {"general:3x3:1", "general:2x2x2:2", "general:4x3:5", "chicken"}) {
    CAPTURE(name);
    const dag::GameTable game = dag::named_game(name);
    const std::vector<dag::LogitBranchPoint> points = dag::logit_equilibria(game, lambdas);
    REQUIRE(points.size() == lambdas.size());
    for (std::size_t k = 0; k < lambdas.size(); ++k) {
      CHECK(points[k].lambda == lambdas[k]);
      CHECK(test::fixed_point_error(game, points[k]) <= 1e-9);
    }
  }
}

TEST_CASE("both branches of a pitchfork, where the principal one is crossed") {
  // Coordination (1, 1): x = 1 / (1 + exp(-lambda (2 y - 1))) has one root up to lambda = 2, three
  // beyond it.
  const dag::GameTable game = [] {
    dag::GameTable table;
    table.players = {"1", "2"};
    table.sizes = {2, 2};
    table.payoffs = {{1, 0, 0, 1}, {1, 0, 0, 1}};
    return table;
  }();
  const auto up = dag::logit_equilibrium_near(game, 4, {{0.95, 0.05}, {0.95, 0.05}});
  const auto down = dag::logit_equilibrium_near(game, 4, {{0.05, 0.95}, {0.05, 0.95}});
  const auto middle = dag::logit_equilibrium_near(game, 4, {{0.5, 0.5}, {0.5, 0.5}});
  REQUIRE(up);
  REQUIRE(down);
  REQUIRE(middle);
  CHECK(up->profile[0][0] > 0.9);
  CHECK(up->profile[0][0] == doctest::Approx(down->profile[0][1]).epsilon(1e-12));
  CHECK(middle->profile[0][0] == doctest::Approx(0.5));
  for (const auto& point : {*up, *down, *middle}) {
    CHECK(test::fixed_point_error(game, point) <= 1e-10);
  }
  const auto below = dag::logit_equilibrium_near(game, 1, {{0.6, 0.4}, {0.6, 0.4}});
  REQUIRE(below);
  CHECK(below->profile[0][0] == doctest::Approx(0.5));
}

TEST_CASE("maximum likelihood gives back the lambda of its own expected counts") {
  for (int seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    const dag::GameTable game = dag::named_game("general:3x3:" + std::to_string(seed));
    const std::vector<double> lambdas{1.5};
    const dag::LogitBranchPoint truth = dag::logit_equilibria(game, lambdas)[0];
    dag::MixedProfile counts = truth.profile;
    for (std::vector<double>& strategy : counts) {
      for (double& count : strategy) {
        count *= 1000;
      }
    }
    const dag::QuantalFit fit = dag::fit_quantal(game, counts);
    CHECK(fit.best.lambda == doctest::Approx(1.5).epsilon(1e-4));
    CHECK(fit.low < 1.5);
    CHECK(fit.high > 1.5);
    // The ends of the interval: half the 0.95 quantile of chi-squared below the best.
    const double ends[] = {fit.low, fit.high};
    for (const dag::LogitBranchPoint& end : dag::logit_equilibria(game, ends)) {
      CHECK(fit.log_likelihood - dag::log_likelihood(counts, end.profile) ==
            doctest::Approx(1.920729410347062).epsilon(1e-4));
    }
    CHECK(fit.log_likelihood ==
          doctest::Approx(dag::log_likelihood(counts, truth.profile)).epsilon(1e-12));
  }
  const dag::GameTable game = dag::named_game("chicken");
  CHECK_THROWS_AS(static_cast<void>(dag::fit_quantal(game, {{0, 0}, {0, 0}})), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::fit_quantal(game, {{1, 0}})), dag::Error);
}

TEST_CASE("a bifurcation of a symmetric game is told, and passed") {
  // Chicken: the symmetric branch p = 1 / (1 + exp(-lambda (g_1 - g_2)(p))) is crossed where
  // lambda p (1 - p) |slope of g_1 - g_2| = 1.
  const dag::GameTable game = dag::named_game("chicken");
  const dag::LogitBranch path = dag::logit_branch(game, {.tolerance = 1e-4});
  CHECK(path.status == dag::Status::converged);
  REQUIRE(path.bifurcations.size() == 1);
  const std::vector<double> at{path.bifurcations[0]};
  const double p = dag::logit_equilibria(game, at)[0].profile[0][0];
  const std::vector<double>& a = game.payoffs[0];
  const double slope = std::abs(a[0] - a[1] - a[2] + a[3]);
  CHECK(at[0] * p * (1 - p) * slope == doctest::Approx(1.0).epsilon(1e-3));
}
