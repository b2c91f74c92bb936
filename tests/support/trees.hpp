// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include <dag/core/random.hpp>
#include <dag/game/behavior.hpp>
#include <dag/game/extensive.hpp>

/// Game trees walked node by node, beside the sequence form.
namespace test {

/// A behaviour with every action possible.
inline dag::BehaviorProfile random_behavior(const dag::ExtensiveGame& game,
                                            dag::RandomStream& random) {
  dag::BehaviorProfile profile = dag::uniform_behavior(game);
  for (auto& sets : profile) {
    for (auto& behavior : sets) {
      double sum = 0;
      for (double& p : behavior) {
        p = 0.01 + random.uniform();
        sum += p;
      }
      for (double& p : behavior) {
        p /= sum;
      }
    }
  }
  return profile;
}

/// What each player expects below a node, by recursion.
inline std::vector<double> expected_payoffs(const dag::ExtensiveGame& game,
                                            const dag::BehaviorProfile& profile,
                                            std::size_t node = 0) {
  const dag::TreeNode& at = game.nodes[node];
  std::vector<double> total(game.player_count(), 0.0);
  if (at.outcome != 0) {
    for (std::size_t i = 0; i < total.size(); ++i) {
      total[i] = game.outcomes[at.outcome - 1].payoffs[i].value();
    }
  }
  std::size_t action = 0;
  for (const std::uint32_t child : game.children_of(node)) {
    const double p = at.player == dag::TreeNode::chance
                         ? game.chance_sets[at.set].chances[action].value()
                         : profile[at.player][at.set][action];
    const std::vector<double> below = expected_payoffs(game, profile, child);
    for (std::size_t i = 0; i < total.size(); ++i) {
      total[i] += p * below[i];
    }
    ++action;
  }
  return total;
}

}  // namespace test
