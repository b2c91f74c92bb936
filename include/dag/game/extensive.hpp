// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/integer.hpp>
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

namespace detail {

/// The payoffs of a tree's outcomes as written, in whole units of 1 / denominator: player i's of
/// outcome k at [k * players + i].
struct WholeOutcomes {
  std::vector<Integer> payoffs;
  Integer denominator;

  explicit WholeOutcomes(const ExtensiveGame& game) {
    std::vector<BigNatural> denominators;
    for (const GameOutcome& outcome : game.outcomes) {
      for (const Number& payoff : outcome.payoffs) {
        Rational exact = payoff.exact();
        payoffs.emplace_back(exact.negative, std::move(exact.numerator));
        denominators.push_back(std::move(exact.denominator));
      }
    }
    denominator = Integer(false, over_one_denominator(payoffs, denominators));
  }
  [[nodiscard]] double nearest(const Integer& units) const {
    const double size = nearest_double(units.size(), denominator.size());
    return units.sign() < 0 ? -size : size;
  }
};

/// Calls use(node, sum) at every end of a tree, in the order of its nodes: the sum of value(outcome
/// - 1) along the path, exactly.
template <class Value, class Use>
void every_play(const ExtensiveGame& game, const Value& value, const Use& use) {
  std::vector<Integer> path;  // the sum after each outcome on the way to the node at hand
  std::vector<std::uint32_t> taken(game.nodes.size());  // outcomes on the way to each node
  const Integer nothing;
  for (std::size_t v = 0; v < game.nodes.size(); ++v) {
    const TreeNode& node = game.nodes[v];
    path.resize(node.parent == TreeNode::none ? 0 : taken[node.parent]);
    if (node.outcome != 0) {
      const Integer& earned = value(node.outcome - 1);
      path.push_back(path.empty() ? earned : path.back() + earned);
    }
    taken[v] = static_cast<std::uint32_t>(path.size());
    if (node.player == TreeNode::terminal) {
      use(v, path.empty() ? nothing : path.back());
    }
  }
}

/// The smallest and the largest of what `every_play` calls with.
template <class Value>
[[nodiscard]] std::pair<Integer, Integer> extent_of_plays(const ExtensiveGame& game,
                                                          const Value& value) {
  Integer least;
  Integer most;
  bool first = true;
  every_play(game, value, [&](std::size_t, const Integer& sum) {
    least = first || compare(sum, least) < 0 ? sum : least;
    most = first || compare(most, sum) < 0 ? sum : most;
    first = false;
  });
  return {std::move(least), std::move(most)};
}

/// True if one constant lies, in every play, within the units of the last places that the payoffs
/// on its path were written with. `sums`: all players' payoffs of each outcome; `least`: of a play.
[[nodiscard]] inline bool fits_last_places(const ExtensiveGame& game, const WholeOutcomes& whole,
                                           const std::vector<Integer>& sums, const Integer& least,
                                           double spread) {
  std::vector<double> slack(game.nodes.size());
  for (std::size_t v = 0; v < game.nodes.size(); ++v) {
    const TreeNode& node = game.nodes[v];
    slack[v] = node.parent == TreeNode::none ? 0.0 : slack[node.parent];
    for (std::size_t i = 0; node.outcome != 0 && i < game.player_count(); ++i) {
      slack[v] += game.outcomes[node.outcome - 1].payoffs[i].last_place();
    }
  }
  double low = 0.0;  // of the constants that fit every play, above the least sum
  double high = spread;
  every_play(
      game, [&](std::size_t k) -> const Integer& { return sums[k]; },
      [&](std::size_t v, const Integer& sum) {
        const double above = whole.nearest(sum - least);
        low = std::fmax(low, above - slack[v]);
        high = std::fmin(high, above + slack[v]);
      });
  return low - high <= 1e-9 * spread;
}

}  // namespace detail

/// How the players' payoffs add up over the plays, by the rule of the normal form's `payoff_sum`,
/// in exact fractions along every path. Cost: one whole number a node and pass, two passes, a
/// player's more where decimals may have been rounded.
[[nodiscard]] inline PayoffSum payoff_sum(const ExtensiveGame& game) {
  const std::size_t players = game.player_count();
  const detail::WholeOutcomes whole(game);
  std::vector<Integer> sums(game.outcomes.size());
  bool balanced = true;
  bool rounded = false;
  for (std::size_t k = 0; k < sums.size(); ++k) {
    for (std::size_t i = 0; i < players; ++i) {
      sums[k] = sums[k] + whole.payoffs[k * players + i];
      rounded = rounded || game.outcomes[k].payoffs[i].last_place() > 0;
    }
    balanced = balanced && sums[k].is_zero();
  }
  PayoffSum result;
  if (balanced) {
    result.kind = SumKind::zero;
    return result;
  }
  const auto [least, most] =
      detail::extent_of_plays(game, [&](std::size_t k) -> const Integer& { return sums[k]; });
  result.spread = whole.nearest(most - least);
  result.constant = 0.5 * whole.nearest(least) + 0.5 * whole.nearest(most);
  if (least.is_zero() && most.is_zero()) {
    result.kind = SumKind::zero;
  } else if (compare(least, most) == 0) {
    result.kind = SumKind::constant;
  } else if (rounded) {
    double range = 0.0;
    for (std::size_t i = 0; i < players; ++i) {
      const auto [low, high] = detail::extent_of_plays(
          game, [&](std::size_t k) -> const Integer& { return whole.payoffs[k * players + i]; });
      range = std::fmax(range, whole.nearest(high - low));
    }
    const bool fits = result.spread <= 1e-3 * range &&
                      detail::fits_last_places(game, whole, sums, least, result.spread);
    result.kind = fits ? SumKind::rounded_constant : SumKind::general;
  }
  return result;
}

}  // namespace dag
