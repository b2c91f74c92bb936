// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The CUDA backend on a host system of Thrust beside the CPU backend. No .cu file includes Eigen,
// so this one is for host compilers only.
#include "every_solver.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <dag/cuda.cuh>
#include <dag/eigen.hpp>
#include <dag/game/behavior.hpp>
#include <dag/game/sequence_game.hpp>
#include <dag/gpu/device_tree.hpp>
#include <dag/gpu/solve_batch.hpp>
#include <dag/problem/tree_catalogue.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/response/predictive_regret_matching_plus.hpp>
#include <dag/solver/tree/cfr.hpp>

namespace {

std::vector<double> uniform_entries(std::uint64_t seed, std::size_t count) {
  dag::RandomStream random(seed, 0);
  std::vector<double> entries(count);
  for (double& entry : entries) {
    entry = 2 * random.uniform() - 1;
  }
  return entries;
}

}  // namespace

TEST_CASE("one template, two backends: every solver has the same iterates to rounding") {
  const every_solver::Run<dag::eigen> expected(60);
  const every_solver::Run<dag::cuda> got(60);
  for (std::size_t s = 0; s < got.found.size(); ++s) {
    const auto &one = got.found[s], &other = expected.found[s];
    CAPTURE(one.name);
    CHECK(std::abs(one.gap - other.gap) <= 1e-11);
    CHECK(std::abs(one.value - other.value) <= 1e-11);
    REQUIRE(one.point.size() == other.point.size());
    for (std::size_t i = 0; i < one.point.size(); ++i) {
      CHECK(std::abs(one.point[i] - other.point[i]) <= 1e-11);
    }
  }
}

TEST_CASE("scaled steps of the hybrid gradient are refused off host memory") {
  static_assert(dag::HasHostMemory<dag::eigen> && !dag::HasHostMemory<dag::cuda>);
  const dag::cuda gpu;
  const auto entries = uniform_entries(1, 6);
  const dag::MatrixGame<double, dag::cuda> game(
      gpu.make_matrix(2, 3, std::span<const double>(entries)), gpu);
  CHECK_THROWS_AS((void)dag::primal_dual_hybrid_gradient(game, {}, {.scaling = dag::Scaling::ruiz}),
                  dag::Error);
}

TEST_CASE("a game of a batch gets the iterates of the solver of that name") {
  const dag::cuda gpu;
  const dag::eigen cpu;
  dag::BatchedMatrixGames<double> games;
  const std::pair<std::size_t, std::size_t> shapes[] = {{5, 7}, {16, 16}, {40, 30}};
  for (const auto& [rows, columns] : shapes) {
    games.add(rows, columns, uniform_entries(rows, rows * columns));
  }
  const dag::SolverOptions<double> options{.tolerance = 1e-3, .max_iterations = 5000};
  for (const auto method : {dag::BatchMethod::mirror_prox, dag::BatchMethod::optimistic,
                            dag::BatchMethod::predictive_regret_matching_plus}) {
    const auto found = dag::solve_batch(gpu, games, {.method = method, .tolerance = 1e-3});
    for (std::size_t g = 0; g < 3; ++g) {
      const auto entries = uniform_entries(shapes[g].first, shapes[g].first * shapes[g].second);
      const dag::MatrixGame<double, dag::eigen> game(
          cpu.make_matrix(shapes[g].first, shapes[g].second, std::span<const double>(entries)));
      const auto expected = method == dag::BatchMethod::mirror_prox
                                ? dag::mirror_prox(game, options)
                            : method == dag::BatchMethod::optimistic
                                ? dag::optimistic_mirror_descent(game, options)
                                : dag::predictive_regret_matching_plus(game, options);
      CHECK(found.status[g] == expected.status);
      CHECK(found.rounds[g] == expected.iterations);
      CHECK(std::abs(found.gap[g] - expected.gap) <= 1e-12);
      CHECK(std::abs(found.value[g] - expected.value) <= 1e-12);
      for (std::size_t i = 0; i < shapes[g].first; ++i) {
        CHECK(std::abs(found.strategy(g, 0)[i] -
                       expected.strategy(0)(static_cast<Eigen::Index>(i))) <= 1e-12);
      }
    }
  }
}

TEST_CASE("sets and regrets: the same on both backends") {
  const dag::cuda gpu;
  const dag::eigen cpu;
  const auto values = uniform_entries(9, 1400);
  const auto slice = [&](std::size_t first, std::size_t size) {
    return std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(first),
                               values.begin() + static_cast<std::ptrdiff_t>(first + size));
  };
  const auto near = [](const std::vector<double>& got, const std::vector<double>& expected) {
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      CHECK(std::abs(got[i] - expected[i]) <= 1e-13);
    }
  };
  for (const std::size_t size : {1U, 5U, 300U, 1100U}) {
    using View = std::span<const double>;
    const std::vector<double> g = slice(0, size), lower(size, -0.5), upper(size, 0.25);
    std::vector<double> y = slice(100, size), boxed = y, regrets = slice(200, size);
    std::vector<double> p(size, 1 / static_cast<double>(size));
    y.back() = size > 1 ? -1e17 : y.back();  // sums with it would have no digits left
    auto dg = gpu.allocate<double>(size), dy = dg, dbox = dg, dr = dg, dp = dg;
    const auto put = [&](const std::vector<double>& from, auto& to) {
      gpu.upload(View(from), gpu.view(to));
    };
    put(g, dg), put(y, dy), put(boxed, dbox), put(regrets, dr), put(p, dp);
    cpu.project_simplex(std::span<double>(y));
    gpu.project_simplex(gpu.view(dy));
    near(gpu.wrap(View(gpu.view(dy))), y);
    cpu.clamp(View(lower), View(upper), std::span<double>(boxed));
    gpu.clamp(View(lower), View(upper), gpu.view(dbox));  // bounds are host memory
    cpu.add_to_entry(std::span<double>(boxed), size - 1, 2.0);
    gpu.add_to_entry(gpu.view(dbox), size - 1, 2.0);
    near(gpu.wrap(View(gpu.view(dbox))), boxed);
    CHECK(std::abs(gpu.box_support(View(lower), View(upper), View(gpu.view(dg))) -
                   cpu.box_support(View(lower), View(upper), View(g))) <= 1e-12);
    for (const bool plus : {false, true}) {
      cpu.match_regrets(View(g), plus, 0.5, std::span<double>(regrets), std::span<double>(p));
      gpu.match_regrets(View(gpu.view(dg)), plus, 0.5, gpu.view(dr), gpu.view(dp));
      near(gpu.wrap(View(gpu.view(dr))), regrets);
      near(gpu.wrap(View(gpu.view(dp))), p);
    }
  }
  const auto a = gpu.make_matrix(35, 40, std::span<const double>(values));
  const auto t = gpu.transposed(a);
  const std::vector<double> turned = gpu.wrap(gpu.entries(t));
  REQUIRE(t.rows == 40);
  for (std::size_t i = 0; i < 35; ++i) {
    for (std::size_t j = 0; j < 40; ++j) {
      CHECK(turned[j * 35 + i] == values[i * 40 + j]);
    }
  }
}

// Slips seen to break it: levels top-down while values go bottom-up; the mean after the last
// player's move; what lies below a sequence left out. Over many rounds rounding decides ties, so
// that the means part: then the gap tells.
TEST_CASE("regrets by levels have the means of the host, to rounding") {
  const dag::device::Context gpu;
  for (const char* name : {"kuhn_poker", "kuhn_poker:3", "leduc_poker", "goofspiel:3",
                           "random_tree:8:2:0.5:1", "random_tree:6:3:0.2:2"}) {
    CAPTURE(name);
    const dag::ExtensiveGame tree = dag::named_tree(name);
    const dag::SequenceForm form = dag::sequence_form(tree);
    const dag::SequenceGame<double, dag::eigen> game(form);
    for (const auto rule :
         {dag::RegretRule::plain, dag::RegretRule::plus, dag::RegretRule::predictive}) {
      const auto on_host = [&](std::int64_t count) {
        const dag::SolverOptions<double> options{.tolerance = 0, .max_iterations = count};
        return rule == dag::RegretRule::plain  ? dag::cfr(game, options)
               : rule == dag::RegretRule::plus ? dag::cfr_plus(game, options)
                                               : dag::predictive_cfr_plus(game, options);
      };
      dag::DeviceCfr<double> rounds(gpu, form, rule);
      rounds.run(5);
      rounds.run(15);
      const auto found = on_host(20);
      std::vector<double> mean = rounds.mean();
      double apart = 0;
      for (std::size_t s = 0; s < mean.size(); ++s) {
        apart =
            std::max(apart, std::abs(mean[s] - found.state.point(static_cast<Eigen::Index>(s))));
      }
      CHECK(apart <= 1e-12);
      rounds.run(280);
      mean = rounds.mean();
      const auto behavior = dag::behavior_of(tree, form, std::span<const double>(mean));
      const double gap = dag::certify(tree, form, behavior).regret.nash_conv;
      CHECK(gap <= 1.5 * on_host(300).gap + 1e-12);
    }
  }
  const dag::SequenceForm kuhn = dag::sequence_form(dag::named_tree("kuhn_poker"));
  CHECK_THROWS_AS(dag::DeviceCfr<double>(gpu, kuhn, dag::RegretRule::discounted), dag::Error);
}
