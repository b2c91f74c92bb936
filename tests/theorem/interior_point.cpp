// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <support/random_games.hpp>
#include <support/refused.hpp>

#include <dag/eigen.hpp>
#include <dag/solver/first_order/primal_dual_hybrid_gradient.hpp>
#include <dag/solver/matrix/interior_point.hpp>
#include <dag/solver/matrix/support_polish.hpp>

using Game = dag::MatrixGame<double, dag::eigen>;

namespace {

enum class Kind {
  dense,
  sparse,
  rank_one,
  low_rank,
  duplicated,
  all_equal,
  integer,
  three_integers,
  skew,
  small,
  large,
  shifted,
  count
};

Eigen::MatrixXd game_of(Kind kind, std::uint64_t seed, std::uint64_t most) {
  Eigen::MatrixXd a = test::uniform_payoff(seed, most);
  dag::RandomStream random(seed, 0x6b696e64);
  const Eigen::Index m = a.rows();
  const Eigen::Index n = a.cols();
  const auto each = [&](auto draw) {
    for (Eigen::Index i = 0; i < a.size(); ++i) {
      a.data()[i] = draw(a.data()[i]);
    }
  };
  switch (kind) {
    case Kind::sparse: each([&](double v) { return random.uniform() < 0.9 ? 0.0 : v; }); break;
    case Kind::rank_one: a = Eigen::MatrixXd(a.col(0) * a.row(0)); break;
    case Kind::low_rank: a = Eigen::MatrixXd(a.leftCols(2) * a.topRows(2)); break;
    case Kind::duplicated:
      a.bottomRows(m / 2) = Eigen::MatrixXd(a.topRows(m / 2));
      a.rightCols(n / 2) = Eigen::MatrixXd(a.leftCols(n / 2));
      break;
    case Kind::all_equal: a.setConstant(3.7); break;
    case Kind::integer: each([&](double) { return static_cast<double>(random.below(20)); }); break;
    case Kind::three_integers:
      each([&](double) { return static_cast<double>(random.below(3)); });
      break;
    case Kind::skew: {
      const Eigen::MatrixXd square = test::uniform_payoff(m, m, seed);
      a = square - square.transpose();
      break;
    }
    case Kind::small: a *= 1e-6; break;
    case Kind::large: a *= 1e6; break;
    case Kind::shifted: a.array() += 1e5; break;
    case Kind::dense:
    case Kind::count: break;
  }
  return a;
}

/// 1e-12 of the range, or 64 roundings of the largest payoff.
double allowed(const Game& game) {
  const double largest = game.payoff().cwiseAbs().maxCoeff();
  return game.range() > 0 ? std::max(1e-12, 64 * 0x1p-52 * largest / game.range()) : 1e-12;
}

}  // namespace

TEST_CASE("interior point with polishing: relative gap 1e-12 on every kind of game") {
  int total = 0;
  int exact = 0;
  std::int64_t most_rounds = 0;
  for (int kind = 0; kind < static_cast<int>(Kind::count); ++kind) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      const Game game{game_of(static_cast<Kind>(kind), seed, 40)};
      const auto found = dag::interior_point(game, {.tolerance = 1e-12});
      CAPTURE(kind);
      CAPTURE(seed);
      CHECK(found.relative_gap <= 1e-8);
      ++total;
      exact += found.relative_gap <= allowed(game) ? 1 : 0;
      most_rounds = std::max(most_rounds, found.iterations);
      CHECK(found.strategy(0).minCoeff() >= 0);
      CHECK(found.strategy(0).sum() == doctest::Approx(1).epsilon(1e-14));
      CHECK(found.strategy(1).sum() == doctest::Approx(1).epsilon(1e-14));
      // The certificate is the game's own, not the solver's opinion.
      const double top = (game.payoff() * found.strategy(1)).maxCoeff();
      const double bottom = (game.payoff().transpose() * found.strategy(0)).minCoeff();
      CHECK(std::abs(found.gap - (top - bottom)) <= 1e-13 * (std::abs(top) + game.range()));
      // The value lies between what the strategies promise, all in extended precision: nothing but
      // the rounding of the value itself is allowed.
      using Wide = Eigen::Matrix<long double, Eigen::Dynamic, 1>;
      const auto wide = game.payoff().template cast<long double>().eval();
      const Wide x = found.strategy(0).template cast<long double>();
      const Wide y = found.strategy(1).template cast<long double>();
      const long double most = (wide * y).maxCoeff() / y.sum();
      const long double least = (wide.transpose() * x).minCoeff() / x.sum();
      const long double last_bit = 0x1p-52L * std::abs(static_cast<long double>(found.value));
      CHECK(found.value <= most + last_bit);
      CHECK(found.value >= least - last_bit);
    }
  }
  CHECK(20 * exact >= 19 * total);  // 95 %
  CHECK(most_rounds <= 20);
}

TEST_CASE("without polishing the path itself reaches 1e-8 within 20 rounds") {
  for (int kind = 0; kind < static_cast<int>(Kind::count); ++kind) {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      const Game game{game_of(static_cast<Kind>(kind), seed, 40)};
      const auto found =
          dag::interior_point(game, {.tolerance = 1e-8, .max_iterations = 20}, {.polish = false});
      CAPTURE(kind);
      CHECK(found.status == dag::Status::converged);
    }
  }
}

TEST_CASE("interior point: swap of the players, permutation, scale and shift change labels only") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Eigen::MatrixXd payoff = test::uniform_payoff(seed, 30);
    const auto solve = [](const Eigen::MatrixXd& a) {
      return dag::interior_point(Game{a}, {.tolerance = 1e-13});
    };
    const auto plain = solve(payoff);
    const auto close = [](const auto& a, const auto& b) {
      return (a - b).cwiseAbs().maxCoeff() < 1e-9;
    };
    const auto swapped = solve(-payoff.transpose());
    CHECK(close(swapped.strategy(0), plain.strategy(1)));
    CHECK(close(swapped.strategy(1), plain.strategy(0)));
    CHECK(swapped.value == doctest::Approx(-plain.value).epsilon(1e-9));
    const auto reversed = solve(payoff.colwise().reverse());
    CHECK(close(reversed.strategy(0), plain.strategy(0).reverse()));
    const auto scaled = solve(1e6 * payoff.array() + 5e5);
    CHECK(close(scaled.strategy(0), plain.strategy(0)));
    CHECK(scaled.value == doctest::Approx(1e6 * plain.value + 5e5).epsilon(1e-9));
  }
}

TEST_CASE("closed form: the 2x2 game, and a game whose optimal face is no point") {
  Eigen::MatrixXd payoff(2, 2);
  payoff << 3, -1, -2, 1;
  const auto found = dag::interior_point(Game{payoff}, {.tolerance = 1e-14});
  CHECK(found.strategy(0)(0) == doctest::Approx(3.0 / 7).epsilon(1e-13));
  CHECK(found.strategy(1)(0) == doctest::Approx(2.0 / 7).epsilon(1e-13));
  CHECK(found.value == doctest::Approx(1.0 / 7).epsilon(1e-13));
  Eigen::MatrixXd flat(2, 3);  // every y with y_0 = y_1 is optimal together with column 2
  flat << 1, -1, 0, -1, 1, 0;
  const auto face = dag::interior_point(Game{flat}, {.tolerance = 1e-14});
  CHECK(face.status == dag::Status::converged);
  CHECK(std::abs(face.value) < 1e-14);
}

TEST_CASE("support_polish makes first-order points exact, and returns what it cannot improve") {
  int exact = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Game game{test::uniform_payoff(12, 12, seed)};
    const auto rough =
        dag::mirror_prox(game, {.tolerance = 1e-5, .step = dag::Step<double>::adaptive()});
    const auto polished = dag::support_polish(game, rough);
    CHECK(polished.relative_gap <= rough.relative_gap);
    exact += polished.relative_gap <= 1e-14 ? 1 : 0;
    if (polished.relative_gap < rough.relative_gap) {
      const auto certificate = dag::certify(game, polished.state.view());
      CHECK(certificate.gap == polished.gap);
    }
    const auto again = dag::support_polish(game, polished);
    CHECK(again.relative_gap <= polished.relative_gap);
    const auto lost =
        dag::support_polish(game, dag::mirror_prox(game, {.max_iterations = 1}), {.exchanges = 1});
    CHECK(lost.relative_gap <= 1);
  }
  MESSAGE("exact from 1e-5: ", exact, " of 5");
  CHECK(exact >= 4);
}

TEST_CASE("a start near the equilibrium saves rounds, one at the boundary or far off still ends") {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    for (const bool tall : {false, true}) {
      const Game game{tall ? test::uniform_payoff(60, 45, seed)
                           : test::uniform_payoff(45, 60, seed)};
      const auto cold = dag::interior_point(game, {.tolerance = 1e-8}, {.polish = false});
      const auto rough = dag::interior_point(game, {.tolerance = 1e-3}, {.polish = false});
      const auto warm = dag::interior_point(
          game, {.tolerance = 1e-8, .start = rough.state.view().point}, {.polish = false});
      CHECK(warm.status == dag::Status::converged);
      CHECK(warm.iterations < cold.iterations);
      CHECK(warm.value == doctest::Approx(cold.value).epsilon(1e-6));
      std::vector<double> pure(105, 0.0);
      pure[0] = pure[104] = 1;
      const auto far =
          dag::interior_point(game, {.tolerance = 1e-8, .start = pure}, {.polish = false});
      CHECK(far.status == dag::Status::converged);
    }
  }
  const std::vector<double> wrong{1, 0, 0, 1, 0};
  CHECK_THROWS_AS((void)dag::interior_point(Game{test::uniform_payoff(3, 3, 1)}, {.start = wrong}),
                  dag::Error);
}

TEST_CASE("interior_point refuses options that it has no use for") {
  const Game game{test::uniform_payoff(3, 3, 1)};
  CHECK_THROWS_AS((void)dag::interior_point(game, {.step = dag::Step<double>::constant(1)}),
                  dag::Error);
  CHECK_THROWS_AS((void)dag::interior_point(game, {.average = dag::Average::uniform}), dag::Error);
  CHECK_THROWS_AS((void)dag::interior_point(game, {}, {.correctors = -1}), dag::Error);
}

TEST_CASE("strategies left out: products of the whole, and all come back when one was wrong") {
  const Eigen::Index m = 9;
  const Eigen::Index n = 13;
  const dag::eigen::matrix<double> whole = test::uniform_payoff(m, n, 3);
  dag::detail::RestrictedPayoff<double> payoff{dag::eigen::matrix<double>(whole)};
  payoff.keep({0, 2, 3, 5, 8}, {1, 4, 6, 7, 12});
  payoff.keep({1, 3, 4}, {0, 2, 3, 4});  // of those: rows 2, 5, 8, columns 1, 6, 7, 12
  const Eigen::Vector3d x(0.2, 0.5, 0.3);
  const Eigen::Vector4d y(0.1, 0.2, 0.3, 0.4);
  Eigen::VectorXd all_x = Eigen::VectorXd::Zero(m);
  Eigen::VectorXd all_y = Eigen::VectorXd::Zero(n);
  all_x(2) = 0.2, all_x(5) = 0.5, all_x(8) = 0.3;
  all_y(1) = 0.1, all_y(6) = 0.2, all_y(7) = 0.3, all_y(12) = 0.4;
  const Eigen::VectorXd by = whole * all_y;
  const Eigen::VectorXd btx = whole.transpose() * all_x;
  dag::eigen::vector<double> part_by, part_btx;
  payoff.multiply(x, y, part_by, part_btx);
  CHECK((part_by - Eigen::Vector3d(by(2), by(5), by(8))).cwiseAbs().maxCoeff() <= 1e-15);
  CHECK((part_btx - Eigen::Vector4d(btx(1), btx(6), btx(7), btx(12))).cwiseAbs().maxCoeff() <=
        1e-15);
  CHECK(payoff.x() == all_x);
  CHECK(payoff.y() == all_y);
  CHECK(std::abs(payoff.top() - by.maxCoeff()) <= 1e-15);
  CHECK(std::abs(payoff.bottom() - btx.minCoeff()) <= 1e-15);
  CHECK(payoff.part()(1, 2) == whole(5, 7));
  payoff.widen();
  CHECK(payoff.part() == whole);

  // In about one of ten of these a strategy of the equilibrium is left out on the way.
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    for (const double warm : {1.0, 1e-2, 3e-3}) {
      for (const Eigen::Index rows : {60, 120, 240}) {
        const Game game{test::uniform_payoff(rows, 120, seed)};
        const auto near = dag::primal_dual_hybrid_gradient(game, {.tolerance = warm});
        const auto point = near.state.view().point;
        const auto found = dag::interior_point(
            game, {.tolerance = 1e-9, .start = warm < 1 ? point : std::span<const double>()},
            {.polish = false});
        CAPTURE(seed);
        CAPTURE(warm);
        CAPTURE(rows);
        CHECK(found.status == dag::Status::converged);
        CHECK(found.relative_gap <= 1e-9);
        CHECK(found.iterations <= 15);
      }
    }
  }
}

TEST_CASE("bad options and bad starts: refused by name") {
  const Game game{test::uniform_payoff(2, 3, 7)};
  {
    const auto call = [&](const dag::SolverOptions<double>& o) {
      (void)dag::interior_point(game, o);
    };
    const dag::SolverOptions<double> good;
    REFUSED("interior_point", good, test::not_negative, tolerance);
    REFUSED("interior_point", good, test::negative, max_iterations);
    REFUSED("interior_point", good, test::at_least_zero, time_limit);
    REFUSED("interior_point", good, test::not_negative, feedback.sigma);
    test::starts_refused("interior_point", good, {0.25, 0.75, 0.5, 0.5, 0}, call);
  }
  const auto call = [&](const dag::InteriorPointOptions<double>& o) {
    (void)dag::interior_point(game, {}, o);
  };
  REFUSED("interior_point", dag::InteriorPointOptions<double>{}, test::negative, correctors);
  REFUSED("interior_point", dag::InteriorPointOptions<double>{}, test::not_negative, polish_below);
}
