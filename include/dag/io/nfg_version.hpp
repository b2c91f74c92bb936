// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <dag/game/table.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

/// The same game for the payoff version of .nfg: every payoff of every profile as it was written.
[[nodiscard]] inline GameTable with_payoffs(GameTable game) {
  validate(game);
  if (game.outcome_of_profile.empty()) {
    return game;
  }
  std::vector<Number> numbers;
  numbers.reserve(game.profile_count() * game.player_count());
  for (std::size_t profile = 0; profile < game.profile_count(); ++profile) {
    for (std::size_t i = 0; i < game.player_count(); ++i) {
      numbers.push_back(written_payoff(game, i, profile));
    }
  }
  game.numbers = std::move(numbers);
  game.outcomes.clear();
  game.outcome_of_profile.clear();
  return game;
}

/// The same game for the outcome version of .nfg: profiles of equal payoffs, as written, share an
/// outcome; outcomes without names, in the order in which profiles come to them.
[[nodiscard]] inline GameTable with_outcomes(GameTable game) {
  validate(game);
  if (!game.outcome_of_profile.empty()) {
    return game;
  }
  std::map<std::string, std::size_t> known;
  std::vector<GameOutcome> outcomes;
  std::vector<std::size_t> outcome_of_profile;
  for (std::size_t profile = 0; profile < game.profile_count(); ++profile) {
    GameOutcome outcome;
    std::string key;
    for (std::size_t i = 0; i < game.player_count(); ++i) {
      outcome.payoffs.push_back(written_payoff(game, i, profile));
      key += outcome.payoffs.back().text() + ' ';
    }
    const auto [at, is_new] = known.try_emplace(std::move(key), outcomes.size() + 1);
    if (is_new) {
      outcomes.push_back(std::move(outcome));
    }
    outcome_of_profile.push_back(at->second);
  }
  game.outcomes = std::move(outcomes);
  game.outcome_of_profile = std::move(outcome_of_profile);
  game.numbers.clear();
  return game;
}

}  // namespace dag
