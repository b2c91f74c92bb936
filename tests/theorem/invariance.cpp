// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
// A constant added to the payoffs and a positive factor change no iterate, whatever the solver: so
// statuses, rounds, strategies and relative gaps are those of the game as it was, for offsets to
// 1e15 and scales from 1e-300 to 1e300. And: what is called converged is, by the gap computed
// without rounding. Seen to fail: standard forms left out (offsets from 1e6 on), the middle not
// subtracted, constant steps not rescaled, the value not restored, `gap_meets` without its precise
// gap.
#include <dag/eigen.hpp>
#include <dag/game/matrix_certificate.hpp>
#include <dag/game/normal_form.hpp>
#include <dag/game/player_regrets.hpp>
#include <dag/problem/random_games.hpp>
#include <dag/solver/first_order/anchored_extragradient.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/gradient_descent_ascent.hpp>
#include <dag/solver/first_order/magnetic_mirror_descent.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/first_order/primal_dual_hybrid_gradient.hpp>
#include <dag/solver/first_order/reflected_halpern.hpp>
#include <dag/solver/matrix/interior_point.hpp>
#include <dag/solver/matrix/newton.hpp>
#include <dag/solver/matrix/zero_sum.hpp>
#include <dag/solver/response/best_response_dynamics.hpp>
#include <dag/solver/response/fictitious_play.hpp>
#include <dag/solver/response/frank_wolfe.hpp>
#include <dag/solver/response/hedge.hpp>
#include <dag/solver/response/predictive_regret_matching_plus.hpp>
#include <dag/solver/response/regret_matching.hpp>
#include <dag/solver/response/regret_matching_plus.hpp>
#include <dag/solver/response/smooth_fictitious_play.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace {

using Game = dag::MatrixGame<double, dag::eigen>;
using Pulled = dag::RegularizedMatrixGame<double, dag::eigen>;
using Options = dag::SolverOptions<double>;

Eigen::MatrixXd payoffs() {
  Eigen::MatrixXd a(4, 3);
  a << 3, -1, 0, -2, 1, 4, 1, 0, -3, 2, 2, -5;
  return a;
}

/// What a solve tells, in units that the map a x + c leaves alone.
struct Told {
  dag::Status status = dag::Status::stalled;
  std::int64_t iterations = 0;
  double relative_gap = 0;
  double value = 0;
  Eigen::VectorXd point;
};

template <class Solution>
Told told(const Solution& found, double scale, double offset) {
  Told out{found.status, found.iterations, found.relative_gap, (found.value - offset) / scale, {}};
  const auto point = found.state.view().point;
  out.point =
      Eigen::Map<const Eigen::VectorXd>(point.data(), static_cast<Eigen::Index>(point.size()));
  return out;
}

struct Map {
  double scale;
  double offset;
};
const std::vector<Map> maps{{1, 1e6},   {1, -1e15},  {1e-300, 0},
                            {1e300, 0}, {0x1p60, 0}, {1e9, 1e15}};

void same(const Told& there, const Told& here, const Map& map) {
  CHECK(there.status == here.status);
  CHECK(there.iterations == here.iterations);
  CHECK((there.point - here.point).cwiseAbs().maxCoeff() <= 1e-7);
  CHECK(std::abs(there.relative_gap - here.relative_gap) <= 1e-8);
  // An offset of 1e15 leaves the value a granularity of an eighth.
  CHECK(std::abs(there.value - here.value) <= 1e-7 + std::abs(map.offset / map.scale) * 3e-16);
}

double true_gap(const Eigen::MatrixXd& a, const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  const dag::eigen::matrix<double> rows = a;
  return dag::matrix_certificate<double>({rows.data(), static_cast<std::size_t>(rows.size())},
                                         {x.data(), static_cast<std::size_t>(x.size())},
                                         {y.data(), static_cast<std::size_t>(y.size())})
      .relative_gap;
}

}  // namespace

TEST_CASE("every solver of matrix games: the map a x + c changes nothing") {
  using Solve = std::function<Told(const Game&, const Options&, const Map&)>;
#define PLAIN(name)                                                              \
  {                                                                              \
#name, [](const Game& g, const Options& o,                                   \
              const Map& m) { return told(dag::name(g, o), m.scale, m.offset); } \
  }
#define EUCLIDEAN(name)                                                                          \
  {                                                                                              \
#name, [](const Game& g, const Options& o,                                                   \
              const Map& m) { return told(dag::name(dag::euclidean(g), o), m.scale, m.offset); } \
  }
  const std::vector<std::pair<std::string, Solve>> solvers{PLAIN(mirror_descent),
                                                           PLAIN(mirror_prox),
                                                           PLAIN(optimistic_mirror_descent),
                                                           PLAIN(magnetic_mirror_descent),
                                                           PLAIN(primal_dual_hybrid_gradient),
                                                           PLAIN(reflected_halpern),
                                                           PLAIN(hedge),
                                                           PLAIN(smooth_fictitious_play),
                                                           PLAIN(frank_wolfe),
                                                           PLAIN(best_response_dynamics),
                                                           PLAIN(regret_matching),
                                                           PLAIN(regret_matching_plus),
                                                           PLAIN(predictive_regret_matching_plus),
                                                           PLAIN(interior_point),
                                                           PLAIN(solve_zero_sum),
                                                           EUCLIDEAN(extragradient),
                                                           EUCLIDEAN(anchored_extragradient),
                                                           EUCLIDEAN(gradient_descent_ascent)};
  const Eigen::MatrixXd a = payoffs();
  for (const auto& [name, solve] : solvers) {
    CAPTURE(name);
    const Options options{.tolerance = 1e-6, .max_iterations = 500};
    const Told here = solve(Game{a}, options, {1, 0});
    for (const Map& map : maps) {
      CAPTURE(map.scale);
      CAPTURE(map.offset);
      const Game moved{Eigen::MatrixXd(a.array() * map.scale + map.offset)};
      same(solve(moved, options, map), here, map);
    }
  }
  // Ties that rounding breaks: fictitious play follows where no payoff is rounded.
  const Told here = told(dag::fictitious_play(Game{a}, {.max_iterations = 500}), 1, 0);
  for (const Map& map : {Map{0x1p60, 0}, Map{0x1p-900, 0}, Map{1, 1e15}}) {
    const Game moved{Eigen::MatrixXd(a.array() * map.scale + map.offset)};
    same(told(dag::fictitious_play(moved, {.max_iterations = 500}), map.scale, map.offset), here,
         map);
  }
}

TEST_CASE("constant steps are in units of 1 / payoff; adaptive ones follow; pulls too") {
  const Eigen::MatrixXd a = payoffs();
  for (const Map& map : maps) {
    CAPTURE(map.scale);
    const Game plain{a};
    const Game moved{Eigen::MatrixXd(a.array() * map.scale + map.offset)};
    Options options{.max_iterations = 300};
    options.step = dag::Step<double>::constant(0.1);
    const Told here = told(dag::mirror_prox(plain, options), 1, 0);
    options.step = dag::Step<double>::constant(0.1 / map.scale);
    const auto stepped = dag::mirror_prox(moved, options);
    CHECK(stepped.step == doctest::Approx(0.1 / map.scale).epsilon(1e-12));
    same(told(stepped, map.scale, map.offset), here, map);
    options.step = dag::Step<double>::adaptive();
    same(told(dag::extragradient(dag::euclidean(moved), options), map.scale, map.offset),
         told(dag::extragradient(dag::euclidean(plain), options), 1, 0), map);
    options = {.tolerance = 1e-9, .max_iterations = 2000};
    const Pulled far(moved, 0.5 * map.scale, 0.25 * map.scale);
    const Pulled near(plain, 0.5, 0.25);
    same(told(dag::newton(far, options), map.scale, map.offset),
         told(dag::newton(near, options), 1, 0), map);
    same(told(dag::mirror_prox(far, options), map.scale, map.offset),
         told(dag::mirror_prox(near, options), 1, 0), map);
    // The value with a pull stays near the payoffs.
    const auto qre = dag::newton(far, options);
    CHECK(qre.value <= moved.payoff().maxCoeff() + map.scale);
    CHECK(qre.value >= moved.payoff().minCoeff() - map.scale);
  }
}

TEST_CASE("normal-form games: no player's offset or scale touches an iterate") {
  dag::GameTable table = dag::zero_sum_table("", 3, 3, {3, -1, 0, -2, 1, 4, 1, 0, -3});
  table.payoffs[1] = {1, 4, 2, 5, 0, 3, 7, 2, 1};
  using Table = dag::NormalFormGame<double, dag::eigen>;
  const Table plain(table);
  for (const Map& map : {Map{1, 1e12}, Map{0x1p-900, 0}, Map{0x1p900, 0}, Map{0x1p20, 0x1p60}}) {
    dag::GameTable moved = table;
    for (double& payoff : moved.payoffs[1]) {  // player 2 alone
      payoff = payoff * map.scale + map.offset;
    }
    const Table far(moved);
    for (const auto average : {dag::Average::uniform, dag::Average::last}) {
      const Options options{.max_iterations = 200, .average = average};
      const auto here = told(dag::hedge(plain, options), 1, 0);
      const auto there = told(dag::hedge(far, options), 1, 0);
      CHECK((there.point - here.point).cwiseAbs().maxCoeff() <= 1e-9);
      CHECK(std::abs(there.relative_gap - here.relative_gap) <= 1e-9);
      CHECK(std::abs(there.value - here.value) <= 1e-9);
    }
    const auto matched = dag::regret_matching_plus(far, {.max_iterations = 200});
    const auto before = dag::regret_matching_plus(plain, {.max_iterations = 200});
    CHECK(std::abs(matched.strategy(0)(0) - before.strategy(0)(0)) <= 1e-9);
    const auto report =
        dag::certify(moved, dag::unstacked(matched.blocks, matched.state.view().point));
    CHECK(matched.gap == doctest::Approx(report.nash_conv).epsilon(1e-9));
    CHECK(matched.relative_gap == doctest::Approx(report.relative).epsilon(1e-9));
  }
}

TEST_CASE("a 3 x 3 game plus 1e8: the gap claimed is the gap") {
  Eigen::MatrixXd a(3, 3);
  a << 3, -1, 0, -2, 1, 4, 1, 0, -3;
  for (const double k : {0.0, 1e5, 1e6, 1e7, 1e8, 1e12, 1e15}) {
    CAPTURE(k);
    const auto found = dag::primal_dual_hybrid_gradient(Game{Eigen::MatrixXd(a.array() + k)});
    CHECK(found.status == dag::Status::converged);
    const double gap = true_gap(a, found.strategy(0), found.strategy(1));
    CHECK(gap <= 1e-6);
    CHECK(found.relative_gap == doctest::Approx(gap).epsilon(1e-9));
    CHECK(std::abs(found.strategy(0).sum() - 1) <= 1e-15);
  }
  // 2 x 2 plus 1e9: (2/3, 1/3).
  Eigen::MatrixXd b(2, 2);
  b << 1000000001, 1000000000, 1000000000, 1000000002;
  const auto pair = dag::extragradient(dag::euclidean(Game{b}), {.tolerance = 1e-9});
  CHECK(std::abs(pair.strategy(0)(0) - 2.0 / 3) <= 1e-8);
}

TEST_CASE("payoffs near 1e12 at tolerance 1e-15, and beside outliers: converged is converged") {
  dag::RandomStream random(5, 0);
  int stalled = 0;
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const auto size = static_cast<Eigen::Index>(3 + random() % 10);
    Eigen::MatrixXd a(size, size + 1);
    for (Eigen::Index k = 0; k < a.size(); ++k) {
      a(k) = round % 2 == 0      ? 1e12 + static_cast<double>(random() % 1000)
             : random() % 7 == 0 ? 1e12 * (random.uniform() - 0.5)
                                 : random.uniform();
    }
    const Game game{a};
    for (const double tolerance : {1e-6, 1e-12, 1e-15}) {
      const auto found = dag::solve_zero_sum(game, {.tolerance = tolerance});
      const double gap = true_gap(a, found.strategy(0), found.strategy(1));
      CHECK(found.relative_gap == doctest::Approx(gap).epsilon(1e-9));
      CHECK((found.status == dag::Status::converged) == (gap <= tolerance));
      stalled += found.status == dag::Status::converged ? 0 : 1;
    }
    for (const auto& found :
         {dag::interior_point(game, {.tolerance = 1e-13}),
          dag::primal_dual_hybrid_gradient(game, {.tolerance = 1e-13, .max_iterations = 20'000})}) {
      const double gap = true_gap(a, found.strategy(0), found.strategy(1));
      CHECK((found.status != dag::Status::converged || gap <= 1e-13));
    }
  }
  CHECK(stalled == 0);
}

TEST_CASE("scales at the ends of double: rock-paper-scissors from 5e-324 to 8e307") {
  Eigen::MatrixXd rps(3, 3);
  rps << 0, -1, 1, 1, 0, -1, -1, 1, 0;
  rps(0, 2) = 2;
  for (const double scale : {4.94065645841246544e-324, 1e-310, 1e-200, 1e200, 1e300, 4e307}) {
    CAPTURE(scale);
    const Game game{Eigen::MatrixXd(rps * scale)};
    const auto found = dag::extragradient(dag::euclidean(game), {.tolerance = 1e-7});
    CHECK(found.status == dag::Status::converged);
    CHECK(dag::solve_zero_sum(game).status == dag::Status::converged);
    if (scale > 1e-300) {
      const Pulled pulled(game, 0.1 * scale, 0.1 * scale);
      CHECK(dag::newton(pulled, {.tolerance = 1e-9}).status == dag::Status::converged);
    }
  }
}

TEST_CASE("stall detection: a tolerance below rounding ends a solve, with its gap") {
  dag::RandomStream random(6, 0);
  Eigen::MatrixXd a(20, 20);
  for (Eigen::Index k = 0; k < a.size(); ++k) {
    a(k) = random.uniform();
  }
  const auto found =
      dag::primal_dual_hybrid_gradient(Game{a}, {.tolerance = 0, .max_iterations = 10'000'000});
  CHECK(found.status == dag::Status::stalled);
  CHECK(found.relative_gap <= 1e-12);
  CHECK(found.iterations <= 1'000'000);
}

TEST_CASE("a stop is honoured between rounds, with the point so far and its gap") {
  struct After {
    mutable int looks = 0;
    [[nodiscard]] bool stop_requested() const { return ++looks > 3; }
  };
  dag::RandomStream random(7, 0);
  Eigen::MatrixXd a(60, 60);
  for (Eigen::Index k = 0; k < a.size(); ++k) {
    a(k) = random.uniform();
  }
  const Game game{a};
  const After token;
  // No check for a million rounds: the clock is looked at all the same.
  const auto found =
      dag::mirror_prox(game, {.tolerance = 0, .check_every = 1'000'000, .stop = token});
  CHECK(found.status == dag::Status::stopped);
  CHECK(found.iterations < 1'000'000);
  CHECK(found.relative_gap == doctest::Approx(true_gap(a, found.strategy(0), found.strategy(1))));
  const auto timed =
      dag::mirror_prox(game, {.tolerance = 0, .time_limit = 0.02, .check_every = 100'000'000});
  CHECK(timed.status == dag::Status::time_limit);
  CHECK(dag::solve_zero_sum(game, {.tolerance = 1e-9, .time_limit = 0}).status ==
        dag::Status::time_limit);
}
