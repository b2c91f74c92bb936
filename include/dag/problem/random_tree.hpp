// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/random.hpp>
#include <dag/game/extensive.hpp>
#include <dag/game/extensive_builder.hpp>
#include <dag/game/player_names.hpp>
#include <dag/problem/tree_poker.hpp>

namespace dag {

/// Options of `random_tree`.
struct RandomTreeOptions {
  std::size_t depth = 6;      ///< moves on every path
  std::size_t branching = 2;  ///< actions of every move
  double merging = 0.5;       ///< in [0, 1]: how likely it is that a move is not seen by others
  double chance = 0.2;        ///< in [0, 1): how likely it is that a move is chance's
  std::size_t players = 2;    ///< who move beside chance
  bool zero_sum = true;       ///< two players only; else payoffs are independent
  std::uint64_t seed = 1;     ///< of a RandomStream
};

/// A random tree with perfect recall: who moves at a level, and who sees it, is drawn a level; a
/// player knows its own moves and the seen moves of others. Payoffs are whole numbers from -100 to
/// 100, chance's probabilities multiples of 1/1000 drawn a level. Same options, same game, on every
/// machine. Errors: invalid_argument (also more than 2^21 plays).
[[nodiscard]] inline ExtensiveGame random_tree(const RandomTreeOptions& options) {
  const OptionRules rules("random_tree");
  rules.positive("depth", options.depth);
  rules.need(options.branching >= 1 && options.branching <= 100, "branching", "from 1 to 100",
             options.branching);
  rules.need(options.players >= 1 && options.players <= 10, "players", "from 1 to 10",
             options.players);
  rules.share("merging", options.merging);
  rules.below_one("chance", options.chance);
  require(
      static_cast<double>(options.depth) * std::log2(static_cast<double>(options.branching)) <= 21,
      Errc::invalid_argument, "random_tree: ", options.branching, "^", options.depth,
      " plays are more than 2^21");
  require(!options.zero_sum || options.players == 2, Errc::invalid_argument,
          "random_tree: zero_sum needs two players, got ", options.players);
  RandomStream random(options.seed, 0x74726565);
  struct Level {
    std::size_t mover;
    std::vector<bool> seen;
    std::vector<Number> chances;
  };
  std::vector<Level> levels;
  std::vector<std::string> actions;
  for (std::size_t a = 0; a < options.branching; ++a) {
    actions.push_back(std::to_string(a + 1));
  }
  for (std::size_t d = 0; d < options.depth; ++d) {
    Level level;
    const bool chance = random.uniform() < options.chance;
    level.mover =
        chance ? options.players : static_cast<std::size_t>(random.below(options.players));
    for (std::size_t i = 0; i < options.players; ++i) {
      level.seen.push_back(i == level.mover || random.uniform() >= options.merging);
    }
    std::size_t left = 1000;
    for (std::size_t a = 0; a < options.branching; ++a) {
      const bool last = a + 1 == options.branching;
      const std::size_t part =
          last ? left
               : static_cast<std::size_t>(random.below(2 * left / (options.branching - a) + 1));
      const std::size_t taken = part > left ? left : part;
      level.chances.push_back(detail::fraction(taken, 1000));
      left -= taken;
    }
    levels.push_back(std::move(level));
  }
  ExtensiveBuilder tree(numbered_players(options.players), "Random tree");
  struct Open {
    ExtensiveBuilder::Node node;
    std::size_t level;
    std::vector<std::string> known;
  };
  std::vector<Open> open{{tree.root(), 0, std::vector<std::string>(options.players)}};
  while (!open.empty()) {
    const Open at = std::move(open.back());
    open.pop_back();
    if (at.level == options.depth) {
      std::vector<double> payoffs;
      for (std::size_t i = 0; i < options.players; ++i) {
        payoffs.push_back(options.zero_sum && i == 1
                              ? 0.0 - payoffs[0]
                              : static_cast<double>(random.below(201)) - 100.0);
      }
      tree.payoff(at.node, payoffs);
      continue;
    }
    const Level& level = levels[at.level];
    const auto next =
        level.mover == options.players
            ? tree.chance(at.node, actions, level.chances, "level " + std::to_string(at.level + 1))
            : tree.decision(at.node, level.mover,
                            std::to_string(at.level + 1) + ":" + at.known[level.mover], actions);
    for (std::size_t a = next.size(); a-- > 0;) {
      Open child{next[a], at.level + 1, at.known};
      for (std::size_t i = 0; i < options.players; ++i) {
        if (level.seen[i]) {
          child.known[i] += std::to_string(a + 1) + " ";
        }
      }
      open.push_back(std::move(child));
    }
  }
  return tree.finish();
}

}  // namespace dag
