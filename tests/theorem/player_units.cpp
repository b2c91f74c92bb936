// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Every solver of the list that takes games in normal form: one player's unit and constant are that
// player's own affair. Payoffs of the second player times a and plus c change no iterate, and no
// other player's payoff. Seen to fail: with ranges of all players taken together.
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <dag/core/random.hpp>
#include <dag/eigen.hpp>
#include <dag/game/normal_form.hpp>
#include <dag/solver/first_order.hpp>
#include <dag/solver/list.hpp>
#include <dag/solver/response.hpp>

TEST_CASE("one player's unit, constant and outlier: the same iterates by every solver") {
  using Game = dag::NormalFormGame<double, dag::eigen>;
  dag::RandomStream random(3, 0);
  dag::GameTable table;
  table.players = {"1", "2"};
  table.sizes = {4, 3};
  table.labels = {{"a", "b", "c", "d"}, {"x", "y", "z"}};
  table.payoffs.assign(2, std::vector<double>(12));
  for (auto& own : table.payoffs) {
    for (double& payoff : own) {
      payoff = static_cast<double>(random.below(2'000'000));  // whole: constants do not round them
    }
  }
  int solvers = 0;
  dag::for_each_call(
      [](const dag::SolverInfo& row) { return (row.kinds & dag::kinds::bimatrix) != 0; },
      [&](const auto& solver) {
        CAPTURE(std::string(solver.info.name));
        const dag::SolverOptions<double> options{.tolerance = 0, .max_iterations = 25};
        const auto run = [&](double outlier, double unit, double constant) {
          dag::GameTable moved = table;
          moved.payoffs[1][5] += outlier;
          for (double& payoff : moved.payoffs[1]) {
            payoff = payoff * unit + constant;
          }
          return solver(Game(moved), options);
        };
        for (const double outlier : {0.0, 1e9}) {
          CAPTURE(outlier);
          const auto base = run(outlier, 1, 0);
          for (const auto& [unit, constant] :
               {std::pair{1e-290, 0.0}, std::pair{1e290, 0.0}, std::pair{1.0, 1e15},
                std::pair{1.0, -1e12}, std::pair{0x1p-900, 0.0}}) {
            CAPTURE(unit);
            CAPTURE(constant);
            const auto there = run(outlier, unit, constant);
            for (std::size_t i = 0; i < 2; ++i) {
              CHECK((there.strategy(i) - base.strategy(i)).cwiseAbs().maxCoeff() <= 1e-9);
            }
            CHECK(std::abs(there.relative_gap - base.relative_gap) <= 1e-9);
          }
        }
        ++solvers;
      });
  CHECK(solvers >= 8);
}
