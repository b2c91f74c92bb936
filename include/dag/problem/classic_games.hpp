// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <dag/problem/known_game.hpp>

namespace dag {

// Small games from the literature, each with its equilibria. Rows: player 1.

/// Each of n (odd) strategies beats the (n-1)/2 before it and loses to the others: value 0, unique
/// equilibrium uniform. n = 3 is rock-paper-scissors.
[[nodiscard]] inline KnownGame cyclic_rps(std::size_t n) {
  std::vector<double> payoff(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const std::size_t ahead = (i + n - j) % n;
      payoff[i * n + j] = ahead == 0 ? 0.0 : (ahead <= n / 2 ? 1.0 : -1.0);
    }
  }
  KnownGame game{zero_sum_table("Rock-paper-scissors", n, n, payoff), {}, true, 0.0};
  if (n == 3) {
    game.table.labels.assign(2, {"rock", "paper", "scissors"});
  }
  game.equilibria = {{detail::uniform_strategy(n), detail::uniform_strategy(n)}};
  return game;
}

/// Rock-paper-scissors with stakes: paper beats rock for `paper`, rock beats scissors for `rock`,
/// scissors beats paper for `scissors` (all > 0). Skew-symmetric, so the value is 0; the kernel of
/// a 3x3 skew matrix gives the unique equilibrium (scissors, rock, paper) / sum over (R, P, S).
[[nodiscard]] inline KnownGame weighted_rps(double rock, double paper, double scissors) {
  require(rock > 0 && paper > 0 && scissors > 0, Errc::invalid_argument,
          "weighted_rps: stakes must be > 0, got ", rock, ", ", paper, ", ", scissors);
  KnownGame game{zero_sum_table("Biased rock-paper-scissors", 3, 3,
                                {0, -paper, rock, paper, 0, -scissors, -rock, scissors, 0}),
                 {},
                 true,
                 0.0};
  game.table.labels.assign(2, {"rock", "paper", "scissors"});
  const double sum = rock + paper + scissors;
  const std::vector<double> play{scissors / sum, rock / sum, paper / sum};
  game.equilibria = {{play, play}};
  return game;
}

/// [[a, b], [c, d]] with a, d above b, c: no saddle, so both players mix to make the other
/// indifferent. von Neumann and Morgenstern (1944).
[[nodiscard]] inline KnownGame pennies(double a, double b, double c, double d) {
  const double sum = a - b - c + d;
  KnownGame game{
      zero_sum_table("Matching pennies", 2, 2, {a, b, c, d}), {}, true, (a * d - b * c) / sum};
  game.table.labels.assign(2, {"heads", "tails"});
  game.equilibria = {{{(d - c) / sum, (a - b) / sum}, {(d - b) / sum, (a - c) / sum}}};
  return game;
}

/// Show one or two fingers and guess the sum of the other's; strategies 11, 12, 21, 22 (show,
/// guess). Value 0; a segment of equilibria whose ends are these. Dantzig (1963), Linear
/// Programming and Extensions, chapter 13.
[[nodiscard]] inline KnownGame two_finger_morra() {
  KnownGame game{zero_sum_table("Two-finger Morra", 4, 4,
                                {0, 2, -3, 0, -2, 0, 0, 3, 3, 0, 0, -4, 0, -3, 4, 0}),
                 {},
                 false,
                 0.0};
  game.table.labels.assign(2, {"1-1", "1-2", "2-1", "2-2"});
  const std::vector<double> ends[2] = {{0, 3.0 / 5, 2.0 / 5, 0}, {0, 4.0 / 7, 3.0 / 7, 0}};
  for (const auto& left : ends) {
    for (const auto& right : ends) {
      game.equilibria.push_back({left, right});
    }
  }
  return game;
}

/// Temptation 5, reward 3, punishment 1, sucker 0: defection dominates. Axelrod (1984), The
/// Evolution of Cooperation.
[[nodiscard]] inline KnownGame prisoners_dilemma() {
  KnownGame game{detail::bimatrix_table("Prisoners' dilemma", 2, 2, {3, 0, 5, 1}, {3, 5, 0, 1}),
                 {{{0, 1}, {0, 1}}},
                 true,
                 1.0};
  game.table.labels.assign(2, {"cooperate", "defect"});
  return game;
}

/// Luce and Raiffa (1957), Games and Decisions: two pure equilibria and a mixed one.
[[nodiscard]] inline KnownGame battle_of_the_sexes() {
  KnownGame game{detail::bimatrix_table("Battle of the sexes", 2, 2, {2, 0, 0, 1}, {1, 0, 0, 2}),
                 {{{1, 0}, {1, 0}}, {{0, 1}, {0, 1}}, {{2.0 / 3, 1.0 / 3}, {1.0 / 3, 2.0 / 3}}},
                 true,
                 {}};
  game.table.labels.assign(2, {"opera", "football"});
  return game;
}

/// Dare or yield, with the payoffs of Aumann (1974), doi:10.1016/0304-4068(74)90037-8.
[[nodiscard]] inline KnownGame chicken() {
  KnownGame game{detail::bimatrix_table("Chicken", 2, 2, {6, 2, 7, 0}, {6, 7, 2, 0}),
                 {{{1, 0}, {0, 1}}, {{0, 1}, {1, 0}}, {{2.0 / 3, 1.0 / 3}, {2.0 / 3, 1.0 / 3}}},
                 true,
                 {}};
  game.table.labels.assign(2, {"yield", "dare"});
  return game;
}

/// Two hunters: the stag needs both. Two pure equilibria (the better one riskier) and a mixed one.
[[nodiscard]] inline KnownGame stag_hunt() {
  KnownGame game{detail::bimatrix_table("Stag hunt", 2, 2, {4, 0, 3, 3}, {4, 3, 0, 3}),
                 {{{1, 0}, {1, 0}}, {{0, 1}, {0, 1}}, {{0.75, 0.25}, {0.75, 0.25}}},
                 true,
                 {}};
  game.table.labels.assign(2, {"stag", "hare"});
  return game;
}

/// Shapley (1964), Some topics in two-person games: the only equilibrium is uniform, and fictitious
/// play cycles around it in ever longer rounds.
[[nodiscard]] inline KnownGame shapley() {
  KnownGame game{detail::bimatrix_table("Shapley's game", 3, 3, {1, 0, 0, 0, 1, 0, 0, 0, 1},
                                        {0, 1, 0, 0, 0, 1, 1, 0, 0}),
                 {},
                 true,
                 1.0 / 3};
  game.equilibria = {{detail::uniform_strategy(3), detail::uniform_strategy(3)}};
  return game;
}

/// Three-player matching pennies: 1 wants to match 2, 2 to match 3, and 3 not to match 1. The only
/// equilibrium is uniform and unstable. Jordan (1993), doi:10.1006/game.1993.1022.
[[nodiscard]] inline KnownGame jordan() {
  KnownGame game;
  game.table.title = "Jordan's three-player matching pennies";
  game.table.players = {"Player 1", "Player 2", "Player 3"};
  game.table.sizes = {2, 2, 2};
  game.table.labels.assign(3, {"heads", "tails"});
  std::vector<std::size_t> s(3, 0);
  game.table.payoffs.resize(3);
  do {
    game.table.payoffs[0].push_back(s[0] == s[1] ? 1 : -1);
    game.table.payoffs[1].push_back(s[1] == s[2] ? 1 : -1);
    game.table.payoffs[2].push_back(s[2] == s[0] ? -1 : 1);
  } while (next_profile(game.table.sizes, s));
  game.equilibria = {{{0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}}};
  game.complete = true;
  game.value = 0.0;
  return game;
}

}  // namespace dag
