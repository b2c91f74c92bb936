// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// All equilibria of random n x n games: a line of JSON a game, which scripts/bench puts beside
// other packages on the same games. Payoffs are the first 2 n^2 numbers of mt19937_64(seed), 2 *
// ((r >> 11) / 2^53) - 1, player 1's row by row, then player 2's; ties: rounded to whole numbers
// from -2 to 2. Wall time, the smallest of three runs where they are short.
//
// Usage: benchmark_enumeration N SEED [ties]
#include <ctime>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include <dag/game/table.hpp>
#include <dag/solver/table/vertex_enumeration.hpp>

namespace {

double cpu_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t n = argc > 1 ? static_cast<std::size_t>(std::atoi(argv[1])) : 0;
  if (argc < 3 || n < 1 || n > 20) {
    std::fprintf(stderr, "usage: benchmark_enumeration N SEED [ties], N from 1 to 20\n");
    return 2;
  }
  std::mt19937_64 random(static_cast<std::uint64_t>(std::atoll(argv[2])));
  dag::GameTable game;
  game.players = {"1", "2"};
  game.sizes = {n, n};
  game.payoffs.assign(2, std::vector<double>(n * n));
  for (std::size_t player = 0; player < 2; ++player) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {  // profiles: the first player's strategy fastest
        const double entry = 2 * (static_cast<double>(random() >> 11) * 0x1p-53) - 1;
        game.payoffs[player][j * n + i] = argc > 3 ? std::round(2 * entry) : entry;
      }
    }
  }
  double best = 1e300;
  dag::EquilibriumSet found;
  for (int k = 0; k < 3 && (k == 0 || best < 1); ++k) {
    const double start = cpu_seconds();
    found = dag::vertex_enumeration(game);
    best = std::min(best, cpu_seconds() - start);
  }
  std::printf("{\"seconds\": %.6g, \"equilibria\": %zu, \"complete\": %s, \"degenerate\": %s}\n",
              best, found.equilibria.size(), found.complete ? "true" : "false",
              found.degenerate ? "true" : "false");
  return found.complete ? 0 : 1;
}
