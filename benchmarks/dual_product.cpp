// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// One sweep of A against two, and a mirror-prox round against two of those sweeps. Times are
// processor time of the calling thread, so that a busy neighbour costs less; the ratios at the end
// take the best of interleaved repetitions of this one run.
#include <benchmark/benchmark.h>

#include <dag/eigen.hpp>

#include <ctime>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <vector>

namespace {

using Matrix = dag::eigen::matrix<double>;
using Vector = dag::eigen::vector<double>;

double cpu_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

using Game = dag::MatrixGame<double, dag::eigen>;

Matrix uniform_matrix(Eigen::Index n) {
  Matrix a(n, n);
  dag::RandomStream random(1, static_cast<std::uint64_t>(n));
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    a.data()[i] = 2 * random.uniform() - 1;
  }
  return a;
}

/// One matrix for all contestants, so that each finds it in the same cache.
struct Setup {
  explicit Setup(Eigen::Index n)
      : game(uniform_matrix(n)),
        a(game.payoff()),
        rounds(game, options, "benchmark"),
        x(n),
        y(n),
        a_y(n),
        at_x(n) {
    x.setConstant(1.0 / static_cast<double>(n));
    y = x;
  }
  void one_sweep() {
    dag::eigen{}.dual_product<double>(a, dag::eigen::view(std::as_const(x)),
                                      dag::eigen::view(std::as_const(y)), 1.0, -1.0,
                                      dag::eigen::view(a_y), dag::eigen::view(at_x));
    benchmark::DoNotOptimize(a_y.data());
    benchmark::DoNotOptimize(at_x.data());
    benchmark::ClobberMemory();
  }
  void two_products() {
    a_y.noalias() = a * y;
    at_x.noalias() = -(a.transpose() * x);
    benchmark::DoNotOptimize(a_y.data());
    benchmark::DoNotOptimize(at_x.data());
    benchmark::ClobberMemory();
  }

  void round() { rounds.round(++t); }

  Game game;
  const Matrix& a;
  dag::SolverOptions<double> options;
  dag::detail::MirrorProxRounds<Game> rounds;
  std::int64_t t = 0;
  Vector x, y, a_y, at_x;
};

void count_bytes(benchmark::State& state, int sweeps) {
  state.SetBytesProcessed(state.iterations() * sweeps * state.range(0) * state.range(0) * 8);
}

void one_sweep(benchmark::State& state) {
  Setup setup(state.range(0));
  for (auto _ : state) {
    setup.one_sweep();
  }
  count_bytes(state, 1);
}
void two_products_of_eigen(benchmark::State& state) {
  Setup setup(state.range(0));
  for (auto _ : state) {
    setup.two_products();
  }
  count_bytes(state, 2);
}
void mirror_prox_round(benchmark::State& state) {
  Setup setup(state.range(0));
  for (auto _ : state) {
    setup.round();
  }
  count_bytes(state, 2);
}
BENCHMARK(one_sweep)->Arg(100)->Arg(500)->Arg(1000)->Arg(2000)->Arg(4000)->MeasureProcessCPUTime();
BENCHMARK(two_products_of_eigen)
    ->Arg(100)
    ->Arg(500)
    ->Arg(1000)
    ->Arg(2000)
    ->Arg(4000)
    ->MeasureProcessCPUTime();
BENCHMARK(mirror_prox_round)
    ->Arg(100)
    ->Arg(500)
    ->Arg(1000)
    ->Arg(2000)
    ->Arg(4000)
    ->MeasureProcessCPUTime();

template <class Work>
double timed(int repetitions, Work work) {
  const double start = cpu_seconds();
  for (int k = 0; k < repetitions; ++k) {
    work();
  }
  return (cpu_seconds() - start) / repetitions;
}

void print_ratios() {
  std::printf("\n%6s  %-34s %-34s\n", "n", "one sweep / Eigen's two products",
              "mirror-prox round / two sweeps");
  for (const Eigen::Index n : {100, 500, 1000, 2000, 4000}) {
    Setup setup(n);
    double sweep = std::numeric_limits<double>::infinity();
    double two = sweep, round = sweep;
    const int repetitions = static_cast<int>(std::max<Eigen::Index>(1, 2'000'000 / (n * n)));
    for (int k = 0; k < 60; ++k) {
      sweep = std::min(sweep, timed(repetitions, [&] { setup.one_sweep(); }));
      two = std::min(two, timed(repetitions, [&] { setup.two_products(); }));
      round = std::min(round, timed(repetitions, [&] { setup.round(); }));
    }
    std::printf("%6d  %-34.3f %-34.3f\n", static_cast<int>(n), sweep / two, round / (2 * sweep));
  }
  std::printf("targets: at most 0.6 at 1000 and 2000; at most 1.2\n");
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  benchmark::RunSpecifiedBenchmarks();
  print_ratios();
  return 0;
}
