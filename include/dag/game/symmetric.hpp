// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <dag/game/integer_payoffs.hpp>
#include <dag/game/table.hpp>

namespace dag {

/// True if a two-player game stays the same when the players change seats: as many strategies, and
/// equal payoffs as written, up to a positive factor and a constant of each player.
[[nodiscard]] inline bool is_symmetric(const GameTable& game) {
  if (game.player_count() != 2 || game.sizes[0] != game.sizes[1]) {
    return false;
  }
  const std::size_t n = game.sizes[0];
  const IntegerPayoffs first = integer_payoffs(game, 0);
  const IntegerPayoffs second = integer_payoffs(game, 1);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (compare(first.entries[i + n * j], second.entries[j + n * i]) != 0) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace dag
