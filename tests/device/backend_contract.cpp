// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The CUDA backend on the device this is compiled for: a host system of Thrust, its kernels run by
// the serial executors, or a GPU under nvcc.
#include "contract/backend.hpp"

#include <dag/cuda.cuh>

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

TEST_CASE_TEMPLATE("the CUDA backend keeps the contract of backends", Real, float, double) {
  contract::BackendContract<dag::cuda, Real>().run();
}

TEST_CASE("sums have the same bits from run to run") {
  const dag::cuda gpu;
  const auto entries = uniform_entries(3, 300 * 200);
  const auto a = gpu.make_matrix(300, 200, std::span<const double>(entries));
  const dag::MatrixGame<double, dag::cuda> game(a, gpu);
  const auto first = dag::mirror_prox(game, {.tolerance = 0, .max_iterations = 50});
  const auto second = dag::mirror_prox(game, {.tolerance = 0, .max_iterations = 50});
  CHECK(first.strategy(0) == second.strategy(0));
  CHECK(first.gap == second.gap);
}

TEST_CASE("failures leave the backend usable") {
  const dag::cuda gpu;
  const std::vector<float> ones(100, 1.0F);
  auto v = gpu.allocate<float>(100);
  gpu.upload(std::span<const float>(ones), gpu.view(v));
  // A size whose bytes would overflow to a small number, and one that no memory can hold (which the
  // address sanitizer would end the program for).
  CHECK_THROWS_AS((void)gpu.allocate<float>((std::size_t{1} << 62U) + 1), dag::Error);
#if !defined(__SANITIZE_ADDRESS__)
  CHECK_THROWS((void)gpu.allocate<float>(std::size_t{1} << 60U));
#endif
  CHECK(gpu.sum(std::span<const float>(gpu.view(v))) == 100);
}
