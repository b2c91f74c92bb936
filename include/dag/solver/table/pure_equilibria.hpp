// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>

namespace dag {

struct PureEquilibriaOptions {
  double tolerance = 0.0;  ///< accept profiles whose max_regret / payoff range is at most this
};

/// All pure Nash equilibria of a game of any number of players: the profiles at which no player
/// gains by deviating alone. One strategy index a player; in the order of the table (first player
/// fastest). Cost: two passes over the payoffs. Memory: one byte a profile. Comparisons of doubles
/// are exact: with the default tolerance ties count as equilibria and nothing else does.
[[nodiscard]] inline std::vector<std::vector<std::size_t>> pure_equilibria(
    const GameTable& game, const PureEquilibriaOptions& options = {}) {
  validate(game);
  require(options.tolerance >= 0 && std::isfinite(options.tolerance), Errc::invalid_argument,
          "pure_equilibria: tolerance must be >= 0 and finite, got ", options.tolerance);
  const double slack = options.tolerance > 0 ? options.tolerance * payoff_range(game) : 0.0;
  std::vector<std::uint8_t> stable(game.profile_count(), 1);
  std::size_t stride = 1;
  for (std::size_t player = 0; player < game.player_count(); ++player) {
    const std::vector<double>& payoffs = game.payoffs[player];
    const std::size_t size = game.sizes[player];
    for (std::size_t outer = 0; outer < payoffs.size(); outer += stride * size) {
      for (std::size_t inner = 0; inner < stride; ++inner) {
        const std::size_t first = outer + inner;
        double best = payoffs[first];
        for (std::size_t s = 1; s < size; ++s) {
          const double payoff = payoffs[first + s * stride];
          best = payoff > best ? payoff : best;
        }
        for (std::size_t s = 0; s < size; ++s) {
          const std::size_t profile = first + s * stride;
          if (!(payoffs[profile] >= best - slack)) {
            stable[profile] = 0;
          }
        }
      }
    }
    stride *= size;
  }
  std::vector<std::vector<std::size_t>> equilibria;
  std::vector<std::size_t> choices(game.player_count(), 0);
  std::size_t profile = 0;
  do {
    if (stable[profile++] != 0) {
      equilibria.push_back(choices);
    }
  } while (next_profile(game.sizes, choices));
  return equilibria;
}

}  // namespace dag
