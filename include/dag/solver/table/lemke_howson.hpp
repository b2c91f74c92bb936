// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/detail/indifference.hpp>
#include <dag/solver/table/exact_equilibria.hpp>

namespace dag {

struct LemkeHowsonOptions {
  std::size_t dropped_label = 0;  ///< 0 .. rows-1: player 1's strategies, then player 2's
  bool all_labels = false;        ///< follow the path of every label; distinct equilibria returned
  std::int64_t max_pivots = 1'000'000;  ///< on each path (paths can be exponentially long)
};

namespace detail {

/// M v + slack = 1, v and slack >= 0 with every column kept; rows leave by the lexicographic rule,
/// so that ties cannot cycle. A variable is known by its label; slacks begin at `first_slack`.
class LabelledTableau {
 public:
  LabelledTableau(std::size_t rows, std::size_t labels, std::size_t first_slack)
      : rows_(rows),
        width_(labels + 1),
        first_slack_(first_slack),
        basis_(rows),
        tableau_(rows * (labels + 1), 0.0) {
    for (std::size_t i = 0; i < rows; ++i) {
      basis_[i] = first_slack + i;
      at(i, basis_[i]) = 1.0;
      at(i, width_ - 1) = 1.0;
    }
  }

  [[nodiscard]] double& at(std::size_t row, std::size_t label) {
    return tableau_[row * width_ + label];
  }
  [[nodiscard]] const std::vector<std::size_t>& basis() const noexcept { return basis_; }
  [[nodiscard]] double value(std::size_t row) const noexcept {
    return tableau_[row * width_ + width_ - 1];
  }
  [[nodiscard]] bool tied() const noexcept { return tied_; }

  /// Brings the variable of a label in; the label of the one that leaves, or `none`.
  [[nodiscard]] std::size_t bring_in(std::size_t label) {
    candidates_.clear();
    for (std::size_t i = 0; i < rows_; ++i) {
      if (at(i, label) > zero) {
        candidates_.push_back(i);
      }
    }
    if (candidates_.empty()) {
      return none;
    }
    keep_least(label, width_ - 1);
    tied_ = tied_ || candidates_.size() > 1;
    for (std::size_t s = 0; s < rows_ && candidates_.size() > 1; ++s) {
      keep_least(label, first_slack_ + s);
    }
    const std::size_t row = candidates_[0];
    double* top = tableau_.data() + row * width_;
    const double inverse = 1.0 / top[label];
    for (std::size_t j = 0; j < width_; ++j) {
      top[j] *= inverse;
    }
    top[label] = 1.0;
    for (std::size_t i = 0; i < rows_; ++i) {
      double* current = tableau_.data() + i * width_;
      const double factor = current[label];
      if (i == row || factor == 0.0) {
        continue;
      }
      for (std::size_t j = 0; j < width_; ++j) {
        current[j] -= factor * top[j];
      }
      current[label] = 0.0;
    }
    const std::size_t leaving = basis_[row];
    basis_[row] = label;
    return leaving;
  }

  static constexpr std::size_t none = static_cast<std::size_t>(-1);

 private:
  static constexpr double zero = 1e-11;  ///< entries of M are in [1, 2]

  /// Of the candidate rows those with the least entry in `column`, relative to the pivot.
  void keep_least(std::size_t label, std::size_t column) {
    double least = at(candidates_[0], column) / at(candidates_[0], label);
    for (const std::size_t row : candidates_) {
      const double ratio = at(row, column) / at(row, label);
      least = ratio < least ? ratio : least;
    }
    std::size_t kept = 0;
    for (const std::size_t row : candidates_) {
      if (at(row, column) / at(row, label) <= least + 1e-12 * (1.0 + std::abs(least))) {
        candidates_[kept++] = row;
      }
    }
    candidates_.resize(kept);
  }

  std::size_t rows_;
  std::size_t width_;
  std::size_t first_slack_;
  std::vector<std::size_t> basis_;
  std::vector<double> tableau_;
  std::vector<std::size_t> candidates_;
  bool tied_ = false;
};

/// A player's strategy from its final tableau: solved anew from the payoffs where possible.
/// `payoff` is the opponent's, on which the strategy makes its best replies equal.
[[nodiscard]] inline std::vector<double> tableau_strategy(const LabelledTableau& tableau,
                                                          std::span<const double> payoff,
                                                          std::size_t rows, std::size_t columns,
                                                          bool row_plays, bool polish) {
  const std::size_t own_first = row_plays ? 0 : rows;
  const std::size_t own_size = row_plays ? rows : columns;
  const std::size_t their_first = row_plays ? rows : 0;
  const std::size_t their_size = row_plays ? columns : rows;
  std::vector<double> strategy(own_size, 0.0);
  std::vector<std::size_t> played;
  std::vector<bool> slack(their_size, false);
  for (std::size_t i = 0; i < tableau.basis().size(); ++i) {
    const std::size_t label = tableau.basis()[i];
    if (label >= own_first && label < own_first + own_size) {
      played.push_back(label - own_first);
      strategy[label - own_first] = tableau.value(i);
    } else {
      slack[label - their_first] = true;
    }
  }
  if (polish) {
    std::vector<std::size_t> replies;
    for (std::size_t s = 0; s < their_size; ++s) {
      if (!slack[s]) {
        replies.push_back(s);
      }
    }
    IndifferenceSystem system;
    if (system.solve(payoff, columns, row_plays ? played : replies, row_plays ? replies : played,
                     row_plays)) {
      for (std::size_t k = 0; k < played.size(); ++k) {
        strategy[played[k]] = system.probability(k);
      }
    }
  }
  clean_strategy(strategy);
  return strategy;
}

/// One path; false at the pivot limit, or if rounding left no row to pivot on.
inline bool lemke_howson_path(const GameTable& game, std::span<const double> first,
                              std::span<const double> second, std::size_t dropped,
                              std::int64_t max_pivots, EquilibriumSet& found,
                              MixedProfile& profile) {
  const std::size_t rows = game.sizes[0];
  const std::size_t columns = game.sizes[1];
  const std::size_t labels = rows + columns;
  LabelledTableau tableaus[2] = {{columns, labels, rows}, {rows, labels, 0}};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      tableaus[0].at(j, i) = 1.0 + second[i * columns + j];
      tableaus[1].at(i, rows + j) = 1.0 + first[i * columns + j];
    }
  }
  std::size_t entering = dropped;
  std::size_t turn = dropped < rows ? 0 : 1;
  for (std::int64_t pivot = 0;; ++pivot) {
    if (pivot >= max_pivots) {
      found.status = Status::iteration_limit;
      return false;
    }
    ++found.steps;
    entering = tableaus[turn].bring_in(entering);
    if (entering == LabelledTableau::none) {
      found.status = Status::stalled;
      return false;
    }
    if (entering == dropped) {
      break;
    }
    turn = 1 - turn;
  }
  found.degenerate = found.degenerate || tableaus[0].tied() || tableaus[1].tied();
  double best = 0.0;
  for (const bool polish : {true, false}) {
    MixedProfile candidate{tableau_strategy(tableaus[0], second, rows, columns, true, polish),
                           tableau_strategy(tableaus[1], first, rows, columns, false, polish)};
    const double regret = max_regret(game, candidate);
    if (polish || regret < best) {
      best = regret;
      profile = std::move(candidate);
    }
  }
  return true;
}

}  // namespace detail

/// One equilibrium of a two-player game by complementary pivoting, or with `all_labels` those at
/// the ends of all paths from the artificial equilibrium (not all there are: some may lie on no
/// path).
///
/// Lemke and Howson (1964), doi:10.1137/0112033: from "nobody plays", one label is dropped and the
/// players' tableaus pivot in turn until it is found again. Ties are broken lexicographically, so
/// the path ends in degenerate games too. The supports' systems are then solved anew from the
/// payoffs; the result is certified. `degenerate` is set if a ratio test was tied (a game may be
/// degenerate away from the path; `support_enumeration` decides it). Status: converged, or
/// iteration_limit / stalled if a path did not end. Memory: (rows + columns)^2 doubles.
/// Deterministic. Errors: unsupported unless there are two players; invalid_argument for a label
/// that is none.
[[nodiscard]] inline EquilibriumSet lemke_howson(const GameTable& game,
                                                 const LemkeHowsonOptions& options = {}) {
  detail::require_bimatrix(game, "lemke_howson");
  const std::size_t labels = game.sizes[0] + game.sizes[1];
  require(options.dropped_label < labels, Errc::invalid_argument,
          "lemke_howson: dropped_label must be below ", labels, ", got ", options.dropped_label);
  require(options.max_pivots >= 1, Errc::invalid_argument,
          "lemke_howson: max_pivots must be >= 1, got ", options.max_pivots);
  const std::vector<double> first = detail::unit_payoffs(row_major(game, 0));
  const std::vector<double> second = detail::unit_payoffs(row_major(game, 1));
  EquilibriumSet found;
  found.status = Status::converged;
  for (std::size_t label = 0; label < labels; ++label) {
    if (!options.all_labels && label != options.dropped_label) {
      continue;
    }
    MixedProfile profile;
    if (!detail::lemke_howson_path(game, first, second, label, options.max_pivots, found,
                                   profile)) {
      continue;
    }
    bool known = false;
    for (const MixedProfile& other : found.equilibria) {
      double distance = 0.0;
      for (std::size_t i = 0; i < 2; ++i) {
        for (std::size_t s = 0; s < profile[i].size(); ++s) {
          const double apart = std::abs(profile[i][s] - other[i][s]);
          distance = apart > distance ? apart : distance;
        }
      }
      known = known || distance <= 1e-9;
    }
    if (!known) {
      detail::add_equilibrium(game, std::move(profile), found);
    }
  }
  return found;
}

}  // namespace dag
