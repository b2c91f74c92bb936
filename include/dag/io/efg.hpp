// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <dag/game/extensive.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/detail/efg_reader.hpp>
#include <dag/io/nfg.hpp>
#include <dag/io/text_file.hpp>

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
