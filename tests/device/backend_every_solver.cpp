// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Every solver on the device this is compiled for: same bits from run to run, distributions, gaps
// that fall. backend_solvers.cpp holds the same runs to the CPU backend.
#include "every_solver.hpp"

#include <cmath>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/gpu/cuda_backend.hpp>

TEST_CASE("every solver runs on the device, with the same bits from run to run") {
  const every_solver::Run<dag::cuda> first(60), second(60), start(0);
  for (std::size_t i = 0; i < first.found.size(); ++i) {
    const auto& found = first.found[i];
    CAPTURE(found.name);
    CHECK(found.point == second.found[i].point);
    CHECK(found.gap == second.found[i].gap);
    // On these no rate is promised for a bilinear game: they may circle away.
    if (found.name.rfind("best_response_dynamics", 0) != 0 &&
        found.name != "gradient_descent_ascent") {
      CHECK(found.gap <= start.found[i].gap);
    }
    double total = 0;
    for (const double entry : found.point) {
      CHECK(std::isfinite(entry));
      total += entry;
    }
    if (found.name.rfind("box", 0) != 0) {
      CHECK(std::abs(total - 2) <= 1e-12);
    }
  }
}

TEST_CASE("means in single precision stay distributions on the device") {
  const dag::cuda gpu;
  const std::vector<float> entries{0.3F, -0.9F, 0.7F, -0.2F, 0.8F, -0.6F, 0.9F, -0.1F, -0.4F};
  const dag::MatrixGame<float, dag::cuda> game(
      gpu.make_matrix(3, 3, std::span<const float>(entries)), gpu);
  const dag::SolverOptions<float> options{.tolerance = 0, .max_iterations = 100'000};
  const auto on_the_set = [&](const auto& found) {
    std::vector<float> point(6);
    gpu.download(found.state.view().point, std::span<float>(point));
    CHECK(point[0] + point[1] + point[2] == doctest::Approx(1).epsilon(1e-6));
    CHECK(point[3] + point[4] + point[5] == doctest::Approx(1).epsilon(1e-6));
  };
  on_the_set(dag::hedge(game, options));
  on_the_set(dag::smooth_fictitious_play(game, options));
}
