// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <dag/problem/known_game.hpp>

namespace dag {

/// Kuhn's poker in normal form: three cards, ante 1, one bet of 1; 64 pure strategies a player, one
/// bit a decision (bit c: bet first / bet after a check with card c = J, Q, K; bit 3 + c: call a
/// bet with c). Value -1/18 for player 1, who has a family of equilibria: bet J with probability a,
/// K with 3a, never Q; call with Q with a + 1/3. Player 2 has one behaviour: with J bluff 1/3, with
/// Q call 1/3, with K bet and call. The equilibria given are a = 0 and a = 1/3 as mixtures of pure
/// strategies. Kuhn (1950), A simplified two-person poker.
/// Payoffs are exact sixths.
[[nodiscard]] inline KnownGame kuhn_poker() {
  const auto bit = [](std::size_t strategy, std::size_t index) {
    return (strategy >> index & 1U) != 0;
  };
  KnownGame game;
  game.table.title = "Kuhn poker in normal form";
  game.table.players = {"First", "Second"};
  game.table.sizes = {64, 64};
  game.table.payoffs.resize(2);
  game.value = -1.0 / 18;
  for (std::size_t second = 0; second < 64; ++second) {
    for (std::size_t first = 0; first < 64; ++first) {
      int total = 0;  // over the six deals
      for (std::size_t mine = 0; mine < 3; ++mine) {
        for (std::size_t theirs = 0; theirs < 3; ++theirs) {
          if (mine == theirs) {
            continue;
          }
          const int showdown = mine > theirs ? 1 : -1;
          if (bit(first, mine)) {
            total += bit(second, 3 + theirs) ? 2 * showdown : 1;
          } else if (bit(second, theirs)) {
            total += bit(first, 3 + mine) ? 2 * showdown : -1;
          } else {
            total += showdown;
          }
        }
      }
      const Number payoff = Number::parse(std::to_string(total) + (total % 6 == 0 ? "" : "/6"));
      const int whole = total / 6;
      const Number written = total % 6 == 0 ? Number(whole) : payoff;
      game.table.payoffs[0].push_back(written.value());
      game.table.payoffs[1].push_back(0.0 - written.value());
      game.table.numbers.push_back(written);
      game.table.numbers.push_back(written.negated());
    }
  }
  const auto mixture = [&bit](const std::vector<double>& behaviour) {
    std::vector<double> strategy(64, 1.0);
    for (std::size_t s = 0; s < 64; ++s) {
      for (std::size_t i = 0; i < 6; ++i) {
        strategy[s] *= bit(s, i) ? behaviour[i] : 1.0 - behaviour[i];
      }
    }
    return strategy;
  };
  const std::vector<double> second = mixture({1.0 / 3, 0, 1, 0, 1.0 / 3, 1});
  for (const double a : {0.0, 1.0 / 3}) {
    game.equilibria.push_back({mixture({a, 0, 3 * a, 0, a + 1.0 / 3, 1}), second});
  }
  return game;
}

}  // namespace dag
