// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <dag/game/extensive.hpp>

#include "check_claims.hpp"

namespace cli {

/// A game tree as dag check walks it: from its nodes and from nothing of the sequence form or of
/// the solvers. Refers to the game. Throws dag::Error for players without perfect recall.
class TreeTruths {
 public:
  explicit TreeTruths(const dag::ExtensiveGame& game);

  /// A profile, probabilities[player][set][action] in the order of the game, and what is true of
  /// it. Probabilities count relative to their sum.
  using Profile = std::vector<std::vector<std::vector<double>>>;
  struct Truth {
    std::vector<double> payoffs;
    std::vector<double> regrets;
    double nash_conv = 0;
    double max_regret = 0;
    double relative = 0;  ///< regrets over the players' ranges, added up
  };
  [[nodiscard]] Truth of(const Profile& profile) const;

  [[nodiscard]] const dag::ExtensiveGame& game() const { return game_; }
  [[nodiscard]] double range(std::size_t player) const { return ranges_[player]; }
  [[nodiscard]] double range() const;
  /// What sums of payoffs in double may lose: of payoffs, and of regrets, which no constant enters.
  [[nodiscard]] double rounding(std::size_t player) const;
  [[nodiscard]] double regret_rounding(std::size_t player) const;

 private:
  struct Decision {  ///< an information set: where its actions lie among the slots of values
    std::uint32_t first = 0;
    std::uint32_t size = 0;
    std::uint32_t parent = 0;  ///< the slot of the own move before it
    std::uint32_t set = 0;
    std::uint32_t player = 0;
  };

  void place_sets();
  void walk();
  void add_payoffs();
  [[nodiscard]] double unit_rounding() const;

  const dag::ExtensiveGame& game_;
  std::size_t slots_ = 0;                                ///< actions, and one before all moves
  std::vector<Decision> decisions_;                      ///< parents before children
  std::vector<std::vector<std::uint32_t>> decision_of_;  ///< [player][set]
  std::vector<std::uint32_t> at_;                        ///< [node][player]: the last own move
  std::vector<double> chance_;                           ///< of each node
  std::vector<double> above_least_;                      ///< [node][player], of ends alone
  std::vector<double> least_;
  std::vector<double> most_;
  std::vector<double> ranges_;
};

/// Holds the claims of one result (an object of `dag solve --json`) against the tree.
Checked check_tree(const TreeTruths& tree, const Json& result, const std::string& where);

}  // namespace cli
