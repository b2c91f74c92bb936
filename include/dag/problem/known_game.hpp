// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>

namespace dag {

/// A game together with what is known about its equilibria.
struct KnownGame {
  GameTable table;
  std::vector<MixedProfile> equilibria;  ///< known Nash equilibria; may be empty or some of many
  bool complete = false;                 ///< true: these are all
  std::optional<double> value;  ///< player 1's payoff in every equilibrium, where it is one
};

namespace detail {

/// Two players, payoffs given row by row.
[[nodiscard]] inline GameTable bimatrix_table(std::string title, std::size_t rows,
                                              std::size_t columns, const std::vector<double>& first,
                                              const std::vector<double>& second) {
  GameTable game = zero_sum_table(std::move(title), rows, columns, first);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      game.payoffs[1][row + rows * column] = second[row * columns + column];
    }
  }
  return game;
}

[[nodiscard]] inline std::vector<double> uniform_strategy(std::size_t size) {
  return std::vector<double>(size, 1.0 / static_cast<double>(size));
}

}  // namespace detail
}  // namespace dag
