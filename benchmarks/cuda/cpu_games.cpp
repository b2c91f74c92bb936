// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// What benchmark.cu is compared with on the CPU of the same machine, as JSON: rounds a second of
// 16 x 16 games on all cores, and the equilibria of the games that benchmark.cu solves, in double.
// With Eigen these are the library's CPU solvers; without it the device's kernels in the serial
// executor ("path" says which). `--small`: milliseconds, to see that it works.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <thread>
#include <vector>

#include <dag/core/random.hpp>
#if __has_include(<Eigen/Core>)
#include <dag/backend/eigen_backend.hpp>
#include <dag/game/matrix.hpp>
#include <dag/game/regularized_matrix.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/matrix/newton.hpp>
#include <dag/solver/response/predictive_regret_matching_plus.hpp>
#else
#include <dag/gpu/context.hpp>
#endif
#include <dag/gpu/solve_batch.hpp>

namespace {

constexpr std::size_t n = 16;
constexpr int rounds = 500;

template <class Real>
std::vector<Real> game_entries(std::uint64_t seed, std::uint64_t game) {
  dag::RandomStream random(seed, game);
  std::vector<Real> entries(n * n);
  for (Real& entry : entries) {
    entry = static_cast<Real>(2 * random.uniform() - 1);
  }
  return entries;
}

/// `count` rounds of one game.
void play(dag::BatchMethod method, std::uint64_t game) {
  const auto entries = game_entries<float>(7, game);
#if __has_include(<Eigen/Core>)
  const dag::eigen cpu;
  const dag::MatrixGame<float, dag::eigen> matrix(
      cpu.make_matrix(n, n, std::span<const float>(entries)));
  const dag::SolverOptions<float> options{
      .tolerance = 0, .max_iterations = rounds, .check_every = rounds};
  if (method == dag::BatchMethod::mirror_prox) {
    (void)dag::mirror_prox(matrix, options);
  } else if (method == dag::BatchMethod::optimistic) {
    (void)dag::optimistic_mirror_descent(matrix, options);
  } else {
    (void)dag::predictive_regret_matching_plus(matrix, options);
  }
#else
  dag::BatchedMatrixGames<float> batch;
  batch.add(n, n, entries);
  const dag::device::Context host;
  (void)dag::solve_batch(
      host, batch, {.method = method, .tolerance = 0, .max_rounds = rounds, .check_every = rounds});
#endif
}

double rounds_per_second(dag::BatchMethod method, std::size_t games, unsigned cores) {
  std::atomic<std::size_t> next{0};
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> team;
  for (unsigned core = 0; core < cores; ++core) {
    team.emplace_back([&] {
      for (std::size_t g = next++; g < games; g = next++) {
        play(method, g);
      }
    });
  }
  for (std::thread& one : team) {
    one.join();
  }
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  return static_cast<double>(games) * rounds / passed.count();
}

/// The quantal response equilibrium of a game in double, rows then columns.
std::vector<double> equilibrium(std::uint64_t game, double tau) {
  const auto entries = game_entries<double>(31, game);
#if __has_include(<Eigen/Core>)
  const dag::eigen cpu;
  const dag::MatrixGame<double, dag::eigen> matrix(
      cpu.make_matrix(n, n, std::span<const double>(entries)));
  const auto found = dag::newton(dag::RegularizedMatrixGame<double, dag::eigen>(matrix, tau, tau),
                                 {.tolerance = 1e-13, .measure = dag::Measure::residual});
  std::vector<double> point;
  for (const std::size_t player : {0U, 1U}) {
    for (const double p : found.strategy(player)) {
      point.push_back(p);
    }
  }
  return point;
#else
  dag::BatchedMatrixGames<double> batch;
  batch.add(n, n, entries);
  return dag::solve_batch(
             dag::device::Context(), batch,
             {.method = dag::BatchMethod::newton, .tolerance = 0, .max_rounds = 200, .tau = tau})
      .strategies;
#endif
}

}  // namespace

int main(int argc, char** argv) {
  const bool small = argc > 1 && std::strcmp(argv[1], "--small") == 0;
  const unsigned cores =
      std::thread::hardware_concurrency() > 0 ? std::thread::hardware_concurrency() : 1;
  const std::size_t games = small ? cores : 400 * std::size_t{cores};
#if __has_include(<Eigen/Core>)
  const char* const path = "dag::eigen";
#else
  const char* const path = "serial executor";
#endif
  std::printf("{\n \"path\": \"%s\",\n \"cores\": %u,\n \"rounds_per_s\": {", path, cores);
  using Method = dag::BatchMethod;
  const struct {
    const char* name;
    Method method;
  } methods[] = {{"batch_mirror_prox_16x16", Method::mirror_prox},
                 {"batch_optimistic_16x16", Method::optimistic},
                 {"batch_prm_plus_16x16", Method::predictive_regret_matching_plus}};
  for (const auto& one : methods) {
    std::printf("%s\"%s\": %.6g", &one == methods ? "" : ", ", one.name,
                rounds_per_second(one.method, games, cores));
  }
  std::printf("},\n \"equilibria\": [");
  for (std::uint64_t game = 0; game < 32; ++game) {
    bool first = game == 0;
    for (const double p : equilibrium(game, 0.1)) {
      std::printf("%s%.17g", first ? "" : ", ", p);
      first = false;
    }
  }
  std::printf("]\n}\n");
  return 0;
}
