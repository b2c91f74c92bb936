// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <support/random_games.hpp>

#include <dag/eigen.hpp>
#include <dag/solver/history.hpp>
#include <dag/solver/rate.hpp>
#include <dag/solver/response/best_response_dynamics.hpp>
#include <dag/solver/response/fictitious_play.hpp>
#include <dag/solver/response/smooth_fictitious_play.hpp>

using Game = dag::MatrixGame<double, dag::eigen>;
using Options = dag::SolverOptions<double>;

namespace {

/// Brown's process written out: dense products, dense means.
struct NaivePlay {
  Eigen::VectorXd x;
  Eigen::VectorXd y;
};
NaivePlay naive_play(const Eigen::MatrixXd& a, std::int64_t rounds, bool alternating, int power) {
  const auto uniform = [](Eigen::Index n) {
    return Eigen::VectorXd(Eigen::VectorXd::Constant(n, 1.0 / static_cast<double>(n)));
  };
  NaivePlay mean{uniform(a.rows()), uniform(a.cols())};
  Eigen::VectorXd row_counts = Eigen::VectorXd::Zero(a.rows());
  Eigen::VectorXd column_counts = Eigen::VectorXd::Zero(a.cols());
  double total = 0;
  for (std::int64_t t = 1; t <= rounds; ++t) {
    const double weight = std::pow(static_cast<double>(t), power);
    Eigen::Index i = 0;
    Eigen::Index j = 0;
    (a * mean.y).maxCoeff(&i);
    (a.transpose() * mean.x).minCoeff(&j);
    total += weight;
    row_counts(i) += weight;
    mean.x = row_counts / total;
    if (alternating) {
      (a.transpose() * mean.x).minCoeff(&j);
    }
    column_counts(j) += weight;
    mean.y = column_counts / total;
  }
  return mean;
}

}  // namespace

TEST_CASE("fictitious play plays what Brown's process plays") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Eigen::MatrixXd payoff = test::uniform_payoff(seed);
    const Game game{payoff};
    for (const bool alternating : {false, true}) {
      for (const auto belief : {dag::Average::uniform, dag::Average::linear}) {
        const auto found = dag::fictitious_play(
            game, {.tolerance = 0, .max_iterations = 200, .average = belief},
            {.turns = alternating ? dag::Turns::alternating : dag::Turns::simultaneous});
        const NaivePlay expected =
            naive_play(payoff, 200, alternating, belief == dag::Average::linear ? 1 : 0);
        CHECK((found.strategy(0) - expected.x).cwiseAbs().maxCoeff() < 1e-12);
        CHECK((found.strategy(1) - expected.y).cwiseAbs().maxCoeff() < 1e-12);
      }
    }
  }
}

TEST_CASE("the matrix path and the path by fields are one process") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    const dag::BilinearGame flat(game.payoff(),
                                 dag::ProbabilitySimplex<double>(game.players().blocks().size(0)),
                                 dag::ProbabilitySimplex<double>(game.players().blocks().size(1)));
    for (const auto turns : {dag::Turns::simultaneous, dag::Turns::alternating}) {
      const Options options{.tolerance = 0, .max_iterations = 150};
      const auto fast = dag::fictitious_play(game, options, {.turns = turns});
      const auto slow = dag::fictitious_play(flat, options, {.turns = turns});
      CHECK((fast.state.point - slow.state.point).cwiseAbs().maxCoeff() < 1e-12);
      CHECK(fast.products <= fast.iterations);      // the checks' own
      CHECK(slow.products >= slow.iterations + 1);  // one a round, or two
    }
  }
}

TEST_CASE(
    "integer payoffs: fictitious play from the centre finds the value of rock-paper-scissors") {
  Eigen::MatrixXd rps(3, 3);
  rps << 0, -1, 1, 1, 0, -1, -1, 1, 0;
  const auto found = dag::fictitious_play(Game{rps}, {.tolerance = 2e-2});
  CHECK(found.status == dag::Status::converged);
  CHECK(std::abs(found.value) <= 2 * 2e-2);
  CHECK((found.strategy(0).array() - 1.0 / 3).abs().maxCoeff() < 0.05);
}

TEST_CASE("Robinson's theorem: the gap of play tends to zero on random games") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    for (const auto turns : {dag::Turns::simultaneous, dag::Turns::alternating}) {
      dag::History trace;
      const auto found = dag::fictitious_play(
          game, {.tolerance = 0, .max_iterations = 20'000, .observer = trace}, {.turns = turns});
      CHECK(found.relative_gap < 0.03);
      // The worst case is t^(-1/(m+n-2)); on random games about t^-1/2.
      const auto fit = dag::fit_rate(trace, {.running_minimum = true});
      CHECK(fit.exponent > 0.3);
    }
  }
}

TEST_CASE("smooth fictitious play obeys its recursion, at a fixed temperature and cooled") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    const double range = game.range();
    const double radius = game.players().radius();
    for (const double cooling : {0.0, 0.5}) {
      const double temperature = 0.2;
      const auto tau = [&](double t) { return temperature * range / std::pow(t, cooling); };
      double sum = 0;
      double worst = 0;
      const auto watch = [&](const dag::Record& record) {
        const auto t = static_cast<double>(record.iteration);
        if (t < 1) {
          return;
        }
        sum += range * range / (t * tau(t));
        if (t > 1) {
          sum += (t - 1) * (tau(t - 1) - tau(t)) * radius;
        }
        worst = std::max(worst, record.gap / (sum / t + tau(t) * radius));
      };
      (void)dag::smooth_fictitious_play(
          game, {.tolerance = 0, .max_iterations = 1000, .check_every = 1, .observer = watch},
          {.temperature = temperature, .cooling = cooling});
      CHECK(worst <= 1 + 1e-12);
    }
  }
}

TEST_CASE("smooth play of a regularised game: gap <= range^2 (1 + log t) / (tau t)") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const double tau = 0.2;
    const Game plain{test::uniform_payoff(seed)};
    const dag::RegularizedMatrixGame game(plain, tau, tau);
    double worst = 0;
    const auto watch = [&](const dag::Record& record) {
      const auto t = static_cast<double>(record.iteration);
      if (t >= 1) {
        worst = std::max(
            worst, record.gap / (game.range() * game.range() * (1 + std::log(t)) / (tau * t)));
      }
    };
    (void)dag::smooth_fictitious_play(game,
                                      {.tolerance = 0, .max_iterations = 3000, .observer = watch});
    CHECK(worst <= 1 + 1e-12);
  }
}

TEST_CASE("the bound of smooth play breaks if the last response is answered instead of the mean") {
  Eigen::MatrixXd rps(3, 3);
  rps << 0, -1, 2, 1, 0, -1, -1, 1, 0;
  const double tau = 0.05;
  const dag::RegularizedMatrixGame game(Game{rps}, tau, tau);
  double worst = 0;
  const auto watch = [&](const dag::Record& record) {
    const auto t = static_cast<double>(record.iteration);
    if (t >= 1) {
      worst = std::max(worst,
                       record.gap / (game.range() * game.range() * (1 + std::log(t)) / (tau * t)));
    }
  };
  (void)dag::smooth_fictitious_play(game,
                                    {.tolerance = 0, .max_iterations = 3000, .observer = watch});
  CHECK(worst <= 1);
  (void)dag::best_response_dynamics(game,
                                    {.tolerance = 0, .max_iterations = 3000, .observer = watch});
  CHECK(worst > 1);
}

TEST_CASE("best-response dynamics contracts by L / tau on a strongly regularised game") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Game plain{test::uniform_payoff(seed)};
    const double tau = 2 * plain.lipschitz();  // factor 1/2
    const dag::RegularizedMatrixGame game(plain, tau, tau);
    const auto star = dag::mirror_prox(game, {.tolerance = 0,
                                              .max_iterations = 300,
                                              .average = dag::Average::last,
                                              .measure = dag::Measure::residual});
    const auto distance = [&](const auto& found) {
      return game.players().distance(game.backend(), found.state.view().point,
                                     star.state.view().point);
    };
    const auto options = [](std::int64_t rounds) {
      return Options{.tolerance = 0, .max_iterations = rounds, .measure = dag::Measure::residual};
    };
    const double start = distance(dag::best_response_dynamics(game, options(0)));
    for (std::int64_t t = 1; t <= 30; t += 7) {
      const auto found = dag::best_response_dynamics(game, options(t));
      CHECK(distance(found) <= start * std::pow(0.5, static_cast<double>(t)) + 1e-14);
      CHECK(found.step == 1);
    }
  }
}

TEST_CASE("best-response dynamics cycles on matching pennies") {
  Eigen::MatrixXd pennies(2, 2);
  pennies << 1, -1, -1, 1;
  const auto found = dag::best_response_dynamics(
      Game{pennies}, {.max_iterations = 1001, .start = std::vector<double>{1, 0, 1, 0}});
  CHECK(found.status == dag::Status::iteration_limit);
  CHECK(found.gap == 2);
}
