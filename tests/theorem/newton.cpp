// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <support/random_games.hpp>

#include <dag/eigen.hpp>
#include <dag/solver/newton.hpp>

using Game = dag::MatrixGame<double, dag::eigen>;

TEST_CASE("newton finds the fixed point x ~ exp(A y / tau), y ~ exp(-A' x / tau) in a few rounds") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Eigen::MatrixXd payoff = test::uniform_payoff(seed);
    for (const double tau : {1.0, 0.1, 0.03}) {
      const dag::RegularizedMatrixGame game(Game{payoff}, tau, 2 * tau);
      const auto found = dag::newton(game, {.tolerance = 1e-11, .measure = dag::Measure::residual});
      CAPTURE(seed);
      CAPTURE(tau);
      CHECK(found.status == dag::Status::converged);
      CHECK(found.iterations <= 25);
      const auto softmax = [](const Eigen::VectorXd& v) {
        const Eigen::VectorXd e = (v.array() - v.maxCoeff()).exp();
        return Eigen::VectorXd(e / e.sum());
      };
      const Eigen::VectorXd x = softmax(payoff * found.strategy(1) / tau);
      const Eigen::VectorXd y = softmax(-payoff.transpose() * found.strategy(0) / (2 * tau));
      CHECK((x - found.strategy(0)).cwiseAbs().maxCoeff() < 1e-10);
      CHECK((y - found.strategy(1)).cwiseAbs().maxCoeff() < 1e-10);
    }
  }
}

TEST_CASE("newton agrees with mirror-prox, with references that have zeros") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Eigen::MatrixXd payoff = test::uniform_payoff(6, 9, seed);
    Eigen::VectorXd x0 = Eigen::VectorXd::Constant(6, 0.25);
    x0(1) = x0(4) = 0;
    Eigen::VectorXd y0 = Eigen::VectorXd::Constant(9, 0.125);
    y0(3) = 0;
    for (const bool swap : {false, true}) {
      const dag::RegularizedMatrixGame<double, dag::eigen> game(
          Game{swap ? Eigen::MatrixXd(-payoff.transpose()) : payoff}, 0.2, 0.2, swap ? y0 : x0,
          swap ? x0 : y0);
      std::vector<double> start(15);
      const auto& blocks = game.players().blocks();
      for (std::size_t i = 0; i < 15; ++i) {
        start[i] = game.magnet().reference.point[i];
      }
      CHECK(blocks.total() == 15);
      const dag::SolverOptions<double> options{.tolerance = 1e-12,
                                               .max_iterations = 5000,
                                               .average = dag::Average::last,
                                               .measure = dag::Measure::residual,
                                               .start = start};
      const auto fast = dag::newton(game, options);
      const auto slow = dag::mirror_prox(game, options);
      CHECK(fast.status == dag::Status::converged);
      CHECK((fast.state.point - slow.state.point).cwiseAbs().maxCoeff() < 1e-9);
      CHECK(fast.strategy(swap ? 1 : 0)(1) == 0);
    }
  }
}

TEST_CASE("convergence is quadratic: the residual's exponent doubles") {
  const dag::RegularizedMatrixGame game(Game{test::uniform_payoff(12, 12, 3)}, 0.3, 0.3);
  std::vector<double> residuals;
  const auto watch = [&](const dag::Record& record) { residuals.push_back(record.residual); };
  (void)dag::newton(game,
                    {.tolerance = 1e-14, .measure = dag::Measure::residual, .observer = watch});
  bool seen = false;
  for (std::size_t k = 0; k + 1 < residuals.size(); ++k) {
    if (residuals[k] < 1e-2 && residuals[k] > 1e-6) {
      seen = true;
      CHECK(residuals[k + 1] < 50 * residuals[k] * residuals[k] + 1e-15);
    }
  }
  CHECK(seen);
}

TEST_CASE(
    "the logit path is kept, warm-started, and ends near the equilibrium of largest entropy") {
  Eigen::MatrixXd payoff(2, 3);  // columns 1 and 2 are copies
  payoff << 3, -1, -1, -2, 1, 1;
  const auto path = dag::logit_path(Game{payoff}, {.tolerance = 1e-11}, {.to = 1e-4});
  REQUIRE(path.size() > 10);
  CHECK(path.front().tau == doctest::Approx(5));
  CHECK(path.back().tau == doctest::Approx(5e-4));
  for (std::size_t k = 0; k < path.size(); ++k) {
    CHECK(path[k].found.status == dag::Status::converged);
    CHECK(path[k].found.iterations <= 12);
    CHECK((k == 0 || path[k].tau < path[k - 1].tau));
  }
  const auto& end = path.back().found;
  CHECK(end.strategy(0)(0) == doctest::Approx(3.0 / 7).epsilon(1e-3));
  CHECK(end.strategy(1)(0) == doctest::Approx(2.0 / 7).epsilon(1e-3));
  CHECK(end.strategy(1)(1) == doctest::Approx(end.strategy(1)(2)).epsilon(1e-12));

  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    const auto points = dag::logit_path(game, {.tolerance = 1e-10});
    for (const auto& point : points) {
      CHECK(point.found.status == dag::Status::converged);
      // Without the magnet, the equilibrium at tau is one within tau sup KL.
      const auto plain = dag::certify(game, point.found.state.view());
      CHECK(plain.gap <= point.tau * game.players().radius() * (1 + 1e-9));
    }
  }
}

TEST_CASE("a few rounds a halving down to a millionth of the range, and exact there") {
  // Breaks when steps are kept short for strategies that vanish, when small probabilities are moved
  // by quotients that lost their digits, or when the gradient keeps its constant.
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Eigen::MatrixXd payoff = test::uniform_payoff(12, 15, seed);
    const Game game{payoff};
    const auto path = dag::logit_path(game, {.tolerance = 1e-11},
                                      dag::LogitPathOptions<double>{.from = 0.5, .to = 1e-6});
    for (const auto& point : path) {
      CAPTURE(seed);
      CAPTURE(point.tau);
      CHECK(point.found.status == dag::Status::converged);
      CHECK(point.found.iterations <= 40);
    }
    // The gap of the game without the pull is at most tau (log rows + log columns).
    const auto plain = dag::certify(game, path.back().found.state.view());
    CHECK(plain.gap <= path.back().tau * (std::log(12.0) + std::log(15.0)) + 1e-11);
  }
}

TEST_CASE("newton and logit_path refuse what they have no use for") {
  const Game plain{test::uniform_payoff(3, 3, 1)};
  const dag::RegularizedMatrixGame game(plain, 1.0, 1.0);
  CHECK_THROWS_AS((void)dag::newton(game, {.step = dag::Step<double>::constant(1)}), dag::Error);
  CHECK_THROWS_AS((void)dag::newton(game, {.average = dag::Average::best}), dag::Error);
  CHECK_THROWS_AS((void)dag::logit_path(plain, {}, {.to = 0}), dag::Error);
  CHECK_THROWS_AS((void)dag::logit_path(plain, {}, {.factor = 1}), dag::Error);
}
