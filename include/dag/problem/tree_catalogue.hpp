// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/extensive.hpp>
#include <dag/problem/detail/game_arguments.hpp>
#include <dag/problem/random_tree.hpp>
#include <dag/problem/tree_duels.hpp>
#include <dag/problem/tree_poker.hpp>

namespace dag {

/// A family of named game trees.
struct TreeEntry {
  std::string_view name;     ///< up to the first colon
  std::string_view usage;    ///< the form of the whole name
  std::string_view example;  ///< a name that works
  std::string_view description;
  std::string_view equilibrium;  ///< what is known
  std::string_view source;
  std::optional<double> value;  ///< of the example, for player 1
  ExtensiveGame (*build)(const detail::GameArguments&);
};

/// All named game trees. Values marked "computed here" come from the sequence-form program, whose
/// certificate a test checks.
[[nodiscard]] inline const std::vector<TreeEntry>& tree_catalogue() {
  using Arguments = detail::GameArguments;
  static const std::vector<TreeEntry> entries = {
      {"kuhn_poker", "kuhn_poker[:PLAYERS]", "kuhn_poker",
       "Kuhn's poker as a tree: PLAYERS + 1 cards, one bet; 2 to 6 players",
       "two players: value -1/18, a family of equilibria", "Kuhn (1950)", -1.0 / 18,
       [](const Arguments& a) {
         a.expect(0, 1);
         return kuhn_poker_tree(a.count() == 0 ? 2 : a.natural(0));
       }},
      {"leduc_poker", "leduc_poker[:SETS]", "leduc_poker",
       "Leduc poker: six cards, two rounds of bets; SETS: 288 (suits are one) or 936 (told apart)",
       "value -0.0856064 for player 1", "Southey et al. (2005), arXiv:1207.1411", -0.085606424078,
       [](const Arguments& a) {
         a.expect(0, 1);
         const std::size_t sets = a.count() == 0 ? 288 : a.natural(0);
         require(sets == 288 || sets == 936, Errc::invalid_argument,
                 "named_game: leduc_poker has 288 or 936 information sets, not ", sets);
         return leduc_poker_tree(sets == 936);
       }},
      {"goofspiel", "goofspiel:CARDS", "goofspiel:4",
       "Goofspiel with CARDS cards, prizes falling, bids hidden; more points win 1",
       "value 0 by symmetry", "Ross (1971), doi:10.2307/3212187; Lanctot et al. (2009)", 0.0,
       [](const Arguments& a) {
         a.expect(1, 1);
         return goofspiel_tree(a.natural(0));
       }},
      {"liars_dice", "liars_dice:FACES", "liars_dice:3",
       "Liar's dice, one die of FACES faces each, the highest face wild",
       "value 1, 1/2, 1/9 and 1/16 with 1 to 4 faces: computed here", "Lanctot et al. (2009)",
       1.0 / 9,
       [](const Arguments& a) {
         a.expect(1, 1);
         return liars_dice_tree(a.natural(0));
       }},
      {"sequential_matching_pennies", "sequential_matching_pennies[:ROUNDS]",
       "sequential_matching_pennies", "Matching pennies ROUNDS times (2), coins shown after each",
       "value 0, every coin fair", "folklore", 0.0,
       [](const Arguments& a) {
         a.expect(0, 1);
         return sequential_pennies_tree(a.count() == 0 ? 2 : a.natural(0));
       }},
      {"battleship", "battleship[:WIDTHxHEIGHT:SHIP:SHOTS]", "battleship",
       "Battleship: a ship of SHIP cells on a board, SHOTS shots each; by default 2x2:2:2",
       "value 1/16 by default: computed here",
       "after Farina, Celli, Gatti, Sandholm (2020), arXiv:2004.00603", 1.0 / 16,
       [](const Arguments& a) {
         a.expect(a.count() == 0 ? 0 : 3, 3);
         if (a.count() == 0) {
           return battleship_tree(2, 2, 2, 2);
         }
         const auto board = a.sizes(0, 2, 2);
         return battleship_tree(board[0], board[1], a.natural(1), a.natural(2));
       }},
      {"random_tree", "random_tree:DEPTH:BRANCHING:MERGING:SEED", "random_tree:8:2:0.5:1",
       "Zero-sum, BRANCHING^DEPTH plays; MERGING in [0, 1]: how likely a move is hidden", "unknown",
       "dag::RandomStream", std::nullopt,
       [](const Arguments& a) {
         a.expect(4, 4);
         return random_tree({.depth = a.natural(0),
                             .branching = a.natural(1),
                             .merging = a.real(2),
                             .seed = a.natural(3)});
       }},
  };
  return entries;
}

/// The family that a name belongs to, or nullptr.
[[nodiscard]] inline const TreeEntry* find_tree(std::string_view name) {
  const std::string_view family = name.substr(0, name.find(':'));
  for (const TreeEntry& entry : tree_catalogue()) {
    if (entry.name == family) {
      return &entry;
    }
  }
  return nullptr;
}

/// A game tree by its name. Same name, same game, on every machine. Errc::invalid_argument for an
/// unknown name (the message lists all) or one that does not follow its form.
[[nodiscard]] inline ExtensiveGame named_tree(std::string_view name) {
  const TreeEntry* entry = find_tree(name);
  if (entry == nullptr) {
    std::string names;
    for (const TreeEntry& known : tree_catalogue()) {
      names += names.empty() ? "" : ", ";
      names += known.name;
    }
    fail(Errc::invalid_argument, "named_tree: no game tree is called '", name.substr(0, 60),
         "'. Known: ", names);
  }
  ExtensiveGame game = entry->build({name, entry->usage, name.substr(entry->name.size())});
  game.title = name;
  return game;
}

}  // namespace dag
