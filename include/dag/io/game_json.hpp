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
#include <dag/io/detail/game_scanner.hpp>
#include <dag/io/detail/sample_splicer.hpp>
#include <dag/io/json_line.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

namespace detail {

/// True for a number that JSON can write as one: -12, 0.5, 1e9; not 1/3, .5, +1.
[[nodiscard]] inline bool is_json_number(std::string_view text) noexcept {
  const auto digits = [&] {
    std::size_t count = 0;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1)) {
      ++count;
    }
    return count;
  };
  text.remove_prefix(text.substr(0, 1) == "-" ? 1 : 0);
  const bool zero = text.substr(0, 1) == "0";
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) {
    return false;
  }
  if (text.substr(0, 1) == ".") {
    text.remove_prefix(1);
    if (digits() == 0) {
      return false;
    }
  }
  if (text.substr(0, 1) == "e" || text.substr(0, 1) == "E") {
    text.remove_prefix(1);
    text.remove_prefix(text.substr(0, 1) == "-" || text.substr(0, 1) == "+" ? 1 : 0);
    if (digits() == 0) {
      return false;
    }
  }
  return text.empty();
}

/// One pass over the JSON of a strategic form.
class GameJsonReader {
 public:
  GameJsonReader(std::string_view text, std::string_view name)
      : text_(without_mark(text)), name_(name) {}

  [[nodiscard]] GameTable read() {
    try {
      json_.parse(text_);
      return game();
    } catch (const JsonLine::Fault& fault) {
      fail(Errc::parse, name_, ":", line_of(text_, fault.column - 1), ": ", fault.what);
    }
  }

 private:
  using Index = JsonLine::Index;

  [[noreturn]] void refuse(Index at, const std::string& rule) const {
    fail(Errc::parse, name_, ":", line_of(text_, json_.begin(at)), ": ", rule, ", found ",
         quoted_excerpt(json_.raw(at)));
  }
  [[nodiscard]] Index member(Index object, std::string_view key, JsonKind kind,
                             const char* what) const {
    const Index found = json_.find(object, key);
    if (found == JsonLine::none || !json_.is(found, kind)) {
      refuse(found == JsonLine::none ? object : found,
             "expected \"" + std::string(key) + "\" (" + what + ")");
    }
    return found;
  }
  [[nodiscard]] std::string text_of(Index at, const char* what) const {
    if (!json_.is(at, JsonKind::string)) {
      refuse(at, std::string("expected ") + what + " (a string)");
    }
    std::string value = json_.text(at);
    if (value.find('\0') != std::string::npos) {
      refuse(at, std::string("a NUL byte in ") + what);
    }
    return value;
  }
  [[nodiscard]] std::size_t natural(Index at, std::size_t most, const std::string& what) const {
    double value = -1;
    if (!json_.is(at, JsonKind::number) || !json_.number(at, value) || !(value >= 0) ||
        value > static_cast<double>(most) ||
        value != static_cast<double>(static_cast<std::size_t>(value))) {
      refuse(at, "expected " + what);
    }
    return static_cast<std::size_t>(value);
  }
  [[nodiscard]] Number number(Index at) const {
    Number value;
    const bool fits = json_.is(at, JsonKind::number) || json_.is(at, JsonKind::string);
    const char* wrong = fits ? Number::read(json_.text(at), value) : "a number or a string";
    if (wrong != nullptr) {
      refuse(at, std::string("expected a payoff: ") + wrong);
    }
    return value;
  }
  template <class Each>
  void each(Index array, Each&& each) const {
    for (Index k = json_.first(array); k != JsonLine::none; k = json_.after(k, array)) {
      each(k);
    }
  }
  [[nodiscard]] std::vector<Number> payoffs_of(Index list, std::size_t players) const {
    std::vector<Number> payoffs;
    if (json_.is(list, JsonKind::array)) {
      each(list, [&](Index k) { payoffs.push_back(number(k)); });
    }
    if (payoffs.size() != players) {
      refuse(list, "expected a list of " + std::to_string(players) + " payoffs, one a player");
    }
    return payoffs;
  }

  [[nodiscard]] GameTable game() {
    const Index root = JsonLine::root();
    if (!json_.is(root, JsonKind::object) || json_.find(root, "players") == JsonLine::none) {
      refuse(root, "not a game of dag: expected an object with \"players\" and \"payoffs\"");
    }
    const Index version = json_.find(root, "version");
    if (version != JsonLine::none && json_.raw(version) != "1") {
      refuse(version, "unknown version of the format: expected 1");
    }
    GameTable game;
    if (const Index title = json_.find(root, "title"); title != JsonLine::none) {
      game.title = text_of(title, "the title");
    }
    if (const Index comment = json_.find(root, "comment"); comment != JsonLine::none) {
      game.has_comment = true;
      game.comment = text_of(comment, "the comment");
    }
    game.decimal_file = flag(root, "decimals");
    take_players(root, game);
    const std::size_t players = game.sizes.size();
    const Index profiles = json_.find(root, "profiles");
    if (profiles == JsonLine::none) {
      const Index list = member(root, "payoffs", JsonKind::array, "a list of profiles");
      const std::size_t wanted = bounded_product(game.sizes, text_.size());
      std::vector<Number> numbers;
      std::size_t given = 0;
      game.payoffs.resize(players);
      each(list, [&](Index k) {
        ++given;
        std::vector<Number> own = payoffs_of(k, players);
        for (std::size_t i = 0; i < players; ++i) {
          game.payoffs[i].push_back(own[i].value());
          numbers.push_back(std::move(own[i]));
        }
      });
      check_count(list, given, wanted);
      if (!flag(root, "doubles")) {
        game.numbers = std::move(numbers);
      }
      return game;
    }
    each(member(root, "outcomes", JsonKind::array, "a list of outcomes"), [&](Index k) {
      GameOutcome outcome;
      outcome.name = text_of(member(k, "name", JsonKind::string, "of an outcome"), "a name");
      outcome.payoffs = payoffs_of(member(k, "payoffs", JsonKind::array, "one a player"), players);
      game.outcomes.push_back(std::move(outcome));
    });
    if (!json_.is(profiles, JsonKind::array)) {
      refuse(profiles, "expected the outcomes of the profiles");
    }
    each(profiles, [&](Index k) {
      game.outcome_of_profile.push_back(
          natural(k, game.outcomes.size(), "the number of an outcome (0 for none)"));
    });
    const std::size_t count = game.outcome_of_profile.size();
    check_count(profiles, count, bounded_product(game.sizes, text_.size()));
    if (count > (16 * text_.size() + (std::size_t{1} << 20)) / players) {
      refuse(profiles, "profiles that need much more memory than the file's length allows for");
    }
    game.payoffs.assign(players, std::vector<double>(count));
    for (std::size_t profile = 0; profile < count; ++profile) {
      const std::size_t outcome = game.outcome_of_profile[profile];
      for (std::size_t i = 0; outcome != 0 && i < players; ++i) {
        game.payoffs[i][profile] = game.outcomes[outcome - 1].payoffs[i].value();
      }
    }
    return game;
  }
  void check_count(Index list, std::size_t given, std::size_t wanted) const {
    if (given != wanted) {
      refuse(list, "expected one entry for each of the " + std::to_string(wanted) +
                       " profiles, got " + std::to_string(given));
    }
  }
  [[nodiscard]] bool flag(Index root, std::string_view key) const {
    const Index at = json_.find(root, key);
    if (at != JsonLine::none && !json_.is(at, JsonKind::boolean)) {
      refuse(at, "expected true or false");
    }
    return at != JsonLine::none && json_.boolean(at);
  }

  void take_players(Index root, GameTable& game) const {
    std::size_t named = 0;
    const Index list = member(root, "players", JsonKind::array, "a list of players");
    each(list, [&](Index k) {
      game.players.push_back(
          text_of(member(k, "name", JsonKind::string, "of a player"), "a player's name"));
      const Index strategies = json_.find(k, "strategies");
      game.labels.emplace_back();
      if (strategies != JsonLine::none && json_.is(strategies, JsonKind::array)) {
        ++named;
        each(strategies,
             [&](Index s) { game.labels.back().push_back(text_of(s, "a strategy's name")); });
        game.sizes.push_back(game.labels.back().size());
      } else {
        game.sizes.push_back(strategies == JsonLine::none
                                 ? 0
                                 : natural(strategies, text_.size(), "names or a number"));
      }
      if (game.sizes.back() == 0) {
        refuse(k, "expected \"strategies\": their names, or how many there are");
      }
    });
    if (game.players.empty()) {
      refuse(list, "a game needs at least one player");
    }
    if (named == 0) {
      game.labels.clear();
    }
    for (std::size_t i = 0; i < game.labels.size(); ++i) {
      for (std::size_t s = game.labels[i].size(); s < game.sizes[i]; ++s) {
        game.labels[i].push_back(std::to_string(s + 1));
      }
    }
  }

  std::string_view text_;
  std::string_view name_;
  JsonLine json_;
};

inline void append_payoff(std::string& out, const Number& payoff) {
  if (is_json_number(payoff.text())) {
    out += payoff.text();
  } else {
    append_json_text(out, payoff.text());
  }
}

}  // namespace detail

/// Reads a strategic-form game from JSON:
///
///   {"players": [{"name": "Row", "strategies": ["up", "down"]}, {"name": "Column", "strategies":
///   2}],
///    "payoffs": [[1, "1/3"], [0, 0], [0, 0], [0.5, 2]]}
///
/// "strategies" are names or how many there are. "payoffs" has one list a profile, one payoff a
/// player, the first player's strategy fastest; fractions are strings. In their place "outcomes"
/// (objects with name and payoffs) and "profiles" (the number of each profile's outcome, 0 for
/// none), as in .nfg. Optional: "version" (1), "title", "comment", "decimals" (the mark D of .nfg),
/// "doubles" (true: payoffs are the shortest decimals of doubles, no written numbers). Other keys
/// are passed over. Errc::parse with "name:line: rule, found 'text'". No size is taken on trust.
[[nodiscard]] inline GameTable parse_game_json(std::string_view text,
                                               std::string_view name = "json") {
  return detail::GameJsonReader(text, name).read();
}

/// The JSON of a game, a line for each profile: `parse_game_json` of it gives an equal table
/// (names that are not UTF-8 are not equal), and writing that gives the same text. Throws as
/// `validate`.
[[nodiscard]] inline std::string format_game_json(const GameTable& game) {
  validate(game);
  std::string out = "{\"version\": 1, \"title\": ";
  detail::append_json_text(out, game.title);
  if (game.has_comment) {
    out += ",\n \"comment\": ";
    detail::append_json_text(out, game.comment);
  }
  out += game.decimal_file ? ",\n \"decimals\": true" : "";
  const bool shared = !game.outcome_of_profile.empty();
  out += game.numbers.empty() && !shared ? ",\n \"doubles\": true" : "";
  out += ",\n \"players\": [";
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    out += i == 0 ? "\n  {\"name\": " : ",\n  {\"name\": ";
    detail::append_json_text(out, game.players[i]);
    out += ", \"strategies\": ";
    if (game.labels.empty()) {
      out += std::to_string(game.sizes[i]);
    } else {
      for (std::size_t s = 0; s < game.sizes[i]; ++s) {
        out += s == 0 ? "[" : ", ";
        detail::append_json_text(out, game.labels[i][s]);
      }
      out += ']';
    }
    out += '}';
  }
  out += "]";
  const auto line = [&](auto&& payoff_of) {
    for (std::size_t i = 0; i < game.player_count(); ++i) {
      out += i == 0 ? "[" : ", ";
      detail::append_payoff(out, payoff_of(i));
    }
    out += ']';
  };
  if (shared) {
    out += ",\n \"outcomes\": [";
    for (std::size_t k = 0; k < game.outcomes.size(); ++k) {
      out += k == 0 ? "\n  {\"name\": " : ",\n  {\"name\": ";
      detail::append_json_text(out, game.outcomes[k].name);
      out += ", \"payoffs\": ";
      line([&](std::size_t i) -> const Number& { return game.outcomes[k].payoffs[i]; });
      out += '}';
    }
    out += "],\n \"profiles\": [";
    for (std::size_t profile = 0; profile < game.outcome_of_profile.size(); ++profile) {
      out += (profile == 0 ? "" : ", ") + std::to_string(game.outcome_of_profile[profile]);
    }
  } else {
    out += ",\n \"payoffs\": [";
    for (std::size_t profile = 0; profile < game.profile_count(); ++profile) {
      out += profile == 0 ? "\n  " : ",\n  ";
      line([&](std::size_t i) { return written_payoff(game, i, profile); });
    }
  }
  return out + "]}\n";
}

}  // namespace dag
