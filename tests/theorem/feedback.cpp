// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <utility>

#include <doctest/doctest.h>

#include <support/random_games.hpp>

#include <dag/eigen.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/first_order/primal_dual_hybrid_gradient.hpp>
#include <dag/solver/matrix/interior_point.hpp>
#include <dag/solver/response/fictitious_play.hpp>
#include <dag/solver/response/hedge.hpp>
#include <dag/solver/response/regret_matching.hpp>

using Game = dag::MatrixGame<double, dag::eigen>;
using Options = dag::SolverOptions<double>;
using Feedback = dag::Feedback<double>;

TEST_CASE("sampled and noisy fields are unbiased") {
  const Game game{test::uniform_payoff(4, 6, 1)};
  dag::State<dag::eigen, double> z(game.backend(), 10);
  z.point << 0.1, 0.2, 0.3, 0.4, 0.5, 0.25, 0.125, 0.0625, 0.0625, 0;
  game.players().enter(game.backend(), z.view());
  Eigen::VectorXd exact(10);
  game.field(std::as_const(z).view(), dag::eigen::view(exact));
  for (const Feedback& feedback : {Feedback::sampled(3), Feedback::noisy(0.5, 3)}) {
    dag::detail::FieldOracle<Game> oracle(game, feedback);
    Eigen::VectorXd one(10);
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(10);
    const int draws = 20'000;
    for (int k = 0; k < draws; ++k) {
      oracle(std::as_const(z).view(), dag::eigen::view(one));
      mean += one / draws;
    }
    // Entries deviate by at most one range each: five standard errors.
    CHECK((mean - exact).cwiseAbs().maxCoeff() < 5 * game.range() / std::sqrt(draws));
    CHECK((mean - exact).cwiseAbs().maxCoeff() > 0);
  }
}

TEST_CASE("stochastic solvers approach the equilibrium, and a seed repeats itself bit for bit") {
  for (std::uint64_t seed = 0; seed < 2; ++seed) {
    const Game game{test::uniform_payoff(5, 5, seed)};
    for (const Feedback& feedback : {Feedback::sampled(seed), Feedback::noisy(0.2, seed)}) {
      Options options{.tolerance = 0, .max_iterations = 3000};
      options.average = dag::Average::uniform;
      options.feedback = feedback;
      const auto check = [&](auto solve) {
        const auto found = solve(options);
        CHECK(found.relative_gap < 0.1);
        CHECK(found.relative_gap > 1e-6);
        CHECK((found.state.point.array() == solve(options).state.point.array()).all());
        Options other = options;
        other.feedback.seed += 100;
        CHECK((found.state.point.array() != solve(other).state.point.array()).any());
      };
      check([&](const Options& o) { return dag::mirror_prox(game, o); });
      check([&](const Options& o) { return dag::mirror_descent(game, o); });
      check([&](const Options& o) { return dag::optimistic_mirror_descent(game, o); });
      check([&](const Options& o) { return dag::hedge(game, o); });
      check([&](const Options& o) { return dag::regret_matching(game, o); });
    }
    Options noisy{.tolerance = 0, .max_iterations = 3000};
    noisy.feedback = Feedback::noisy(0.05, seed);
    CHECK(dag::fictitious_play(game, noisy).relative_gap < 0.1);
  }
}

TEST_CASE("what cannot work under sampled or noisy feedback is refused") {
  const Game game{test::uniform_payoff(3, 3, 1)};
  Options options;
  options.feedback = Feedback::sampled(1);
  CHECK_THROWS_AS((void)dag::interior_point(game, options), dag::Error);
  CHECK_THROWS_AS((void)dag::primal_dual_hybrid_gradient(game, options), dag::Error);
  CHECK_THROWS_AS((void)dag::extragradient(dag::euclidean(game), options), dag::Error);
  options.step = dag::Step<double>::adaptive();
  CHECK_THROWS_AS((void)dag::mirror_prox(game, options), dag::Error);
  options = {};
  options.feedback.sigma = -1;
  CHECK_THROWS_AS((void)dag::mirror_prox(game, options), dag::Error);
}
