// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/player_names.hpp>
#include <dag/game/table.hpp>
#include <dag/io/csv.hpp>
#include <dag/io/detail/game_scanner.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

namespace detail {

/// A GameTracer file: players, sizes, then all payoffs of the first player, all of the second ...
class GamReader : GameScanner {
 public:
  using GameScanner::GameScanner;

  [[nodiscard]] GameTable read() {
    GameTable game;
    game.title = name_;
    const std::size_t start = at_;
    const std::size_t players = natural("the number of players");
    if (players == 0 || players > text_.size()) {
      refuse_at(start, "expected the number of players (at least one)");
    }
    for (std::size_t i = 0; i < players; ++i) {
      static_cast<void>(peek());
      const std::size_t size_at = at_;
      game.sizes.push_back(natural("a player's number of strategies"));
      if (game.sizes.back() == 0) {
        refuse_at(size_at, "a player needs at least one strategy");
      }
    }
    // A payoff takes a character and the space before it.
    const std::size_t most = (text_.size() - at_) / 2;
    const std::size_t profiles = bounded_product(game.sizes, most);
    if (profiles > most / players) {
      refuse("the numbers of strategies ask for more payoffs than the remaining " +
             std::to_string(text_.size() - at_) + " characters can hold");
    }
    game.players = numbered_players(players);
    game.payoffs.assign(players, std::vector<double>(profiles));
    game.numbers.resize(players * profiles);
    for (std::size_t i = 0; i < players; ++i) {
      for (std::size_t profile = 0; profile < profiles; ++profile) {
        if (peek() == end_of_file) {
          refuse("expected " + std::to_string(players * profiles) + " payoffs, got " +
                 std::to_string(i * profiles + profile));
        }
        Number payoff = number("a payoff");
        game.payoffs[i][profile] = payoff.value();
        game.numbers[profile * players + i] = std::move(payoff);
      }
    }
    if (peek() != end_of_file) {
      refuse("text after the last payoff");
    }
    return game;
  }
};

/// Lines "[1 2] : [ 3.5 4 ]": a profile (strategies from 1) and its payoffs.
class GamutLinesReader : GameScanner {
 public:
  using GameScanner::GameScanner;

  [[nodiscard]] GameTable read() {
    std::vector<std::size_t> profiles;  // players() numbers a line
    std::vector<Number> payoffs;
    std::vector<std::size_t> starts;
    GameTable game;
    while (peek() != end_of_file) {
      starts.push_back(at_);
      expect('[', "before a profile");
      std::size_t count = 0;
      for (; peek() != ']'; ++count) {
        const std::size_t strategy = natural("a strategy's number");
        if (starts.size() == 1) {
          game.sizes.push_back(1);
        }
        if (count == game.sizes.size() || strategy == 0) {
          refuse("expected one strategy for each player, from 1");
        }
        game.sizes[count] = strategy > game.sizes[count] ? strategy : game.sizes[count];
        profiles.push_back(strategy - 1);
      }
      ++at_;
      if (count == 0 || count != game.sizes.size()) {
        refuse("expected one strategy for each player");
      }
      expect(':', "between a profile and its payoffs");
      expect('[', "before the payoffs");
      for (std::size_t i = 0; i < count; ++i) {
        payoffs.push_back(number("a payoff (one for each player)"));
      }
      expect(']', "after the payoffs (one for each player)");
    }
    if (starts.empty()) {
      refuse("expected a line '[1 1] : [ PAYOFF PAYOFF ]'");
    }
    const std::size_t players = game.sizes.size();
    const std::size_t wanted = bounded_product(game.sizes, starts.size());
    if (wanted != starts.size()) {
      refuse("expected one line for each profile; there are " + std::to_string(starts.size()) +
             " lines");
    }
    game.players = numbered_players(players);
    game.payoffs.assign(players, std::vector<double>(wanted));
    game.numbers.resize(payoffs.size());
    std::vector<bool> given(wanted);
    for (std::size_t line = 0; line < wanted; ++line) {
      std::size_t profile = 0;
      for (std::size_t i = players; i-- > 0;) {
        profile = profile * game.sizes[i] + profiles[line * players + i];
      }
      if (given[profile]) {
        refuse_at(starts[line], "a profile that was given before");
      }
      given[profile] = true;
      for (std::size_t i = 0; i < players; ++i) {
        Number& payoff = payoffs[line * players + i];
        game.payoffs[i][profile] = payoff.value();
        game.numbers[profile * players + i] = std::move(payoff);
      }
    }
    return game;
  }
};

}  // namespace detail

/// Reads a strategic-form game in GameTracer's .gam format, which GAMUT, GameTracer and QuantEcon
/// write for games of all classes, polymatrix games among them: the number of players, their
/// numbers of strategies, then payoffs player by player, the first player's strategies fastest. No
/// names; payoffs are kept as written. Errc::parse as `parse_nfg`, sizes checked before memory is
/// asked for.
[[nodiscard]] inline GameTable parse_gam(std::string_view text, std::string_view name = "gam") {
  return detail::GamReader(text, name).read();
}

/// The text of a game in .gam format: payoffs as written, no names. Throws as `validate`.
[[nodiscard]] inline std::string format_gam(const GameTable& game) {
  validate(game);
  std::string out = std::to_string(game.player_count()) + '\n';
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    out += (i == 0 ? "" : " ") + std::to_string(game.sizes[i]);
  }
  out += "\n\n";
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    for (std::size_t profile = 0; profile < game.profile_count(); ++profile) {
      out += profile == 0 ? "" : " ";
      out += written_payoff(game, i, profile).text();
    }
    out += '\n';
  }
  return out;
}

/// Reads what GAMUT writes as SimpleOutput (a line for each profile) and TwoPlayerOutput (a matrix
/// of pairs). Comments (# and //) become the game's comment, the second line of it, which is the
/// name of its class, the title. Its GambitOutput is `parse_nfg`, its GTOutput `parse_gam`. The
/// ad-hoc graphs of its SpecialOutput do not say in which order a player's neighbours come, and are
/// refused; action graphs are `parse_action_graph`. Errc::parse with file and line.
[[nodiscard]] inline GameTable parse_gamut(std::string_view text, std::string_view name = "gamut") {
  std::string blanked(text);
  std::string comment;
  std::string title;
  std::size_t comments = 0;
  for (std::size_t begin = 0; begin < blanked.size();) {
    std::size_t end = blanked.find('\n', begin);
    end = end == std::string::npos ? blanked.size() : end;
    const std::string_view line = text.substr(begin, end - begin);
    const std::size_t mark = line.substr(0, 1) == "#" ? 1 : line.substr(0, 2) == "//" ? 2 : 0;
    if (mark != 0) {
      std::string_view words = line.substr(mark);
      words.remove_prefix(words.substr(0, 1) == " " ? 1 : 0);
      words = words.substr(0, words.find_last_not_of(" \t\r") + 1);
      comment += std::string(words) + '\n';
      title = ++comments == 2 ? std::string(words) : title;
      blanked.replace(begin, end - begin, end - begin, ' ');
    }
    begin = end + 1;
  }
  const std::size_t start = blanked.find_first_not_of(" \t\r\n");
  const std::string_view first =
      start == std::string::npos ? std::string_view{} : std::string_view(blanked).substr(start, 5);
  require(
      first != "graph", Errc::unsupported, name,
      ": this output of GAMUT for graphs does not say in which order the neighbours of a player "
      "come; write the game with -output GTOutput or GambitOutput");
  GameTable game = first.substr(0, 1) == "(" ? parse_csv(blanked, name)
                                             : detail::GamutLinesReader(blanked, name).read();
  game.title = title.empty() ? std::string(name) : detail::to_utf8(std::move(title));
  game.has_comment = comments > 0;
  game.comment = detail::to_utf8(std::move(comment));
  return game;
}

}  // namespace dag
