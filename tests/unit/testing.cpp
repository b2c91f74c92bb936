// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <dag/eigen.hpp>
#include <dag/game/matrix.hpp>
#include <dag/game/regularized_matrix.hpp>
#include <dag/testing/check_game.hpp>

namespace {

enum class Fault { none, sign, second_sign, unwritten, adds, steep };

/// max over u, min over v in [-5, 5] of  -(u - 1)^2 + u v + (v + 2)^2.
struct Quadratic {
  using scalar_type = double;
  using backend_type = dag::eigen;
  dag::Euclidean<dag::Box<double>> set{dag::Box<double>(2, -5, 5)};
  dag::eigen cpu;
  Fault fault = Fault::none;

  const dag::eigen& backend() const { return cpu; }
  const dag::Euclidean<dag::Box<double>>& players() const { return set; }
  double lipschitz() const { return fault == Fault::steep ? 0.1 : 3; }
  void field(dag::StateView<const double> z, std::span<double> out) const {
    const double u = z.point[0], v = z.point[1];
    const double sign = fault == Fault::sign ? -1 : 1;
    out[0] = sign * (-2 * (u - 1) + v) + (fault == Fault::adds ? out[0] : 0);
    if (fault != Fault::unwritten) {
      out[1] = (fault == Fault::second_sign ? -sign : sign) * -(u + 2 * (v + 2));
    }
  }
};

bool says(const dag::testing::Report& report, const std::string& words) {
  return report.text().find(words) != std::string::npos;
}

/// A matrix game whose field is turned round as a whole: still monotone, so only its value tells.
struct Turned {
  using scalar_type = double;
  using backend_type = dag::eigen;
  dag::MatrixGame<double, dag::eigen> game;
  double sign = -1;
  const dag::eigen& backend() const { return game.backend(); }
  const auto& players() const { return game.players(); }
  double value(dag::StateView<const double> z) const { return game.value(z); }
  void field(dag::StateView<const double> z, std::span<double> out) const {
    game.field(z, out);
    for (double& entry : out) {
      entry *= sign;
    }
  }
};

}  // namespace

TEST_CASE("check_game: the library's own games keep their promises") {
  Eigen::MatrixXd payoff(2, 3);
  payoff << 3, -1, 4, -2, 1, 0;
  const dag::MatrixGame<double, dag::eigen> game{payoff};
  const auto plain = dag::testing::check_game(game);
  INFO(plain.text());
  CHECK(plain.ok());
  CHECK(plain.checks() > 100);
  const auto pulled =
      dag::testing::check_game(dag::RegularizedMatrixGame<double, dag::eigen>(game, 0.1, 0.2));
  INFO(pulled.text());
  CHECK(pulled.ok());
  CHECK(dag::testing::check_game(Turned{game, 1}).ok());
}

TEST_CASE("check_game finds a flipped sign, a component left out, a sum, a wrong constant") {
  CHECK(dag::testing::check_game(Quadratic{}).ok());
  const auto faults = [](Fault fault) {
    Quadratic game;
    game.fault = fault;
    return dag::testing::check_game(game);
  };
  CHECK(says(faults(Fault::sign), "must be monotone"));
  CHECK(says(faults(Fault::second_sign), "must be monotone"));
  CHECK(says(faults(Fault::unwritten), "must write every component (it leaves component 1)"));
  CHECK(says(faults(Fault::adds), "must overwrite its output"));
  CHECK(says(faults(Fault::steep), "lipschitz() must bound"));
  Eigen::MatrixXd payoff(2, 2);
  payoff << 3, -1, -2, 1;
  CHECK(says(dag::testing::check_game(Turned{dag::MatrixGame<double, dag::eigen>{payoff}}),
             "derivative of value()"));
}

TEST_CASE("a component that the field leaves out is an error in a solve, not an answer") {
  Quadratic game;
  game.fault = Fault::unwritten;
  CHECK_THROWS_AS((void)dag::mirror_prox(game, {.step = dag::Step<double>::constant(0.1)}),
                  dag::Error);
}

TEST_CASE("where the game has no value, the solution has none") {
  const auto found = dag::mirror_prox(Quadratic{}, {.tolerance = 1e-9});
  CHECK(found.status == dag::Status::converged);
  CHECK(std::isnan(found.value));
  // -2 (u - 1) + v = 0, u + 2 (v + 2) = 0
  CHECK(found.strategy(0)(0) == doctest::Approx(0.0).scale(1).epsilon(1e-4));
  CHECK(found.strategy(0)(1) == doctest::Approx(-2.0).epsilon(1e-4));
}

TEST_CASE("a strategy of a temporary solution owns its numbers") {
  Eigen::MatrixXd payoff(2, 2);
  payoff << 3, -1, -2, 1;
  const dag::MatrixGame<double, dag::eigen> game{payoff};
  const auto x = dag::mirror_prox(game, {.tolerance = 1e-9}).strategy(0);
  static_assert(std::is_same_v<std::remove_const_t<decltype(x)>, dag::eigen::vector<double>>);
  CHECK(x(0) == doctest::Approx(3.0 / 7).epsilon(1e-6));
  double sum = 0;
  for (const double p : dag::mirror_prox(game, {.tolerance = 1e-9}).strategy(1)) {
    sum += p;
  }
  CHECK(sum == doctest::Approx(1.0));
  const auto kept = dag::mirror_prox(game, {.tolerance = 1e-9});
  CHECK(kept.strategy(0).data() == kept.state.view().point.data());  // of a solution: a view
  CHECK(dag::mirror_prox(game).log_strategy(1).size() == 2);
}
