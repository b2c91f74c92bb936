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
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/matrix_certificate.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/dense.hpp>
#include <dag/numeric/integer.hpp>
#include <dag/solver/detail/exact_path.hpp>
#include <dag/solver/detail/indifference.hpp>
#include <dag/solver/detail/simplex_method.hpp>
#include <dag/solver/detail/simplex_tableau.hpp>

namespace dag::detail {

/// What a tableau of floats for max 1'y subject to B y <= 1, y >= 0, B = 1 + unit(payoff), tells in
/// double precision. Source: Gleixner, Steffy and Wolter, Iterative refinement for linear
/// programming (2016), doi:10.1287/ijoc.2016.0692, with the tableau in place of a factorisation.
///
/// `solve`: with S the tight rows and T the basic columns, B_ST y = 1 and x' B_ST = 1'. The tableau
/// holds an inverse of B_ST in floats; each step adds what it makes of the residuals, computed in
/// double, until these no longer halve. `restate`: puts the point's own reduced costs
/// and right sides, magnified so that what is wrong with them is well above the rounding of floats,
/// into the tableau, which may then pivot on. O(|S|^2) a step, O(rows columns) for `restate`.
template <class Unit>
class SimplexRefinement {
 public:
  SimplexRefinement(std::span<const double> payoff, std::size_t rows, std::size_t columns,
                    Unit unit)
      : payoff_(payoff), rows_(rows), columns_(columns), unit_(unit) {}

  /// x and y of the tableau's basis, not normalised; entries may be negative.
  void solve(const SimplexTableau<float>& tableau) {
    const std::vector<std::size_t> tight = tableau.tight_rows();
    const std::vector<std::size_t> basic = tableau.basic_columns();
    const std::size_t k = tight.size();
    inverse_.resize(k * k);
    tableau.read_inverse(inverse_);
    system_.resize(k * k);
    for (std::size_t i = 0; i < k; ++i) {
      const double* from = payoff_.data() + tight[i] * columns_;
      for (std::size_t j = 0; j < k; ++j) {
        system_[i * k + j] = 1.0 + unit_(from[basic[j]]);
      }
    }
    row_.assign(rows_, 0.0);
    column_.assign(columns_, 0.0);
    improve<false>(tight, row_);
    improve<true>(basic, column_);
  }
  [[nodiscard]] const std::vector<double>& row() const noexcept { return row_; }
  [[nodiscard]] const std::vector<double>& column() const noexcept { return column_; }

  void restate(SimplexTableau<float>& tableau) {
    // By variable, y first, then slacks: its level in the basis, its reduced cost outside.
    std::vector<double> levels = column_;
    std::vector<double> costs(columns_, -1.0);
    for (std::size_t i = 0; i < rows_; ++i) {
      const double* from = payoff_.data() + i * columns_;
      double rest = 1.0;
      for (std::size_t j = 0; j < columns_; ++j) {
        const double entry = 1.0 + unit_(from[j]);
        rest -= entry * column_[j];
        costs[j] += row_[i] * entry;
      }
      levels.push_back(rest);
    }
    costs.insert(costs.end(), row_.begin(), row_.end());
    tableau.restate(levels, magnifier(levels), costs, magnifier(costs));
  }

 private:
  /// So that the most negative number becomes -0.1; but from one to a million. One if none is.
  [[nodiscard]] static double magnifier(const std::vector<double>& numbers) {
    const double least = *std::min_element(numbers.begin(), numbers.end());
    return least < -1e-13 ? std::clamp(-0.1 / least, 1.0, 1e6) : 1.0;
  }

  /// forward: B v = 1, else v' B = 1'.
  template <bool forward>
  void improve(const std::vector<std::size_t>& support, std::vector<double>& strategy) {
    const std::size_t k = support.size();
    guess_.assign(k, 0.0);
    rest_.assign(k, 1.0);
    double last = std::numeric_limits<double>::infinity();
    for (int step = 0; step < 40; ++step) {
      product<forward>(inverse_, rest_, correction_);
      for (std::size_t j = 0; j < k; ++j) {
        guess_[j] += correction_[j];
      }
      product<forward>(system_, guess_, rest_);
      double size = 0.0;
      for (double& entry : rest_) {
        entry = 1.0 - entry;
        size = std::abs(entry) > size ? std::abs(entry) : size;
      }
      if (!(size < 0.5 * last)) {
        break;
      }
      for (std::size_t j = 0; j < k; ++j) {
        strategy[support[j]] = guess_[j];
      }
      last = size;
    }
  }

  /// out = M v, or M' v.
  template <bool forward>
  static void product(const std::vector<double>& matrix, const std::vector<double>& v,
                      std::vector<double>& out) {
    const std::size_t k = v.size();
    out.assign(k, 0.0);
    for (std::size_t i = 0; i < k; ++i) {
      const double* entries = matrix.data() + i * k;
      if constexpr (forward) {
        out[i] = dot(entries, v.data(), k);
      } else {
        for (std::size_t j = 0; j < k; ++j) {
          out[j] += v[i] * entries[j];
        }
      }
    }
  }

  std::span<const double> payoff_;
  std::size_t rows_;
  std::size_t columns_;
  Unit unit_;
  std::vector<double> row_, column_;
  std::vector<double> system_, inverse_;
  std::vector<double> guess_, rest_, correction_;
};

}  // namespace dag::detail

namespace dag {

/// Options of `linear_program`.
struct LinearProgramOptions {
  double tolerance = 1e-12;     ///< on gap / payoff range; 0: 64 roundings of it
  std::int64_t max_pivots = 0;  ///< 0: 100 (rows + columns) + 10000
  /// False: the first answer that meets the tolerance. Games of 2500 payoffs and more are then
  /// solved in a tableau of floats, refined in double (300 x 300 in half the time), and from the
  /// start in doubles should that fail; the supports' systems are solved only where needed.
  bool refine = true;
  bool exact = false;  ///< solve in whole numbers (small games): see `MatrixEquilibrium::exact`
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
};

/// The equilibrium of a matrix game with its certificate.
struct MatrixEquilibrium {
  Status status = Status::iteration_limit;
  double value = 0.0;  ///< x' A y
  double gap = 0.0;    ///< max_i (A y)_i - min_j (x' A)_j, by `matrix_certificate`
  double relative_gap = 0.0;
  std::int64_t pivots = 0;
  std::vector<double> row;     ///< x, maximises
  std::vector<double> column;  ///< y, minimises
  bool exact = false;          ///< the answer was proved in whole numbers; the next two hold it
  std::vector<Fraction> row_fractions;
  std::vector<Fraction> column_fractions;
  friend bool operator==(const MatrixEquilibrium&, const MatrixEquilibrium&) = default;
};

namespace detail {

/// One call of `linear_program`: certifies what the tableaus tell and keeps the best of it.
class MatrixProgram {
 public:
  MatrixProgram(std::span<const double> payoff, std::size_t rows, std::size_t columns,
                const LinearProgramOptions& options, const PayoffExtent& extent)
      : payoff_(payoff),
        rows_(rows),
        columns_(columns),
        options_(options),
        unit_(extent),
        limit_(options.max_pivots > 0 ? options.max_pivots
                                      : 100 * static_cast<std::int64_t>(rows + columns) + 10000),
        deadline_(options.stop, options.time_limit, "linear_program") {
    best_.gap = std::numeric_limits<double>::infinity();
  }

  [[nodiscard]] MatrixEquilibrium solve() {
    if (!options_.exact && !options_.refine && payoff_.size() >= floats_from) {
      in_floats();
    }
    if (!options_.exact && best_.status != Status::converged && spent_ < limit_ &&
        !deadline_.passed()) {
      in_doubles();
    }
    if (best_.status != Status::converged && spent_ < limit_ && !deadline_.passed()) {
      in_whole_numbers();
    }
    if (best_.status != Status::converged && deadline_.passed()) {
      best_.status = deadline_.status();
    }
    if (best_.row.empty()) {  // stopped before the first answer
      best_.row.assign(rows_, 1.0 / static_cast<double>(rows_));
      best_.column.assign(columns_, 1.0 / static_cast<double>(columns_));
      certify(best_);
    }
    return std::move(best_);
  }

 private:
  /// From here a pivot in floats saves more than the refinement costs: 30 x 30 1.2 times the time
  /// of doubles, 50 x 50 0.95, 60 x 60 0.87, 80 x 80 0.70.
  static constexpr std::size_t floats_from = 2500;

  /// Pivots, certifies and, while that helps but is not good enough, states the program anew.
  void in_floats() {
    SimplexMethod<float> floats(payoff_, rows_, columns_, unit_);
    floats.stop_at(deadline_);
    SimplexRefinement refinement(payoff_, rows_, columns_, unit_);
    const auto usual = 4 * static_cast<std::int64_t>(rows_ + columns_);  // random games: one or two
    const std::int64_t limit = std::min(limit_, usual);
    int useless = 0;  // the gap need not fall each time: costs and right sides take turns
    while (best_.pivots < limit && useless < 3) {
      const double before = best_.gap;
      const bool optimal = floats.solve(limit);
      spent_ = best_.pivots = floats.pivots();
      refinement.solve(floats);
      if (take({refinement.row(), refinement.column()}, optimal)) {
        return;
      }
      useless = best_.gap < before / 2 ? 0 : useless + 1;
      refinement.restate(floats);
    }
  }

  /// Pivots, certifies and, while rounding has misled the tableau, builds it again.
  void in_doubles() {
    SimplexMethod<double> tableau(payoff_, rows_, columns_, unit_);
    tableau.stop_at(deadline_);
    for (int attempt = 0; attempt < 4; ++attempt) {
      const bool optimal = tableau.solve(limit_ - spent_);
      best_.pivots = spent_ + tableau.pivots();
      const bool done =
          options_.refine ? take(solved_anew(tableau), optimal) || take(read_off(tableau), optimal)
                          : take(read_off(tableau), optimal) || take(solved_anew(tableau), optimal);
      if (done || !optimal || deadline_.passed()) {
        return;
      }
      tableau.rebuild(payoff_, unit_);
    }
  }

  /// By complementary pivoting without rounding, in games that are small enough for it.
  void in_whole_numbers() {
    constexpr std::size_t largest = 64;  // strategies a player, and of one pivot's cost:
    constexpr double most_work = 3e7;    // about a tenth of a second
    const std::int64_t left = limit_ - best_.pivots;
    if (left <= 0) {
      return;
    }
    const IntegerPayoffs whole =
        rows_ <= largest && columns_ <= largest ? integer_payoffs(payoff_) : IntegerPayoffs{};
    if (whole.entries.empty() || exact_pivot_work(rows_, columns_, whole.bits) > most_work) {
      return;
    }
    Integer top;
    for (const Integer& entry : whole.entries) {
      top = compare(top, entry) < 0 ? entry : top;
    }
    std::vector<Integer> against;  // what the column player gets
    for (const Integer& entry : whole.entries) {
      against.push_back(top - entry);
    }
    ExactMix mixes[2];
    bool tied = false;
    std::int64_t pivots = 0;
    const Status ended = exact_path(whole.entries, against, rows_, columns_, 0, left, deadline_,
                                    pivots, tied, mixes);
    best_.pivots += pivots;
    if (ended != Status::converged) {
      best_.status = best_.row.empty() ? ended : best_.status;
      return;
    }
    MatrixEquilibrium found;
    found.row = mixes[0].strategy();
    found.column = mixes[1].strategy();
    found.row_fractions = mixes[0].fractions();
    found.column_fractions = mixes[1].fractions();
    found.exact = true;
    found.pivots = best_.pivots;
    certify(found);
    found.status = found.relative_gap <= tolerance_or_rounding(options_.tolerance)
                       ? Status::converged
                       : Status::stalled;
    best_ = std::move(found);
  }

  /// Value, gap and relative gap of the strategies in `found`.
  void certify(MatrixEquilibrium& found) const {
    const PreciseGap gap = matrix_certificate<double>(payoff_, found.row, found.column);
    found.value = gap.value;
    found.gap = gap.gap;
    found.relative_gap = gap.relative_gap;
  }

  /// Strategies that need not be normalised; empty if there are none.
  struct Vertex {
    std::vector<double> row, column;
  };
  [[nodiscard]] Vertex zeros() const {
    return {std::vector<double>(rows_, 0.0), std::vector<double>(columns_, 0.0)};
  }

  [[nodiscard]] Vertex read_off(const SimplexMethod<double>& tableau) const {
    Vertex vertex = zeros();
    tableau.read_off(vertex.row, vertex.column);
    return vertex;
  }
  /// By the indifference systems of the basis' supports.
  [[nodiscard]] Vertex solved_anew(const SimplexMethod<double>& tableau) {
    if (scaled_.empty()) {
      scaled_ = unit_payoffs(payoff_);
    }
    Vertex vertex = zeros();
    const std::vector<std::size_t> active = tableau.tight_rows();
    const std::vector<std::size_t> played = tableau.basic_columns();
    if (!system_.solve(scaled_, columns_, active, played, false)) {
      return {};
    }
    for (std::size_t k = 0; k < played.size(); ++k) {
      vertex.column[played[k]] = system_.probability(k);
    }
    if (!system_.solve(scaled_, columns_, active, played, true)) {
      return {};
    }
    for (std::size_t k = 0; k < active.size(); ++k) {
      vertex.row[active[k]] = system_.probability(k);
    }
    return vertex;
  }

  /// Keeps the vertex if none before had a smaller gap; true if the best one so far is good enough.
  bool take(Vertex&& vertex, bool optimal) {
    if (vertex.row.empty()) {
      return false;
    }
    MatrixEquilibrium found;
    found.row = std::move(vertex.row);
    found.column = std::move(vertex.column);
    clean_strategy(found.row);
    clean_strategy(found.column);
    certify(found);
    found.status = found.relative_gap <= tolerance_or_rounding(options_.tolerance)
                       ? Status::converged
                   : optimal ? Status::stalled
                             : Status::iteration_limit;
    found.pivots = best_.pivots;
    if (found.gap < best_.gap) {
      best_ = std::move(found);
    }
    return best_.status == Status::converged;
  }

  std::span<const double> payoff_;
  std::size_t rows_;
  std::size_t columns_;
  const LinearProgramOptions& options_;
  UnitMap unit_;
  std::int64_t limit_;
  Deadline deadline_;
  std::int64_t spent_ = 0;      ///< pivots in floats
  std::vector<double> scaled_;  ///< payoffs of the supports' systems, made when first needed
  IndifferenceSystem system_;
  MatrixEquilibrium best_;
};

}  // namespace detail

/// An equilibrium of the zero-sum game with payoffs A (rows x columns, row-major; the row player
/// maximises x' A y) by the simplex method, exact to rounding. One of the vertices of the
/// equilibrium set; which one is determined by A alone.
///
/// Method: with B = 1 + (A mapped to [0, 1]), solve max 1'y subject to B y <= 1, y >= 0 by the
/// primal simplex method on a dense tableau (Dantzig 1951), which starts feasible and yields both
/// players' strategies; steepest-edge pricing, Bland's rule while pivots do not move (so that ties
/// cannot cycle). Then the supports' two indifference systems are solved anew from A with iterative
/// refinement (unless `refine` is false and not needed), and the result is certified against A.
/// Should rounding have misled the tableau, it is built again from the basis and pivoting goes on.
/// Where `refine` is false, larger games are first solved in a tableau of floats, whose vertex is
/// refined in double by the inverse that the tableau holds (`SimplexRefinement`).
/// Where no answer in doubles meets the tolerance (payoffs of very different sizes, tolerances near
/// rounding), games of up to 64 strategies a player (fewer where payoffs have many digits) are
/// solved by complementary pivoting in whole numbers: the answer is the nearest double of an exact
/// equilibrium, its fractions beside it. Status: converged if the relative gap, computed from A
/// without rounding, is at or below the tolerance; else iteration_limit, time_limit, stopped or
/// stalled, with the gap reached. Own code rather than a
/// library: a matrix game needs no presolve, no sparse factors and no bounds, the dense tableau is
/// one vectorised loop, and users of exact solutions need no dependency. Memory: two copies of A.
/// Cost: about rows * columns flops a pivot. Deterministic. Errors: dimension_mismatch, not_finite,
/// invalid_argument.
[[nodiscard]] inline MatrixEquilibrium linear_program(std::span<const double> payoff,
                                                      std::size_t rows, std::size_t columns,
                                                      const LinearProgramOptions& options = {}) {
  require(rows >= 1 && columns >= 1 && payoff.size() == rows * columns, Errc::dimension_mismatch,
          "linear_program: a ", rows, " x ", columns, " game needs ", rows * columns,
          " payoffs (at least one), got ", payoff.size());
  const OptionRules rules("linear_program");
  rules.not_negative("tolerance", options.tolerance);
  rules.not_negative("max_pivots", options.max_pivots);
  const detail::PayoffExtent extent = detail::payoff_extent(payoff);
  for (std::size_t k = 0; !extent.finite && k < payoff.size(); ++k) {
    require(std::isfinite(payoff[k]), Errc::not_finite, "linear_program: a payoff is ", payoff[k]);
  }
  return detail::MatrixProgram(payoff, rows, columns, options, extent).solve();
}

/// The same for a two-player table whose payoffs add up to a constant (see `payoff_sum`); the value
/// is player 1's payoff. Errc::unsupported for other games.
[[nodiscard]] inline MatrixEquilibrium linear_program(const GameTable& game,
                                                      const LinearProgramOptions& options = {}) {
  require(game.player_count() == 2 && is_constant_sum(game), Errc::unsupported,
          "linear_program: needs a two-player game whose payoffs add up to a constant; for others "
          "use lemke_howson or support_enumeration");
  return linear_program(row_major(game, 0), game.sizes[0], game.sizes[1], options);
}

}  // namespace dag
