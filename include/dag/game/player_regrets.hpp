// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/state.hpp>
#include <dag/game/regret.hpp>

namespace dag {

/// Every player's expected payoff and regret, from the payoffs of all its strategies (`field`) and
/// the strategies themselves, both stacked. For games of simplices in which the field of a player
/// is the expected payoff of each pure strategy. Units: payoff.
[[nodiscard]] inline RegretReport player_regrets(const Blocks& blocks,
                                                 std::span<const double> field,
                                                 std::span<const double> point) {
  RegretReport report;
  for (std::size_t i = 0; i < blocks.count(); ++i) {
    const std::span<const double> payoffs = blocks.of(field, i);
    const std::span<const double> strategy = blocks.of(point, i);
    double expected = 0.0;
    double best = payoffs[0];
    for (std::size_t s = 0; s < payoffs.size(); ++s) {
      expected += strategy[s] * payoffs[s];
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

/// The same for a point of a `NormalFormGame` or `PolymatrixGame`. One field evaluation.
template <HasField Game>
[[nodiscard]] RegretReport player_regrets(const Game& game, StateView<const double> z) {
  std::vector<double> field(z.point.size());
  game.field(z, std::span<double>(field));
  return player_regrets(game.players().blocks(), field, z.point);
}

/// A profile, player after player in one vector.
[[nodiscard]] inline std::vector<double> stacked(const MixedProfile& profile) {
  std::vector<double> point;
  for (const std::vector<double>& strategy : profile) {
    point.insert(point.end(), strategy.begin(), strategy.end());
  }
  return point;
}

/// A stacked point, one strategy a player.
[[nodiscard]] inline MixedProfile unstacked(const Blocks& blocks, std::span<const double> point) {
  MixedProfile profile;
  for (std::size_t i = 0; i < blocks.count(); ++i) {
    const std::span<const double> strategy = blocks.of(point, i);
    profile.emplace_back(strategy.begin(), strategy.end());
  }
  return profile;
}

}  // namespace dag
