// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Classic slips seen to break these tests: the prior's logarithms without those of the first
// strategy; the uniform start kept for every path.
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/homotopy_equilibria.hpp>
#include <dag/solver/table/polynomial_equilibria.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

double distance(const dag::MixedProfile& a, const dag::MixedProfile& b) {
  double apart = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t s = 0; s < a[i].size(); ++s) {
      apart = std::max(apart, std::abs(a[i][s] - b[i][s]));
    }
  }
  return apart;
}

}  // namespace

TEST_CASE("a branch with a prior keeps its equations: p proportional to prior exp(lambda g)") {
  const dag::GameTable game = dag::named_game("general:3x2x2:5");
  dag::LogitBranchOptions options;
  options.prior = {{0.7, 0.2, 0.1}, {0.9, 0.1}, {0.25, 0.75}};
  options.max_lambda = 50;
  options.tolerance = 0;
  const dag::LogitBranch path = dag::logit_branch(game, options);
  CHECK(distance(path.points[0].profile, options.prior) <= 1e-15);
  REQUIRE(path.points.size() > 5);
  for (const dag::LogitBranchPoint& point : path.points) {
    for (std::size_t i = 0; i < 3; ++i) {
      const std::vector<double> g = dag::deviation_payoffs(game, point.profile, i);
      for (std::size_t s = 1; s < g.size(); ++s) {
        const double wanted =
            std::log(options.prior[i][s] / options.prior[i][0]) + point.lambda * (g[s] - g[0]);
        CHECK(std::log(point.profile[i][s] / point.profile[i][0]) ==
              doctest::Approx(wanted).epsilon(1e-8).scale(1.0));
      }
    }
  }
  options.prior[0] = {1, 0, 0};
  CHECK_THROWS_AS(static_cast<void>(dag::logit_branch(game, options)), dag::Error);
}

TEST_CASE("every end is one of all equilibria, and all of the strict ones are reached") {
  for (const char* name : {"general:3x3x2:1", "general:2x2x2x2:3", "minimum-effort:3:3:2:0.5"}) {
    CAPTURE(name);
    const dag::GameTable game = dag::named_game(name);
    const dag::PolynomialEquilibria all = dag::polynomial_equilibria(game);
    const dag::HomotopyEquilibria some = dag::homotopy_equilibria(game, {.starts = 60});
    CHECK(some.status == dag::Status::converged);
    CHECK_FALSE(some.complete);
    CHECK(some.starts == 60);
    std::int64_t ended = some.failed;
    for (std::size_t k = 0; k < some.equilibria.size(); ++k) {
      ended += some.reached[k];
      CHECK(dag::max_regret(game, some.equilibria[k]) <= 1e-9 * dag::payoff_range(game));
      double nearest = 1;
      for (const dag::EnclosedEquilibrium& one : all.equilibria) {
        nearest = std::min(nearest, distance(one.profile, some.equilibria[k]));
      }
      CHECK(nearest <= 1e-4);
    }
    CHECK(ended == 60);
    CHECK(some == dag::homotopy_equilibria(game, {.starts = 60}));
  }
  // Stag hunt: the two pure equilibria attract priors; the mixed one (index -1) ends no path.
  const dag::HomotopyEquilibria hunt =
      dag::homotopy_equilibria(dag::named_game("stag-hunt"), {.starts = 40});
  CHECK(hunt.equilibria.size() == 2);
}

TEST_CASE("a game beyond the search for all: several equilibria, each certified") {
  const dag::GameTable game = dag::named_game("general:6x6x6:1");
  const dag::HomotopyEquilibria some = dag::homotopy_equilibria(game, {.starts = 15});
  CHECK(some.equilibria.size() >= 2);
  for (const double regret : some.max_regrets) {
    CHECK(regret <= 1e-9 * dag::payoff_range(game));
  }
  CHECK_THROWS_AS(static_cast<void>(dag::homotopy_equilibria(game, {.starts = 0})), dag::Error);
}
