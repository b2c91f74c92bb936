// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

/// A named line of payoffs, one a player: what several profiles of a game may share in a file.
struct GameOutcome {
  std::string name;
  std::vector<Number> payoffs;
  friend bool operator==(const GameOutcome&, const GameOutcome&) = default;
};

/// A normal-form game of any number of players as plain data: what files and the catalogue give and
/// exact solvers take. Profiles are numbered with the FIRST player's strategy fastest:
/// index = s_0 + sizes[0] (s_1 + sizes[1] (s_2 + ...)). Higher payoffs are better for their player.
///
/// Payoffs are doubles; beside them the numbers as they were written, in one of three ways:
/// - `numbers` (profile by profile, all players of a profile together), or
/// - `outcomes` with `outcome_of_profile` (1-based; 0 is "no outcome", every payoff zero), or
/// - neither: each payoff is written as the shortest decimal that reads back as its double.
struct GameTable {
  std::string title;
  std::string comment;
  bool has_comment = false;                      ///< an empty comment differs from none in a file
  bool decimal_file = false;                     ///< a file's mark: 'D' (decimal) or 'R' (rational)
  std::vector<std::string> players;              ///< names, one a player
  std::vector<std::size_t> sizes;                ///< strategies of each player, all at least 1
  std::vector<std::vector<std::string>> labels;  ///< strategy names of each player, or empty
  std::vector<std::vector<double>> payoffs;      ///< payoffs[player][profile]

  std::vector<Number> numbers;
  std::vector<GameOutcome> outcomes;
  std::vector<std::size_t> outcome_of_profile;

  [[nodiscard]] std::size_t player_count() const noexcept { return sizes.size(); }
  [[nodiscard]] std::size_t profile_count() const noexcept {
    return payoffs.empty() ? 0 : payoffs[0].size();
  }
  friend bool operator==(const GameTable&, const GameTable&) = default;
};

namespace detail {

/// The product of the sizes, or `limit + 1` if it is larger than `limit` (no overflow).
[[nodiscard]] inline std::size_t bounded_product(const std::vector<std::size_t>& sizes,
                                                 std::size_t limit) noexcept {
  std::size_t product = 1;
  for (const std::size_t size : sizes) {
    if (size != 0 && product > limit / size) {
      return limit + 1;
    }
    product *= size;
  }
  return product;
}

inline constexpr std::size_t largest_count = static_cast<std::size_t>(-1) / 64;

}  // namespace detail

/// Checks that the shapes of a table fit each other and that every payoff is finite; throws
/// Errc::dimension_mismatch, Errc::invalid_argument or Errc::not_finite.
inline void validate(const GameTable& game) {
  const std::size_t players = game.sizes.size();
  require(players >= 1, Errc::invalid_argument, "GameTable: needs at least one player, got none");
  require(game.players.size() == players && game.payoffs.size() == players,
          Errc::dimension_mismatch,
          "GameTable: needs a name, a size and payoffs for each player, got ", game.players.size(),
          " names, ", players, " sizes and ", game.payoffs.size(), " payoffs");
  for (std::size_t i = 0; i < players; ++i) {
    require(game.sizes[i] >= 1, Errc::invalid_argument, "GameTable: player ", i + 1,
            " needs at least one strategy");
  }
  const std::size_t profiles = detail::bounded_product(game.sizes, detail::largest_count);
  for (std::size_t i = 0; i < players; ++i) {
    require(game.payoffs[i].size() == profiles, Errc::dimension_mismatch,
            "GameTable: the sizes ask for ", profiles, " payoffs of player ", i + 1, ", got ",
            game.payoffs[i].size());
    for (const double payoff : game.payoffs[i]) {
      require(std::isfinite(payoff), Errc::not_finite, "GameTable: a payoff of player ", i + 1,
              " is ", payoff);
    }
  }
  require(game.labels.empty() || game.labels.size() == players, Errc::dimension_mismatch,
          "GameTable: strategy names are needed for every player or for none, got ",
          game.labels.size(), " lists for ", players, " players");
  for (std::size_t i = 0; i < game.labels.size(); ++i) {
    require(game.labels[i].size() == game.sizes[i], Errc::dimension_mismatch, "GameTable: player ",
            i + 1, " has ", game.sizes[i], " strategies and ", game.labels[i].size(), " names");
  }
  require(game.numbers.empty() || game.numbers.size() == profiles * players,
          Errc::dimension_mismatch, "GameTable: needs one written number a payoff, got ",
          game.numbers.size());
  require(game.outcome_of_profile.empty() || game.outcome_of_profile.size() == profiles,
          Errc::dimension_mismatch, "GameTable: needs one outcome a profile, got ",
          game.outcome_of_profile.size());
  for (const std::size_t outcome : game.outcome_of_profile) {
    require(outcome <= game.outcomes.size(), Errc::invalid_argument, "GameTable: outcome ", outcome,
            " is referenced, only ", game.outcomes.size(), " exist");
  }
}

/// How far apart a player's strategies lie in the order of the table: the number of profiles of the
/// players before.
[[nodiscard]] inline std::size_t profile_stride(const std::vector<std::size_t>& sizes,
                                                std::size_t player) noexcept {
  std::size_t stride = 1;
  for (std::size_t i = 0; i < player; ++i) {
    stride *= sizes[i];
  }
  return stride;
}

/// Where a profile stands in the order of the table.
[[nodiscard]] inline std::size_t profile_index(const std::vector<std::size_t>& sizes,
                                               const std::vector<std::size_t>& profile) noexcept {
  std::size_t at = 0;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    at = at * sizes[i] + profile[i];
  }
  return at;
}

/// The profile after `profile` in the order of the table (first player fastest); false after the
/// last, which becomes the first.
inline bool next_profile(const std::vector<std::size_t>& sizes, std::vector<std::size_t>& profile) {
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (++profile[i] < sizes[i]) {
      return true;
    }
    profile[i] = 0;
  }
  return false;
}

/// A payoff as it was written (see GameTable).
[[nodiscard]] inline Number written_payoff(const GameTable& game, std::size_t player,
                                           std::size_t profile) {
  if (!game.numbers.empty()) {
    return game.numbers[profile * game.sizes.size() + player];
  }
  if (!game.outcome_of_profile.empty()) {
    const std::size_t outcome = game.outcome_of_profile[profile];
    return outcome == 0 ? Number{} : game.outcomes[outcome - 1].payoffs[player];
  }
  return Number(game.payoffs[player][profile]);
}

/// True if the payoffs carry the numbers that they were written as.
[[nodiscard]] inline bool has_written_payoffs(const GameTable& game) noexcept {
  return !game.numbers.empty() || !game.outcome_of_profile.empty();
}

namespace detail {

/// A player's smallest and largest payoff.
struct PayoffBounds {
  double low = 0.0;
  double high = 0.0;

  template <class Payoffs>
  explicit PayoffBounds(const Payoffs& payoffs) noexcept {
    low = high = payoffs.empty() ? 0.0 : static_cast<double>(payoffs[0]);
    for (const auto entry : payoffs) {
      const auto payoff = static_cast<double>(entry);
      low = payoff < low ? payoff : low;
      high = payoff > high ? payoff : high;
    }
  }
  [[nodiscard]] double range() const noexcept { return high - low; }
  /// So far from zero, beside the range, that the rounding of what was written matters.
  [[nodiscard]] bool is_far() const noexcept {
    return 0.125 * std::fmax(std::abs(low), std::abs(high)) > range();
  }
};

/// The smallest of a player's payoffs as written, and the largest: among those whose doubles are,
/// since rounding keeps the order.
[[nodiscard]] inline std::pair<Rational, Rational> written_extent(const GameTable& game,
                                                                  std::size_t player) {
  const std::vector<double>& payoffs = game.payoffs[player];
  const PayoffBounds extent(payoffs);
  Rational low;
  Rational high;
  bool any_low = false;
  bool any_high = false;
  for (std::size_t k = 0; k < payoffs.size(); ++k) {
    if (payoffs[k] != extent.low && payoffs[k] != extent.high) {
      continue;
    }
    const Rational payoff = written_payoff(game, player, k).exact();
    if (payoffs[k] == extent.low && (!any_low || compare(payoff, low) < 0)) {
      low = payoff;
      any_low = true;
    }
    if (payoffs[k] == extent.high && (!any_high || compare(high, payoff) < 0)) {
      high = payoff;
      any_high = true;
    }
  }
  return {std::move(low), std::move(high)};
}

}  // namespace detail

/// Player `player`'s largest payoff less the smallest: as written, where the payoffs lie more than
/// eight ranges from zero (1e17 + 3 and 1e17 + 5 are 2 apart, and one double). Errors: not_finite
/// if that is more than a double holds: no gap could be told from 0 beside it.
[[nodiscard]] inline double payoff_range(const GameTable& game, std::size_t player) {
  const detail::PayoffBounds extent(game.payoffs[player]);
  require(std::isfinite(extent.range()), Errc::not_finite, "GameTable: the payoffs of player ",
          player + 1, " go from ", extent.low, " to ", extent.high,
          ", which is further apart than a double can hold");
  if (!extent.is_far() || !has_written_payoffs(game)) {
    return extent.range();
  }
  const auto [low, high] = detail::written_extent(game, player);
  return (high + low.negated()).nearest();
}

/// The largest of these over the players: what tolerances on regrets are relative to.
[[nodiscard]] inline double payoff_range(const GameTable& game) {
  double range = 0.0;
  for (std::size_t i = 0; i < game.payoffs.size(); ++i) {
    range = std::fmax(range, payoff_range(game, i));
  }
  return range;
}

/// The table of a two-player zero-sum game: `rows` x `columns`, row-major, player 1 (rows)
/// maximises the entry, player 2 its negative.
[[nodiscard]] inline GameTable zero_sum_table(std::string title, std::size_t rows,
                                              std::size_t columns,
                                              const std::vector<double>& row_major) {
  require(row_major.size() == rows * columns, Errc::dimension_mismatch, "zero_sum_table: ", rows,
          " x ", columns, " needs ", rows * columns, " entries, got ", row_major.size());
  GameTable game;
  game.title = std::move(title);
  game.players = {"Row", "Column"};
  game.sizes = {rows, columns};
  game.payoffs.assign(2, std::vector<double>(rows * columns));
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const double payoff = row_major[row * columns + column];
      game.payoffs[0][row + rows * column] = payoff + 0.0;
      game.payoffs[1][row + rows * column] = 0.0 - payoff;
    }
  }
  validate(game);
  return game;
}

/// Player `player`'s payoffs of a two-player game as a row-major matrix (rows: player 1).
[[nodiscard]] inline std::vector<double> row_major(const GameTable& game, std::size_t player) {
  require(game.sizes.size() == 2, Errc::unsupported, "row_major: needs a two-player game, got ",
          game.sizes.size(), " players");
  std::vector<double> matrix(game.payoffs[player].size());
  for (std::size_t row = 0; row < game.sizes[0]; ++row) {
    for (std::size_t column = 0; column < game.sizes[1]; ++column) {
      matrix[row * game.sizes[1] + column] = game.payoffs[player][row + game.sizes[0] * column];
    }
  }
  return matrix;
}

}  // namespace dag
