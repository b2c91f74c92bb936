// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/eigen.hpp>
#include <dag/game/matrix_rows.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace {

using Real = double;
constexpr double infinity = std::numeric_limits<double>::infinity();

Eigen::MatrixXd random_matrix(std::uint64_t seed, Eigen::Index rows, Eigen::Index columns) {
  dag::RandomStream random(seed, 0);
  Eigen::MatrixXd a(rows, columns);
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    a.data()[i] = 2 * random.uniform() - 1;
  }
  return a;
}

}  // namespace

static_assert(dag::Backend<dag::eigen, double> && dag::Backend<dag::eigen, float>);
static_assert(dag::MagneticPlayer<dag::Simplices<double>, dag::eigen>);
static_assert(dag::MagneticPlayer<dag::Euclidean<dag::Ball<double>>, dag::eigen>);
static_assert(dag::MonotoneGame<dag::MatrixGame<double, dag::eigen>>);
static_assert(dag::MonotoneGame<dag::RegularizedMatrixGame<double, dag::eigen>>);
static_assert(dag::Regularized<dag::RegularizedMatrixGame<double, dag::eigen>>);
static_assert(!dag::Regularized<dag::MatrixGame<double, dag::eigen>>);

TEST_CASE("a matrix game refuses what is not a payoff matrix") {
  Eigen::MatrixXd bad = Eigen::MatrixXd::Zero(2, 2);
  bad(1, 0) = std::nan("");
  CHECK_THROWS_AS(dag::MatrixGame{bad}, dag::Error);
  bad(1, 0) = infinity;
  CHECK_THROWS_AS(dag::MatrixGame{bad}, dag::Error);
  CHECK_THROWS_AS(dag::MatrixGame{Eigen::MatrixXd(0, 3)}, dag::Error);
}

TEST_CASE("options outside their range are refused by name and value") {
  const dag::MatrixGame game{random_matrix(1, 2, 2)};
  try {
    (void)dag::mirror_prox(game, {.tolerance = std::nan("")});
    FAIL("a NaN tolerance was accepted");
  } catch (const dag::Error& error) {
    CHECK(error.code() == dag::Errc::invalid_argument);
    CHECK(std::string(error.what()).find("tolerance must be >= 0") != std::string::npos);
  }
  CHECK_THROWS_AS((void)dag::mirror_prox(game, {.max_iterations = -1}), dag::Error);
  CHECK_THROWS_AS((void)dag::mirror_prox(game, {.step = dag::Step<double>::constant(0)}),
                  dag::Error);
  const std::vector<double> not_a_distribution{0.5, 0.6, 0.5, 0.5};
  CHECK_THROWS_AS((void)dag::mirror_prox(game, {.start = not_a_distribution}), dag::Error);
  const std::vector<double> too_short{0.5, 0.5};
  CHECK_THROWS_AS((void)dag::mirror_prox(game, {.start = too_short}), dag::Error);
}

TEST_CASE("all payoffs equal: every strategy is an equilibrium, found at once") {
  const dag::MatrixGame game{Eigen::MatrixXd::Constant(3, 4, 2.5)};
  const auto found = dag::mirror_prox(game, {.tolerance = 0});
  CHECK(found.status == dag::Status::converged);
  CHECK(found.iterations == 0);
  CHECK(found.value == 2.5);
}

TEST_CASE("the regularised equilibrium is the quantal response fixed point") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Eigen::MatrixXd a = random_matrix(seed, 5, 7);
    const double tau = 0.05 + 0.1 * static_cast<double>(seed);
    const dag::RegularizedMatrixGame game(dag::MatrixGame{a}, tau, 2 * tau);
    const auto found = dag::mirror_prox(game, {.tolerance = 1e-13});
    REQUIRE(found.status == dag::Status::converged);
    const Eigen::ArrayXd row = ((a * found.strategy(1)) / tau).array().exp();
    const Eigen::ArrayXd column = ((-a.transpose() * found.strategy(0)) / (2 * tau)).array().exp();
    // gap = tau KL to the response >= tau/2 ||.||_1^2: 1e-13 of the range bounds the distance.
    const double distance = std::sqrt(2 * found.gap / tau) + 1e-12;
    CHECK((found.strategy(0).array() - row / row.sum()).abs().sum() <= distance);
    CHECK((found.strategy(1).array() - column / column.sum()).abs().sum() <= distance);
    CHECK(found.residual <= distance);
  }
}

TEST_CASE("a zero of the reference stays zero") {
  Eigen::VectorXd row(3), column(2);
  row << 0.5, 0, 0.5;
  column << 0.25, 0.75;
  const dag::RegularizedMatrixGame<double, dag::eigen> game(dag::MatrixGame{random_matrix(3, 3, 2)},
                                                            0.1, 0.1, row, column);
  const auto found = dag::mirror_prox(game, {.tolerance = 1e-12});
  CHECK(found.status == dag::Status::converged);
  CHECK(found.strategy(0)(1) == 0);
  CHECK(found.log_strategy(0)(1) == -infinity);
  CHECK(std::isfinite(found.value));
}

TEST_CASE("bilinear games over balls, boxes and the whole space reach their saddle points") {
  const Eigen::MatrixXd a = random_matrix(11, 4, 4);
  SUBCASE("balls: the saddle point is the origin") {
    const dag::BilinearGame game(a, dag::Ball<double>(4, 2), dag::Ball<double>(4, 1));
    const std::vector<double> start{1, 0.5, -0.3, 0.2, 0.1, -0.2, 0.3, 0.4};
    const auto found = dag::mirror_prox(game, {.tolerance = 1e-9, .start = start});
    REQUIRE(found.status == dag::Status::converged);
    CHECK(found.strategy(0).norm() < 1e-6);
    CHECK(found.strategy(1).norm() < 1e-6);
    // A named solution is a start, and the same one as its stacked point; a temporary is none.
    const auto again = dag::mirror_prox(game, {.tolerance = 1e-9, .start = found});
    CHECK(again.iterations == 0);
    CHECK(again.strategy(0) == found.strategy(0));
    using Found = std::remove_const_t<decltype(found)>;
    static_assert(std::is_convertible_v<const Found&, std::span<const double>>);
    static_assert(!std::is_convertible_v<Found, std::span<const double>>);
    static_assert(!std::is_convertible_v<const Found, std::span<const double>>);
  }
  SUBCASE("the whole space: A y + b = 0 and A' x + c = 0") {
    const Eigen::VectorXd b = Eigen::VectorXd::LinSpaced(4, -1, 1);
    const Eigen::VectorXd c = Eigen::VectorXd::LinSpaced(4, 2, -1);
    const dag::BilinearGame<double, dag::eigen, dag::WholeSpace<double>, dag::WholeSpace<double>>
        game(a, dag::WholeSpace<double>(4), dag::WholeSpace<double>(4), b, c);
    const auto found = dag::mirror_prox(game, {.tolerance = 1e-10});
    REQUIRE(found.status == dag::Status::converged);
    CHECK(found.gap == infinity);
    CHECK((a * found.strategy(1) + b).cwiseAbs().maxCoeff() <= 1e-10);
    CHECK((a.transpose() * found.strategy(0) + c).cwiseAbs().maxCoeff() <= 1e-10);
  }
  SUBCASE("a box against a box: no vertex does better") {
    const dag::BilinearGame game(a, dag::Box<double>(4, -1, 2), dag::Box<double>(4, 0, 1));
    const auto found = dag::mirror_prox(game, {.tolerance = 1e-8});
    REQUIRE(found.status == dag::Status::converged);
    for (int corner = 0; corner < 16; ++corner) {
      Eigen::Vector4d x, y;
      for (int i = 0; i < 4; ++i) {
        x(i) = ((corner >> i) & 1) != 0 ? 2 : -1;
        y(i) = ((corner >> i) & 1) != 0 ? 1 : 0;
      }
      CHECK(x.dot(a * found.strategy(1)) <= found.value + 2e-8);
      CHECK(found.strategy(0).dot(a * y) >= found.value - 2e-8);
    }
  }
}

TEST_CASE("the Euclidean and the entropy map find the same value") {
  for (std::uint64_t seed = 20; seed < 30; ++seed) {
    const Eigen::MatrixXd a = random_matrix(seed, 6, 5);
    const auto entropy = dag::mirror_prox(dag::MatrixGame{a}, {.tolerance = 1e-9});
    const dag::BilinearGame game(a, dag::ProbabilitySimplex<double>(6),
                                 dag::ProbabilitySimplex<double>(5));
    const auto euclidean = dag::mirror_prox(game, {.tolerance = 1e-9});
    CHECK(entropy.status == dag::Status::converged);
    CHECK(euclidean.status == dag::Status::converged);
    CHECK(std::abs(entropy.value - euclidean.value) <= 1e-9 * game.range() * 2);
  }
}

TEST_CASE("the adaptive step needs no Lipschitz constant and converges as well") {
  const dag::MatrixGame game{random_matrix(5, 8, 8)};
  const auto found =
      dag::mirror_prox(game, {.tolerance = 1e-8, .step = dag::Step<double>::adaptive(100)});
  CHECK(found.status == dag::Status::converged);
  CHECK(found.step >= 0.5 / game.lipschitz());
}

TEST_CASE("stop tokens and observers end a solve") {
  const dag::MatrixGame game{random_matrix(6, 10, 10)};
  struct Token {
    [[nodiscard]] bool stop_requested() const { return true; }
  };
  const Token token;
  CHECK(dag::mirror_prox(game, {.tolerance = 0, .stop = token}).status == dag::Status::stopped);
  int calls = 0;
  auto watch = [&](const dag::Record&) { return ++calls < 3; };
  const auto found = dag::mirror_prox(game, {.tolerance = 0, .observer = watch});
  CHECK(found.status == dag::Status::stopped);
  CHECK(calls == 3);
  CHECK(dag::mirror_prox(game, {.tolerance = 0, .max_iterations = 7}).iterations == 7);
  CHECK(dag::mirror_prox(game, {.tolerance = 0, .time_limit = 0}).status ==
        dag::Status::time_limit);
}

TEST_CASE("matrix games from lists and from rows; rows of several lengths are refused by number") {
  const auto listed = dag::matrix_game<dag::eigen>({{3, -1, 0}, {-2, 1, 5}});
  CHECK(listed.players().blocks().size(0) == 2);
  CHECK(listed.players().blocks().size(1) == 3);
  CHECK(listed.payoff()(0, 1) == -1);
  CHECK(listed.payoff()(1, 2) == 5);
  const std::vector<std::vector<double>> rows{{3, -1, 0}, {-2, 1, 5}};
  CHECK(dag::matrix_game<dag::eigen>(rows).payoff() == listed.payoff());
  CHECK_THROWS_WITH_AS((void)dag::matrix_game<dag::eigen>({{1, 2}, {3, 4}, {5}}),
                       "matrix_game: row 2 has 1 payoffs, row 0 has 2", dag::Error);
  CHECK_THROWS_AS((void)dag::matrix_game<dag::eigen>(std::vector<std::vector<double>>{}),
                  dag::Error);
}
