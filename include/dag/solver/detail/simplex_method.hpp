// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <dag/core/deadline.hpp>
#include <dag/solver/detail/simplex_kernels.hpp>
#include <dag/solver/detail/simplex_tableau.hpp>

namespace dag::detail {

/// The rules that choose the pivots of a tableau: the primal method (Dantzig 1951) with
/// steepest-edge pricing on the right sides with margins; should its last basis not be feasible for
/// the true ones, the dual method takes a few pivots more.
template <class Real>
class SimplexMethod : public SimplexTableau<Real> {
  using Tableau = SimplexTableau<Real>;
  using Kernels = SimplexKernels<Real>;

 public:
  using Tableau::pivots, Tableau::Tableau;

  /// Ends `solve` like the limit on pivots does; has to outlive it.
  void stop_at(const Deadline& deadline) noexcept { deadline_ = &deadline; }

  /// Pivots until optimal; false at the limit on all pivots so far. After `patience` pivots in a
  /// row that did not move the point Bland's rule takes over until one does, so that ties cannot
  /// cycle.
  [[nodiscard]] bool solve(std::int64_t limit, int patience = 30) {
    int still = 0;
    while (true) {
      const std::size_t column = still < patience ? steepest() : first_improving();
      if (column == none) {
        return repair(limit);
      }
      gather(column);
      const std::size_t row = leaving(still >= patience);
      if (row == none || pivots() >= limit || late()) {
        return false;  // no row: the set is not bounded (it is where B >= 1)
      }
      still = right_[row] <= zero ? still + 1 : 0;
      pivot(row, column);
    }
  }

 private:
  using Tableau::add_cost_margins, Tableau::at, Tableau::gather, Tableau::pivot;
  using Tableau::basis_, Tableau::outside_, Tableau::column_, Tableau::right_, Tableau::exact_;
  using Tableau::rates_, Tableau::scratch_, Tableau::zero, Tableau::tie, Tableau::in_doubles;
  using Tableau::restated_;
  using Tableau::rows_, Tableau::columns_, Tableau::width_, Tableau::column_height_;
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// Small tableaus look at the clock now and then only: it costs as much as one of their pivots.
  [[nodiscard]] bool late() const {
    return deadline_ != nullptr && (rows_ * columns_ > 100'000 || pivots() % 16 == 15) &&
           deadline_->passed();
  }

  /// The dual method on the true right sides: reduced costs stay at least zero. In floats a few
  /// pivots while costs and right sides carry the rounding of all pivots before; once they have
  /// been stated anew as many as it takes, with margins on the costs, since rounding would turn
  /// ties in circles.
  [[nodiscard]] bool repair(std::int64_t limit) {
    if constexpr (!in_doubles) {
      if (restated_) {
        add_cost_margins();
      }
      limit = std::min(limit, pivots() + (restated_ ? static_cast<std::int64_t>(rows_) : 8));
    }
    while (true) {
      std::size_t row = none;
      for (std::size_t i = 0; i < rows_; ++i) {
        const bool lower = row == none || exact_[i] < exact_[row];
        row = exact_[i] < -zero && lower ? i : row;
      }
      if (row == none) {
        return true;
      }
      std::size_t best = none;
      Real least = std::numeric_limits<Real>::infinity();
      for (std::size_t j = 0; j < columns_; ++j) {
        if (at(row, j) < -zero) {
          const Real cost = at(rows_, j) > 0 ? at(rows_, j) : Real{0};
          const Real ratio = cost / -at(row, j);
          const bool tied = ratio <= least + zero;
          if (ratio < least - zero || (tied && at(row, j) < at(row, best))) {
            best = j;
          }
          least = ratio < least ? ratio : least;
        }
      }
      if (best == none || pivots() >= limit || late()) {
        return false;
      }
      gather(best);
      pivot(row, best);
    }
  }

  /// The column whose edge climbs most per unit of length.
  [[nodiscard]] std::size_t steepest() const noexcept {
    const Real best = Kernels::largest(rates_, width_, scratch_);
    std::size_t j = 0;
    while (best > 0 && rates_[j] != best) {
      ++j;
    }
    return best > 0 ? j : none;
  }

  [[nodiscard]] std::size_t first_improving() const noexcept {
    std::size_t best = none;
    for (std::size_t j = 0; j < columns_; ++j) {
      if (at(rows_, j) < -zero && (best == none || outside_[j] < outside_[best])) {
        best = j;
      }
    }
    return best;
  }

  /// The row that limits the step along the gathered column: among near-ties the largest pivot, or
  /// the first variable.
  [[nodiscard]] std::size_t leaving(bool first) const noexcept {
    const Real least = Kernels::least_ratio(right_, column_, column_height_, zero, scratch_);
    std::size_t best = none;
    for (std::size_t i = 0; i < rows_; ++i) {
      // Seldom true, and asked first: signs of the column are what no processor can predict.
      if (right_[i] <= least * column_[i] + tie && column_[i] > zero) {
        const bool better =
            best == none || (first ? basis_[i] < basis_[best] : column_[i] > column_[best]);
        best = better ? i : best;
      }
    }
    return best;
  }

  const Deadline* deadline_ = nullptr;
};

}  // namespace dag::detail
