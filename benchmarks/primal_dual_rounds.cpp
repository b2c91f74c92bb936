// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Rounds and field evaluations of reflected_halpern over those of primal_dual_hybrid_gradient on
// the same games: geometric means and the worst game, to relative gaps of 1e-6, 1e-8 and 1e-9,
// checked every round and every five. A set has 60 games: four kinds of payoffs, 10, 30 and 100
// strategies, five games each. Evaluations are those of the rounds, of norms and of what a finish
// costs, not those of checks. Games whose worst ratio is above 1.2 are named. Nothing is timed.
//
// Usage: benchmark_primal_dual_rounds [--no-finish] [SEED...]   (default 1 2 3: three sets)
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/random.hpp>
#include <dag/eigen.hpp>
#include <dag/solver/first_order/primal_dual_hybrid_gradient.hpp>
#include <dag/solver/first_order/reflected_halpern.hpp>

namespace {

using Game = dag::MatrixGame<double, dag::eigen>;
using Matrix = dag::eigen::matrix<double>;

constexpr std::array<double, 3> tolerances{1e-6, 1e-8, 1e-9};
constexpr std::array<std::int64_t, 2> spacings{1, 5};  // of checks
constexpr std::int64_t most_rounds = 400'000;
constexpr std::array<const char*, 4> kinds{"uniform", "0, 1, -1", "ties", "scaled rows"};

Matrix payoff(std::size_t kind, Eigen::Index n, std::uint64_t seed, std::uint64_t stream) {
  Matrix a(n, n);
  dag::RandomStream random(seed, stream);
  for (Eigen::Index i = 0; i < n; ++i) {
    const double scale = i % 3 == 0 ? 0.1 : i % 3 == 1 ? 1 : 10;
    for (Eigen::Index j = 0; j < n; ++j) {
      const double u = random.uniform();
      a(i, j) = kind == 0   ? 2 * u - 1
                : kind == 1 ? (u < 0.1   ? -1
                               : u < 0.2 ? 1
                                         : 0)
                : kind == 2 ? std::floor(7 * u) - 3
                            : scale * (2 * u - 1);
    }
  }
  return a;
}

/// [tolerance][spacing of checks].
using Table = std::array<std::array<double, 2>, 3>;
struct Run {
  Table rounds{}, evaluations{};
};

template <class Solve>
Run run(const Game& game, const Solve& solve) {
  Run result;
  std::int64_t checks = 0;
  const auto observe = [&](const dag::Record& record) {
    ++checks;
    for (std::size_t k = 0; k < tolerances.size(); ++k) {
      for (std::size_t s = 0; s < spacings.size(); ++s) {
        if (result.rounds[k][s] == 0 && record.iteration % spacings[s] == 0 &&
            record.relative_gap <= tolerances[k]) {
          result.rounds[k][s] = static_cast<double>(std::max<std::int64_t>(record.iteration, 1));
          result.evaluations[k][s] = static_cast<double>(record.products - checks);
        }
      }
    }
    return result.rounds.back().back() == 0;
  };
  const auto found = solve(
      game,
      dag::SolverOptions<double>{
          .tolerance = 0, .max_iterations = most_rounds, .check_every = 1, .observer = observe});
  // A gap of exactly 0 ends the run before the next of the checks that are further apart.
  for (std::size_t k = 0; k < tolerances.size(); ++k) {
    for (std::size_t s = 0; s < spacings.size(); ++s) {
      if (result.rounds[k][s] == 0) {
        const bool met = found.relative_gap <= tolerances[k];
        const std::int64_t next = (found.iterations + spacings[s] - 1) / spacings[s] * spacings[s];
        result.rounds[k][s] = static_cast<double>(met ? next : most_rounds);
        result.evaluations[k][s] = static_cast<double>(found.products - checks) +
                                   result.rounds[k][s] - static_cast<double>(found.iterations);
      }
    }
  }
  return result;
}

struct Means {
  Table rounds{}, evaluations{};  ///< sums of logarithms of ratios
  std::array<double, 2> worst{};
  std::array<int, 2> above{};
  int games = 0;

  void add(const Run& one, const Run& other) {
    ++games;
    for (std::size_t s = 0; s < spacings.size(); ++s) {
      double largest = 0;
      for (std::size_t k = 0; k < tolerances.size(); ++k) {
        const double ratio = one.rounds[k][s] / other.rounds[k][s];
        rounds[k][s] += std::log(ratio);
        evaluations[k][s] += std::log(one.evaluations[k][s] / other.evaluations[k][s]);
        largest = std::max(largest, ratio);
      }
      worst[s] = std::max(worst[s], largest);
      above[s] += largest > 1.2 ? 1 : 0;
    }
  }
  void print(const std::string& name) const {
    std::printf("%-12s", name.c_str());
    for (std::size_t s = 0; s < spacings.size(); ++s) {
      for (const Table& table : {rounds, evaluations}) {
        for (std::size_t k = 0; k < tolerances.size(); ++k) {
          std::printf(" %5.3f", std::exp(table[k][s] / games));
        }
        std::printf(" ");
      }
      std::printf("%6.2f %3d  |", worst[s], above[s]);
    }
    std::printf("\n");
    std::fflush(stdout);
  }
};

}  // namespace

int main(int argc, char** argv) {
  bool finish = true;
  std::vector<std::uint64_t> seeds;
  for (int k = 1; k < argc; ++k) {
    if (std::string_view(argv[k]) == "--no-finish") {
      finish = false;
    } else {
      seeds.push_back(std::strtoull(argv[k], nullptr, 10));
    }
  }
  if (seeds.empty()) {
    seeds = {1, 2, 3};
  }
  std::printf(
      "             checked every round: rounds to 1e-6, 1e-8, 1e-9, evaluations, worst game, "
      "games above 1.2  | the same, checked every five\n");
  Means total;
  for (const std::uint64_t seed : seeds) {
    Means set;
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      Means means;
      for (const Eigen::Index n : {10, 30, 100}) {
        for (int g = 0; g < 5; ++g) {
          const auto stream = 1000 * kind + static_cast<std::uint64_t>(10 * n + g);
          const Game game(payoff(kind, n, seed, stream));
          const Run other = run(game, [](const Game& a, const auto& options) {
            return dag::primal_dual_hybrid_gradient(a, options);
          });
          const Run one = run(game, [finish](const Game& a, const auto& options) {
            return dag::reflected_halpern(
                a, options,
                {.sufficient = 0.05, .necessary = 0.7, .artificial = 0.5, .finish = finish});
          });
          Means single;
          single.add(one, other);
          if (single.above[0] + single.above[1] > 0) {
            std::printf(
                "  set %llu, %s, %d strategies, game %d: %g, %g, %g rounds, of PDHG %g, %g, "
                "%g: %.2f (%.2f)\n",
                static_cast<unsigned long long>(seed), kinds[kind], static_cast<int>(n), g,
                one.rounds[0][0], one.rounds[1][0], one.rounds[2][0], other.rounds[0][0],
                other.rounds[1][0], other.rounds[2][0], single.worst[0], single.worst[1]);
          }
          for (Means* sum : {&means, &set, &total}) {
            sum->add(one, other);
          }
        }
      }
      means.print(kinds[kind]);
    }
    set.print("set " + std::to_string(seed));
  }
  if (seeds.size() > 1) {
    total.print("all");
  }
  return 0;
}
