// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The CUDA backend on a host system of Thrust beside the CPU backend. No .cu file includes Eigen,
// so this one is for host compilers only.
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <dag/backend/cuda/solve_batch.hpp>
#include <dag/cuda.cuh>
#include <dag/eigen.hpp>
#include <dag/solver/mirror_prox.hpp>
#include <dag/solver/optimistic_mirror_descent.hpp>

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

TEST_CASE("one solver, two backends: the same iterates to rounding") {
  for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{7, 5}, {40, 150}}) {
    const auto entries = uniform_entries(rows, rows * columns);
    const dag::eigen cpu;
    const dag::cuda gpu;
    const dag::MatrixGame<double, dag::eigen> on_cpu(
        cpu.make_matrix(rows, columns, std::span<const double>(entries)));
    const dag::MatrixGame<double, dag::cuda> on_gpu(
        gpu.make_matrix(rows, columns, std::span<const double>(entries)), gpu);
    const dag::SolverOptions<double> options{
        .tolerance = 0, .max_iterations = 200, .average = dag::Average::uniform};
    const auto expected = dag::mirror_prox(on_cpu, options);
    const auto found = dag::mirror_prox(on_gpu, options);
    CHECK(found.iterations == expected.iterations);
    CHECK(std::abs(found.gap - expected.gap) <= 1e-12);
    CHECK(std::abs(found.value - expected.value) <= 1e-12);
    for (const std::size_t player : {0U, 1U}) {
      const std::vector<double> strategy = found.strategy(player);
      for (std::size_t i = 0; i < strategy.size(); ++i) {
        CHECK(std::abs(strategy[i] - expected.strategy(player)(static_cast<Eigen::Index>(i))) <=
              1e-12);
      }
    }
  }
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
  for (const bool prox : {true, false}) {
    const auto found = dag::solve_batch(
        gpu, games,
        {.method = prox ? dag::BatchMethod::mirror_prox : dag::BatchMethod::optimistic,
         .tolerance = 1e-3});
    for (std::size_t g = 0; g < 3; ++g) {
      const auto entries = uniform_entries(shapes[g].first, shapes[g].first * shapes[g].second);
      const dag::MatrixGame<double, dag::eigen> game(
          cpu.make_matrix(shapes[g].first, shapes[g].second, std::span<const double>(entries)));
      const auto expected =
          prox ? dag::mirror_prox(game, options) : dag::optimistic_mirror_descent(game, options);
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
