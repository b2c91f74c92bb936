// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/extensive.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/detail/game_scanner.hpp>
#include <dag/io/nfg.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag::detail {

/// One pass over the text of an extensive-form file; the open nodes are kept on a stack of its own,
/// so that the depth of a tree is bounded by memory alone.
class EfgReader : GameScanner {
 public:
  using GameScanner::GameScanner;

  [[nodiscard]] ExtensiveGame read() {
    begin(game_, "EFG", "2", "an extensive-form");
    game_.sets.resize(game_.players.size());
    known_.resize(game_.players.size() + 1);
    if (peek() == '"') {
      game_.has_comment = true;
      game_.comment = quoted("a comment");
    }
    struct Open {
      std::uint32_t node;
      std::uint32_t next;   ///< action whose child comes next
      std::uint32_t count;  ///< of actions
    };
    std::vector<Open> open;
    bool any_label = false;
    do {
      if (peek() == end_of_file) {
        refuse(open.empty()
                   ? std::string("expected the root of the tree")
                   : "expected the child of action " + std::to_string(open.back().next + 1) +
                         " of " + std::to_string(open.back().count) + " after " +
                         std::to_string(game_.nodes.size()) + " nodes");
      }
      const auto here = static_cast<std::uint32_t>(game_.nodes.size());
      game_.nodes.emplace_back();
      if (!open.empty()) {
        Open& parent = open.back();
        game_.nodes[here].parent = parent.node;
        game_.nodes[here].action = parent.next;
        game_.children[game_.nodes[parent.node].children + parent.next] = here;
        ++parent.next;
      }
      any_label = node(here) || any_label;
      while (!open.empty() && open.back().next == open.back().count) {
        open.pop_back();
      }
      if (!game_.is_terminal(here)) {
        const auto count = static_cast<std::uint32_t>(game_.set_of(here).actions.size());
        game_.nodes[here].children = static_cast<std::uint32_t>(game_.children.size());
        game_.children.resize(game_.children.size() + count);
        open.push_back({here, 0, count});
      }
    } while (!open.empty());
    if (peek() != end_of_file) {
      refuse("text after the last node (the tree of " + std::to_string(game_.nodes.size()) +
             " nodes is complete)");
    }
    if (!any_label) {
      game_.node_labels.clear();
    }
    return std::move(game_);
  }

 private:
  /// True if the node has a label.
  bool node(std::uint32_t here) {
    const std::size_t start = at_;
    const std::string_view kind = word();
    if (kind != "c" && kind != "p" && kind != "t") {
      refuse_at(start, "expected a node: c (chance), p (a player) or t (the end)");
    }
    game_.node_labels.push_back(quoted("a node's label"));
    if (kind == "c") {
      chance_node(here);
    } else if (kind == "p") {
      player_node(here);
    }
    outcome(here);
    return !game_.node_labels.back().empty();
  }

  void chance_node(std::uint32_t here) {
    static_cast<void>(peek());
    const std::size_t start = at_;
    InformationSet set;
    set.number = natural("the number of a chance move (a positive integer)");
    const bool described = peek() == '"' || peek() == '{';
    if (described) {
      set.label = peek() == '"' ? quoted("a chance move's name") : std::string();
      expect('{', "before what can happen");
      while (peek() != '}') {
        set.actions.push_back(quoted("what can happen"));
        static_cast<void>(peek());
        const std::size_t number_at = at_;
        Number chance = number("its probability");
        if (!(chance.value() >= 0)) {
          refuse_at(number_at, "a probability must be at least 0");
        }
        set.chances.push_back(std::move(chance));
        skip_comma();
      }
      ++at_;
      check_probabilities(set, start);
    }
    TreeNode& node = game_.nodes[here];
    node.player = TreeNode::chance;
    node.set = enter(game_.players.size(), game_.chance_sets, std::move(set), described, start);
  }

  void player_node(std::uint32_t here) {
    static_cast<void>(peek());
    const std::size_t start = at_;
    const std::size_t player = natural("the number of a player (a positive integer)");
    if (player == 0 || player > game_.players.size()) {
      refuse_at(start, "player " + std::to_string(player) + " in a game of " +
                           std::to_string(game_.players.size()) + " players");
    }
    static_cast<void>(peek());
    const std::size_t set_at = at_;
    InformationSet set;
    set.number = natural("the number of an information set (a positive integer)");
    const bool described = peek() == '"' || peek() == '{';
    if (described) {
      set.label = peek() == '"' ? quoted("an information set's name") : std::string();
      expect('{', "before the actions");
      while (peek() != '}') {
        set.actions.push_back(quoted("an action's name"));
        skip_comma();
      }
      ++at_;
      if (set.actions.empty()) {
        refuse_at(set_at, "an information set needs at least one action");
      }
    }
    TreeNode& node = game_.nodes[here];
    node.player = static_cast<std::uint32_t>(player - 1);
    node.set = enter(player - 1, game_.sets[player - 1], std::move(set), described, set_at);
  }

  /// The set of that number, added if it is new; one that is known may be described again, in the
  /// same words, or left undescribed.
  std::uint32_t enter(std::size_t list, std::vector<InformationSet>& sets, InformationSet set,
                      bool described, std::size_t start) {
    const std::string number = std::to_string(set.number);
    if (set.number == 0) {
      refuse_at(start, "expected the number of a set (a positive integer)");
    }
    const auto [at, is_new] =
        known_[list].try_emplace(set.number, static_cast<std::uint32_t>(sets.size()));
    if (is_new) {
      if (!described) {
        refuse_at(start, "set " + number + " is used before its actions are given");
      }
      sets.push_back(std::move(set));
    } else if (described) {
      const InformationSet& known = sets[at->second];
      if (known.actions.size() != set.actions.size()) {
        refuse_at(start, "set " + number + " had " + std::to_string(known.actions.size()) +
                             " actions before, and now " + std::to_string(set.actions.size()));
      }
      if (known.actions != set.actions || known.chances != set.chances) {
        refuse_at(start, "set " + number + " had other actions before");
      }
    }
    return at->second;
  }

  void check_probabilities(const InformationSet& set, std::size_t start) const {
    if (set.actions.empty()) {
      refuse_at(start, "a chance move needs at least one thing that can happen");
    }
    Rational sum;
    for (const Number& chance : set.chances) {
      sum = sum + chance.exact();
    }
    const double total = sum.nearest();
    if (!(total >= 1 - 1e-8 && total <= 1 + 1e-8)) {
      refuse_at(start, "the probabilities of a chance move must add up to 1, these to " +
                           Number(total).text());
    }
  }

  void outcome(std::uint32_t here) {
    static_cast<void>(peek());
    const std::size_t start = at_;
    const std::size_t number = natural("the number of an outcome (0: none)");
    GameOutcome outcome;
    bool described = false;
    if (peek() == '"') {
      outcome.name = quoted("an outcome's name");
      described = true;
    }
    if (peek() == '{') {
      described = true;
      ++at_;
      while (peek() != '}') {
        outcome.payoffs.push_back(this->number("a payoff"));
        skip_comma();
      }
      ++at_;
    }
    if (described && outcome.payoffs.size() != game_.players.size()) {
      refuse_at(start, "an outcome needs " + std::to_string(game_.players.size()) +
                           " payoffs, one a player, and has " +
                           std::to_string(outcome.payoffs.size()));
    }
    if (number == 0) {
      if (described) {
        refuse_at(start, "outcome 0 means none and has no payoffs");
      }
      return;
    }
    const auto [at, is_new] =
        outcomes_.try_emplace(number, static_cast<std::uint32_t>(game_.outcomes.size() + 1));
    if (is_new) {
      if (!described) {
        refuse_at(start,
                  "outcome " + std::to_string(number) + " is used before its payoffs are given");
      }
      game_.outcomes.push_back(std::move(outcome));
      game_.outcome_numbers.push_back(number);
    } else if (described && game_.outcomes[at->second - 1].payoffs != outcome.payoffs) {
      refuse_at(start, "outcome " + std::to_string(number) + " had other payoffs before");
    }
    game_.nodes[here].outcome = at->second;
  }

  ExtensiveGame game_;
  std::vector<std::map<std::size_t, std::uint32_t>> known_;  ///< by number; the last: chance's
  std::map<std::size_t, std::uint32_t> outcomes_;
};

}  // namespace dag::detail

namespace dag {

/// Reads an extensive-form game in Gambit's .efg format, version 2.
///
/// Read as documented: nodes in prefix order; numbers of information sets are a player's own;
/// outcomes may stand on inner nodes and add up along a play, outcome 0 is none; payoffs and
/// probabilities are integers, decimals or fractions, kept as written (`Number`), with white space
/// or single commas between them; a probability may be 0; a set or an outcome that is known need
/// not be described again, and if it is, then in the same words; quotes and encodings as in
/// `parse_nfg`. Errc::parse with "name:line: rule, found 'text'" for everything else. Whether
/// players remember what they knew is the business of `SequenceForm`. No recursion: the depth of a
/// tree is bounded by memory. Memory: 32 bytes a node and its label.
[[nodiscard]] inline ExtensiveGame parse_efg(std::string_view text, std::string_view name = "efg") {
  return detail::EfgReader(text, name).read();
}

/// `parse_efg` of a file; Errc::io if it cannot be read.
[[nodiscard]] inline ExtensiveGame read_efg(const std::string& path) {
  return parse_efg(read_text_file(path), path);
}

/// The text of a game in .efg format: `parse_efg` of it gives an equal game, and writing that gives
/// the same text. Throws as `validate` does.
[[nodiscard]] inline std::string format_efg(const ExtensiveGame& game) {
  validate(game);
  std::string out = game.decimal_file ? "EFG 2 D " : "EFG 2 R ";
  detail::append_quoted(out, game.title);
  out += " {";
  for (const std::string& player : game.players) {
    out += ' ';
    detail::append_quoted(out, player);
  }
  out += " }\n";
  if (game.has_comment) {
    detail::append_quoted(out, game.comment);
    out += '\n';
  }
  out += '\n';
  for (std::size_t v = 0; v < game.nodes.size(); ++v) {
    const TreeNode& node = game.nodes[v];
    out += node.player == TreeNode::terminal ? "t " : node.player == TreeNode::chance ? "c " : "p ";
    detail::append_quoted(
        out, game.node_labels.empty() ? std::string_view() : std::string_view(game.node_labels[v]));
    if (node.player != TreeNode::terminal) {
      const InformationSet& set = game.set_of(v);
      if (node.player != TreeNode::chance) {
        out += ' ' + std::to_string(node.player + 1);
      }
      out += ' ' + std::to_string(set.number) + ' ';
      detail::append_quoted(out, set.label);
      out += " {";
      for (std::size_t a = 0; a < set.actions.size(); ++a) {
        out += ' ';
        detail::append_quoted(out, set.actions[a]);
        if (node.player == TreeNode::chance) {
          out += ' ' + set.chances[a].text();
        }
      }
      out += " }";
    }
    if (node.outcome == 0) {
      out += " 0\n";
      continue;
    }
    const GameOutcome& outcome = game.outcomes[node.outcome - 1];
    out += ' ' + std::to_string(game.outcome_numbers[node.outcome - 1]) + ' ';
    detail::append_quoted(out, outcome.name);
    for (std::size_t i = 0; i < outcome.payoffs.size(); ++i) {
      out += (i == 0 ? " { " : ", ") + outcome.payoffs[i].text();
    }
    out += " }\n";
  }
  return out;
}

/// Writes a .efg file, whole or not at all (see AtomicFile); Errc::io if it cannot.
inline void write_efg(const std::string& path, const ExtensiveGame& game) {
  write_file_atomically(path, format_efg(game));
}

}  // namespace dag
