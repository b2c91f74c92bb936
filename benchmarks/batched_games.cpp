// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Many small games in one call beside the solver of one game in a loop, the same games in the same
// run: the ratio of their times is what the batch brings. Payoffs uniform on [-1, 1], seed 1.
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <dag/solver/matrix/batch.hpp>
#include <dag/solver/table/logit_batch.hpp>

namespace {

std::vector<double> payoffs(std::size_t count) {
  std::mt19937_64 random(1);
  std::vector<double> out(count);
  for (double& a : out) {
    a = 2 * (static_cast<double>(random() >> 11) * 0x1p-53) - 1;
  }
  return out;
}
std::size_t games_of(std::size_t n) { return n <= 8 ? 100'000 : n <= 16 ? 20'000 : 5'000; }

void per_game(benchmark::State& state, std::size_t games) {
  state.counters["a_game"] =
      benchmark::Counter(static_cast<double>(games), benchmark::Counter::kIsIterationInvariantRate |
                                                         benchmark::Counter::kInvert);
}

void zero_sum_batch(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::size_t count = games_of(n);
  const std::vector<double> all = payoffs(count * n * n);
  dag::BatchedMatrixGames<double> games;
  for (std::size_t g = 0; g < count; ++g) {
    games.add(n, n, std::span<const double>(all).subspan(g * n * n, n * n));
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        dag::solve_batch(games, {.threads = static_cast<int>(state.range(1))}));
  }
  per_game(state, count);
}

void zero_sum_loop(benchmark::State& state) {
  using Game = dag::MatrixGame<double, dag::eigen>;
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::size_t count = games_of(n) / 10;
  const std::vector<double> all = payoffs(count * n * n);
  const auto size = static_cast<Eigen::Index>(n);
  for (auto _ : state) {
    for (std::size_t g = 0; g < count; ++g) {
      Game::Matrix matrix = Eigen::Map<const Game::Matrix>(&all[g * n * n], size, size);
      benchmark::DoNotOptimize(dag::solve_zero_sum(Game(std::move(matrix)), {.tolerance = 1e-6}));
    }
  }
  per_game(state, count);
}

void logit_batch(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::size_t count = games_of(n) / 10;
  const std::vector<double> all = payoffs(2 * count * n * n);
  const std::span<const double> given = all;
  dag::BatchedBimatrixGames<double> games;
  for (std::size_t g = 0; g < count; ++g) {
    games.add(n, n, given.subspan(2 * g * n * n, n * n), given.subspan((2 * g + 1) * n * n, n * n));
  }
  const double tau = 1 / static_cast<double>(state.range(1));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        dag::logit_batch(games, {.tau = tau, .threads = static_cast<int>(state.range(2))}));
  }
  per_game(state, count);
}

void logit_loop(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::size_t count = games_of(n) / 200;
  const std::vector<double> all = payoffs(2 * count * n * n);
  std::vector<dag::GameTable> games(count);
  for (std::size_t g = 0; g < count; ++g) {
    games[g].players = {"row", "column"};
    games[g].sizes = {n, n};
    for (std::size_t player = 0; player < 2; ++player) {
      std::vector<double>& table = games[g].payoffs.emplace_back(n * n);
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          table[i + n * j] = all[(2 * g + player) * n * n + i * n + j];
        }
      }
    }
  }
  const double tau = 1 / static_cast<double>(state.range(1));
  for (auto _ : state) {
    for (const dag::GameTable& game : games) {
      benchmark::DoNotOptimize(dag::logit_equilibrium(game, tau));
    }
  }
  per_game(state, count);
}

}  // namespace

BENCHMARK(zero_sum_batch)->ArgsProduct({{2, 4, 8, 16, 32}, {1, 2}})->UseRealTime();
BENCHMARK(zero_sum_loop)->Arg(2)->Arg(4)->Arg(8)->Arg(16)->Arg(32)->UseRealTime();
BENCHMARK(logit_batch)->ArgsProduct({{2, 4, 8, 16}, {1, 10}, {1, 2}})->UseRealTime();
BENCHMARK(logit_loop)->ArgsProduct({{2, 4, 8, 16}, {1, 10}})->UseRealTime();
