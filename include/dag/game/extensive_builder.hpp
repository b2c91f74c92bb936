// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/extensive.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

/// Grows a game tree from its root: `decision` and `chance` turn a leaf into an inner node and
/// give its children, `payoff` puts an outcome on any node. Nodes of one player with one label are
/// one information set. `finish` checks what was built and puts it in prefix order.
///
///   dag::ExtensiveBuilder tree({"Row", "Column"});
///   for (const auto after : tree.decision(tree.root(), 0, "row", {"heads", "tails"})) {
///     const auto leaf = tree.decision(after, 1, "column", {"heads", "tails"});
///     ...tree.payoff(leaf[0], {1, -1});
///   }
///
/// Errors: invalid_argument (a node that already moves, an information set with other actions, a
/// player that does not exist), dimension_mismatch, not_a_distribution.
class ExtensiveBuilder {
 public:
  using Node = std::uint32_t;

  explicit ExtensiveBuilder(std::vector<std::string> players, std::string title = {}) {
    game_.players = std::move(players);
    game_.title = std::move(title);
    game_.sets.resize(game_.players.size());
    known_.resize(game_.players.size() + 1);
    game_.nodes.emplace_back();
  }

  [[nodiscard]] static constexpr Node root() noexcept { return 0; }

  /// `player` (from 0) moves at `node`, seeing `information`. The children, one an action.
  std::vector<Node> decision(Node node, std::size_t player, std::string_view information,
                             const std::vector<std::string>& actions) {
    require(player < game_.players.size(), Errc::invalid_argument, "ExtensiveBuilder: player ",
            player + 1, " moves in a game of ", game_.players.size());
    const std::uint32_t set = enter(player, game_.sets[player], information, actions, {});
    return grow(node, static_cast<std::uint32_t>(player), set, actions.size());
  }
  /// Chance moves at `node`. Probabilities as they will be written: Number::parse("1/3"). Nodes of
  /// one label share one set; without a label each has its own.
  std::vector<Node> chance(Node node, const std::vector<std::string>& actions,
                           const std::vector<Number>& probabilities, std::string_view label = {}) {
    require(actions.size() == probabilities.size(), Errc::dimension_mismatch,
            "ExtensiveBuilder: chance has ", actions.size(), " actions and ", probabilities.size(),
            " probabilities");
    const std::uint32_t set =
        enter(game_.players.size(), game_.chance_sets, label, actions, probabilities);
    return grow(node, TreeNode::chance, set, actions.size());
  }
  /// What each player receives when play passes (or ends at) `node`; nodes with equal payoffs share
  /// an outcome.
  void payoff(Node node, const std::vector<Number>& payoffs) {
    require(payoffs.size() == game_.players.size(), Errc::dimension_mismatch,
            "ExtensiveBuilder: ", payoffs.size(), " payoffs for ", game_.players.size(),
            " players");
    std::string key;
    for (const Number& payoff : payoffs) {
      key += payoff.text() + ' ';
    }
    const auto [at, is_new] =
        outcomes_.try_emplace(std::move(key), static_cast<std::uint32_t>(outcomes_.size() + 1));
    if (is_new) {
      game_.outcomes.push_back({{}, payoffs});
      game_.outcome_numbers.push_back(at->second);
    }
    game_.nodes.at(node).outcome = at->second;
  }
  void payoff(Node node, const std::vector<double>& payoffs) {
    this->payoff(node, std::vector<Number>(payoffs.begin(), payoffs.end()));
  }

  /// The game; the builder is empty afterwards.
  [[nodiscard]] ExtensiveGame finish() {
    ExtensiveGame game = std::move(game_);
    const std::vector<TreeNode> nodes = std::move(game.nodes);
    const std::vector<std::uint32_t> children = std::move(game.children);
    game.nodes.clear();
    game.children.clear();
    game.nodes.reserve(nodes.size());
    game.children.reserve(children.size());
    struct Visit {
      Node node;
      std::uint32_t parent;
    };
    std::vector<Visit> open{{0, TreeNode::none}};
    while (!open.empty()) {
      const Visit visit = open.back();
      open.pop_back();
      TreeNode node = nodes[visit.node];
      const auto here = static_cast<std::uint32_t>(game.nodes.size());
      if (visit.parent != TreeNode::none) {
        game.children[game.nodes[visit.parent].children + node.action] = here;
      }
      node.parent = visit.parent;
      const std::uint32_t first = node.children;
      node.children = static_cast<std::uint32_t>(game.children.size());
      game.nodes.push_back(node);
      if (node.player == TreeNode::terminal) {
        game.nodes.back().children = 0;
        continue;
      }
      const std::size_t count = game.set_of(here).actions.size();
      game.children.resize(game.children.size() + count);
      for (std::size_t a = count; a-- > 0;) {
        open.push_back({children[first + a], here});
      }
    }
    validate(game);
    return game;
  }

 private:
  std::uint32_t enter(std::size_t list, std::vector<InformationSet>& sets, std::string_view label,
                      const std::vector<std::string>& actions, const std::vector<Number>& chances) {
    const auto next = static_cast<std::uint32_t>(sets.size());
    const bool anonymous = list == game_.players.size() && label.empty();
    if (!anonymous) {
      const auto [at, is_new] = known_[list].try_emplace(std::string(label), next);
      if (!is_new) {
        const InformationSet& set = sets[at->second];
        require(set.actions == actions && set.chances == chances, Errc::invalid_argument,
                "ExtensiveBuilder: ", set_name(set), " comes again with other actions");
        return at->second;
      }
    }
    sets.push_back({next + std::size_t{1}, std::string(label), actions, chances});
    return next;
  }
  std::vector<Node> grow(Node node, std::uint32_t player, std::uint32_t set, std::size_t count) {
    require(node < game_.nodes.size() && game_.nodes[node].player == TreeNode::terminal,
            Errc::invalid_argument, "ExtensiveBuilder: node ", node,
            " does not exist or moves already");
    require(count > 0, Errc::invalid_argument, "ExtensiveBuilder: node ", node, " has no action");
    require(game_.nodes.size() + count < TreeNode::terminal, Errc::unsupported,
            "ExtensiveBuilder: more than 2^32 nodes");
    TreeNode& at = game_.nodes[node];
    at.player = player;
    at.set = set;
    at.children = static_cast<std::uint32_t>(game_.children.size());
    std::vector<Node> grown;
    for (std::size_t a = 0; a < count; ++a) {
      grown.push_back(static_cast<Node>(game_.nodes.size()));
      TreeNode child;
      child.parent = node;
      child.action = static_cast<std::uint32_t>(a);
      game_.nodes.push_back(child);
      game_.children.push_back(grown.back());
    }
    return grown;
  }

  ExtensiveGame game_;
  std::vector<std::unordered_map<std::string, std::uint32_t>> known_;  ///< the last: chance's
  std::unordered_map<std::string, std::uint32_t> outcomes_;
};

}  // namespace dag
