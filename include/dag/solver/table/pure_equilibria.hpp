// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>

namespace dag {

/// Options of `pure_equilibria`.
struct PureEquilibriaOptions {
  double tolerance = 0.0;  ///< accept profiles whose max_regret / payoff range is at most this
};

namespace detail {

/// Of a player's strategies whose payoffs are the same double, only those count whose payoffs as
/// written are the largest: two integers beyond 2^53 may share a double.
inline void break_ties(const GameTable& game, std::size_t player, std::size_t first,
                       std::size_t stride, double best, std::vector<std::uint8_t>& stable) {
  std::vector<std::size_t> tied;
  bool same = true;
  for (std::size_t s = 0; s < game.sizes[player]; ++s) {
    const std::size_t profile = first + s * stride;
    if (game.payoffs[player][profile] == best) {
      same = same && (tied.empty() || written_payoff(game, player, profile) ==
                                          written_payoff(game, player, tied[0]));
      tied.push_back(profile);
    }
  }
  if (same) {
    return;
  }
  Rational largest = written_payoff(game, player, tied[0]).exact();
  for (const std::size_t profile : tied) {
    Rational payoff = written_payoff(game, player, profile).exact();
    if (compare(largest, payoff) < 0) {
      largest = std::move(payoff);
    }
  }
  for (const std::size_t profile : tied) {
    if (compare(written_payoff(game, player, profile).exact(), largest) < 0) {
      stable[profile] = 0;
    }
  }
}

}  // namespace detail

/// All pure Nash equilibria of a game of any number of players: the profiles at which no player
/// gains by deviating alone. One strategy index a player; in the order of the table (first player
/// fastest). Cost: two passes over the payoffs. Memory: one byte a profile. Comparisons
/// are exact, on the payoffs as written: with the default tolerance ties count as equilibria and
/// nothing else does.
[[nodiscard]] inline std::vector<std::vector<std::size_t>> pure_equilibria(
    const GameTable& game, const PureEquilibriaOptions& options = {}) {
  validate(game);
  require(options.tolerance >= 0 && std::isfinite(options.tolerance), Errc::invalid_argument,
          "pure_equilibria: tolerance must be >= 0 and finite, got ", options.tolerance);
  const double slack = options.tolerance > 0 ? options.tolerance * payoff_range(game) : 0.0;
  const bool written = !game.numbers.empty() || !game.outcome_of_profile.empty();
  std::vector<std::uint8_t> stable(game.profile_count(), 1);
  for (std::size_t player = 0; player < game.player_count(); ++player) {
    const std::size_t stride = profile_stride(game.sizes, player);
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
        if (slack == 0.0 && written) {
          detail::break_ties(game, player, first, stride, best, stable);
        }
      }
    }
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
