// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/extensive.hpp>
#include <dag/game/extensive_builder.hpp>
#include <dag/game/player_names.hpp>
#include <dag/numeric/number.hpp>
#include <dag/problem/tree_poker.hpp>

namespace dag {

namespace detail {

using TreeLeaf = ExtensiveBuilder::Node;

inline void pay_duel(ExtensiveBuilder& tree, TreeLeaf node, double first) {
  tree.payoff(node, std::vector<double>{first, 0.0 - first});
}

class GoofspielTree {
 public:
  GoofspielTree(ExtensiveBuilder& tree, std::size_t cards) : tree_(tree), cards_(cards) {}

  /// `hands`: bit c - 1 for card c. `seen[i]`: player i's own bids and who won each prize.
  void grow(TreeLeaf node, std::size_t prize, std::uint32_t first, std::uint32_t second, int lead,
            const std::string& first_seen, const std::string& second_seen) {
    if (prize == 1) {  // one card each is left
      const int last = first == second ? 0 : (first > second ? 1 : -1);
      const int total = lead + last;
      pay_duel(tree_, node, total > 0 ? 1 : total < 0 ? -1 : 0);
      return;
    }
    const std::vector<std::size_t> mine = hand(first);
    const std::vector<std::size_t> theirs = hand(second);
    const auto after = tree_.decision(node, 0, first_seen, names(mine));
    for (std::size_t a = 0; a < mine.size(); ++a) {
      const auto leaves = tree_.decision(after[a], 1, second_seen, names(theirs));
      for (std::size_t b = 0; b < theirs.size(); ++b) {
        const int won = mine[a] > theirs[b] ? 1 : mine[a] < theirs[b] ? -1 : 0;
        const char mark = won > 0 ? '>' : won < 0 ? '<' : '=';
        grow(leaves[b], prize - 1, first & ~(1U << (mine[a] - 1)),
             second & ~(1U << (theirs[b] - 1)), lead + won * static_cast<int>(prize),
             first_seen + std::to_string(mine[a]) + mark,
             second_seen + std::to_string(theirs[b]) + mark);
      }
    }
  }

 private:
  [[nodiscard]] std::vector<std::size_t> hand(std::uint32_t bits) const {
    std::vector<std::size_t> cards;
    for (std::size_t card = 1; card <= cards_; ++card) {
      if ((bits >> (card - 1) & 1U) != 0) {
        cards.push_back(card);
      }
    }
    return cards;
  }
  [[nodiscard]] static std::vector<std::string> names(const std::vector<std::size_t>& cards) {
    std::vector<std::string> names;
    names.reserve(cards.size());
    for (const std::size_t card : cards) {
      names.push_back(std::to_string(card));
    }
    return names;
  }

  ExtensiveBuilder& tree_;
  std::size_t cards_;
};

class LiarsDiceTree {
 public:
  LiarsDiceTree(ExtensiveBuilder& tree, std::size_t faces, std::size_t first, std::size_t second)
      : tree_(tree), faces_(faces), dice_{first, second} {}

  /// `bid`: one more than the number of the last bid; 0 before the first.
  void grow(TreeLeaf node, std::size_t bid, std::size_t player, const std::string& history) {
    std::vector<std::string> actions;
    for (std::size_t next = bid; next < 2 * faces_; ++next) {
      actions.push_back(name(next));
    }
    if (bid > 0) {
      actions.emplace_back("liar");
    }
    const auto after =
        tree_.decision(node, player, std::to_string(dice_[player]) + ":" + history, actions);
    for (std::size_t a = 0; a < after.size(); ++a) {
      if (actions[a] == "liar") {
        const std::size_t face = (bid - 1) % faces_ + 1;
        std::size_t matching = 0;
        for (const std::size_t die : dice_) {
          matching += die == face || die == faces_ ? 1U : 0U;
        }
        const bool held = matching >= (bid - 1) / faces_ + 1;
        pay_duel(tree_, after[a], held == (player == 1) ? 1 : -1);
      } else {
        grow(after[a], bid + a + 1, 1 - player, history + actions[a] + " ");
      }
    }
  }

 private:
  /// Two dice of face 3: "2x3".
  [[nodiscard]] std::string name(std::size_t bid) const {
    return std::to_string(bid / faces_ + 1) + "x" + std::to_string(bid % faces_ + 1);
  }
  ExtensiveBuilder& tree_;
  std::size_t faces_;
  std::size_t dice_[2];
};

class BattleshipTree {
 public:
  BattleshipTree(ExtensiveBuilder& tree, std::size_t width, std::size_t height, std::size_t length,
                 std::size_t shots)
      : tree_(tree), cells_(width * height), length_(length), shots_(shots) {
    for (std::size_t y = 0; y < height; ++y) {
      for (std::size_t x = 0; x < width; ++x) {
        if (x + length <= width) {
          ship(y * width + x, 1);
        }
        if (length > 1 && y + length <= height) {
          ship(y * width + x, width);
        }
      }
    }
  }
  [[nodiscard]] std::size_t ship_count() const { return ships_.size(); }

  void grow(TreeLeaf root) {
    std::vector<std::string> names;
    for (std::size_t s = 0; s < ships_.size(); ++s) {
      names.push_back("ship " + std::to_string(s + 1));
    }
    const auto after = tree_.decision(root, 0, "place", names);
    for (std::size_t mine = 0; mine < after.size(); ++mine) {
      const auto placed = tree_.decision(after[mine], 1, "place", names);
      for (std::size_t theirs = 0; theirs < placed.size(); ++theirs) {
        own_[0] = mine;
        own_[1] = theirs;
        shoot(placed[theirs], 0, {0, 0}, "");
      }
    }
  }

 private:
  struct Shots {
    std::uint32_t fired[2];  ///< cells that each player has shot at
  };
  void ship(std::size_t first, std::size_t step) {
    std::uint32_t cells = 0;
    for (std::size_t k = 0; k < length_; ++k) {
      cells |= 1U << (first + k * step);
    }
    ships_.push_back(cells);
  }
  void shoot(TreeLeaf node, std::size_t turn, Shots at, const std::string& history) {
    if (turn == 2 * shots_) {
      pay_duel(tree_, node, 0);
      return;
    }
    const std::size_t me = turn % 2;
    std::vector<std::string> actions;
    std::vector<std::size_t> cells;
    for (std::size_t cell = 0; cell < cells_; ++cell) {
      if ((at.fired[me] >> cell & 1U) == 0) {
        cells.push_back(cell);
        actions.push_back(std::to_string(cell + 1));
      }
    }
    const auto after =
        tree_.decision(node, me, std::to_string(own_[me] + 1) + ":" + history, actions);
    for (std::size_t a = 0; a < cells.size(); ++a) {
      Shots next = at;
      next.fired[me] |= 1U << cells[a];
      const std::uint32_t target = ships_[own_[1 - me]];
      if ((next.fired[me] & target) == target) {
        pay_duel(tree_, after[a], me == 0 ? 1 : -1);
        continue;
      }
      const bool hit = (target >> cells[a] & 1U) != 0;
      shoot(after[a], turn + 1, next, history + actions[a] + (hit ? "! " : " "));
    }
  }

  ExtensiveBuilder& tree_;
  std::size_t cells_;
  std::size_t length_;
  std::size_t shots_;
  std::vector<std::uint32_t> ships_;
  std::size_t own_[2] = {0, 0};
};

inline void grow_pennies(ExtensiveBuilder& tree, TreeLeaf node, std::size_t rounds, double lead,
                         const std::string& history) {
  if (rounds == 0) {
    pay_duel(tree, node, lead);
    return;
  }
  const std::vector<std::string> sides{"heads", "tails"};
  const auto after = tree.decision(node, 0, history, sides);
  for (std::size_t a = 0; a < 2; ++a) {
    const auto leaves = tree.decision(after[a], 1, history, sides);
    for (std::size_t b = 0; b < 2; ++b) {
      grow_pennies(tree, leaves[b], rounds - 1, lead + (a == b ? 1 : -1),
                   history + "HT"[a] + "HT"[b] + " ");
    }
  }
}

}  // namespace detail

/// Goofspiel with `cards` cards each, prizes cards, ..., 1 in this order; the higher bid takes the
/// prize, equal bids lose it. Players see who won a prize and not the other's bid (imperfect
/// information); more points win 1. Value 0 by symmetry. Ross (1971), doi:10.2307/3212187; the
/// variant: Lanctot et al. (2009). Errors: invalid_argument unless 2 <= cards <= 6.
[[nodiscard]] inline ExtensiveGame goofspiel_tree(std::size_t cards) {
  require(cards >= 2 && cards <= 6, Errc::invalid_argument, "goofspiel: 2 to 6 cards, got ", cards);
  ExtensiveBuilder tree(numbered_players(2), "Goofspiel");
  const std::uint32_t all = (1U << cards) - 1;
  detail::GoofspielTree(tree, cards).grow(tree.root(), cards, all, all, 0, "", "");
  return tree.finish();
}

/// Liar's dice with one die of `faces` faces each: bids "quantity x face" rise, the highest face is
/// wild, "liar" ends it and wins 1 if the bid does not hold. Lanctot et al. (2009). Errors:
/// invalid_argument unless 1 <= faces <= 6.
[[nodiscard]] inline ExtensiveGame liars_dice_tree(std::size_t faces) {
  require(faces >= 1 && faces <= 6, Errc::invalid_argument, "liars_dice: 1 to 6 faces, got ",
          faces);
  ExtensiveBuilder tree(numbered_players(2), "Liar's dice");
  std::vector<std::string> names;
  for (std::size_t first = 1; first <= faces; ++first) {
    for (std::size_t second = 1; second <= faces; ++second) {
      names.push_back(std::to_string(first) + "," + std::to_string(second));
    }
  }
  const auto next =
      tree.chance(tree.root(), names,
                  std::vector<Number>(names.size(), detail::fraction(1, names.size())), "roll");
  for (std::size_t k = 0; k < next.size(); ++k) {
    detail::LiarsDiceTree(tree, faces, k / faces + 1, k % faces + 1).grow(next[k], 0, 0, "");
  }
  return tree.finish();
}

/// Matching pennies `rounds` times, both coins shown after each; player 1 wins 1 where they match.
/// Value 0. Errors: invalid_argument unless 1 <= rounds <= 8.
[[nodiscard]] inline ExtensiveGame sequential_pennies_tree(std::size_t rounds = 2) {
  require(rounds >= 1 && rounds <= 8, Errc::invalid_argument,
          "sequential_matching_pennies: 1 to 8 rounds, got ", rounds);
  ExtensiveBuilder tree(numbered_players(2), "Sequential matching pennies");
  detail::grow_pennies(tree, tree.root(), rounds, 0, "");
  return tree.finish();
}

/// Battleship: both hide a ship of `length` cells on a board, then shoot in turn, `shots` each,
/// never twice at a cell; each shot's result is called out. Who sinks the other's ship first wins
/// 1. After Farina, Celli, Gatti, Sandholm (2020), arXiv:2004.00603. Errors: invalid_argument for
/// boards without room or of more than 16 cells.
[[nodiscard]] inline ExtensiveGame battleship_tree(std::size_t width, std::size_t height,
                                                   std::size_t length, std::size_t shots) {
  require(width >= 1 && height >= 1 && width <= 16 && height <= 16 && width * height <= 16,
          Errc::invalid_argument, "battleship: a board of 1 to 16 cells, got ", width, " x ",
          height);
  require(length >= 1 && (length <= width || length <= height), Errc::invalid_argument,
          "battleship: a ship of ", length, " cells does not fit on ", width, " x ", height);
  require(shots >= 1 && shots <= width * height, Errc::invalid_argument, "battleship: 1 to ",
          width * height, " shots, got ", shots);
  ExtensiveBuilder tree(numbered_players(2), "Battleship");
  detail::BattleshipTree grower(tree, width, height, length, shots);
  double plays = static_cast<double>(grower.ship_count() * grower.ship_count());
  for (std::size_t k = 0; k < shots; ++k) {
    plays *= static_cast<double>((width * height - k) * (width * height - k));
  }
  require(plays <= 5e6, Errc::invalid_argument, "battleship: about ", plays,
          " plays are too many; take a smaller board or fewer shots");
  grower.grow(tree.root());
  return tree.finish();
}

}  // namespace dag
