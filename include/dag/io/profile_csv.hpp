// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>
#include <dag/io/detail/cells.hpp>
#include <dag/io/text_file.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

namespace detail {

inline constexpr std::string_view strategy_of = "strategy of ";
inline constexpr std::string_view payoff_of = "payoff of ";

/// The lines of a list of profiles, cut into cells.
class ProfileReader {
 public:
  ProfileReader(std::string_view text, std::string_view name)
      : scanner_(text, name, ','), name_(name) {}

  [[nodiscard]] GameTable read() {
    for (std::vector<TextCell> cells; scanner_.next(cells);) {
      cells_.clear();
      for (const TextCell& cell : cells) {
        cells_.push_back(to_utf8(std::string(cell.text)));
      }
      if (players_.empty()) {
        take_header();
      } else {
        take_profile();
      }
    }
    require(!players_.empty(), Errc::parse, name_, ":", scanner_.number(),
            ": expected a header 'strategy of PLAYER,...,payoff of PLAYER,...', found nothing");
    return finish();
  }

 private:
  void take_header() {
    const std::size_t players = cells_.size() / 2;
    for (std::size_t k = 0; k < cells_.size(); ++k) {
      const std::string_view start = k < players ? strategy_of : payoff_of;
      const std::string_view cell = cells_[k];
      const bool fits = cells_.size() % 2 == 0 && cell.substr(0, start.size()) == start;
      const std::string_view player = fits ? cell.substr(start.size()) : std::string_view{};
      require(fits && (k < players || player == players_[k - players]), Errc::parse, name_, ":",
              scanner_.number(),
              ": expected a header of 'strategy of PLAYER' for each player, then 'payoff ",
              "of PLAYER' in the same order, found ", quoted_excerpt(cell), " in column ", k + 1);
      if (k < players) {
        players_.emplace_back(player);
      }
    }
    strategies_.resize(players);
    labels_.resize(players);
  }

  void take_profile() {
    const std::size_t players = players_.size();
    require(cells_.size() == 2 * players, Errc::parse, name_, ":", scanner_.number(), ": expected ",
            players, " strategies and ", players, " payoffs, found ", cells_.size(), " cells");
    for (std::size_t i = 0; i < players; ++i) {
      require(!cells_[i].empty(), Errc::parse, name_, ":", scanner_.number(), ": column ", i + 1,
              ": expected a strategy, found ''");
      const auto [at, is_new] = strategies_[i].try_emplace(cells_[i], labels_[i].size());
      if (is_new) {
        labels_[i].push_back(cells_[i]);
      }
      choices_.push_back(at->second);
    }
    for (std::size_t i = 0; i < players; ++i) {
      Number value;
      const std::string& cell = cells_[players + i];
      const char* wrong = read_cell_number(cell, value);
      require(wrong == nullptr, Errc::parse, name_, ":", scanner_.number(), ": column ",
              players + i + 1, ": expected a payoff: ", wrong == nullptr ? "" : wrong, ", found ",
              quoted_excerpt(cell));
      numbers_.push_back(std::move(value));
    }
    lines_.push_back(scanner_.number());
  }

  [[nodiscard]] GameTable finish() {
    GameTable game;
    game.title = name_;
    game.players = players_;
    const std::size_t players = players_.size();
    bool named = false;
    for (const auto& labels : labels_) {
      game.sizes.push_back(labels.size());
      for (std::size_t s = 0; s < labels.size(); ++s) {
        named = named || labels[s] != std::to_string(s + 1);
      }
    }
    const std::size_t listed = lines_.size();
    require(listed > 0, Errc::parse, name_, ":", scanner_.number(),
            ": expected a line a profile, found none");
    std::vector<bool> seen(listed, false);
    game.payoffs.assign(players, std::vector<double>(listed));
    game.numbers.resize(listed * players);
    const std::size_t profiles = bounded_product(game.sizes, listed);
    require(profiles <= listed, Errc::parse, name_, ":", scanner_.number(),
            ": the strategies named make ", "more than ", listed, " profiles, found ", listed,
            " lines: some are missing");
    for (std::size_t k = 0; k < listed; ++k) {
      std::size_t profile = 0;
      for (std::size_t i = players; i-- > 0;) {
        profile = profile * game.sizes[i] + choices_[k * players + i];
      }
      require(!seen[profile], Errc::parse, name_, ":", lines_[k],
              ": this profile stands in a line before");
      seen[profile] = true;
      for (std::size_t i = 0; i < players; ++i) {
        game.payoffs[i][profile] = numbers_[k * players + i].value();
        game.numbers[profile * players + i] = std::move(numbers_[k * players + i]);
      }
    }
    if (named) {
      game.labels = std::move(labels_);
    }
    return game;
  }

  CellScanner scanner_;
  std::string_view name_;
  std::vector<std::string> cells_;
  std::vector<std::string> players_;
  std::vector<std::map<std::string, std::size_t>> strategies_;
  std::vector<std::vector<std::string>> labels_;
  std::vector<std::size_t> choices_;
  std::vector<Number> numbers_;
  std::vector<std::size_t> lines_;
};

/// A cell as it is where it reads back so, else in quotes.
[[nodiscard]] inline std::string profile_cell(const std::string& text) {
  std::string quoted = quoted_cell(text, "format_profile_csv");
  const bool plain = !text.empty() && text.find_first_of(",\"#") == std::string::npos &&
                     trimmed_cell(text).size() == text.size();
  return plain ? text : quoted;
}

}  // namespace detail

/// True if a text looks like a list of profiles and not like a payoff matrix: its first line that
/// is neither blank nor a comment begins with "strategy of".
[[nodiscard]] inline bool is_profile_csv(std::string_view text) noexcept {
  text = detail::without_mark(text);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const std::size_t begin = line.find_first_not_of(" \t\r\"");
    if (begin != std::string_view::npos && line.front() != '#') {
      return line.substr(begin, detail::strategy_of.size()) == detail::strategy_of;
    }
  }
  return false;
}

/// Reads a normal-form game of any number of players as a list of profiles:
///
///   strategy of Row,strategy of Column,payoff of Row,payoff of Column
///   dare,dare,0,0
///   yield,dare,2,7
///
/// A header with a column a player for strategies, then one a player for payoffs; a line a profile,
/// in any order, each exactly once. Strategies are numbered as they first appear; where every
/// player's are 1, 2, ... in order they stay without names. Payoffs as in .nfg (fractions allowed,
/// kept as written). Cells may stand in quotes, in which a quote is written twice; blank lines and
/// lines that begin with # are left out. Errc::parse with "name:line: rule, found 'text'" for all
/// else: a profile missing or twice, a wrong number of cells, NaN, infinities.
/// Memory: about 100 bytes a payoff while reading.
[[nodiscard]] inline GameTable parse_profile_csv(std::string_view text,
                                                 std::string_view name = "csv") {
  return detail::ProfileReader(text, name).read();
}

/// A game as such a list, first player fastest. `parse_profile_csv` of it gives the same players,
/// strategies and payoffs as written, and writing that gives the same text; title, comment and
/// outcomes are not held. Strategies without distinct names are written as 1, 2, ... Throws as
/// `validate`; Errc::unsupported for a name with a line break.
[[nodiscard]] inline std::string format_profile_csv(const GameTable& game) {
  validate(game);
  const std::size_t players = game.player_count();
  std::string out;
  for (const std::string_view start : {detail::strategy_of, detail::payoff_of}) {
    for (const std::string& player : game.players) {
      out += out.empty() ? "" : ",";
      out += detail::profile_cell(std::string(start) + player);
    }
  }
  out += '\n';
  std::vector<std::vector<std::string>> names(players);
  for (std::size_t i = 0; i < players; ++i) {
    std::map<std::string, int> seen;
    bool distinct = !game.labels.empty();
    for (std::size_t s = 0; distinct && s < game.sizes[i]; ++s) {
      distinct = !game.labels[i][s].empty() && ++seen[game.labels[i][s]] == 1;
    }
    for (std::size_t s = 0; s < game.sizes[i]; ++s) {
      names[i].push_back(distinct ? detail::profile_cell(game.labels[i][s])
                                  : std::to_string(s + 1));
    }
  }
  std::vector<std::size_t> choices(players, 0);
  std::size_t profile = 0;
  do {
    for (std::size_t i = 0; i < players; ++i) {
      out += names[i][choices[i]];
      out += ',';
    }
    for (std::size_t i = 0; i < players; ++i) {
      out += i == 0 ? "" : ",";
      out += written_payoff(game, i, profile).text();
    }
    out += '\n';
    ++profile;
  } while (next_profile(game.sizes, choices));
  return out;
}

}  // namespace dag
