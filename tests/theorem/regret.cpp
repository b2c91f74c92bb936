// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <support/random_games.hpp>

#include <dag/eigen.hpp>
#include <dag/solver/first_order/anchored_extragradient.hpp>
#include <dag/solver/first_order/magnetic_mirror_descent.hpp>
#include <dag/solver/first_order/primal_dual_hybrid_gradient.hpp>
#include <dag/solver/history.hpp>
#include <dag/solver/rate.hpp>
#include <dag/solver/response/frank_wolfe.hpp>
#include <dag/solver/response/hedge.hpp>
#include <dag/solver/response/predictive_regret_matching_plus.hpp>
#include <dag/solver/response/regret_matching.hpp>
#include <dag/solver/response/regret_matching_plus.hpp>

using Game = dag::MatrixGame<double, dag::eigen>;
using Options = dag::SolverOptions<double>;
using Step = dag::Step<double>;

namespace {

double at_round(const dag::Record& record) { return static_cast<double>(record.iteration); }

/// Regret matching written out. kind: 0 plain, 1 plus, 2 predictive plus.
Eigen::VectorXd naive_matching(const Eigen::MatrixXd& a, int rounds, int kind, bool alternating) {
  const Eigen::MatrixXd negative = -a.transpose();
  Eigen::VectorXd z[2] = {Eigen::VectorXd::Constant(a.rows(), 1.0 / static_cast<double>(a.rows())),
                          Eigen::VectorXd::Constant(a.cols(), 1.0 / static_cast<double>(a.cols()))};
  Eigen::VectorXd regrets[2] = {Eigen::VectorXd::Zero(a.rows()), Eigen::VectorXd::Zero(a.cols())};
  for (int t = 0; t < rounds; ++t) {
    const Eigen::VectorXd before[2] = {z[0], z[1]};
    for (int b = 0; b < 2; ++b) {
      const Eigen::VectorXd& other = alternating ? z[1 - b] : before[1 - b];
      const Eigen::VectorXd g = (b == 0 ? a : negative) * other;
      const Eigen::VectorXd instant = g.array() - g.dot(z[b]);
      regrets[b] += instant;
      if (kind > 0) {
        regrets[b] = regrets[b].cwiseMax(0.0);
      }
      const Eigen::VectorXd seen = kind == 2 ? Eigen::VectorXd(regrets[b] + instant) : regrets[b];
      const Eigen::VectorXd hopes = seen.cwiseMax(0.0);
      if (hopes.sum() > 0) {
        z[b] = hopes / hopes.sum();
      }
    }
  }
  Eigen::VectorXd out(a.rows() + a.cols());
  out << z[0], z[1];
  return out;
}

}  // namespace

TEST_CASE("the regret methods are their definitions") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Eigen::MatrixXd payoff = test::uniform_payoff(seed);
    const Game game{payoff};
    const Options options{.tolerance = 0, .max_iterations = 60, .average = dag::Average::last};
    for (const bool alternating : {false, true}) {
      const dag::RegretMatchingOptions own{alternating ? dag::Turns::alternating
                                                       : dag::Turns::simultaneous};
      const auto check = [&](const auto& found, int kind) {
        CHECK((found.state.point - naive_matching(payoff, 60, kind, alternating))
                  .cwiseAbs()
                  .maxCoeff() < 1e-10);
      };
      check(dag::regret_matching(game, options, own), 0);
      check(dag::regret_matching_plus(game, options, own), 1);
      check(dag::predictive_regret_matching_plus(game, options, own), 2);
    }
  }
}

TEST_CASE("regret matching and its plus: gap of the mean <= sum range sqrt(size / T)") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    const auto& blocks = game.players().blocks();
    const double sizes = std::sqrt(static_cast<double>(blocks.size(0))) +
                         std::sqrt(static_cast<double>(blocks.size(1)));
    double worst = 0;
    const auto watch = [&](const dag::Record& record) {
      if (record.iteration > 0) {
        worst = std::max(worst, record.gap / (game.range() * sizes / std::sqrt(at_round(record))));
      }
    };
    const Options options{.tolerance = 0,
                          .max_iterations = 2000,
                          .average = dag::Average::uniform,
                          .observer = watch};
    (void)dag::regret_matching(game, options, {.turns = dag::Turns::simultaneous});
    (void)dag::regret_matching_plus(game, options, {.turns = dag::Turns::simultaneous});
    (void)dag::predictive_regret_matching_plus(game, options, {.turns = dag::Turns::simultaneous});
    CHECK(worst <= 1);
    CHECK(worst > 0);
  }
  // The slip: the last point instead of the mean.
  Eigen::MatrixXd rps(3, 3);
  rps << 0, -1, 2, 1, 0, -1, -1, 1, 0;
  double worst = 0;
  const auto watch = [&](const dag::Record& record) {
    if (record.iteration > 0) {
      worst = std::max(worst, record.gap / (3 * 2 * std::sqrt(3 / at_round(record))));
    }
  };
  (void)dag::regret_matching(
      Game{rps},
      {.tolerance = 0, .max_iterations = 5000, .average = dag::Average::last, .observer = watch},
      {.turns = dag::Turns::simultaneous});
  CHECK(worst > 1);
}

TEST_CASE("predictive regret matching plus beats 1/T on random games") {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Game game{test::uniform_payoff(30, 30, seed)};
    dag::History trace;
    const auto found = dag::predictive_regret_matching_plus(
        game, {.tolerance = 0, .max_iterations = 4000, .observer = trace});
    CHECK(found.relative_gap < 1e-4);
    CHECK(dag::fit_rate(trace, {.running_minimum = true}).exponent > 1);
  }
}

TEST_CASE("hedge: gap of the mean <= sum (log size / eta_T + range^2 sum eta / 8) / T") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    for (const double size : {0.3, 1.0, 3.0}) {
      double steps = 0;
      double worst = 0;
      const auto watch = [&](const dag::Record& record) {
        if (record.iteration > 0) {
          steps += record.step;
          const double bound = (game.players().radius() / record.step +
                                2 * game.range() * game.range() * steps / 8) /
                               at_round(record);
          worst = std::max(worst, record.gap / bound);
        }
      };
      const auto found = dag::hedge(game, {.tolerance = 0,
                                           .max_iterations = 300,
                                           .check_every = 1,
                                           .step = Step::decaying(size),
                                           .observer = watch});
      CHECK(found.step == doctest::Approx(size / game.lipschitz() / std::sqrt(300.0)));
      CHECK(worst <= 1 + 1e-12);
    }
  }
}

TEST_CASE("Frank-Wolfe on a regularised game: gap <= 4 range^2 / (tau (t + 1))") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const double tau = 0.2;
    const dag::RegularizedMatrixGame game(Game{test::uniform_payoff(seed)}, tau, tau);
    double worst = 0;
    const auto watch = [&](const dag::Record& record) {
      if (record.iteration > 0) {
        worst = std::max(
            worst, record.gap * tau * (at_round(record) + 1) / (4 * game.range() * game.range()));
      }
    };
    (void)dag::frank_wolfe(game, {.tolerance = 0, .max_iterations = 1000, .observer = watch});
    CHECK(worst <= 1);
  }
}

TEST_CASE(
    "anchored extragradient: the last iterate's field falls as 1/t where extragradient's lags") {
  // V = x' A y on the plane with singular values from 1 to 1e-3: the hard case for linear rates.
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(8, 8);
  for (Eigen::Index i = 0; i < 8; ++i) {
    a(i, i) = std::pow(10.0, -3.0 * static_cast<double>(i) / 7);
  }
  const dag::BilinearGame game(a, dag::WholeSpace<double>(8), dag::WholeSpace<double>(8));
  const std::vector<double> start(16, 1.0);
  const auto trace_of = [&](auto solve) {
    dag::History trace;
    (void)solve(Options{.tolerance = 0,
                        .max_iterations = 3000,
                        .step = Step::constant(0.5),
                        .average = dag::Average::last,
                        .measure = dag::Measure::residual,
                        .start = start,
                        .observer = trace});
    return trace;
  };
  const auto anchored =
      trace_of([&](const auto& o) { return dag::anchored_extragradient(game, o); });
  const auto fit = dag::fit_rate(
      anchored, {.column = dag::Column::residual, .floor = 0, .running_minimum = true});
  CHECK(fit.exponent > 0.9);
  // (t + 1) |g| <= sqrt(27) L |z0 - z*|, Yoon and Ryu's constant; |g| <= 4 max |g_i| here.
  for (const dag::Record& record : anchored.records()) {
    CHECK((at_round(record) + 1) * record.residual <= std::sqrt(27.0) * 4);
  }
  const auto plain = trace_of([&](const auto& o) { return dag::extragradient(game, o); });
  CHECK(anchored.records().back().residual < plain.records().back().residual);
}

TEST_CASE("a fixed magnet: D(z_tau, z) shrinks by 1 / (1 + eta tau) a round, to the same point") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    const double tau = 0.15 * game.range();
    const dag::RegularizedMatrixGame pulled(game, tau, tau);
    const auto star = dag::mirror_prox(
        pulled,
        {.tolerance = 1e-15, .average = dag::Average::last, .measure = dag::Measure::residual});
    const auto distance = [&](std::int64_t rounds) {
      const auto found =
          dag::magnetic_mirror_descent(game, {.tolerance = 0, .max_iterations = rounds},
                                       {.magnet = dag::Magnet::fixed, .weight = 0.15});
      CHECK((rounds == 0 || found.step * tau == doctest::Approx(0.3 * 0.3)));
      return game.players().divergence(game.backend(), star.state.view(), found.state.view());
    };
    const double start = distance(0);
    for (const std::int64_t t : {10, 50, 150}) {
      CHECK(distance(t) <= start * std::pow(1 + 0.3 * 0.3, -static_cast<double>(t)) + 1e-13);
    }
  }
}

TEST_CASE("a moving magnet brings the last iterate to a Nash equilibrium") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Game game{test::uniform_payoff(4, 4, seed)};
    const auto found = dag::magnetic_mirror_descent(game, {.tolerance = 1e-6});
    CHECK(found.status == dag::Status::converged);
    CHECK(found.iterate == dag::Average::last);
  }
}

TEST_CASE("an annealed magnet selects: the largest entropy, or the nearest to the start") {
  // Columns 1 and 2 are copies: any split of their joint weight 5/7 is an equilibrium.
  Eigen::MatrixXd payoff(2, 3);
  payoff << 3, -1, -1, -2, 1, 1;
  const Game game{payoff};
  const Options options{.tolerance = 0, .max_iterations = 20'000};
  const auto even = dag::magnetic_mirror_descent(game, options, {.magnet = dag::Magnet::annealed});
  CHECK(even.strategy(1)(1) == doctest::Approx(even.strategy(1)(2)).epsilon(1e-12));
  CHECK(even.strategy(1)(0) == doctest::Approx(2.0 / 7).epsilon(0.05));
  const std::vector<double> start{0.5, 0.5, 0.25, 0.6, 0.15};
  Options from = options;
  from.start = start;
  const auto near = dag::magnetic_mirror_descent(
      game, from, {.magnet = dag::Magnet::annealed, .select = dag::Select::reference});
  CHECK(near.strategy(1)(1) == doctest::Approx(4 * near.strategy(1)(2)).epsilon(1e-9));
  CHECK(near.strategy(0)(0) == doctest::Approx(3.0 / 7).epsilon(0.05));
}

TEST_CASE("an annealed magnet keeps up: the gap is at most that of its weight, times log sizes") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Game game{test::uniform_payoff(12, 9, seed)};
    dag::History trace;
    (void)dag::magnetic_mirror_descent(
        game, {.tolerance = 0, .max_iterations = 10'000, .observer = trace},
        {.magnet = dag::Magnet::annealed});
    for (const dag::Record& record : trace.records()) {
      if (record.iteration > 0) {  // the equilibrium pulled by tau has a gap of tau log(m n)
        CHECK(record.relative_gap <= 0.5 / std::sqrt(at_round(record)) * std::log(12.0 * 9.0));
      }
    }
  }
}

TEST_CASE("restarted primal-dual hybrid gradient converges linearly to 1e-10") {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Game game{test::uniform_payoff(seed)};
    dag::History trace;
    const auto found = dag::primal_dual_hybrid_gradient(
        game, {.tolerance = 1e-10, .max_iterations = 100'000, .observer = trace});
    CAPTURE(seed);
    CHECK(found.status == dag::Status::converged);
    const auto exact = dag::certify(game, found.state.view());
    CHECK(exact.gap == doctest::Approx(found.gap));
  }
  // Without restarts (an unreachable rule) the last iterate needs more rounds.
  const Game game{test::uniform_payoff(20, 20, 3)};
  const auto with = dag::primal_dual_hybrid_gradient(game, {.tolerance = 1e-8});
  const auto without = dag::primal_dual_hybrid_gradient(
      game, {.tolerance = 1e-8, .max_iterations = 5 * with.iterations},
      {.sufficient = 1e-300, .necessary = 1e-299, .artificial = 1e300});
  CHECK(with.status == dag::Status::converged);
  CHECK(without.iterations > with.iterations);
}
