// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/detail/nfg_reader.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

/// Reads a strategic-form game in Gambit's .nfg format, version 1, both dialects: a list of payoffs
/// (first player's strategy fastest, all players' payoffs of a profile together) or a list of
/// outcomes and one outcome number a profile (0: every payoff zero).
///
/// Read as documented: payoffs are integers, decimals or fractions, kept as written (`Number`),
/// with white space or single commas between them; `\"` is a quote inside quotes; quoted text may
/// span lines; text that is not UTF-8 is taken as Latin-1. Errc::parse with "name:line: rule, found
/// 'text'" for everything else: also NaN and infinities, sizes that the rest of the text cannot
/// fill (noticed before memory is asked for) and numbers beyond double.
/// Memory: 48 bytes a payoff beside its 8-byte double in the payoff dialect.
[[nodiscard]] inline GameTable parse_nfg(std::string_view text, std::string_view name = "nfg") {
  return detail::NfgReader(text, name).read();
}

/// `parse_nfg` of a file; Errc::io if it cannot be read.
[[nodiscard]] inline GameTable read_nfg(const std::string& path) {
  return parse_nfg(read_text_file(path), path);
}

namespace detail {

inline void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  std::size_t slashes = 0;
  for (const char c : text) {
    if (c == '"') {
      out.append(slashes + 1, '\\');
    }
    slashes = c == '\\' ? slashes + 1 : 0;
    out += c;
  }
  out.append(slashes, '\\');
  out += '"';
}

}  // namespace detail

/// The text of a game in .nfg format: `parse_nfg` of it gives an equal table, up to payoffs that
/// were only doubles (they come back as `numbers` of the same value), and writing that gives the
/// same text. Numbers are written as they were read. Throws as `validate` does.
[[nodiscard]] inline std::string format_nfg(const GameTable& game) {
  validate(game);
  std::string out = game.decimal_file ? "NFG 1 D " : "NFG 1 R ";
  detail::append_quoted(out, game.title);
  out += " {";
  for (const std::string& player : game.players) {
    out += ' ';
    detail::append_quoted(out, player);
  }
  out += " }";
  if (game.labels.empty()) {
    out += " {";
    for (const std::size_t size : game.sizes) {
      out += ' ';
      out += std::to_string(size);
    }
    out += " }\n";
  } else {
    out += "\n\n{ ";
    for (const std::vector<std::string>& names : game.labels) {
      out += '{';
      for (const std::string& label : names) {
        out += ' ';
        detail::append_quoted(out, label);
      }
      out += " }\n";
    }
    out += "}\n";
  }
  if (game.has_comment) {
    detail::append_quoted(out, game.comment);
    out += '\n';
  }
  out += '\n';
  const std::size_t players = game.player_count();
  if (!game.outcome_of_profile.empty()) {
    out += "{\n";
    for (const GameOutcome& outcome : game.outcomes) {
      out += "{ ";
      detail::append_quoted(out, outcome.name);
      for (std::size_t i = 0; i < players; ++i) {
        out += i == 0 ? " " : ", ";
        out += outcome.payoffs[i].text();
      }
      out += " }\n";
    }
    out += "}\n";
    for (std::size_t profile = 0; profile < game.outcome_of_profile.size(); ++profile) {
      out += profile == 0 ? "" : " ";
      out += std::to_string(game.outcome_of_profile[profile]);
    }
    out += '\n';
    return out;
  }
  for (std::size_t profile = 0; profile < game.profile_count(); ++profile) {
    for (std::size_t i = 0; i < players; ++i) {
      out += i == 0 ? "" : " ";
      out += written_payoff(game, i, profile).text();
    }
    out += '\n';
  }
  return out;
}

/// Writes a .nfg file, whole or not at all (see AtomicFile); Errc::io if it cannot.
inline void write_nfg(const std::string& path, const GameTable& game) {
  write_file_atomically(path, format_nfg(game));
}

}  // namespace dag
