// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The CUDA backend on a host system of Thrust beside the CPU backend. No .cu file includes Eigen,
// so this one is for host compilers only.
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <dag/cuda.cuh>
#include <dag/eigen.hpp>

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
