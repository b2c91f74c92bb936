// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Games of many players, each pulled to uniform play: solvers meet the branch of quantal response
// equilibria. Seen to break it: the pull of one player for all (the second case), a field that has
// the pull in it already.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <dag/backend/eigen_backend.hpp>
#include <dag/core/random.hpp>
#include <dag/game/normal_form.hpp>
#include <dag/game/regularized_game.hpp>
#include <dag/solver/first_order.hpp>
#include <dag/solver/response.hpp>
#include <dag/solver/table/logit_branch.hpp>

namespace {

using Game = dag::NormalFormGame<double, dag::eigen>;
using Pulled = dag::RegularizedGame<Game>;

dag::GameTable random_table(std::vector<std::size_t> sizes, std::uint64_t seed) {
  dag::GameTable table;
  table.sizes = std::move(sizes);
  std::size_t profiles = 1;
  for (const std::size_t size : table.sizes) {
    profiles *= size;
  }
  dag::RandomStream random(seed, 0);
  for (std::size_t i = 0; i < table.sizes.size(); ++i) {
    table.players.push_back("player " + std::to_string(i + 1));
    std::vector<double> payoffs(profiles);
    for (double& payoff : payoffs) {
      payoff = random.uniform();
    }
    table.payoffs.push_back(std::move(payoffs));
  }
  return table;
}

/// max over players and strategies of |z - softmax(field / tau)|.
double fixed_point_error(const Game& game, std::span<const double> point,
                         const std::vector<double>& tau) {
  const dag::Blocks& blocks = game.players().blocks();
  std::vector<double> field(point.size()), log(point.size());
  for (std::size_t i = 0; i < point.size(); ++i) {
    log[i] = std::log(point[i]);
  }
  game.field({point, log}, field);
  double worst = 0;
  for (std::size_t b = 0; b < blocks.count(); ++b) {
    double total = 0;
    for (std::size_t k = 0; k < blocks.size(b); ++k) {
      total += std::exp(field[blocks.offset(b) + k] / tau[b]);
    }
    for (std::size_t k = 0; k < blocks.size(b); ++k) {
      const std::size_t i = blocks.offset(b) + k;
      worst = std::max(worst, std::abs(point[i] - std::exp(field[i] / tau[b]) / total));
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("three players with a pull reach the quantal response equilibrium of the branch") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const dag::GameTable table = random_table({2, 3, 2}, seed);
    const double tau = 1.2;  // beyond the Lipschitz constant: one equilibrium, responses contract
    const Pulled game(Game(table), tau);
    const dag::LogitBranch branch = dag::logit_equilibrium(table, tau);
    REQUIRE(branch.status == dag::Status::converged);
    std::vector<double> exact;
    for (const auto& strategy : branch.points.back().profile) {
      exact.insert(exact.end(), strategy.begin(), strategy.end());
    }
    const dag::SolverOptions<double> options{.tolerance = 1e-10};
    for (const auto& found :
         {dag::best_response_dynamics(game, options), dag::mirror_descent(game, options),
          dag::mirror_prox(game, options)}) {
      CHECK(found.status == dag::Status::converged);
      const auto point = found.state.view().point;
      for (std::size_t i = 0; i < exact.size(); ++i) {
        CHECK(std::abs(point[i] - exact[i]) <= 1e-4);  // the gap is quadratic in the distance
      }
      CHECK(fixed_point_error(game.game(), point, {tau, tau, tau}) <= 1e-4);
    }
  }
}

TEST_CASE("every player has a weight of its own, and bad ones are refused") {
  const dag::GameTable table = random_table({2, 3, 4}, 7);
  const std::vector<double> tau{1.5, 2.5, 5};
  const Pulled game(Game(table), tau);
  const auto found =
      dag::best_response_dynamics(game, {.tolerance = 1e-12, .measure = dag::Measure::residual});
  CHECK(found.status == dag::Status::converged);
  CHECK(fixed_point_error(game.game(), found.state.view().point, tau) <= 1e-11);
  CHECK(fixed_point_error(game.game(), found.state.view().point, {1.5, 1.5, 1.5}) > 1e-3);
  CHECK_THROWS_AS(Pulled(Game(table), std::vector<double>{1, 1}), dag::Error);
  CHECK_THROWS_AS(Pulled(Game(table), 0.0), dag::Error);
  CHECK_THROWS_AS(Pulled(Game(table), std::vector<double>{1, 1, std::nan("")}), dag::Error);
}
