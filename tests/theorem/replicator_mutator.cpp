// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Classic slips seen to break these tests: mutation not divided by the share in logarithms; the
// third stage at the end of the step.
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/replicator_mutator.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

TEST_CASE("equal payoffs: mutation alone, the closed form of decay to uniform play") {
  dag::GameTable game;
  game.players = {"One"};
  game.sizes = {4};
  game.payoffs = {{2, 2, 2, 2}};
  const dag::MixedProfile start{{0.7, 0.1, 0.15, 0.05}};
  const auto path = dag::replicator_mutator(
      game, {.mutation = 0.3, .step = 0.02, .steps = 500, .record_every = 100, .start = start});
  REQUIRE(path.size() == 6);
  for (const dag::MutatorPoint& at : path) {
    for (std::size_t s = 0; s < 4; ++s) {
      const double wanted = 0.25 + (start[0][s] - 0.25) * std::exp(-0.3 * at.time);
      CHECK(at.profile[0][s] == doctest::Approx(wanted).epsilon(1e-8));
    }
  }
}

TEST_CASE("one player, two strategies: the rest point solves the quadratic") {
  // p (1 - p) d + mu (1/2 - p) = 0 with d the difference of the payoffs, here the range.
  dag::GameTable game;
  game.players = {"One"};
  game.sizes = {2};
  game.payoffs = {{3, 1}};
  const double mu = 0.2 * 2;
  const auto path = dag::replicator_mutator(game, {.mutation = 0.2, .steps = 2000});
  const double p = path.back().profile[0][0];
  CHECK(std::abs(p * (1 - p) * 2 + mu * (0.5 - p)) <= 1e-12);
  CHECK(p > 0.5);
}

TEST_CASE("cyclic zero-sum games: mutation makes circles into spirals to the middle") {
  const dag::GameTable game = dag::named_game("rps");
  const dag::MixedProfile start{{0.5, 0.3, 0.2}, {0.2, 0.2, 0.6}};
  const auto divergence = [](const dag::MixedProfile& profile) {
    double sum = 0;
    for (const auto& strategy : profile) {
      for (const double p : strategy) {
        sum -= std::log(3 * p) / 3;
      }
    }
    return sum;
  };
  const auto still = dag::replicator_mutator(
      game, {.mutation = 0, .step = 0.05, .steps = 2000, .record_every = 200, .start = start});
  for (const dag::MutatorPoint& at : still) {
    CHECK(divergence(at.profile) == doctest::Approx(divergence(start)).epsilon(1e-5));
  }
  const auto drawn = dag::replicator_mutator(
      game, {.mutation = 0.02, .step = 0.05, .steps = 8000, .record_every = 1000, .start = start});
  for (std::size_t k = 1; k < drawn.size(); ++k) {
    CHECK(divergence(drawn[k].profile) < divergence(drawn[k - 1].profile));
  }
  CHECK(drawn.back().max_regret < 1e-2);
  CHECK(drawn.back().max_regret < 0.02 * drawn.front().max_regret);
}

TEST_CASE("what makes no sense is refused") {
  const dag::GameTable game = dag::named_game("chicken");
  CHECK_THROWS_AS(static_cast<void>(dag::replicator_mutator(game, {.mutation = -1})), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::replicator_mutator(game, {.step = 0})), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::replicator_mutator(game, {.start = {{1, 0}, {0.5, 0.5}}})),
                  dag::Error);
}

TEST_CASE("a constant on all payoffs changes nothing, however large") {
  dag::GameTable game = dag::named_game("biased-rps");
  dag::ReplicatorMutatorOptions options;
  options.mutation = 0.05;
  options.start = {{0.6, 0.3, 0.1}, {0.2, 0.3, 0.5}};
  const dag::MixedProfile plain = dag::replicator_mutator(game, options).back().profile;
  game.numbers.clear();
  for (auto& payoffs : game.payoffs) {
    for (double& payoff : payoffs) {
      payoff += 1e9;  // payoffs then have about seven digits of their range
    }
  }
  const dag::MixedProfile shifted = dag::replicator_mutator(game, options).back().profile;
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t s = 0; s < 3; ++s) {
      CHECK(std::abs(plain[i][s] - shifted[i][s]) <= 1e-5);
    }
  }
  for (auto& payoffs : game.payoffs) {
    payoffs.assign(payoffs.size(), 1e9);
  }
  options.mutation = 0.0;
  CHECK(dag::replicator_mutator(game, options).back().profile[0][0] == doctest::Approx(0.6));
}
