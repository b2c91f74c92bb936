// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/status.hpp>
#include <dag/game/behavior.hpp>
#include <dag/game/extensive.hpp>
#include <dag/game/sequence_form.hpp>
#include <dag/solver/detail/simplex_method.hpp>

namespace dag {

/// Options of `sequence_form_program`.
struct SequenceProgramOptions {
  double tolerance = 1e-9;                                      ///< on the relative gap
  std::int64_t max_pivots = 0;                                  ///< 0: 100 (rows + columns) + 10000
  std::size_t max_entries = 30'000'000;                         ///< refuse larger tableaus
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds
  StopRef stop = {};                                            ///< ends the pivots early
};

/// An equilibrium of a two-player zero-sum tree with its certificate.
struct TreeEquilibrium {
  Status status = Status::iteration_limit;
  double value = 0;         ///< what player 1 earns
  double gap = 0;           ///< NashConv, from the payoffs
  double relative_gap = 0;  ///< regrets over the players' payoff ranges, added up
  std::int64_t pivots = 0;
  std::vector<double> plan;  ///< both players', stacked
};

namespace detail {

/// Player 1's program: max sum_root q + (A'x)_empty over plans x and values q of player 2's sets,
/// q_J
/// <= sum of q below + (A'x)_t for each action t of J. Payoffs are moved to [1, 2] in units of the
/// range, so that x, q >= 0 and "= parent" may be "<= parent": the program is feasible at zero.
/// Rows of J are divided by w_J, chance's probability of plays below J, and q_J multiplied.
class SequenceProgram {
 public:
  SequenceProgram(const SequenceForm& form, const SequenceProgramOptions& options)
      : form_(form),
        shape_(form.shape),
        options_(options),
        deadline_(options.stop, options.time_limit, "sequence_form_program") {}

  [[nodiscard]] TreeEquilibrium solve(const ExtensiveGame& game) {
    const std::size_t first = shape_.blocks.size(0);
    const std::size_t second = shape_.blocks.size(1);
    const std::size_t own_sets = shape_.begin[1];
    const std::size_t other_sets = shape_.set_count() - own_sets;
    rows_ = second - 1 + own_sets;
    columns_ = first - 1 + other_sets;
    TreeEquilibrium found;
    found.plan.assign(shape_.blocks.total(), 0.0);
    if (rows_ == 0 || columns_ == 0) {
      found.plan = plan_of(form_, uniform_behavior(game));
      improve(game, found);
      return found;
    }
    require(rows_ <= options_.max_entries / columns_, Errc::unsupported,
            "sequence_form_program: the tableau of ", rows_, " x ", columns_,
            " is larger than max_entries = ", options_.max_entries);
    fill();
    SimplexMethod<double> tableau(matrix_, rows_, columns_, right_, costs_);
    const std::int64_t limit = options_.max_pivots > 0
                                   ? options_.max_pivots
                                   : 100 * static_cast<std::int64_t>(rows_ + columns_) + 10000;
    tableau.stop_at(deadline_);
    const bool optimal = tableau.solve(limit);
    std::vector<double> duals(rows_, 0.0);
    std::vector<double> primal(columns_, 0.0);
    tableau.read_off(duals, primal);
    found.pivots = tableau.pivots();
    std::copy_n(primal.begin(), first - 1, found.plan.begin() + 1);
    for (std::size_t t = 1; t < second; ++t) {
      found.plan[first + t] = duals[t - 1] / weight_[set_of_[first + t]];
    }
    found.plan[0] = found.plan[first] = 1.0;
    found.plan = plan_of(form_, behavior_of(game, form_, found.plan));
    improve(game, found);
    found.status = deadline_.ending(found.status == Status::converged, !optimal);
    return found;
  }

 private:
  void fill() {
    const std::size_t first = shape_.blocks.size(0);
    const std::size_t own_sets = shape_.begin[1];
    matrix_.assign(rows_ * columns_, 0.0);
    right_.assign(rows_, 0.0);
    costs_.assign(columns_, 0.0);
    set_of_.assign(shape_.blocks.total(), 0);
    std::vector<double> below(shape_.blocks.total(), 0.0);
    for (std::size_t term = 0; term < form_.term_count(); ++term) {
      below[form_.sequences[2 * term + 1]] += form_.reach[term];
    }
    weight_.assign(shape_.set_count(), 0.0);
    for (std::size_t k = shape_.set_count(); k-- > 0;) {
      for (std::uint32_t s = shape_.first[k]; s < shape_.first[k] + shape_.size[k]; ++s) {
        set_of_[s] = static_cast<std::uint32_t>(k);
        weight_[k] = std::max(weight_[k], below[s]);
      }
      below[shape_.parent[k]] += weight_[k];
      weight_[k] = weight_[k] > 0 ? weight_[k] : 1.0;  // a set that chance never lets be reached
    }
    const double least = (form_.least[0] - form_.shift[0]) / form_.unit[0];  // standard units
    const double range = form_.range(0) / form_.unit[0];
    const double unit = range > 0 ? 1 / range : 0.0;
    const auto row_of = [&](std::uint32_t t) { return t - first - 1; };
    for (std::size_t term = 0; term < form_.term_count(); ++term) {
      const std::uint32_t s = form_.sequences[2 * term];
      const std::uint32_t t = form_.sequences[2 * term + 1];
      const double payoff =
          form_.reach[term] + (form_.payoffs[2 * term] - least * form_.reach[term]) * unit;
      if (t == first) {
        if (s > 0) {
          costs_[s - 1] += payoff;
        }
        continue;
      }
      const double scaled = payoff / weight_[set_of_[t]];
      if (s == 0) {
        right_[row_of(t)] += scaled;
      } else {
        matrix_[row_of(t) * columns_ + s - 1] -= scaled;
      }
    }
    for (std::size_t k = own_sets; k < shape_.set_count(); ++k) {
      const std::size_t column = first - 1 + (k - own_sets);
      for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
        matrix_[row_of(shape_.first[k] + a) * columns_ + column] += 1;
      }
      if (shape_.parent[k] == first) {
        costs_[column] = weight_[k];
      } else {
        const std::uint32_t t = shape_.parent[k];
        matrix_[row_of(t) * columns_ + column] -= weight_[k] / weight_[set_of_[t]];
      }
    }
    for (std::size_t k = 0; k < own_sets; ++k) {
      const std::size_t row = shape_.blocks.size(1) - 1 + k;
      for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
        matrix_[row * columns_ + shape_.first[k] + a - 1] = 1;
      }
      if (shape_.parent[k] == 0) {
        right_[row] = 1;
      } else {
        matrix_[row * columns_ + shape_.parent[k] - 1] = -1;
      }
    }
  }

  /// Certifies; and where payoffs differ in size by more than a double can hold beside each other,
  /// tries the answers to the answers, which are exact if they are an equilibrium.
  void improve(const ExtensiveGame& game, TreeEquilibrium& found) const {
    std::vector<double> plan = found.plan;
    found.gap = -1;
    for (int round = 0; round < 8 && found.gap != 0; ++round) {
      const TreeReport report = certify(game, form_, std::span<const double>(plan));
      if (found.gap < 0 || report.regret.nash_conv < found.gap) {
        found.plan = plan;
        found.gap = report.regret.nash_conv;
        found.relative_gap = report.regret.relative;
        found.value = report.regret.payoffs[0];
      }
      if (found.gap <= 1e-13 * form_.range() && form_.range() <= 1e12) {
        break;
      }
      plan = plan_of(form_, report.best_responses);
    }
    if (found.relative_gap <=
        std::max(options_.tolerance, 4096 * std::numeric_limits<double>::epsilon())) {
      found.status = Status::converged;
    }
  }

  const SequenceForm& form_;
  const TreeplexShape& shape_;
  const SequenceProgramOptions& options_;
  Deadline deadline_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::vector<double> matrix_;
  std::vector<double> right_;
  std::vector<double> costs_;
  std::vector<std::uint32_t> set_of_;
  std::vector<double> weight_;
};

}  // namespace detail

/// An equilibrium of a two-player zero-sum (or constant-sum) tree by linear programming on its
/// sequence form, exact to rounding: a vertex, determined by the game alone.
///
/// Source: Koller, Megiddo, von Stengel (1996), doi:10.1006/game.1996.0051. Method: the program of
/// player 1 with (actions of player 2 + sets of player 1) rows and as many columns the other way,
/// by the library's simplex method on a dense tableau; player 2's plan are its duals; both are
/// brought back to behaviours and certified on the payoffs. Status: converged if the relative gap
/// is at most the tolerance, else iteration_limit, time_limit, stopped or stalled. That the payoffs
/// of both players add up to a constant is the caller's word (`payoff_sum`); the certificate is
/// that of the game as it is. Memory: rows x columns doubles, twice. Deterministic. Errors:
/// unsupported (not two players, more than max_entries), invalid_argument.
[[nodiscard]] inline TreeEquilibrium sequence_form_program(
    const ExtensiveGame& game, const SequenceForm& form,
    const SequenceProgramOptions& options = {}) {
  require(form.player_count() == 2, Errc::unsupported,
          "sequence_form_program: needs two players, got ", form.player_count());
  const OptionRules rules("sequence_form_program");
  rules.not_negative("tolerance", options.tolerance);
  rules.not_negative("max_pivots", options.max_pivots);
  return detail::SequenceProgram(form, options).solve(game);
}

}  // namespace dag
