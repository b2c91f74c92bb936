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
#include <dag/solver/first_order/anchored_extragradient.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/gradient_descent_ascent.hpp>
#include <dag/solver/first_order/magnetic_mirror_descent.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/first_order/primal_dual_hybrid_gradient.hpp>
#include <dag/solver/response/best_response_dynamics.hpp>
#include <dag/solver/response/fictitious_play.hpp>
#include <dag/solver/response/frank_wolfe.hpp>
#include <dag/solver/response/hedge.hpp>
#include <dag/solver/response/predictive_regret_matching_plus.hpp>
#include <dag/solver/response/regret_matching.hpp>
#include <dag/solver/response/regret_matching_plus.hpp>
#include <dag/solver/response/replicator.hpp>
#include <dag/solver/response/smooth_fictitious_play.hpp>

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
    auto adaptive = options, sampled = options, noisy = options;
    adaptive.step = dag::Step<double>::adaptive(1);
    sampled.feedback = {.kind = dag::Feedback<double>::Kind::sampled, .seed = 5};
    noisy.feedback = {.kind = dag::Feedback<double>::Kind::noisy, .sigma = 0.1, .seed = 6};
    add("mirror_prox", dag::mirror_prox(game, options));
    add("mirror_prox, adaptive", dag::mirror_prox(game, adaptive));
    add("mirror_descent", dag::mirror_descent(game, options));
    add("mirror_descent, sampled", dag::mirror_descent(game, sampled));
    add("mirror_descent, noisy", dag::mirror_descent(game, noisy));
    add("optimistic_mirror_descent", dag::optimistic_mirror_descent(game, options));
    add("magnetic_mirror_descent", dag::magnetic_mirror_descent(game, options));
    add("magnetic_mirror_descent, annealed",
        dag::magnetic_mirror_descent(game, options, {.magnet = dag::Magnet::annealed}));
    add("hedge", dag::hedge(game, options));
    add("regret_matching", dag::regret_matching(game, options));
    add("regret_matching_plus", dag::regret_matching_plus(game, options));
    add("regret_matching_plus, simultaneous",
        dag::regret_matching_plus(game, options, {.turns = dag::Turns::simultaneous}));
    add("predictive_regret_matching_plus", dag::predictive_regret_matching_plus(game, options));
    add("fictitious_play", dag::fictitious_play(game, options));
    add("smooth_fictitious_play", dag::smooth_fictitious_play(game, options));
    add("best_response_dynamics", dag::best_response_dynamics(game, options, {.rate = 0.25}));
    add("frank_wolfe", dag::frank_wolfe(game, options));
    add("primal_dual_hybrid_gradient", dag::primal_dual_hybrid_gradient(game, options));
    const auto path = dag::replicator(game, {.steps = rounds});
    found.push_back({"replicator", 0, 0, path.back().point});

    const dag::RegularizedMatrixGame<double, Backend> regularized(game, 0.2, 0.1);
    add("regularised: mirror_prox", dag::mirror_prox(regularized, options));
    add("regularised: mirror_descent", dag::mirror_descent(regularized, options));
    add("regularised: smooth_fictitious_play", dag::smooth_fictitious_play(regularized, options));

    const auto flat = dag::euclidean(game);
    add("Euclidean: extragradient", dag::extragradient(flat, options));
    add("Euclidean: anchored_extragradient", dag::anchored_extragradient(flat, options));
    add("Euclidean: gradient_descent_ascent", dag::gradient_descent_ascent(flat, options));
    const dag::BilinearGame<double, Backend, dag::Box<double>, dag::Ball<double>> round(
        payoff, dag::Box<double>(rows, -0.5, 0.75), dag::Ball<double>(columns, 2), backend_);
    add("box and ball: extragradient", dag::extragradient(round, options));
  }

  std::vector<Found> found;

 private:
  template <class Solution>
  void add(const char* name, const Solution& solution) {
    std::vector<double> point(solution.blocks.total());
    backend_.download(solution.state.view().point, std::span<double>(point));
    found.push_back({name, solution.gap, solution.value, std::move(point)});
  }

  Backend backend_;
};

}  // namespace every_solver
