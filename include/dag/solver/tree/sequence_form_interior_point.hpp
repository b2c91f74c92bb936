// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/status.hpp>
#include <dag/game/behavior.hpp>
#include <dag/game/extensive.hpp>
#include <dag/game/sequence_form.hpp>
#include <dag/geometry/inner_plans.hpp>
#include <dag/numeric/minimum_degree.hpp>
#include <dag/numeric/sparse_ldl.hpp>
#include <dag/solver/tree/sequence_form_program.hpp>

namespace dag {

/// Options of `sequence_form_interior_point`.
struct SequenceInteriorOptions {
  double tolerance = 1e-9;               ///< on the relative gap
  std::int64_t max_rounds = 200;         ///< of one factorisation each
  double max_work = 2e11;                ///< multiplications of a factorisation: refuse more
  std::size_t max_entries = 80'000'000;  ///< of the factor: refuse more
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds
  StopRef stop = {};                                            ///< ends the rounds early
  ObserverRef observer = {};                                    ///< called at each certificate
  std::size_t max_sequences = 300'000;  ///< of both players: refuse more, whose order takes seconds
};

namespace detail {

/// The two programs of a zero-sum tree at once: plans x, y >= 0, values u, v of information sets,
///   r = E'u - A y >= 0,  s = A'x - F'v >= 0,  E x = e, F y = f,  gap = u_root - v_root = r'x +
///   s'y,
/// E and F holding a row a set (its actions less the sequence before it) and one for the empty
/// sequence. Everything stacked: player 1 first.
class SequenceInterior {
 public:
  SequenceInterior(const SequenceForm& form, const SequenceInteriorOptions& options)
      : form_(form),
        shape_(form.shape),
        options_(options),
        deadline_(options.stop, options.time_limit, "sequence_form_interior_point"),
        sequences_(shape_.blocks.total()),
        sets_(shape_.set_count()) {
    const double range = form.range(0) / form.unit[0];
    scale_ = range > 0 ? 1 / range : 0.0;
    set_of_.assign(sequences_, 0);
    for (std::uint32_t k = 0; k < sets_; ++k) {
      for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
        set_of_[shape_.first[k] + a] = k;
      }
    }
    for (std::uint32_t i = 0; i < 2; ++i) {
      set_of_[shape_.blocks.offset(i)] = static_cast<std::uint32_t>(sets_ + i);  // roots
    }
    place();
    require(
        !factors_ || deadline_.passed() ||
            (factors_->entries() <= options.max_entries && factors_->work() <= options.max_work),
        Errc::unsupported, "sequence_form_interior_point: the factors of ", rows(),
        " rows have more than ", options.max_entries, " entries or take more than ",
        options.max_work, " multiplications");
  }

  [[nodiscard]] TreeEquilibrium solve(const ExtensiveGame& game) {
    const Stopwatch watch;
    start();
    TreeEquilibrium best;
    best.gap = std::numeric_limits<double>::infinity();
    std::int64_t worse = 0;  // rounds in a row that brought nothing
    double least = std::numeric_limits<double>::infinity();
    for (std::int64_t t = 0;; ++t) {
      const bool better = consider(game, best);
      worse = better || mu() < 0.9 * least ? 0 : worse + 1;
      least = std::min(least, mu());
      best.pivots = t;
      const bool met = best.relative_gap <= options_.tolerance;
      const bool go_on = options_.observer(
          Record{t, t, watch.seconds(), best.value, best.gap, best.relative_gap, 0.0, mu()});
      if (met || !go_on || deadline_.passed() || t == options_.max_rounds || worse > 6 ||
          !round()) {
        best.status =
            go_on || met ? deadline_.ending(met, t == options_.max_rounds) : Status::stopped;
        return best;
      }
    }
  }

 private:
  using Vector = std::vector<double>;
  /// Measured on seven games: with 1e-10 and less, last digits are lost where equilibria are many;
  /// with four products and solves all came to 1e-13.
  static constexpr double pull = 1e-8;
  static constexpr int refinements = 4;

  [[nodiscard]] std::size_t rows() const { return sequences_ + sets_ + 2; }
  [[nodiscard]] std::uint32_t of_set(std::size_t k) const { return place_[sequences_ + k]; }
  [[nodiscard]] std::size_t other(std::size_t s) const { return s < shape_.blocks.size(0) ? 0 : 1; }

  /// Orders the unknowns: set after set by least degree, in each its actions, then its value, so
  /// that every pivot is one of a quasi-definite matrix; and lays out the matrix.
  void place() {
    std::vector<std::vector<std::uint32_t>> neighbors(sets_ + 2);
    const auto join = [&](std::uint32_t a, std::uint32_t b) {
      neighbors[a].push_back(b);
      neighbors[b].push_back(a);
    };
    std::vector<std::uint32_t> weights(sets_ + 2, 2);
    for (std::uint32_t k = 0; k < sets_; ++k) {
      weights[k] = shape_.size[k] + 1;
      join(k, set_of_[shape_.parent[k]]);
    }
    for (std::size_t term = 0; term < form_.term_count(); ++term) {
      if (form_.payoffs[2 * term] != 0) {
        join(set_of_[form_.sequences[2 * term]], set_of_[form_.sequences[2 * term + 1]]);
      }
    }
    place_.assign(rows(), 0);
    std::uint32_t next = 0;
    const auto order = minimum_degree(std::move(neighbors), weights, deadline_);
    if (order.size() < sets_ + 2) {
      return;  // no time is left
    }
    for (const std::uint32_t k : order) {
      const std::uint32_t first =
          k < sets_ ? shape_.first[k] : static_cast<std::uint32_t>(shape_.blocks.offset(k - sets_));
      for (std::uint32_t a = 0; a < (k < sets_ ? shape_.size[k] : 1U); ++a) {
        place_[first + a] = next++;
      }
      place_[sequences_ + k] = next++;
    }
    positive_.assign(rows(), false);
    for (std::size_t s = 0; s < sequences_; ++s) {
      positive_[place_[s]] = other(s) == 0;
    }
    for (std::size_t k = 0; k < sets_ + 2; ++k) {
      positive_[of_set(k)] = k < sets_ ? shape_.owner[k] == 1 : k == sets_ + 1;
    }
    struct Entry {
      std::uint32_t column;
      std::uint32_t row;
      double value;
    };
    std::vector<Entry> entries;
    const auto add = [&](std::uint32_t a, std::uint32_t b, double value) {
      entries.push_back({std::max(a, b), std::min(a, b), value});
    };
    for (std::uint32_t s = 0; s < sequences_; ++s) {
      add(place_[s], place_[s], 0.0);  // first in its column after sorting: see below
      add(place_[s], of_set(set_of_[s]), 1.0);
    }
    for (std::uint32_t k = 0; k < sets_; ++k) {
      add(place_[shape_.parent[k]], of_set(k), -1.0);
      add(of_set(k), of_set(k), 0.0);
    }
    for (std::size_t i = 0; i < 2; ++i) {
      add(of_set(sets_ + i), of_set(sets_ + i), 0.0);
    }
    for (std::size_t term = 0; term < form_.term_count(); ++term) {
      if (form_.payoffs[2 * term] != 0) {
        add(place_[form_.sequences[2 * term]], place_[form_.sequences[2 * term + 1]],
            -scale_ * form_.payoffs[2 * term]);
      }
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.column != b.column ? a.column < b.column : a.row < b.row;
    });
    std::vector<std::size_t> starts{0};
    std::vector<std::uint32_t> rows_of;
    diagonal_.assign(rows(), 0);
    for (const Entry& entry : entries) {
      while (starts.size() <= entry.column) {
        starts.push_back(rows_of.size());
      }
      if (entry.row == entry.column) {
        diagonal_[entry.row] = rows_of.size();
      }
      rows_of.push_back(entry.row);
      values_.push_back(entry.value);
    }
    starts.push_back(rows_of.size());
    factors_.emplace(std::move(starts), std::move(rows_of), options_.max_entries, deadline_);
  }

  /// Plans inside the treeplexes (`inner_plans`), and values that leave every action a slack of
  /// `open` over its probability: on the central path but for the payoffs.
  void start() {
    const double open = 1 / static_cast<double>(sequences_);
    w_.assign(sets_ + 2, 0.0);
    z_ = inner_plans(shape_);
    earn();
    Vector below = gain_;  // plus the values of sets below
    for (std::size_t k = sets_; k-- > 0;) {
      const bool first = shape_.owner[k] == 0;
      for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
        const double slack = open / z_[shape_.first[k] + a];
        const double value = below[shape_.first[k] + a] + (first ? slack : -slack);
        w_[k] = a == 0 ? value : first ? std::max(w_[k], value) : std::min(w_[k], value);
      }
      below[shape_.parent[k]] += w_[k];
    }
    for (std::size_t i = 0; i < 2; ++i) {
      const double value = below[shape_.blocks.offset(i)];
      w_[sets_ + i] = i == 0 ? value + open : value - open;
    }
    open_slacks();
  }

  /// gain: A y for player 1, A'x for player 2.
  void earn() {
    gain_.assign(sequences_, 0.0);
    for (std::size_t term = 0; term < form_.term_count(); ++term) {
      const std::uint32_t s = form_.sequences[2 * term];
      const std::uint32_t t = form_.sequences[2 * term + 1];
      const double payoff = scale_ * form_.payoffs[2 * term];
      gain_[s] += payoff * z_[t];
      gain_[t] += payoff * z_[s];
    }
  }
  /// The slacks of the values w against what the plans earn. False if one is not positive.
  bool open_slacks() {
    slack_.resize(sequences_);
    for (std::size_t s = 0; s < sequences_; ++s) {
      slack_[s] = w_[set_of_[s]] - gain_[s];
    }
    for (std::size_t k = 0; k < sets_; ++k) {
      slack_[shape_.parent[k]] -= w_[k];
    }
    for (std::size_t s = shape_.blocks.size(0); s < sequences_; ++s) {
      slack_[s] = -slack_[s];
    }
    return std::all_of(slack_.begin(), slack_.end(), [](double r) { return r > 0; });
  }
  [[nodiscard]] double mu() const {
    double sum = 0;
    for (std::size_t s = 0; s < sequences_; ++s) {
      sum += z_[s] * slack_[s];
    }
    return sum / static_cast<double>(sequences_);
  }

  /// Keeps the plans if their certificate is the best so far.
  bool consider(const ExtensiveGame& game, TreeEquilibrium& best) {
    const Vector plan = plan_of(form_, behavior_of(game, form_, std::span<const double>(z_)));
    const TreeReport report = certify(game, form_, std::span<const double>(plan));
    if (report.regret.nash_conv < best.gap) {
      best.gap = report.regret.nash_conv;
      best.relative_gap = report.regret.relative;
      best.value = report.regret.payoffs[0];
      best.plan = plan;
      return true;
    }
    return false;
  }

  /// Mehrotra's predictor and corrector. False where no step is left.
  bool round() {
    for (std::size_t s = 0; s < sequences_; ++s) {
      const double own = slack_[s] / z_[s];
      values_[diagonal_[place_[s]]] = other(s) == 0 ? own : -own;
    }
    // Both programs pulled a little to where they are: what that changes, refinement takes back.
    Vector pulled = values_;
    for (std::size_t r = 0; r < rows(); ++r) {
      pulled[diagonal_[r]] += positive_[r] ? pull : -pull;
    }
    if (!factors_->factor(pulled, positive_, deadline_)) {
      return false;
    }
    const double middle = mu();
    Vector target(sequences_);
    for (std::size_t s = 0; s < sequences_; ++s) {
      target[s] = -z_[s] * slack_[s];
    }
    direction(target);
    auto steps = longest();
    double after = 0;
    for (std::size_t s = 0; s < sequences_; ++s) {
      const std::size_t i = other(s);
      after += (z_[s] + steps[i] * dz_[s]) * (slack_[s] + steps[1 - i] * dslack_[s]);
    }
    after /= static_cast<double>(sequences_);
    const double centre = std::pow(after / middle, 3) * middle;
    for (std::size_t s = 0; s < sequences_; ++s) {
      target[s] = centre - z_[s] * slack_[s] - dz_[s] * dslack_[s];
    }
    direction(target);
    steps = longest();
    const double keep = std::max(0.9, 1 - middle * static_cast<double>(sequences_));
    const Vector z = z_;
    const Vector w = w_;
    double share = std::min(keep, 0.999);
    for (int tries = 0; tries < 12; ++tries, share *= 0.7) {
      const double first = std::min(1.0, share * steps[0]);
      const double second = std::min(1.0, share * steps[1]);
      for (std::size_t s = 0; s < sequences_; ++s) {
        z_[s] = z[s] + (other(s) == 0 ? first : second) * dz_[s];
      }
      for (std::size_t k = 0; k < sets_ + 2; ++k) {
        const bool own = k < sets_ ? shape_.owner[k] == 0 : k == sets_;
        w_[k] = w[k] + (own ? second : first) * dw_[k];
      }
      restore();
      earn();
      if (open_slacks()) {
        return true;
      }
    }
    z_ = z;
    w_ = w;
    return false;
  }

  /// Plans add up again, which rounding spoils.
  void restore() {
    for (std::size_t i = 0; i < 2; ++i) {
      z_[shape_.blocks.offset(i)] = 1;
    }
    for (std::size_t k = 0; k < sets_; ++k) {
      double sum = 0;
      for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
        sum += z_[shape_.first[k] + a];
      }
      const double factor = z_[shape_.parent[k]] / sum;
      for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
        double& z = z_[shape_.first[k] + a];
        z = std::max(z * factor, 1e-60);  // so that no pivot vanishes
      }
    }
  }

  /// Newton's direction towards z r = z r + target, by refinement against the matrix without
  /// the pull.
  void direction(const Vector& target) {
    Vector right(rows(), 0.0);
    for (std::size_t s = 0; s < sequences_; ++s) {
      const double own = target[s] / z_[s];
      right[place_[s]] = other(s) == 0 ? own : -own;
    }
    Vector found(rows(), 0.0);
    for (int refinement = 0; refinement < refinements; ++refinement) {
      Vector left = right;
      factors_->subtract_product(values_, found, left);
      factors_->solve(left);
      for (std::size_t r = 0; r < rows(); ++r) {
        found[r] += left[r];
      }
    }
    dz_.resize(sequences_);
    dslack_.resize(sequences_);
    dw_.resize(sets_ + 2);
    for (std::size_t s = 0; s < sequences_; ++s) {
      dz_[s] = found[place_[s]];
      dslack_[s] = (target[s] - slack_[s] * dz_[s]) / z_[s];
    }
    for (std::size_t k = 0; k < sets_ + 2; ++k) {
      dw_[k] = found[of_set(k)];
    }
  }
  /// How far x with s, and y with r, may go, at most 2.
  struct Steps {
    double step[2];
    double operator[](std::size_t i) const { return step[i]; }
  };
  [[nodiscard]] Steps longest() const {
    Steps steps{{2, 2}};
    const auto limit = [](double& step, double at, double change) {
      step = change < 0 ? std::min(step, -at / change) : step;
    };
    for (std::size_t s = 0; s < sequences_; ++s) {
      const std::size_t i = other(s);
      limit(steps.step[i], z_[s], dz_[s]);
      limit(steps.step[1 - i], slack_[s], dslack_[s]);
    }
    return steps;
  }

  const SequenceForm& form_;
  const TreeplexShape& shape_;
  const SequenceInteriorOptions& options_;
  Deadline deadline_;
  std::size_t sequences_;
  std::size_t sets_;
  double scale_ = 0;
  std::vector<std::uint32_t> set_of_;
  std::vector<std::uint32_t> place_;   ///< of sequences, then of sets, in the order of elimination
  std::vector<std::size_t> diagonal_;  ///< among the values
  Vector values_;
  std::vector<bool> positive_;  ///< signs of the pivots
  std::optional<SparseLdl> factors_;
  Vector z_, w_, gain_, slack_;
  Vector dz_, dw_, dslack_;
};

}  // namespace detail

/// An equilibrium of a two-player zero-sum (or constant-sum) tree by following the central path of
/// its sequence-form program, both players' at once: exact to about 1e-13 payoff ranges, in the
/// middle of the equilibria where there are many.
///
/// Source: von Stengel (1996), doi:10.1006/game.1996.0050, for the program; Mehrotra (1992),
/// doi:10.1137/0802028, for the steps. Start, derived here: uniform plans, and values of sets that
/// leave every action a slack inversely proportional to its probability, so that all products of
/// the central path are equal but for the payoffs, and every later point is feasible. Each round
/// factors one sparse quasi-definite matrix of a row a sequence and a row a set, ordered set by set
/// by least degree, pulled by 1e-8 to the current point and refined four times without the pull.
/// Status: converged if the relative gap, certified on the payoffs, is at most the tolerance; else
/// iteration_limit, time_limit, stopped or stalled. That payoffs add up to a constant is the
/// caller's word, as for `sequence_form_program`. `pivots` counts rounds. Memory: 12 bytes an entry
/// of the factor. Deterministic. Errors: unsupported (not two players, factors above the limits),
/// invalid_argument.
[[nodiscard]] inline TreeEquilibrium sequence_form_interior_point(
    const ExtensiveGame& game, const SequenceForm& form,
    const SequenceInteriorOptions& options = {}) {
  require(form.player_count() == 2, Errc::unsupported,
          "sequence_form_interior_point: needs two players, got ", form.player_count());
  const OptionRules rules("sequence_form_interior_point");
  rules.not_negative("tolerance", options.tolerance);
  rules.not_negative("max_rounds", options.max_rounds);
  require(form.shape.blocks.total() <= options.max_sequences, Errc::unsupported,
          "sequence_form_interior_point: ", form.shape.blocks.total(),
          " sequences are more than max_sequences = ", options.max_sequences);
  return detail::SequenceInterior(form, options).solve(game);
}

}  // namespace dag
