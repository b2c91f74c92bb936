// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <support/random_games.hpp>
#include <support/refused.hpp>

#include <dag/eigen.hpp>
#include <dag/solver/matrix/linear_program.hpp>
#include <dag/solver/matrix/newton.hpp>
#include <dag/solver/table/path_limit.hpp>

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

namespace {

/// The limit of the path to weights tau and tau / 2 (payoff ranges), references given.
std::vector<double> limit_of(const Game& game, const std::vector<double>& reference, double tau) {
  const auto rows = static_cast<Eigen::Index>(game.players().blocks().size(0));
  const Eigen::VectorXd whole = dag::eigen::wrap<double>(std::span<const double>(reference));
  const Eigen::VectorXd x0 = whole.head(rows), y0 = whole.tail(whole.size() - rows);
  std::vector<double> points[2] = {reference, reference};
  for (double share = 1; share >= tau / 2; share /= 2) {
    const dag::RegularizedMatrixGame pulled(game, share * game.range(), share * game.range(), x0,
                                            y0);
    points[0] = points[1];
    const auto found = dag::newton(pulled, {.tolerance = 1e-6 * share, .start = points[0]});
    const auto point = found.state.view().point;
    points[1].assign(point.begin(), point.end());
  }
  const auto limit = dag::path_limit<double>(game, reference, points[0], points[1]);
  REQUIRE(limit.has_value());
  return *limit;
}

double entropy(const std::vector<double>& point) {
  double sum = 0;
  for (const double p : point) {
    sum -= p > 0 ? p * std::log(p) : 0;
  }
  return sum;
}

double gap_of(const Game& game, const std::vector<double>& z) {
  const auto rows = game.payoff().rows();
  const Eigen::VectorXd whole = dag::eigen::wrap<double>(std::span<const double>(z));
  return (game.payoff() * whole.tail(whole.size() - rows)).maxCoeff() -
         (game.payoff().transpose() * whole.head(rows)).minCoeff();
}

}  // namespace

TEST_CASE("the path's limit is the selected equilibrium, to rounding") {
  // Two-finger Morra: (0, p, 1 - p, 0), p from 4/7 to 3/5 for either player; the entropy is largest
  // at 4/7, KL to a reference (., r, s, .) least at r / (r + s), clipped.
  Eigen::MatrixXd morra(4, 4);
  morra << 0, 2, -3, 0, -2, 0, 0, 3, 3, 0, 0, -4, 0, -3, 4, 0;
  const Game game{morra};
  // At the end 4/7 a strategy that nobody plays is as good as those played: its probability falls
  // like tau, which at the larger weight is no small number.
  for (const double tau : {1e-4, 1e-5}) {
    CAPTURE(tau);
    const auto even = limit_of(game, std::vector<double>(8, 0.25), tau);
    CHECK(std::abs(even[1] - 4.0 / 7) <= 1e-14);
    CHECK(std::abs(even[5] - 4.0 / 7) <= 1e-14);
    for (const std::size_t k : {0, 3, 4, 7}) {
      CHECK(even[k] == 0);
    }
  }
  const auto near = limit_of(game, {0.01, 0.5733, 0.4067, 0.01, 0.1, 0.7, 0.1, 0.1}, 1e-5);
  CHECK(std::abs(near[1] - 0.5733 / 0.98) <= 1e-14);
  CHECK(std::abs(near[5] - 3.0 / 5) <= 1e-14);
}

TEST_CASE("the path's limit: exact, of larger entropy than other equilibria, even among copies") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const Eigen::MatrixXd small = test::uniform_payoff(5, 6, seed);
    Eigen::MatrixXd payoff(7, 9);  // rows 0, 1 twice, columns 0, 1, 2 twice
    payoff << small, small.leftCols(3), small.topRows(2), small.topLeftCorner(2, 3);
    const Game game{payoff};
    const auto limit = limit_of(
        game,
        [] {
          std::vector<double> uniform(7, 1.0 / 7);
          uniform.insert(uniform.end(), 9, 1.0 / 9);
          return uniform;
        }(),
        1e-5);
    CHECK(gap_of(game, limit) <= 1e-14);
    for (const auto& [first, second] :
         {std::pair{0, 5}, std::pair{1, 6}, std::pair{7, 13}, std::pair{8, 14}, std::pair{9, 15}}) {
      CHECK(std::abs(limit[static_cast<std::size_t>(first)] -
                     limit[static_cast<std::size_t>(second)]) <= 1e-14);
    }
    const auto vertex = dag::linear_program(dag::eigen::entries(game.payoff()), 7, 9);
    std::vector<double> other = vertex.row;
    other.insert(other.end(), vertex.column.begin(), vertex.column.end());
    CHECK(entropy(limit) >= entropy(other) - 1e-12);
    for (std::size_t k = 0; k < other.size(); ++k) {
      other[k] = 0.5 * other[k] + 0.5 * limit[k];  // an equilibrium too
    }
    CHECK(entropy(limit) >= entropy(other) - 1e-12);
  }
}

TEST_CASE("the path's limit says nothing where the supports are not yet those of the limit") {
  const Game game{test::uniform_payoff(6, 6, 1)};
  std::vector<double> uniform(12, 1.0 / 6), far(12, 0.0);
  CHECK_FALSE(dag::path_limit<double>(game, uniform, uniform, uniform).has_value());
  far[0] = far[6] = 1;  // a step to a vertex leaves one strategy that binds: no equilibrium
  const auto vertex = dag::path_limit<double>(game, uniform, uniform, far);
  CHECK((!vertex || gap_of(game, *vertex) > 1e-3));
  CHECK_THROWS_AS((void)dag::path_limit<double>(game, uniform, uniform, std::vector<double>(3)),
                  dag::Error);
}

TEST_CASE("the path's options and its start: refused by its own name") {
  const Game game{test::uniform_payoff(2, 3, 7)};
  const auto common = [&](const dag::SolverOptions<double>& o) {
    (void)dag::logit_path(game, o, {.to = 0.5});
  };
  const auto call = [&](const dag::LogitPathOptions<double>& o) {
    (void)dag::logit_path(game, {}, o);
  };
  const dag::LogitPathOptions<double> good{.to = 0.5};
  REFUSED("logit_path", good, test::positive, to);
  REFUSED("logit_path", good, (std::vector<double>{0.4, test::undefined, test::infinite}), from);
  REFUSED("logit_path", good, test::inside, factor);
  test::starts_refused("logit_path", dag::SolverOptions<double>{}, {0.25, 0.75, 0.5, 0.5, 0},
                       common);
  CHECK(test::refusal(dag::SolverOptions<double>{.tolerance = -1}, common) ==
        "logit_path: tolerance must be >= 0 and finite, got -1");
  // A start that leaves nothing of what the reference allows.
  const Eigen::VectorXd only = Eigen::Vector2d(1, 0);
  const dag::RegularizedMatrixGame one(Game{test::uniform_payoff(2, 2, 7)}, 1.0, 1.0, only, only);
  const std::vector<double> other{0, 1, 0, 1};
  CHECK(test::refusal(dag::SolverOptions<double>{.start = other}, [&](const auto& o) {
          (void)dag::newton(one, o);
        }).starts_with("newton: start has no strategy in common with the reference of player "));
}
