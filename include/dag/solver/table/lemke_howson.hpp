// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/status.hpp>
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/detail/exact_mix.hpp>
#include <dag/solver/detail/exact_path.hpp>
#include <dag/solver/detail/indifference.hpp>
#include <dag/solver/table/exact_equilibria.hpp>

namespace dag {

/// Options of `lemke_howson`.
struct LemkeHowsonOptions {
  std::size_t dropped_label = 0;  ///< 0 .. rows-1: player 1's strategies, then player 2's
  bool all_labels = false;        ///< follow the path of every label; distinct equilibria returned
  std::int64_t max_pivots = 1'000'000;  ///< on each path (paths can be exponentially long)
  double tolerance = 1e-9;  ///< on `RegretReport::relative`, where exact arithmetic is too slow
  bool fractions = false;   ///< fill `EquilibriumSet::fractions` where the answer is exact
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
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

/// The supports of a player's strategy in a final tableau of doubles: what is played, and the best
/// replies to it; as many of one as of the other.
struct TableauSupport {
  std::vector<std::size_t> played;
  std::vector<std::size_t> replies;
  std::vector<double> strategy;
};

[[nodiscard]] inline TableauSupport tableau_support(const LabelledTableau& tableau,
                                                    std::size_t rows, std::size_t columns,
                                                    bool row_plays) {
  const std::size_t own_first = row_plays ? 0 : rows;
  const std::size_t own_size = row_plays ? rows : columns;
  const std::size_t their_first = row_plays ? rows : 0;
  const std::size_t their_size = row_plays ? columns : rows;
  TableauSupport found;
  found.strategy.assign(own_size, 0.0);
  std::vector<bool> slack(their_size, false);
  for (std::size_t i = 0; i < tableau.basis().size(); ++i) {
    const std::size_t label = tableau.basis()[i];
    if (label >= own_first && label < own_first + own_size) {
      found.played.push_back(label - own_first);
      found.strategy[label - own_first] = tableau.value(i);
    } else {
      slack[label - their_first] = true;
    }
  }
  for (std::size_t s = 0; s < their_size; ++s) {
    if (!slack[s]) {
      found.replies.push_back(s);
    }
  }
  return found;
}

/// The paths of one game, in doubles and, where these mislead, in whole numbers.
class LemkeHowson {
 public:
  LemkeHowson(const GameTable& game, const LemkeHowsonOptions& options)
      : game_(game),
        options_(options),
        deadline_(options.stop, options.time_limit, "lemke_howson"),
        rows_(game.sizes[0]),
        columns_(game.sizes[1]),
        unit_{unit_payoffs(row_major(game, 0)), unit_payoffs(row_major(game, 1))} {
    const std::size_t most = rows_ > columns_ ? rows_ : columns_;
    if (most <= most_exact) {
      const IntegerPayoffs payoffs[2] = {integer_payoffs(game, 0), integer_payoffs(game, 1)};
      const std::size_t bits =
          payoffs[0].bits > payoffs[1].bits ? payoffs[0].bits : payoffs[1].bits;
      exact_ = exact_pivot_work(rows_, columns_, bits) <= most_work;
      if (exact_) {
        whole_[0] = integer_matrix(game, payoffs[0]);
        whole_[1] = integer_matrix(game, payoffs[1]);
      }
    }
    found_.exact = exact_;
    found_.status = Status::converged;
  }

  /// Follows the path of one label; false once time is up.
  bool follow(std::size_t dropped) {
    if (in_doubles(dropped)) {
      return true;
    }
    if (exact_ && !deadline_.passed()) {
      in_whole_numbers(dropped);
    }
    return !deadline_.passed();
  }

  [[nodiscard]] EquilibriumSet take() {
    found_.exact = found_.exact && !found_.equilibria.empty();
    if (deadline_.passed()) {
      found_.status = deadline_.status();
    }
    return std::move(found_);
  }

 private:
  /// Above, or where a pivot costs more, certificates decide.
  static constexpr std::size_t most_exact = 64;
  static constexpr double most_work = 3e7;  ///< of a pivot: about a tenth of a second

  /// True if the path ended at an equilibrium, by whole numbers or else by its certificate.
  bool in_doubles(std::size_t dropped) {
    const std::size_t labels = rows_ + columns_;
    LabelledTableau tableaus[2] = {{columns_, labels, rows_}, {rows_, labels, 0}};
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t j = 0; j < columns_; ++j) {
        tableaus[0].at(j, i) = 1.0 + unit_[1][i * columns_ + j];
        tableaus[1].at(i, rows_ + j) = 1.0 + unit_[0][i * columns_ + j];
      }
    }
    // A path that rounding has bent may circle: in small games whole numbers take over soon.
    const auto patience = static_cast<std::int64_t>(50 * labels);
    const std::int64_t limit =
        exact_ && patience < options_.max_pivots ? patience : options_.max_pivots;
    std::size_t entering = dropped;
    std::size_t turn = dropped < rows_ ? 0 : 1;
    for (std::int64_t pivot = 0;; ++pivot) {
      if (pivot >= limit || deadline_.passed()) {
        return fail(Status::iteration_limit);
      }
      ++found_.steps;
      entering = tableaus[turn].bring_in(entering);
      if (entering == LabelledTableau::none) {
        return fail(Status::stalled);
      }
      if (entering == dropped) {
        break;
      }
      turn = 1 - turn;
    }
    const bool tied = tableaus[0].tied() || tableaus[1].tied();
    if (exact_ && tied) {
      return false;  // ties within rounding: the path itself is in doubt
    }
    found_.degenerate = found_.degenerate || tied;
    const TableauSupport x = tableau_support(tableaus[0], rows_, columns_, true);
    const TableauSupport y = tableau_support(tableaus[1], rows_, columns_, false);
    if (exact_) {
      ExactSystem system;
      ExactMix mixes[2];
      if (!exact_mix(whole_[1], rows_, columns_, x.played, x.replies, true, system, mixes[0]) ||
          !exact_mix(whole_[0], rows_, columns_, y.replies, y.played, false, system, mixes[1]) ||
          !complementary(mixes[0], mixes[1])) {
        return false;
      }
      add(mixes[0], mixes[1]);
      return true;
    }
    return certified(x, y);
  }

  /// Strategies of the final tableaus, solved anew from the payoffs where that is better.
  bool certified(const TableauSupport& x, const TableauSupport& y) {
    RegretReport best;
    MixedProfile profile;
    for (const bool anew : {true, false}) {
      MixedProfile candidate{x.strategy, y.strategy};
      IndifferenceSystem system;
      if (anew) {
        if (!system.solve(unit_[1], columns_, x.played, x.replies, true)) {
          continue;
        }
        fill(system, x.played, candidate[0]);
        if (!system.solve(unit_[0], columns_, y.replies, y.played, false)) {
          continue;
        }
        fill(system, y.played, candidate[1]);
      }
      clean_strategy(candidate[0]);
      clean_strategy(candidate[1]);
      const RegretReport report = certify(game_, candidate);
      if (profile.empty() || report.relative < best.relative) {
        best = report;
        profile = std::move(candidate);
      }
    }
    if (!(best.relative <= options_.tolerance)) {
      fail(Status::stalled);
    }
    add_if_new(std::move(profile));
    return best.relative <= options_.tolerance;
  }
  static void fill(const IndifferenceSystem& system, const std::vector<std::size_t>& played,
                   std::vector<double>& strategy) {
    for (std::size_t k = 0; k < played.size(); ++k) {
      strategy[played[k]] = system.probability(k);
    }
  }

  void in_whole_numbers(std::size_t dropped) {
    ExactMix mixes[2];
    const Status ended =
        exact_path(whole_[0], whole_[1], rows_, columns_, dropped, options_.max_pivots, deadline_,
                   found_.steps, found_.degenerate, mixes);
    if (ended != Status::converged) {
      found_.status = ended;
      return;
    }
    add(mixes[0], mixes[1]);
  }

  /// What doubles failed at counts where whole numbers do not follow.
  bool fail(Status status) {
    found_.status = exact_ ? found_.status : status;
    return false;
  }
  void add(const ExactMix& x, const ExactMix& y) {
    MixedProfile profile{x.strategy(), y.strategy()};
    if (add_if_new(std::move(profile)) && options_.fractions) {
      found_.fractions.push_back({x.fractions(), y.fractions()});
    }
  }
  bool add_if_new(MixedProfile&& profile) {
    for (const MixedProfile& other : found_.equilibria) {
      double distance = 0.0;
      for (std::size_t i = 0; i < 2; ++i) {
        for (std::size_t s = 0; s < profile[i].size(); ++s) {
          const double apart = std::abs(profile[i][s] - other[i][s]);
          distance = apart > distance ? apart : distance;
        }
      }
      if (distance <= (exact_ ? 0.0 : 1e-9)) {
        return false;
      }
    }
    add_equilibrium(game_, std::move(profile), found_);
    return true;
  }

  const GameTable& game_;
  const LemkeHowsonOptions& options_;
  Deadline deadline_;
  std::size_t rows_;
  std::size_t columns_;
  std::vector<double> unit_[2];
  bool exact_ = false;
  std::vector<Integer> whole_[2];
  EquilibriumSet found_;
};

}  // namespace detail

/// One equilibrium of a two-player game by complementary pivoting, or with `all_labels` those at
/// the ends of all paths from the artificial equilibrium (not all there are: some may lie on no
/// path).
///
/// Lemke and Howson (1964), doi:10.1137/0112033: from "nobody plays", one label is dropped and the
/// players' tableaus pivot in turn until it is found again. Ties are broken lexicographically, so
/// the path ends in degenerate games too. The path is followed in doubles; up to 64 strategies a
/// player (fewer where payoffs have many digits) its end is then checked in whole numbers, on the
/// payoffs as written, and where it is no equilibrium, or a ratio test was tied within rounding,
/// the path is followed anew in whole numbers (Edmonds' fraction-free pivots), which cannot cycle:
/// `exact` says so. Beyond, the supports' systems are solved anew in doubles, and the result counts
/// as an equilibrium only where its certificate says so. `degenerate` is set if a ratio test was
/// tied (a game may be degenerate away from the path; `support_enumeration` decides it). Status:
/// converged; iteration_limit, time_limit or stopped if a path was cut; stalled if rounding led one
/// astray (what it led to is in the list, with its regret). Memory: (rows + columns)^2 doubles.
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
  OptionRules("lemke_howson").not_negative("tolerance", options.tolerance);
  detail::LemkeHowson paths(game, options);
  for (std::size_t label = 0; label < labels; ++label) {
    if ((options.all_labels || label == options.dropped_label) && !paths.follow(label)) {
      break;
    }
  }
  return paths.take();
}

}  // namespace dag
