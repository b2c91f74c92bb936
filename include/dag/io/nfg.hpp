// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/detail/game_scanner.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag::detail {

/// One pass over the text of a strategic-form file.
class NfgReader : GameScanner {
 public:
  using GameScanner::GameScanner;

  [[nodiscard]] GameTable read() {
    begin(game_, "NFG", "1", "a strategic-form");
    strategies();
    if (peek() == '"') {
      game_.has_comment = true;
      game_.comment = quoted("a comment");
    }
    if (peek() == '{') {
      outcome_body();
    } else {
      payoff_body();
    }
    if (peek() != end_of_file) {
      refuse("text after the last payoff (" + std::to_string(profiles_) +
             " profiles were expected)");
    }
    return std::move(game_);
  }

 private:
  void strategies() {
    expect('{', "before the strategies");
    const std::size_t sizes_at = at_ - 1;
    const bool named = peek() == '{';
    while (peek() != '}') {
      if (game_.sizes.size() == game_.players.size()) {
        refuse("strategies for more than " + std::to_string(game_.players.size()) + " players");
      }
      if (!named) {
        const std::size_t start = at_;
        game_.sizes.push_back(natural("a player's number of strategies (a positive integer)"));
        if (game_.sizes.back() == 0) {
          refuse_at(start, "expected a player's number of strategies (a positive integer)");
        }
        continue;
      }
      expect('{', "before a player's strategies");
      std::vector<std::string> names;
      while (peek() != '}') {
        names.push_back(quoted("a strategy's name"));
      }
      if (names.empty()) {
        refuse("a player needs at least one strategy");
      }
      ++at_;
      game_.sizes.push_back(names.size());
      game_.labels.push_back(std::move(names));
    }
    if (game_.sizes.size() != game_.players.size()) {
      refuse("strategies for " + std::to_string(game_.sizes.size()) + " players, but " +
             std::to_string(game_.players.size()) + " players are named");
    }
    ++at_;
    profiles_ = bounded_product(game_.sizes, largest_count);
    if (profiles_ > largest_count / game_.sizes.size()) {
      refuse_at(sizes_at, "the numbers of strategies" + product_text() +
                              " multiply to more payoffs than memory can hold");
    }
  }

  [[nodiscard]] std::string product_text() const {
    std::string text;
    for (std::size_t i = 0; i < game_.sizes.size() && i < 6; ++i) {
      text += (i == 0 ? " " : " x ") + std::to_string(game_.sizes[i]);
    }
    return text + (game_.sizes.size() > 6 ? " x ..." : "");
  }

  /// Refuses a promise that the rest of the file cannot keep, before memory is asked for.
  void check_promise(std::size_t entries, const std::string& what) const {
    const std::size_t left = text_.size() - at_;
    if (entries > left / 2 + 1) {
      refuse("the numbers of strategies" + product_text() + " ask for " + std::to_string(entries) +
             " " + what + ", which cannot fit in the remaining " + std::to_string(left) +
             " characters");
    }
  }

  void payoff_body() {
    const std::size_t count = game_.sizes.size();
    const std::size_t total = profiles_ * count;
    if (total > 1000) {
      check_promise(total, "payoffs");
    }
    game_.numbers.reserve(total);
    game_.payoffs.assign(count, {});
    for (std::vector<double>& payoffs : game_.payoffs) {
      payoffs.reserve(profiles_);
    }
    for (std::size_t i = 0; i < total; ++i) {
      if (peek() == end_of_file) {
        refuse("expected " + std::to_string(total) + " payoffs, got " + std::to_string(i));
      }
      game_.numbers.push_back(number("a payoff"));
      game_.payoffs[i % count].push_back(game_.numbers.back().value());
      if (i + 1 < total && peek() == ',') {
        ++at_;
      }
    }
  }

  void outcome_body() {
    const std::size_t count = game_.sizes.size();
    expect('{', "before the outcomes");
    while (peek() != '}') {
      expect('{', "before an outcome");
      GameOutcome outcome;
      outcome.name = quoted("an outcome's name");
      for (std::size_t i = 0; i < count; ++i) {
        if (i > 0 && peek() == ',') {
          ++at_;
        }
        outcome.payoffs.push_back(number("an outcome's payoff (one for each player)"));
      }
      expect('}', "after an outcome's payoffs (one for each player)");
      game_.outcomes.push_back(std::move(outcome));
    }
    ++at_;
    check_promise(profiles_, "outcomes of profiles");
    if (profiles_ > (16 * text_.size() + (std::size_t{1} << 20)) / count) {
      refuse(std::to_string(profiles_) + " profiles of " + std::to_string(count) +
             " players need much more memory than the file's length allows for");
    }
    game_.outcome_of_profile.reserve(profiles_);
    game_.payoffs.assign(count, std::vector<double>(profiles_));
    for (std::size_t profile = 0; profile < profiles_; ++profile) {
      if (peek() == end_of_file) {
        refuse("expected the outcomes of " + std::to_string(profiles_) + " profiles, got " +
               std::to_string(profile));
      }
      const std::size_t start = at_;
      const std::size_t outcome = natural("the number of an outcome (0 for none)");
      if (outcome > game_.outcomes.size()) {
        refuse_at(start, "an outcome that does not exist (there are " +
                             std::to_string(game_.outcomes.size()) + ")");
      }
      game_.outcome_of_profile.push_back(outcome);
      for (std::size_t i = 0; outcome != 0 && i < count; ++i) {
        game_.payoffs[i][profile] = game_.outcomes[outcome - 1].payoffs[i].value();
      }
    }
  }

  std::size_t profiles_ = 0;
  GameTable game_;
};

}  // namespace dag::detail

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
