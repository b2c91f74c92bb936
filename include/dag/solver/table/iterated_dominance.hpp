// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/double_double.hpp>
#include <dag/solver/detail/indifference.hpp>
#include <dag/solver/matrix/linear_program.hpp>

namespace dag {

/// Options of `iterated_dominance`.
struct DominanceOptions {
  bool mixed = true;       ///< also by mixed strategies (one linear program a strategy)
  double tolerance = 0.0;  ///< a mix must be better by more than this * its player's payoff range
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
};

/// A strategy that was removed, and by what.
struct DominatedStrategy {
  std::size_t player = 0;
  std::size_t strategy = 0;  ///< index in the original game
  std::size_t round = 0;     ///< 1 for those dominated in the original game
  std::vector<double> by;    ///< over the original strategies: better whatever the others play
  friend bool operator==(const DominatedStrategy&, const DominatedStrategy&) = default;
};

/// What dominated strategies leave of a game.
struct DominanceResult {
  std::vector<std::vector<std::size_t>> kept;  ///< original indices left to each player
  std::vector<DominatedStrategy> removed;      ///< in the order of removal
  Status status = Status::converged;           ///< time_limit or stopped: more may be dominated
  friend bool operator==(const DominanceResult&, const DominanceResult&) = default;
};

/// The game in which each player has only the strategies `kept` (indices, at least one a player).
/// Written numbers and outcomes are kept.
[[nodiscard]] inline GameTable restrict_table(const GameTable& game,
                                              const std::vector<std::vector<std::size_t>>& kept) {
  const std::size_t players = game.player_count();
  require(kept.size() == players, Errc::dimension_mismatch, "restrict_table: the game has ",
          players, " players, got lists for ", kept.size());
  GameTable reduced = game;
  reduced.numbers.clear();
  reduced.outcome_of_profile.clear();
  for (std::size_t i = 0; i < players; ++i) {
    reduced.payoffs[i].clear();
    reduced.sizes[i] = kept[i].size();
    require(!kept[i].empty(), Errc::invalid_argument, "restrict_table: player ", i + 1,
            " needs at least one strategy");
    for (const std::size_t strategy : kept[i]) {
      require(strategy < game.sizes[i], Errc::invalid_argument, "restrict_table: player ", i + 1,
              " has ", game.sizes[i], " strategies, got index ", strategy);
    }
    for (std::size_t s = 0; !game.labels.empty() && s < kept[i].size(); ++s) {
      reduced.labels[i][s] = game.labels[i][kept[i][s]];
    }
    if (!game.labels.empty()) {
      reduced.labels[i].resize(kept[i].size());
    }
  }
  std::vector<std::size_t> choices(players, 0);
  do {
    std::size_t profile = 0;
    for (std::size_t i = players; i-- > 0;) {
      profile = profile * game.sizes[i] + kept[i][choices[i]];
    }
    for (std::size_t i = 0; i < players; ++i) {
      reduced.payoffs[i].push_back(game.payoffs[i][profile]);
      if (!game.numbers.empty()) {
        reduced.numbers.push_back(game.numbers[profile * players + i]);
      }
    }
    if (!game.outcome_of_profile.empty()) {
      reduced.outcome_of_profile.push_back(game.outcome_of_profile[profile]);
    }
  } while (next_profile(reduced.sizes, choices));
  return reduced;
}

namespace detail {

/// Player `player`'s payoffs as a matrix: own strategies times the others' profiles, row-major.
[[nodiscard]] inline std::vector<double> own_payoff_rows(const GameTable& game,
                                                         std::size_t player) {
  const std::size_t stride = profile_stride(game.sizes, player);
  const std::size_t size = game.sizes[player];
  const std::vector<double>& payoffs = game.payoffs[player];
  const std::size_t others = payoffs.size() / size;
  std::vector<double> rows(payoffs.size());
  for (std::size_t profile = 0; profile < payoffs.size(); ++profile) {
    const std::size_t own = profile / stride % size;
    const std::size_t rest = profile % stride + profile / (stride * size) * stride;
    rows[own * others + rest] = payoffs[profile];
  }
  return rows;
}

/// What `mix` earns more than `row` in the column where that is least, in about 106 bits, over
/// `unit`.
[[nodiscard]] inline double least_gain(const std::vector<double>& matrix, std::size_t row,
                                       const std::vector<double>& mix, double unit) {
  const std::size_t columns = matrix.size() / mix.size();
  DoubleDouble sum;
  for (const double weight : mix) {
    sum += weight;
  }
  DoubleDouble least;
  for (std::size_t j = 0; j < columns; ++j) {
    DoubleDouble gain;
    for (std::size_t k = 0; k < mix.size(); ++k) {
      if (mix[k] != 0.0) {
        gain += (DoubleDouble(matrix[k * columns + j] / unit) -
                 DoubleDouble(matrix[row * columns + j] / unit)) *
                mix[k];
      }
    }
    least = j == 0 || gain < least ? gain : least;
  }
  return (least / sum).value();
}

/// A mix of the other rows that is better than `row` in every column, as weights over all rows;
/// empty if there is none.
[[nodiscard]] inline std::vector<double> dominating_mix(const std::vector<double>& matrix,
                                                        std::size_t size, std::size_t row,
                                                        bool mixed, double margin,
                                                        const Deadline& deadline) {
  const std::size_t columns = matrix.size() / size;
  const PayoffExtent extent = payoff_extent(matrix);
  const double half_range = 0.5 * extent.high - 0.5 * extent.low;
  std::vector<double> mix(size, 0.0);
  std::vector<double> gains;
  std::vector<std::size_t> rivals;
  for (std::size_t other = 0; other < size; ++other) {
    if (other == row) {
      continue;
    }
    bool better = true;
    rivals.push_back(other);
    for (std::size_t j = 0; j < columns; ++j) {
      const double mine = matrix[row * columns + j];
      const double theirs = matrix[other * columns + j];
      gains.push_back(half_range > 0 ? (0.5 * theirs - 0.5 * mine) / half_range : 0.0);
      better = better && theirs > mine;
    }
    if (better) {
      mix[other] = 1.0;
      return mix;
    }
  }
  if (!mixed || rivals.size() < 2 || !(half_range > 0)) {
    return {};
  }
  // The mix that gains most in the worst column: the equilibrium of the game of gains. Whether it
  // dominates, its gains say, computed from the payoffs without rounding.
  const MatrixEquilibrium best = linear_program(
      gains, rivals.size(), columns, {.time_limit = deadline.left(), .stop = deadline.stop()});
  for (std::size_t k = 0; k < rivals.size(); ++k) {
    mix[rivals[k]] = best.row[k];
  }
  // A power of two, so that dividing by it rounds nothing; the range may overflow, its half not.
  const double unit = std::ldexp(1.0, std::ilogb(half_range));
  const double rounding = std::ldexp(static_cast<double>(size), -95);
  const double beyond = 2 * margin * (half_range / unit) + rounding;
  return least_gain(matrix, row, mix, unit) > beyond ? mix : std::vector<double>{};
}

}  // namespace detail

/// Removes strictly dominated strategies, round by round, until none is left: those worse than some
/// other strategy, or mix of others, whatever the other players do. What remains does not depend on
/// the order and holds every Nash and every correlated equilibrium. Pearce (1984),
/// doi:10.2307/1911197. Mixes are found by `linear_program` on the game of gains, and count only if
/// their own gains, computed without rounding, are above zero everywhere; pure strategies are
/// compared exactly. Cost: at most (strategies)^2 linear programs. A limit or a stop keeps what was
/// not yet tried: the status says so.
[[nodiscard]] inline DominanceResult iterated_dominance(const GameTable& game,
                                                        const DominanceOptions& options = {}) {
  validate(game);
  require(options.tolerance >= 0 && std::isfinite(options.tolerance), Errc::invalid_argument,
          "iterated_dominance: tolerance must be >= 0 and finite, got ", options.tolerance);
  const Deadline deadline(options.stop, options.time_limit, "iterated_dominance");
  DominanceResult result;
  for (const std::size_t size : game.sizes) {
    std::vector<std::size_t> all(size);
    for (std::size_t s = 0; s < size; ++s) {
      all[s] = s;
    }
    result.kept.push_back(std::move(all));
  }
  for (std::size_t round = 1;; ++round) {
    const GameTable current = restrict_table(game, result.kept);
    std::vector<std::vector<std::size_t>> next(result.kept.size());
    bool changed = false;
    for (std::size_t player = 0; player < current.player_count(); ++player) {
      const std::vector<double> rows = detail::own_payoff_rows(current, player);
      const std::size_t size = current.sizes[player];
      for (std::size_t s = 0; s < size; ++s) {
        const std::size_t original = result.kept[player][s];
        if (deadline.passed()) {  // the rest is kept untried
          next[player].push_back(original);
          continue;
        }
        const std::vector<double> mix =
            detail::dominating_mix(rows, size, s, options.mixed, options.tolerance, deadline);
        if (mix.empty()) {
          next[player].push_back(original);
          continue;
        }
        DominatedStrategy removed{player, original, round,
                                  std::vector<double>(game.sizes[player], 0.0)};
        for (std::size_t k = 0; k < size; ++k) {
          removed.by[result.kept[player][k]] = mix[k];
        }
        result.removed.push_back(std::move(removed));
        changed = true;
      }
    }
    result.kept = std::move(next);
    if (!changed || deadline.passed()) {
      result.status = deadline.passed() ? deadline.status() : Status::converged;
      return result;
    }
  }
}

}  // namespace dag
