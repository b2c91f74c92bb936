// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

/// A rule that chooses among equilibria.
struct EquilibriumRule {
  enum class Kind {
    welfare,        ///< the largest sum of payoffs
    egalitarian,    ///< the largest payoff of the player who has least
    payoff,         ///< the largest payoff of `player`
    risk_dominant,  ///< two players: the strict pure one that risk-dominates all other strict ones
    symmetric       ///< everybody plays the same strategy
  };
  Kind kind = Kind::welfare;
  std::size_t player = 0;  ///< of Kind::payoff, from 0
  friend bool operator==(const EquilibriumRule&, const EquilibriumRule&) = default;
};

/// The rule that a word names: welfare, egalitarian, payoff:PLAYER (from 1), risk_dominant,
/// symmetric. Errc::invalid_argument for other words, and for players that a game of `players`
/// players does not have.
[[nodiscard]] inline EquilibriumRule equilibrium_rule(std::string_view word, std::size_t players) {
  using Kind = EquilibriumRule::Kind;
  if (word == "welfare") {
    return {Kind::welfare, 0};
  }
  if (word == "egalitarian") {
    return {Kind::egalitarian, 0};
  }
  if (word == "risk_dominant") {
    require(players == 2, Errc::unsupported, "risk_dominant: needs a two-player game, got ",
            players, " players");
    return {Kind::risk_dominant, 0};
  }
  if (word == "symmetric") {
    return {Kind::symmetric, 0};
  }
  constexpr std::string_view payoff = "payoff:";
  require(word.substr(0, payoff.size()) == payoff, Errc::invalid_argument,
          "select: expected welfare, egalitarian, payoff:PLAYER, risk_dominant or symmetric (of "
          "zero-sum games also max_entropy or reference), got '",
          word, "'");
  double number = 0.0;
  const char* wrong = detail::number_value(word.substr(payoff.size()), number);
  require(wrong == nullptr && number >= 1 && number <= static_cast<double>(players) &&
              number == std::floor(number),
          Errc::invalid_argument, "select: payoff:PLAYER needs a player from 1 to ", players,
          ", got '", word, "'");
  return {Kind::payoff, static_cast<std::size_t>(number) - 1};
}

/// True if the pure equilibrium `a` of a two-player game risk-dominates the pure one `b`: the
/// product of what the players lose by deviating from a to their part of b is larger than that of
/// b (Harsanyi and Selten 1988, the 2 x 2 game of both). Equal products dominate neither.
[[nodiscard]] inline bool risk_dominates(const GameTable& game, const std::vector<std::size_t>& a,
                                         const std::vector<std::size_t>& b) {
  require(game.player_count() == 2 && a.size() == 2 && b.size() == 2, Errc::unsupported,
          "risk_dominates: needs a two-player game, got ", game.player_count(), " players");
  const auto payoff = [&](std::size_t player, std::size_t row, std::size_t column) {
    return game.payoffs[player][row + game.sizes[0] * column];
  };
  const auto losses = [&](const std::vector<std::size_t>& at, const std::vector<std::size_t>& to) {
    return (payoff(0, at[0], at[1]) - payoff(0, to[0], at[1])) *
           (payoff(1, at[0], at[1]) - payoff(1, at[0], to[1]));
  };
  return losses(a, b) > losses(b, a);
}

/// The indices of those of `equilibria` that a rule chooses, in order: all that are best within
/// 1e-9 of the payoff range; possibly none for risk_dominant and symmetric. Of a set of equilibria
/// it sees only the listed points. Errors: as `validate`; unsupported where the rule does not fit
/// the game (symmetric with players of different sizes; risk_dominant beyond two players).
[[nodiscard]] inline std::vector<std::size_t> choose_equilibria(
    const GameTable& game, const std::vector<MixedProfile>& equilibria, EquilibriumRule rule) {
  using Kind = EquilibriumRule::Kind;
  validate(game);
  const std::size_t players = game.player_count();
  require(rule.player < players, Errc::invalid_argument, "choose_equilibria: no player ",
          rule.player + 1, " in a game of ", players);
  std::vector<std::size_t> chosen;
  if (rule.kind == Kind::symmetric) {
    for (const std::size_t size : game.sizes) {
      require(size == game.sizes[0], Errc::unsupported,
              "symmetric: the players have different numbers of strategies, ", game.sizes[0],
              " and ", size);
    }
    for (std::size_t k = 0; k < equilibria.size(); ++k) {
      validate(game, equilibria[k]);
      double apart = 0.0;
      for (const std::vector<double>& strategy : equilibria[k]) {
        for (std::size_t s = 0; s < strategy.size(); ++s) {
          apart = std::fmax(apart, std::abs(strategy[s] - equilibria[k][0][s]));
        }
      }
      if (apart <= 1e-9) {
        chosen.push_back(k);
      }
    }
    return chosen;
  }
  if (rule.kind == Kind::risk_dominant) {
    require(players == 2, Errc::unsupported, "risk_dominant: needs a two-player game, got ",
            players, " players");
    std::vector<std::size_t> strict;
    std::vector<std::vector<std::size_t>> choices;
    for (std::size_t k = 0; k < equilibria.size(); ++k) {
      validate(game, equilibria[k]);
      std::vector<std::size_t> choice;
      bool pure = true;
      for (std::size_t i = 0; i < players && pure; ++i) {
        const auto at = std::find(equilibria[k][i].begin(), equilibria[k][i].end(), 1.0);
        pure = at != equilibria[k][i].end();
        choice.push_back(static_cast<std::size_t>(at - equilibria[k][i].begin()));
      }
      for (std::size_t i = 0; i < players && pure; ++i) {
        const std::vector<double> earned = deviation_payoffs(game, equilibria[k], i);
        for (std::size_t s = 0; s < earned.size(); ++s) {
          pure = pure && (s == choice[i] || earned[s] < earned[choice[i]]);
        }
      }
      if (pure) {
        strict.push_back(k);
        choices.push_back(choice);
      }
    }
    for (std::size_t a = 0; a < strict.size(); ++a) {
      bool best = true;
      for (std::size_t b = 0; b < strict.size(); ++b) {
        best = best && (a == b || risk_dominates(game, choices[a], choices[b]));
      }
      if (best) {
        chosen.push_back(strict[a]);
      }
    }
    return chosen;
  }
  std::vector<double> scores;
  double most = 0.0;
  for (const MixedProfile& profile : equilibria) {
    const std::vector<double> payoffs = certify(game, profile).payoffs;
    double score = 0.0;
    for (std::size_t i = 0; i < players; ++i) {
      score = rule.kind == Kind::payoff    ? payoffs[rule.player]
              : rule.kind == Kind::welfare ? score + payoffs[i]
              : i == 0                     ? payoffs[0]
                                           : std::fmin(score, payoffs[i]);
    }
    most = scores.empty() ? score : std::fmax(most, score);
    scores.push_back(score);
  }
  for (std::size_t k = 0; k < scores.size(); ++k) {
    if (scores[k] >= most - 1e-9 * payoff_range(game)) {
      chosen.push_back(k);
    }
  }
  return chosen;
}

}  // namespace dag
