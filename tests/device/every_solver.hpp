// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/random.hpp>
#include <dag/game/bilinear.hpp>
#include <dag/game/matrix.hpp>
#include <dag/game/regularized_matrix.hpp>
#include <dag/geometry/sets.hpp>
#include <dag/solver/first_order.hpp>
#include <dag/solver/list.hpp>
#include <dag/solver/response.hpp>

/// Every solver that works through a backend, once, on small random games.
namespace every_solver {

struct Found {
  std::string name;
  double gap = 0, value = 0;
  std::vector<double> point;
};

template <class Backend>
class Run {
 public:
  explicit Run(std::int64_t rounds) {
    const std::size_t rows = 12, columns = 33;
    dag::RandomStream random(20261124, 0);
    std::vector<double> entries(rows * columns);
    for (double& entry : entries) {
      entry = 2 * random.uniform() - 1;
    }
    const auto payoff = backend_.make_matrix(rows, columns, std::span<const double>(entries));
    const dag::MatrixGame<double, Backend> game(payoff, backend_);
    const dag::SolverOptions<double> options{.tolerance = 0, .max_iterations = rounds};
    auto adaptive = options, sampled = options, noisy = options, short_step = options;
    short_step.step = dag::Step<double>::constant(0.15);  // below 1 / |A|_2
    adaptive.step = dag::Step<double>::adaptive(1);
    sampled.feedback = {.kind = dag::Feedback<double>::Kind::sampled, .seed = 5};
    noisy.feedback = {.kind = dag::Feedback<double>::Kind::noisy, .sigma = 0.1, .seed = 6};
    dag::for_each_call(
        [](const dag::SolverInfo& row) {
          return (row.kinds & dag::kinds::zero_sum) != 0 && row.name != "reflected_halpern";
        },
        [&](const auto& solver) { add(std::string(solver.info.name), solver(game, options)); });
    // Its own step looks at the strategies in use, in host memory only; and what is balanced at a
    // restart are moves so small that rounding shows.
    add("reflected_halpern", dag::reflected_halpern(game, short_step, {.balance = false}));
    add("mirror_prox, adaptive", dag::mirror_prox(game, adaptive));
    add("mirror_descent, sampled", dag::mirror_descent(game, sampled));
    add("mirror_descent, noisy", dag::mirror_descent(game, noisy));
    add("magnetic_mirror_descent, annealed",
        dag::magnetic_mirror_descent(game, options, {.magnet = dag::Magnet::annealed}));
    add("regret_matching_plus, simultaneous",
        dag::regret_matching_plus(game, options, {.turns = dag::Turns::simultaneous}));
    add("best_response_dynamics, slow", dag::best_response_dynamics(game, options, {.rate = 0.25}));
    const auto path = dag::replicator(game, {.steps = rounds});
    found.push_back({"replicator", 0, 0, path.back().point});

    const dag::RegularizedMatrixGame<double, Backend> regularized(game, 0.2, 0.1);
    add("regularised: mirror_prox", dag::mirror_prox(regularized, options));
    add("regularised: mirror_descent", dag::mirror_descent(regularized, options));
    add("regularised: smooth_fictitious_play", dag::smooth_fictitious_play(regularized, options));

    const dag::BilinearGame<double, Backend, dag::Box<double>, dag::Ball<double>> round(
        payoff, dag::Box<double>(rows, -0.5, 0.75), dag::Ball<double>(columns, 2), backend_);
    add("box and ball: extragradient", dag::extragradient(round, options));
  }

  std::vector<Found> found;

 private:
  template <class Solution>
  void add(std::string name, const Solution& solution) {
    std::vector<double> point(solution.blocks.total());
    backend_.download(solution.state.view().point, std::span<double>(point));
    found.push_back({std::move(name), solution.gap, solution.value, std::move(point)});
  }

  Backend backend_;
};

}  // namespace every_solver
