// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/random.hpp>
#include <dag/game/player_names.hpp>
#include <dag/problem/known_game.hpp>

namespace dag {

// Random games, the same on every machine: entries are drawn in row-major order from
// RandomStream(seed, stream), each family on its own stream.

namespace detail {

enum RandomFamily : std::uint64_t {
  uniform_family,
  gaussian_family,
  low_rank_family,
  sparse_family,
  circulant_family,
  skew_family,
  integer_family,
  general_family,
  covariant_family,
  congestion_family,
  attrition_family,
  polymatrix_family,
};

template <class Draw>
[[nodiscard]] std::vector<double> drawn(std::size_t count, Draw&& draw) {
  std::vector<double> entries(count);
  for (double& entry : entries) {
    entry = draw();
  }
  return entries;
}

}  // namespace detail

/// Entries uniform on [-1, 1).
[[nodiscard]] inline KnownGame random_uniform_game(std::size_t rows, std::size_t columns,
                                                   std::uint64_t seed) {
  RandomStream random(seed, detail::uniform_family);
  return {zero_sum_table("Random uniform game", rows, columns,
                         detail::drawn(rows * columns, [&] { return 2 * random.uniform() - 1; })),
          {},
          false,
          {}};
}

/// Entries standard normal.
[[nodiscard]] inline KnownGame random_gaussian_game(std::size_t rows, std::size_t columns,
                                                    std::uint64_t seed) {
  RandomStream random(seed, detail::gaussian_family);
  return {zero_sum_table("Random Gaussian game", rows, columns,
                         detail::drawn(rows * columns, [&] { return random.normal(); })),
          {},
          false,
          {}};
}

/// A sum of `rank` products of standard normal vectors, divided by sqrt(rank).
[[nodiscard]] inline KnownGame random_low_rank_game(std::size_t rows, std::size_t columns,
                                                    std::size_t rank, std::uint64_t seed) {
  require(rank >= 1 && rank <= rows && rank <= columns, Errc::invalid_argument,
          "random_low_rank_game: rank must be in 1 .. min(", rows, ", ", columns, "), got ", rank);
  RandomStream random(seed, detail::low_rank_family);
  const auto normal = [&] { return random.normal(); };
  const std::vector<double> left = detail::drawn(rows * rank, normal);
  const std::vector<double> right = detail::drawn(columns * rank, normal);
  std::vector<double> payoff(rows * columns);
  const double scale = 1 / std::sqrt(static_cast<double>(rank));
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      double sum = 0.0;
      for (std::size_t k = 0; k < rank; ++k) {
        sum += left[i * rank + k] * right[j * rank + k];
      }
      payoff[i * columns + j] = scale * sum;
    }
  }
  return {zero_sum_table("Random low-rank game", rows, columns, payoff), {}, false, {}};
}

/// Each entry is nonzero with probability `density`, and then uniform on [-1, 1).
[[nodiscard]] inline KnownGame random_sparse_game(std::size_t rows, std::size_t columns,
                                                  double density, std::uint64_t seed) {
  require(density >= 0 && density <= 1, Errc::invalid_argument,
          "random_sparse_game: density must be in [0, 1], got ", density);
  RandomStream random(seed, detail::sparse_family);
  return {zero_sum_table("Random sparse game", rows, columns,
                         detail::drawn(rows * columns,
                                       [&] {
                                         const bool kept = random.uniform() < density;
                                         const double entry = 2 * random.uniform() - 1;
                                         return kept ? entry : 0.0;
                                       })),
          {},
          false,
          {}};
}

/// Circulant: entry (i, j) = c[(j - i) mod n], c uniform on [-1, 1). Uniform play is an
/// equilibrium, the value is the mean of c (rows and columns all have one sum).
[[nodiscard]] inline KnownGame random_cyclic_game(std::size_t n, std::uint64_t seed) {
  RandomStream random(seed, detail::circulant_family);
  const std::vector<double> c = detail::drawn(n, [&] { return 2 * random.uniform() - 1; });
  std::vector<double> payoff(n * n);
  double mean = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    mean += c[i] / static_cast<double>(n);
    for (std::size_t j = 0; j < n; ++j) {
      payoff[i * n + j] = c[(j + n - i) % n];
    }
  }
  KnownGame game{zero_sum_table("Random cyclic game", n, n, payoff), {}, false, mean};
  game.equilibria = {{detail::uniform_strategy(n), detail::uniform_strategy(n)}};
  return game;
}

/// Skew-symmetric with standard normal entries: a symmetric game, value 0.
[[nodiscard]] inline KnownGame random_symmetric_game(std::size_t n, std::uint64_t seed) {
  RandomStream random(seed, detail::skew_family);
  std::vector<double> payoff(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      payoff[i * n + j] = random.normal();
      payoff[j * n + i] = -payoff[i * n + j];
    }
  }
  return {zero_sum_table("Random symmetric game", n, n, payoff), {}, false, 0.0};
}

/// Integers from {-bound, ..., bound}: many ties.
[[nodiscard]] inline KnownGame random_integer_game(std::size_t rows, std::size_t columns,
                                                   std::uint64_t bound, std::uint64_t seed) {
  require(bound <= 1000000, Errc::invalid_argument,
          "random_integer_game: bound must be <= 1e6, got ", bound);
  RandomStream random(seed, detail::integer_family);
  return {zero_sum_table("Random integer game", rows, columns,
                         detail::drawn(rows * columns,
                                       [&] {
                                         return static_cast<double>(random.below(2 * bound + 1)) -
                                                static_cast<double>(bound);
                                       })),
          {},
          false,
          {}};
}

/// General-sum, any number of players: every payoff uniform on [-1, 1), player by player.
[[nodiscard]] inline KnownGame random_general_game(std::vector<std::size_t> sizes,
                                                   std::uint64_t seed) {
  RandomStream random(seed, detail::general_family);
  KnownGame game;
  game.table.title = "Random general-sum game";
  const std::size_t profiles = detail::bounded_product(sizes, detail::largest_count);
  game.table.players = numbered_players(sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    game.table.payoffs.push_back(detail::drawn(profiles, [&] { return 2 * random.uniform() - 1; }));
  }
  game.table.sizes = std::move(sizes);
  validate(game.table);
  return game;
}

}  // namespace dag
