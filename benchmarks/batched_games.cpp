// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Many small games in one call beside the solver of one game in a loop, the same games in the same
// run: the ratio of their times is what the batch brings. Payoffs uniform on [-1, 1], seed 1;
// answer distributions of exponential weights.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <dag/alignment/align_batch.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/solver/matrix/batch.hpp>
#include <dag/solver/table/logit_batch.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/goal_divergence.hpp>
#include <dag/utility/shannon_entropy.hpp>

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
  const std::size_t count = games_of(n);
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

std::vector<double> distributions(std::size_t count, std::size_t answers) {
  std::vector<double> out = payoffs(count * answers);
  for (std::size_t g = 0; g < count; ++g) {
    double total = 0;
    for (std::size_t z = 0; z < answers; ++z) {
      double& p = out[g * answers + z];
      p = 1e-3 - std::log((1.5 - p) / 2.5);
      total += p;
    }
    for (std::size_t z = 0; z < answers; ++z) {
      out[g * answers + z] /= total;
    }
  }
  return out;
}
template <class Utility>
Utility answer_utility(std::span<const double> goal) {
  if constexpr (std::is_same_v<Utility, dag::ForwardKl<double>>) {
    return {dag::Goal<double>(goal), 1.0};
  } else {
    return {1.0};
  }
}

/// A question of `answers` answers, beta = 0.1.
template <class Utility>
void answers_batch(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::size_t count = games_of(n) / 5;
  const std::vector<double> nu0 = distributions(count, n);
  const std::vector<double> goal(nu0.rbegin(), nu0.rend());
  const auto utility = answer_utility<Utility>(goal);
  for (auto _ : state) {  // collecting them is part of it, as in the loop below
    dag::BatchedQuestions<double> questions;
    for (std::size_t g = 0; g < count; ++g) {
      questions.add(std::span<const double>(nu0).subspan(g * n, n));
    }
    benchmark::DoNotOptimize(dag::align_batch(
        utility, questions, {.beta = 0.1, .threads = static_cast<int>(state.range(1))}));
  }
  per_game(state, count);
}
template <class Utility>
void answers_loop(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::size_t count = games_of(n) / 50;
  const std::vector<double> nu0 = distributions(count, n);
  const std::vector<double> goal(nu0.rbegin(), nu0.rend());
  for (auto _ : state) {
    for (std::size_t g = 0; g < count; ++g) {
      const std::span<const double> row = std::span<const double>(nu0).subspan(g * n, n);
      benchmark::DoNotOptimize(dag::equilibrium(dag::AlignmentGame<Utility, dag::no_backend>(
          answer_utility<Utility>(std::span<const double>(goal).subspan(g * n, n)),
          dag::Contexts<double>(std::vector<double>(row.begin(), row.end())), 0.1)));
    }
  }
  per_game(state, count);
}

}  // namespace

BENCHMARK(zero_sum_batch)->ArgsProduct({{2, 4, 8, 16, 32}, {1, 2}})->UseRealTime();
BENCHMARK(zero_sum_loop)->Arg(2)->Arg(4)->Arg(8)->Arg(16)->Arg(32)->UseRealTime();
BENCHMARK(logit_batch)->ArgsProduct({{2, 4, 8, 16}, {1, 10}, {1, 2}})->UseRealTime();
BENCHMARK(logit_loop)->ArgsProduct({{2, 4, 8, 16}, {1, 10}})->UseRealTime();
#define DAG_ANSWERS(utility)                                                                    \
  BENCHMARK_TEMPLATE(answers_batch, utility)->ArgsProduct({{2, 8, 32}, {1, 2}})->UseRealTime(); \
  BENCHMARK_TEMPLATE(answers_loop, utility)->Arg(2)->Arg(8)->Arg(32)->UseRealTime()
DAG_ANSWERS(dag::ShannonEntropy<double>);
DAG_ANSWERS(dag::Gini<double>);
DAG_ANSWERS(dag::ForwardKl<double>);
