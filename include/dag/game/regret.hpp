// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>

namespace dag {

/// One mixed strategy a player.
using MixedProfile = std::vector<std::vector<double>>;

/// How far a profile of a normal-form game is from a Nash equilibrium, in units of payoff.
struct RegretReport {
  std::vector<double> payoffs;  ///< what each player expects
  std::vector<double> regrets;  ///< what each gains by the best deviation alone; at least 0
  double max_regret = 0.0;      ///< the largest of them: 0 exactly at an equilibrium
  double nash_conv = 0.0;       ///< their sum; in zero-sum games the duality gap
  friend bool operator==(const RegretReport&, const RegretReport&) = default;
};

/// Checks that a profile fits a game: one strategy a player, of its size, entries at least
/// -tolerance, sum within tolerance of one. Errc::dimension_mismatch or Errc::not_a_distribution.
inline void validate(const GameTable& game, const MixedProfile& profile, double tolerance = 1e-9) {
  require(profile.size() == game.player_count(), Errc::dimension_mismatch, "profile: the game has ",
          game.player_count(), " players, got ", profile.size(), " strategies");
  for (std::size_t i = 0; i < profile.size(); ++i) {
    require(profile[i].size() == game.sizes[i], Errc::dimension_mismatch, "profile: player ", i + 1,
            " has ", game.sizes[i], " strategies, got ", profile[i].size(), " probabilities");
    double sum = 0.0;
    for (const double probability : profile[i]) {
      require(probability >= -tolerance && std::isfinite(probability), Errc::not_a_distribution,
              "profile: player ", i + 1, " has a probability ", probability);
      sum += probability;
    }
    require(std::abs(sum - 1.0) <= tolerance, Errc::not_a_distribution,
            "profile: the probabilities of player ", i + 1, " must add up to one, got ", sum);
  }
}

/// Expected payoff of each strategy of `player` while the others play `profile`: the payoff tensor
/// contracted with the others' strategies, one pass over it. Allocates one copy of at most its
/// size.
[[nodiscard]] inline std::vector<double> deviation_payoffs(const GameTable& game,
                                                           const MixedProfile& profile,
                                                           std::size_t player) {
  const std::vector<double>* source = &game.payoffs[player];
  std::vector<double> tensor;
  // The slowest indices first: whole blocks are added, weighted by one probability each.
  for (std::size_t i = game.player_count(); i-- > player + 1;) {
    const std::size_t block = source->size() / game.sizes[i];
    std::vector<double> smaller(block, 0.0);
    for (std::size_t s = 0; s < game.sizes[i]; ++s) {
      const double weight = profile[i][s];
      const double* from = source->data() + s * block;
      for (std::size_t j = 0; weight != 0.0 && j < block; ++j) {
        smaller[j] += weight * from[j];
      }
    }
    tensor = std::move(smaller);
    source = &tensor;
  }
  // Then the fastest: one dot product an entry.
  for (std::size_t i = 0; i < player; ++i) {
    const std::size_t size = game.sizes[i];
    std::vector<double> smaller(source->size() / size);
    for (std::size_t j = 0; j < smaller.size(); ++j) {
      double sum = 0.0;
      for (std::size_t s = 0; s < size; ++s) {
        sum += profile[i][s] * (*source)[j * size + s];
      }
      smaller[j] = sum;
    }
    tensor = std::move(smaller);
    source = &tensor;
  }
  return *source;
}

/// The certificate of a profile, computed from the payoffs alone. Throws as `validate` does.
/// Cost: one pass over the payoffs of each player.
[[nodiscard]] inline RegretReport certify(const GameTable& game, const MixedProfile& profile) {
  validate(game, profile);
  RegretReport report;
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    const std::vector<double> payoffs = deviation_payoffs(game, profile, i);
    double expected = 0.0;
    double best = payoffs[0];
    for (std::size_t s = 0; s < payoffs.size(); ++s) {
      expected += profile[i][s] * payoffs[s];
      best = payoffs[s] > best ? payoffs[s] : best;
    }
    const double regret = best > expected ? best - expected : 0.0;
    report.payoffs.push_back(expected);
    report.regrets.push_back(regret);
    report.max_regret = regret > report.max_regret ? regret : report.max_regret;
    report.nash_conv += regret;
  }
  return report;
}

/// The largest gain of a player by deviating alone.
[[nodiscard]] inline double max_regret(const GameTable& game, const MixedProfile& profile) {
  return certify(game, profile).max_regret;
}

/// The sum of the players' gains by deviating alone.
[[nodiscard]] inline double nash_conv(const GameTable& game, const MixedProfile& profile) {
  return certify(game, profile).nash_conv;
}

/// The profile in which each player plays one strategy for sure.
[[nodiscard]] inline MixedProfile pure_profile(const std::vector<std::size_t>& sizes,
                                               const std::vector<std::size_t>& choices) {
  MixedProfile profile(sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    profile[i].assign(sizes[i], 0.0);
    profile[i][choices[i]] = 1.0;
  }
  return profile;
}

}  // namespace dag
