// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/extensive.hpp>
#include <dag/game/extensive_builder.hpp>
#include <dag/game/player_names.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

namespace detail {

[[nodiscard]] inline Number fraction(std::size_t numerator, std::size_t denominator) {
  const std::size_t divisor = std::gcd(numerator, denominator);
  const std::string top = std::to_string(numerator / divisor);
  return Number::parse(denominator == divisor ? top
                                              : top + "/" + std::to_string(denominator / divisor));
}

/// Bets of Kuhn's poker below one deal.
class KuhnTree {
 public:
  KuhnTree(ExtensiveBuilder& tree, std::vector<std::size_t> cards)
      : tree_(tree), cards_(std::move(cards)) {}

  void grow(ExtensiveBuilder::Node node, const std::string& history) {
    const std::size_t players = cards_.size();
    const std::size_t bet = history.find('b');
    const std::size_t length = bet == std::string::npos ? players : bet + players;
    if (history.size() == length) {
      end(node, history, bet);
      return;
    }
    const std::size_t player = history.size() % players;
    const auto next =
        tree_.decision(node, player, std::to_string(cards_[player]) + history, {"pass", "bet"});
    grow(next[0], history + 'p');
    grow(next[1], history + 'b');
  }

 private:
  void end(ExtensiveBuilder::Node node, const std::string& history, std::size_t bet) {
    const std::size_t players = cards_.size();
    std::vector<double> payoffs(players, -1.0);
    std::size_t winner = players;
    for (std::size_t i = 0; i < players; ++i) {
      const std::size_t answer = bet == std::string::npos || i >= bet ? i : i + players;
      const bool paid = bet != std::string::npos && history[answer] == 'b';
      payoffs[i] -= paid ? 1 : 0;
      const bool in = bet == std::string::npos || paid;
      winner = in && (winner == players || cards_[i] > cards_[winner]) ? i : winner;
    }
    payoffs[winner] -= std::accumulate(payoffs.begin(), payoffs.end(), 0.0);
    tree_.payoff(node, payoffs);
  }

  ExtensiveBuilder& tree_;
  std::vector<std::size_t> cards_;
};

/// Bets of Leduc poker below one deal of private cards.
class LeducTree {
 public:
  LeducTree(ExtensiveBuilder& tree, bool suits, std::array<std::size_t, 2> cards)
      : tree_(tree), suits_(suits), cards_(cards) {}

  struct Betting {
    std::string history;                    ///< of both rounds, with the public card between
    std::array<std::size_t, 2> paid{1, 1};  ///< the ante
    std::size_t raises = 0;                 ///< in this round
    std::size_t player = 0;
    bool called = false;  ///< the last move of this round was a call or check
    bool second = false;
  };

  void grow(ExtensiveBuilder::Node node, const Betting& at) {
    const std::size_t me = at.player;
    const std::size_t owed = at.paid[1 - me] - at.paid[me];
    std::vector<std::string> actions;
    if (owed > 0) {
      actions.emplace_back("fold");
    }
    actions.emplace_back(owed > 0 ? "call" : "check");
    if (at.raises < 2) {
      actions.emplace_back("raise");
    }
    const auto next = tree_.decision(node, me, name(cards_[me]) + ":" + at.history, actions);
    for (std::size_t a = 0; a < actions.size(); ++a) {
      Betting after = at;
      after.player = 1 - me;
      after.history += actions[a][0] == 'c' ? 'c' : actions[a][0];
      if (actions[a] == "fold") {
        pay(next[a], 1 - me, at.paid[me]);
      } else if (actions[a] == "raise") {
        after.paid[me] = at.paid[1 - me] + (at.second ? 4 : 2);
        ++after.raises;
        after.called = false;
        grow(next[a], after);
      } else {
        after.paid[me] = at.paid[1 - me];
        const bool over = owed > 0 || at.called;
        after.called = true;
        if (!over) {
          grow(next[a], after);
        } else if (!at.second) {
          deal(next[a], after);
        } else {
          showdown(next[a], at.paid[1 - me]);
        }
      }
    }
  }

 private:
  [[nodiscard]] static std::size_t rank(std::size_t card) { return card / 2; }
  [[nodiscard]] std::string name(std::size_t card) const {
    std::string text(1, "JQK"[rank(card)]);
    return suits_ ? text + "12"[card % 2] : text;
  }

  void deal(ExtensiveBuilder::Node node, const Betting& before) {
    std::vector<std::string> names;
    std::vector<std::size_t> count;
    std::vector<std::size_t> cards;
    for (std::size_t card = 0; card < 6; ++card) {
      if (card == cards_[0] || card == cards_[1]) {
        continue;
      }
      if (names.empty() || names.back() != name(card)) {
        names.push_back(name(card));
        count.push_back(0);
        cards.push_back(card);
      }
      ++count.back();
    }
    std::vector<Number> chances;
    chances.reserve(count.size());
    for (const std::size_t times : count) {
      chances.push_back(fraction(times, 4));
    }
    const auto next = tree_.chance(node, names, chances);
    for (std::size_t k = 0; k < cards.size(); ++k) {
      public_ = cards[k];
      Betting after = before;
      after.history += "/" + names[k] + ":";
      after.raises = 0;
      after.player = 0;
      after.called = false;
      after.second = true;
      grow(next[k], after);
    }
  }
  void showdown(ExtensiveBuilder::Node node, std::size_t stake) {
    const auto strength = [&](std::size_t i) {
      return rank(cards_[i]) + (rank(cards_[i]) == rank(public_) ? 3 : 0);
    };
    if (strength(0) == strength(1)) {
      tree_.payoff(node, std::vector<double>{0, 0});
    } else {
      pay(node, strength(0) > strength(1) ? 0 : 1, stake);
    }
  }
  void pay(ExtensiveBuilder::Node node, std::size_t winner, std::size_t stake) {
    const double won = static_cast<double>(stake);
    tree_.payoff(node,
                 winner == 0 ? std::vector<double>{won, -won} : std::vector<double>{-won, won});
  }

  ExtensiveBuilder& tree_;
  bool suits_;
  std::array<std::size_t, 2> cards_;
  std::size_t public_ = 0;
};

}  // namespace detail

/// Kuhn's poker as a tree, for 2 to 6 players: one card each of players + 1, ante 1; pass or bet 1;
/// after a bet everybody else passes or bets once. For two players the value is -1/18 (Kuhn 1950);
/// for three see Szafron, Gibson, Sturtevant (2013). Errors: invalid_argument.
[[nodiscard]] inline ExtensiveGame kuhn_poker_tree(std::size_t players = 2) {
  require(players >= 2 && players <= 6, Errc::invalid_argument, "kuhn_poker: 2 to 6 players, got ",
          players);
  ExtensiveBuilder tree(numbered_players(players), "Kuhn poker");
  std::vector<std::vector<std::size_t>> deals{{}};
  for (std::size_t i = 0; i < players; ++i) {
    std::vector<std::vector<std::size_t>> longer;
    for (const auto& deal : deals) {
      for (std::size_t card = 0; card <= players; ++card) {
        if (std::find(deal.begin(), deal.end(), card) == deal.end()) {
          longer.push_back(deal);
          longer.back().push_back(card);
        }
      }
    }
    deals = std::move(longer);
  }
  std::vector<std::string> names;
  for (const auto& deal : deals) {
    std::string name;
    for (const std::size_t card : deal) {
      name += std::to_string(card);
    }
    names.push_back(std::move(name));
  }
  const auto next =
      tree.chance(tree.root(), names,
                  std::vector<Number>(deals.size(), detail::fraction(1, deals.size())), "deal");
  for (std::size_t k = 0; k < deals.size(); ++k) {
    detail::KuhnTree(tree, deals[k]).grow(next[k], "");
  }
  return tree.finish();
}

/// Leduc poker: six cards (two suits of J, Q, K), ante 1, two rounds of bets of 2 and 4 with two
/// raises at most, a public card between them; a pair with it wins, else the higher card. `suits`:
/// players tell suits apart (936 information sets; the value is the same) or not (288). Value
/// -0.0856064 for player 1. Southey et al. (2005), arXiv:1207.1411.
[[nodiscard]] inline ExtensiveGame leduc_poker_tree(bool suits = false) {
  ExtensiveBuilder tree(numbered_players(2), "Leduc poker");
  std::vector<std::array<std::size_t, 2>> deals;
  std::vector<std::string> names;
  std::vector<std::size_t> count;
  for (std::size_t first = 0; first < 6; ++first) {
    for (std::size_t second = 0; second < 6; ++second) {
      if (first == second) {
        continue;
      }
      std::string name{"JQK"[first / 2]};
      name += suits ? std::string(1, "12"[first % 2]) : "";
      name += "JQK"[second / 2];
      name += suits ? std::string(1, "12"[second % 2]) : "";
      const auto at = std::find(names.begin(), names.end(), name);
      if (at != names.end()) {
        ++count[static_cast<std::size_t>(at - names.begin())];
        continue;
      }
      names.push_back(std::move(name));
      deals.push_back({first, second});
      count.push_back(1);
    }
  }
  std::vector<Number> chances;
  chances.reserve(count.size());
  for (const std::size_t times : count) {
    chances.push_back(detail::fraction(times, 30));
  }
  const auto next = tree.chance(tree.root(), names, chances, "deal");
  for (std::size_t k = 0; k < deals.size(); ++k) {
    detail::LeducTree(tree, suits, deals[k]).grow(next[k], {});
  }
  return tree.finish();
}

}  // namespace dag
