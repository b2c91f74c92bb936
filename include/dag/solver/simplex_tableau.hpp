// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/random.hpp>
#include <dag/solver/simplex_kernels.hpp>

namespace dag::detail {

/// The condensed tableau of max 1'y subject to B y <= 1, y >= 0 with B = 1 + M: one row a basic
/// variable, one column a variable out of the basis; last row reduced costs; two right sides, kept
/// apart. Variables 0 .. columns-1 are y, then the rows' slacks.
///
/// Payoffs with ties make many vertices coincide, and pivots that do not move. So the primal method
/// runs on right sides 1 + (1 to 2) 1e-6, and the true ones are carried along; should the last
/// basis not be feasible for these, the dual method takes a few pivots more.
class SimplexTableau {
 public:
  SimplexTableau(const SimplexTableau&) = delete;
  /// M = unit(payoff), entry by entry.
  template <class Unit = std::identity>
  SimplexTableau(std::span<const double> payoff, std::size_t rows, std::size_t columns,
                 Unit unit = {})
      : rows_(rows), columns_(columns), width_(SimplexKernels::padded(columns)) {
    fill(payoff, 1.0, {}, {}, unit);
  }
  /// The same for max costs' y subject to matrix y <= right sides, y >= 0. Right sides at least 0,
  /// the set bounded; entries should be about one in size. (`rebuild` is for the form above.)
  SimplexTableau(std::span<const double> matrix, std::size_t rows, std::size_t columns,
                 std::span<const double> right_sides, std::span<const double> costs)
      : rows_(rows), columns_(columns), width_(SimplexKernels::padded(columns)) {
    fill(matrix, 0.0, right_sides, costs);
  }

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
      if (row == none || pivots_ >= limit) {
        return false;  // no row: the set is not bounded (it is where B >= 1)
      }
      still = right_[row] <= zero ? still + 1 : 0;
      pivot(row, column);
    }
  }

  /// The same basis computed again from B, with the largest pivots first.
  template <class Unit = std::identity>
  void rebuild(std::span<const double> payoff, Unit unit = {}) {
    const std::vector<std::size_t> active = tight_rows();
    std::vector<std::size_t> played = basic_columns();
    std::vector<std::size_t> open = active;
    fill(payoff, 1.0, {}, {}, unit);
    while (!open.empty()) {
      std::size_t best_row = 0;
      std::size_t best_column = 0;
      for (std::size_t i = 0; i < open.size(); ++i) {
        for (std::size_t j = 0; j < played.size(); ++j) {
          if (std::abs(at(open[i], played[j])) >
              std::abs(at(open[best_row], played[best_column]))) {
            best_row = i;
            best_column = j;
          }
        }
      }
      if (!(std::abs(at(open[best_row], played[best_column])) > zero)) {
        break;
      }
      gather(played[best_column]);
      pivot(open[best_row], played[best_column]);
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(best_row));
      played.erase(played.begin() + static_cast<std::ptrdiff_t>(best_column));
    }
  }

  /// Rows whose slack is out of the basis, and y in the basis: as many of one as of the other.
  [[nodiscard]] std::vector<std::size_t> tight_rows() const {
    std::vector<std::size_t> found;
    for (const std::size_t variable : outside_) {
      if (variable >= columns_) {
        found.push_back(variable - columns_);
      }
    }
    return found;
  }
  [[nodiscard]] std::vector<std::size_t> basic_columns() const {
    std::vector<std::size_t> found;
    for (const std::size_t variable : basis_) {
      if (variable < columns_) {
        found.push_back(variable);
      }
    }
    return found;
  }

  /// y from the right side, x from the reduced costs of the slacks; not normalised.
  void read_off(std::vector<double>& row, std::vector<double>& column) const {
    for (std::size_t i = 0; i < rows_; ++i) {
      if (basis_[i] < columns_) {
        column[basis_[i]] = exact_[i];
      }
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      if (outside_[j] >= columns_) {
        row[outside_[j] - columns_] = at(rows_, j);
      }
    }
  }

  [[nodiscard]] std::int64_t pivots() const noexcept { return pivots_; }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  static constexpr double zero = 1e-11;  ///< entries of B are in [1, 2]

  [[nodiscard]] double& at(std::size_t row, std::size_t column) const noexcept {
    return tableau_[row * width_ + column];
  }

  /// The dual method on the true right sides: reduced costs stay at least zero.
  [[nodiscard]] bool repair(std::int64_t limit) {
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
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t j = 0; j < columns_; ++j) {
        if (at(row, j) < -zero) {
          const double cost = at(rows_, j) > 0.0 ? at(rows_, j) : 0.0;
          const double ratio = cost / -at(row, j);
          const bool tied = ratio <= least + zero;
          if (ratio < least - zero || (tied && at(row, j) < at(row, best))) {
            best = j;
          }
          least = ratio < least ? ratio : least;
        }
      }
      if (best == none || pivots_ >= limit) {
        return false;
      }
      gather(best);
      pivot(row, best);
    }
  }

  /// B = shift + unit(matrix); right sides and costs are ones where none are given.
  template <class Unit = std::identity>
  void fill(std::span<const double> matrix, double shift, std::span<const double> right_sides,
            std::span<const double> costs, Unit unit = {}) {
    tableau_ = SimplexKernels::aligned(memory_, (rows_ + 1) * width_, 0.0);
    norms_ = SimplexKernels::aligned(norm_memory_, width_, 1.0);
    top_ = SimplexKernels::aligned(top_memory_, width_, 0.0);
    rates_ = SimplexKernels::aligned(rate_memory_, width_, 0.0);
    basis_.resize(rows_);
    outside_.resize(columns_);
    column_height_ = SimplexKernels::padded(rows_);
    column_ = SimplexKernels::aligned(column_memory_, column_height_, 0.0);
    right_ = SimplexKernels::aligned(right_memory_, column_height_, 0.0);
    scratch_ = SimplexKernels::aligned(scratch_memory_, 2 * std::max(width_, column_height_), 0.0);
    exact_.resize(rows_);
    for (std::size_t i = 0; i < rows_; ++i) {
      basis_[i] = columns_ + i;
      SimplexKernels::enter(&at(i, 0), columns_, matrix.data() + i * columns_, shift, unit, norms_);
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      outside_[j] = j;
      at(rows_, j) = costs.empty() ? -1.0 : -costs[j];
    }
    SimplexKernels::price(tableau_ + rows_ * width_, width_, 0.0, top_, norms_, rates_, zero);
    RandomStream random(0, 0);
    for (std::size_t i = 0; i < rows_; ++i) {
      exact_[i] = right_sides.empty() ? 1.0 : right_sides[i];
      right_[i] = exact_[i] + 1e-6 * (1.0 + random.uniform());
    }
  }

  /// The column whose edge climbs most per unit of length.
  [[nodiscard]] std::size_t steepest() const noexcept {
    const double best = SimplexKernels::largest(rates_, width_, scratch_);
    std::size_t j = 0;
    while (best > 0.0 && rates_[j] != best) {
      ++j;
    }
    return best > 0.0 ? j : none;
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

  /// The tableau's column, in one piece; its cost apart.
  void gather(std::size_t column) noexcept {
    for (std::size_t i = 0; i < rows_; ++i) {
      column_[i] = at(i, column);
    }
    cost_ = at(rows_, column);
  }

  /// The row that limits the step along the gathered column: among near-ties the largest pivot, or
  /// the first variable.
  [[nodiscard]] std::size_t leaving(bool first) const noexcept {
    const double least =
        SimplexKernels::least_ratio(right_, column_, column_height_, zero, scratch_);
    std::size_t best = none;
    for (std::size_t i = 0; i < rows_; ++i) {
      // Seldom true, and asked first: signs of the column are what no processor can predict.
      if (right_[i] <= least * column_[i] + 1e-14 && column_[i] > zero) {
        const bool better =
            best == none || (first ? basis_[i] < basis_[best] : column_[i] > column_[best]);
        best = better ? i : best;
      }
    }
    return best;
  }

  /// Exchanges a basic variable and one outside, whose column has been gathered; leaves in `norms_`
  /// the squared lengths of the new columns (plus one), in `rates_` what they promise.
  void pivot(std::size_t row, std::size_t column) noexcept {
    double* leaver = tableau_ + row * width_;
    const double inverse = 1.0 / column_[row];
    for (std::size_t i = 0; i <= rows_; ++i) {
      at(i, column) = 0.0;
    }
    for (std::size_t j = 0; j < width_; ++j) {
      leaver[j] *= inverse;
      top_[j] = leaver[j];
      norms_[j] = 1.0;
    }
    leaver[column] = top_[column] = inverse;
    column_[row] = 0.0;  // the row itself stays
    std::size_t i = 0;
    for (; i + 4 <= rows_; i += 4) {
      SimplexKernels::eliminate_four(tableau_ + i * width_, width_, column_ + i, top_, norms_);
    }
    for (; i < rows_; ++i) {
      SimplexKernels::eliminate_one(tableau_ + i * width_, width_, column_[i], top_, norms_);
    }
    SimplexKernels::price(tableau_ + rows_ * width_, width_, cost_, top_, norms_, rates_, zero);
    const double step = right_[row] * inverse;
    const double exact_step = exact_[row] * inverse;
    for (std::size_t k = 0; k < rows_; ++k) {
      // The primal method never leaves the feasible set by more than rounding.
      const double rest = right_[k] - column_[k] * step;
      right_[k] = rest > 0.0 ? rest : 0.0;
      exact_[k] -= column_[k] * exact_step;
    }
    right_[row] = step > 0.0 ? step : 0.0;
    exact_[row] = exact_step;
    ++pivots_;
    const std::size_t entering = outside_[column];
    outside_[column] = basis_[row];
    basis_[row] = entering;
  }

  std::size_t rows_;
  std::size_t columns_;
  std::size_t width_;
  std::int64_t pivots_ = 0;
  std::vector<double> memory_, norm_memory_, top_memory_, rate_memory_;
  std::vector<double> column_memory_, right_memory_, scratch_memory_;
  std::size_t column_height_ = 0;
  double* tableau_ = nullptr;  ///< rows_ + 1 rows of width_ columns, those beyond columns_ zero
  double* norms_ = nullptr;
  double* top_ = nullptr;  ///< the pivot's row
  double* rates_ = nullptr;
  double* column_ =
      nullptr;       ///< the pivot's column, column_height_ entries, those beyond rows_ zero
  double cost_ = 0;  ///< its reduced cost
  double* scratch_ = nullptr;
  double* right_ = nullptr;    ///< the right sides that pivots go by
  std::vector<double> exact_;  ///< the true ones
  std::vector<std::size_t> basis_;
  std::vector<std::size_t> outside_;
};

}  // namespace dag::detail
