// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

/// An information set: nodes that their player cannot tell apart, and what can be done there. For
/// chance, what can happen and how probable it is.
struct InformationSet {
  std::size_t number = 0;  ///< its number in files, one of its own among the sets of a player
  std::string label;
  std::vector<std::string> actions;
  std::vector<Number> chances;  ///< one an action, of chance's sets only
  friend bool operator==(const InformationSet&, const InformationSet&) = default;
};

/// A node of a game tree: indices into the lists of its `ExtensiveGame`.
struct TreeNode {
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  static constexpr std::uint32_t chance = none - 1;
  static constexpr std::uint32_t terminal = none - 2;

  std::uint32_t player = terminal;  ///< who moves: a player from 0, `chance`, or `terminal`
  std::uint32_t set = 0;            ///< in sets[player] or chance_sets
  std::uint32_t outcome = 0;        ///< 0: none; k: outcomes[k - 1]
  std::uint32_t parent = none;
  std::uint32_t action = 0;    ///< of the parent that leads here
  std::uint32_t children = 0;  ///< where its children begin in `children`, one an action
  friend bool operator==(const TreeNode&, const TreeNode&) = default;
};

/// An extensive-form game of any number of players (one is allowed) as plain data: what .efg files,
/// the builder and the generators give. Nodes are in prefix order, so that parents come before
/// children and node 0 is the root. The payoffs of a play are the sums of the outcomes on its path,
/// inner nodes included. Units of payoff: the user's; higher is better for its player.
struct ExtensiveGame {
  std::string title;
  std::string comment;
  bool has_comment = false;
  bool decimal_file = false;  ///< a file's mark: 'D' (decimal) or 'R' (rational)
  std::vector<std::string> players;
  std::vector<std::vector<InformationSet>> sets;  ///< one list a player
  std::vector<InformationSet> chance_sets;
  std::vector<GameOutcome> outcomes;
  std::vector<std::size_t> outcome_numbers;  ///< in files, one an outcome
  std::vector<TreeNode> nodes;
  std::vector<std::uint32_t> children;
  std::vector<std::string> node_labels;  ///< one a node, or none at all

  [[nodiscard]] std::size_t player_count() const noexcept { return players.size(); }
  [[nodiscard]] bool is_terminal(std::size_t node) const noexcept {
    return nodes[node].player == TreeNode::terminal;
  }
  /// The set that a node which is not terminal belongs to.
  [[nodiscard]] const InformationSet& set_of(std::size_t node) const noexcept {
    const TreeNode& at = nodes[node];
    return at.player == TreeNode::chance ? chance_sets[at.set] : sets[at.player][at.set];
  }
  [[nodiscard]] std::span<const std::uint32_t> children_of(std::size_t node) const noexcept {
    return is_terminal(node)
               ? std::span<const std::uint32_t>()
               : std::span<const std::uint32_t>(children.data() + nodes[node].children,
                                                set_of(node).actions.size());
  }
  friend bool operator==(const ExtensiveGame&, const ExtensiveGame&) = default;
};

/// "information set 3 ('K')" of a player, for messages: numbers as in files.
[[nodiscard]] inline std::string set_name(const InformationSet& set) {
  std::string name = "information set " + std::to_string(set.number);
  return set.label.empty() ? name : name + " ('" + set.label + "')";
}

/// Checks that a game's lists fit each other: nodes in prefix order, one child an action, payoffs
/// for every player, probabilities at least 0 that add up to one (exactly as fractions, or within
/// 1e-8 where decimals were rounded). Errors: invalid_argument, dimension_mismatch,
/// not_a_distribution.
inline void validate(const ExtensiveGame& game) {
  const std::size_t players = game.player_count();
  require(players >= 1 && game.sets.size() == players, Errc::invalid_argument,
          "ExtensiveGame: needs at least one player and a list of information sets for each, got ",
          players, " players and ", game.sets.size(), " lists");
  require(!game.nodes.empty(), Errc::invalid_argument, "ExtensiveGame: the tree has no node");
  require(game.node_labels.empty() || game.node_labels.size() == game.nodes.size(),
          Errc::dimension_mismatch, "ExtensiveGame: needs one label a node or none, got ",
          game.node_labels.size(), " for ", game.nodes.size(), " nodes");
  require(game.outcome_numbers.size() == game.outcomes.size(), Errc::dimension_mismatch,
          "ExtensiveGame: needs one number an outcome, got ", game.outcome_numbers.size());
  for (const GameOutcome& outcome : game.outcomes) {
    require(outcome.payoffs.size() == players, Errc::dimension_mismatch, "ExtensiveGame: outcome '",
            outcome.name, "' has ", outcome.payoffs.size(), " payoffs for ", players, " players");
  }
  for (std::size_t i = 0; i < players; ++i) {
    for (const InformationSet& set : game.sets[i]) {
      require(!set.actions.empty(), Errc::invalid_argument, "ExtensiveGame: ", set_name(set),
              " of player ", i + 1, " has no action");
    }
  }
  for (const InformationSet& set : game.chance_sets) {
    require(!set.actions.empty() && set.chances.size() == set.actions.size(),
            Errc::dimension_mismatch, "ExtensiveGame: chance's ", set_name(set), " has ",
            set.actions.size(), " actions and ", set.chances.size(), " probabilities");
    detail::Rational sum;
    for (const Number& chance : set.chances) {
      require(chance.value() >= 0, Errc::not_a_distribution, "ExtensiveGame: chance's ",
              set_name(set), " has the probability ", chance.text());
      sum = sum + chance.exact();
    }
    const double total = sum.nearest();
    require(std::abs(total - 1.0) <= 1e-8, Errc::not_a_distribution, "ExtensiveGame: chance's ",
            set_name(set), " has probabilities that add up to ", total, ", not to one");
  }
  for (std::size_t v = 0; v < game.nodes.size(); ++v) {
    const TreeNode& node = game.nodes[v];
    require(node.outcome <= game.outcomes.size(), Errc::invalid_argument, "ExtensiveGame: node ", v,
            " has outcome ", node.outcome, ", only ", game.outcomes.size(), " exist");
    require(v == 0 ? node.parent == TreeNode::none : node.parent < v, Errc::invalid_argument,
            "ExtensiveGame: node ", v, " comes before its parent");
    if (node.player == TreeNode::terminal) {
      continue;
    }
    const bool chance = node.player == TreeNode::chance;
    require(chance || node.player < players, Errc::invalid_argument, "ExtensiveGame: node ", v,
            " belongs to player ", node.player + 1, " of ", players);
    require(node.set < (chance ? game.chance_sets.size() : game.sets[node.player].size()),
            Errc::invalid_argument, "ExtensiveGame: node ", v, " lies in no information set");
    require(node.children + game.set_of(v).actions.size() <= game.children.size(),
            Errc::dimension_mismatch, "ExtensiveGame: node ", v, " lacks children");
    std::uint32_t action = 0;
    for (const std::uint32_t child : game.children_of(v)) {
      require(child < game.nodes.size() && game.nodes[child].parent == v &&
                  game.nodes[child].action == action,
              Errc::invalid_argument, "ExtensiveGame: child ", action, " of node ", v,
              " does not name it as its parent");
      ++action;
    }
  }
}

/// How the players' payoffs add up over the plays, by the rule of the normal form's `payoff_sum`:
/// in exact fractions an outcome, sums along paths in double.
[[nodiscard]] inline PayoffSum payoff_sum(const ExtensiveGame& game) {
  struct Sum {
    double exact = 0;
    double slack = 0;
  };
  std::vector<Sum> of_outcome(game.outcomes.size() + 1);
  double largest = 0;
  for (std::size_t k = 0; k < game.outcomes.size(); ++k) {
    detail::Rational sum;
    for (const Number& payoff : game.outcomes[k].payoffs) {
      sum = sum + payoff.exact();
      of_outcome[k + 1].slack += payoff.last_place();
      largest = std::fmax(largest, std::abs(payoff.value()));
    }
    of_outcome[k + 1].exact = sum.nearest();
  }
  std::vector<Sum> at(game.nodes.size());
  PayoffSum result;
  bool first = true;
  double least = 0;
  double most = 0;
  double low = 0;
  double high = 0;
  for (std::size_t v = 0; v < game.nodes.size(); ++v) {
    const TreeNode& node = game.nodes[v];
    at[v] = of_outcome[node.outcome];
    if (node.parent != TreeNode::none) {
      at[v].exact += at[node.parent].exact;
      at[v].slack += at[node.parent].slack;
    }
    if (node.player == TreeNode::terminal) {
      const Sum& sum = at[v];
      least = first ? sum.exact : std::fmin(least, sum.exact);
      most = first ? sum.exact : std::fmax(most, sum.exact);
      low = first ? sum.exact - sum.slack : std::fmax(low, sum.exact - sum.slack);
      high = first ? sum.exact + sum.slack : std::fmin(high, sum.exact + sum.slack);
      first = false;
    }
  }
  result.spread = most - least;
  result.constant = least + 0.5 * result.spread;
  if (least == 0 && most == 0) {
    result.kind = SumKind::zero;
    result.constant = 0;
  } else if (result.spread <= 1e-14 * std::fmax(std::abs(least), std::abs(most))) {
    result.kind = SumKind::constant;
  } else {
    const bool fits = low - high <= 1e-9 * result.spread && result.spread <= 2e-3 * largest;
    result.kind = fits ? SumKind::rounded_constant : SumKind::general;
  }
  return result;
}

}  // namespace dag
