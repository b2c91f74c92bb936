// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// One round of every solver of the list on a zero-sum game, its running mean included, against the
// fused dual products that it makes (A y and A' x in one sweep of A): processor time, each
// contestant between two runs of the product, medians. A round is the difference of a long run and
// a short one, each checked once, so that what a run costs once is not counted. Target: at
// most 1.10 a product where A exceeds the second-level cache and players move at the same time.
//
// Usage: benchmark_solver_rounds [SIZE...]   (default 500 1000 2000)
#include <ctime>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <dag/eigen.hpp>
#include <dag/solver/first_order.hpp>
#include <dag/solver/list.hpp>
#include <dag/solver/response.hpp>

namespace {

using Game = dag::MatrixGame<double, dag::eigen>;

double cpu_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

dag::eigen::matrix<double> uniform_matrix(Eigen::Index n) {
  dag::eigen::matrix<double> a(n, n);
  dag::RandomStream random(1, static_cast<std::uint64_t>(n));
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    a.data()[i] = 2 * random.uniform() - 1;
  }
  return a;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

struct Contestant {
  std::string name;
  std::function<std::int64_t(std::int64_t)> run;  ///< so many rounds; products made
  double products = 1;                            ///< a round
  std::vector<double> seconds, over;              ///< a round; over the products it makes, paired
};

void measure(Eigen::Index n) {
  const Game game(uniform_matrix(n));
  std::vector<Contestant> all;
  dag::eigen::vector<double> x(n), y(n), a_y(n), at_x(n);
  x.setConstant(1.0 / static_cast<double>(n));
  y = x;
  all.push_back({"fused dual product", [&](std::int64_t rounds) {
                   for (std::int64_t r = 0; r < rounds; ++r) {
                     dag::eigen{}.dual_product<double>(
                         game.payoff(), dag::eigen::view(std::as_const(x)),
                         dag::eigen::view(std::as_const(y)), 1.0, -1.0, dag::eigen::view(a_y),
                         dag::eigen::view(at_x));
                   }
                   return rounds;
                 }});
  dag::for_each_call(
      [](const dag::SolverInfo& row) { return (row.kinds & dag::kinds::zero_sum) != 0; },
      [&](const auto& solver) {
        all.push_back(
            {std::string(solver.info.name) + (solver.info.simultaneous ? "" : " (in turn)"),
             [&game, solver](std::int64_t rounds) {
               const dag::SolverOptions<double> options{
                   .tolerance = 0, .max_iterations = rounds, .check_every = rounds};
               return solver(game, options).products;
             }});
      });

  // Enough rounds to reach the usual middle of a run; what a solver needs to begin is in both.
  const std::int64_t few = std::max<std::int64_t>(4, 2'000'000 / (n * n)), many = 25 * few;
  for (Contestant& one : all) {
    one.products =
        static_cast<double>(one.run(many) - one.run(few)) / static_cast<double>(many - few);
  }
  const auto round = [&](const Contestant& one) {
    const double start = cpu_seconds();
    one.run(few);
    const double middle = cpu_seconds();
    one.run(many);
    return (cpu_seconds() - middle - (middle - start)) / static_cast<double>(many - few);
  };
  for (int k = 0; k < 15; ++k) {
    for (Contestant& one : all) {
      const double product = round(all.front());
      one.seconds.push_back(round(one));
      one.over.push_back(one.seconds.back() / (one.products * (product + round(all.front())) / 2));
    }
  }
  for (const Contestant& one : all) {
    std::printf("%5d  %-42s %8.1f us  %4.2f products  ", static_cast<int>(n), one.name.c_str(),
                1e6 * median(one.seconds), one.products);
    if (one.products > 0.5) {
      std::printf("%.3f\n", median(one.over));
    } else {
      std::printf("-\n");  // moves by single strategies and updates its field
    }
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::printf(
      "    n  solver, one round                               time  makes         over them\n");
  for (int k = 1; k < argc; ++k) {
    measure(std::atoi(argv[k]));
  }
  if (argc == 1) {
    for (const Eigen::Index n : {500, 1000, 2000}) {
      measure(n);
    }
  }
  return 0;
}
