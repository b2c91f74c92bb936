// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/random.hpp>

namespace dag::detail {

/// The condensed tableau of max 1'y subject to B y <= 1, y >= 0 with B = 1 + M: one row a basic
/// variable, one column a variable out of the basis; then two right sides; last row reduced
/// costs. Variables 0 .. columns-1 are y, then the rows' slacks.
///
/// Payoffs with ties make many vertices coincide, and pivots that do not move. So the primal method
/// runs on right sides 1 + (1 to 2) 1e-6, and the true ones are carried along; should the last
/// basis not be feasible for these, the dual method takes a few pivots more.
class SimplexTableau {
 public:
  SimplexTableau(std::span<const double> matrix, std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns), width_(columns + 2) {
    fill(matrix);
  }
  /// The same for max costs' y subject to matrix y <= right sides, y >= 0. Right sides at least 0,
  /// the set bounded; entries should be about one in size. (`rebuild` is for the form above.)
  SimplexTableau(std::span<const double> matrix, std::size_t rows, std::size_t columns,
                 std::span<const double> right_sides, std::span<const double> costs)
      : rows_(rows), columns_(columns), width_(columns + 2) {
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
      const std::size_t row = leaving(column, still >= patience);
      if (row == none || pivots_ >= limit) {
        return false;  // no row: the set is not bounded (it is where B >= 1)
      }
      still = at(row, columns_) <= zero ? still + 1 : 0;
      pivot(row, column);
    }
  }

  /// The same basis computed again from B, with the largest pivots first.
  void rebuild(std::span<const double> matrix) {
    const std::vector<std::size_t> active = tight_rows();
    std::vector<std::size_t> played = basic_columns();
    std::vector<std::size_t> open = active;
    fill(matrix);
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
        column[basis_[i]] = at(i, columns_ + 1);
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

  [[nodiscard]] double& at(std::size_t row, std::size_t column) {
    return tableau_[row * width_ + column];
  }
  [[nodiscard]] double at(std::size_t row, std::size_t column) const {
    return tableau_[row * width_ + column];
  }

  /// The dual method on the true right sides: reduced costs stay at least zero.
  [[nodiscard]] bool repair(std::int64_t limit) {
    while (true) {
      std::size_t row = none;
      for (std::size_t i = 0; i < rows_; ++i) {
        const bool lower = row == none || at(i, columns_ + 1) < at(row, columns_ + 1);
        row = at(i, columns_ + 1) < -zero && lower ? i : row;
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
      pivot(row, best);
    }
  }

  /// B = shift + matrix; right sides and costs are ones where none are given.
  void fill(std::span<const double> matrix, double shift = 1.0,
            std::span<const double> right_sides = {}, std::span<const double> costs = {}) {
    tableau_.assign((rows_ + 1) * width_, 1.0);
    norms_.assign(width_, 1.0);
    basis_.resize(rows_);
    outside_.resize(columns_);
    for (std::size_t i = 0; i < rows_; ++i) {
      basis_[i] = columns_ + i;
      for (std::size_t j = 0; j < columns_; ++j) {
        at(i, j) = shift + matrix[i * columns_ + j];
        norms_[j] += at(i, j) * at(i, j);
      }
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      outside_[j] = j;
      at(rows_, j) = costs.empty() ? -1.0 : -costs[j];
    }
    RandomStream random(0, 0);
    for (std::size_t i = 0; i < rows_; ++i) {
      at(i, columns_) = right_sides.empty() ? 1.0 : right_sides[i];
      at(i, columns_ + 1) = at(i, columns_);
      at(i, columns_) += 1e-6 * (1.0 + random.uniform());
    }
    at(rows_, columns_) = 0.0;
    at(rows_, columns_ + 1) = 0.0;
  }

  /// The column whose edge climbs most per unit of length.
  [[nodiscard]] std::size_t steepest() const noexcept {
    const double* costs = tableau_.data() + rows_ * width_;
    std::size_t best = none;
    double best_rate = 0.0;
    for (std::size_t j = 0; j < columns_; ++j) {
      if (costs[j] < -zero && costs[j] * costs[j] > best_rate * norms_[j]) {
        best = j;
        best_rate = costs[j] * costs[j] / norms_[j];
      }
    }
    return best;
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

  /// The row that limits the step: among near-ties the largest pivot, or the first variable.
  [[nodiscard]] std::size_t leaving(std::size_t column, bool first) const noexcept {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < rows_; ++i) {
      if (at(i, column) > zero) {
        const double ratio = at(i, columns_) / at(i, column);
        least = ratio < least ? ratio : least;
      }
    }
    std::size_t best = none;
    for (std::size_t i = 0; i < rows_; ++i) {
      if (at(i, column) > zero && at(i, columns_) <= least * at(i, column) + 1e-14) {
        const bool better =
            best == none || (first ? basis_[i] < basis_[best] : at(i, column) > at(best, column));
        best = better ? i : best;
      }
    }
    return best;
  }

  /// Exchanges a basic variable and one outside; leaves in `norms_` the squared lengths of the new
  /// columns (plus one).
  void pivot(std::size_t row, std::size_t column) {
    double* top = tableau_.data() + row * width_;
    const double inverse = 1.0 / top[column];
    for (std::size_t j = 0; j < width_; ++j) {
      top[j] *= inverse;
    }
    top[column] = inverse;
    double* norms = norms_.data();
    for (std::size_t j = 0; j < width_; ++j) {
      norms[j] = 1.0 + top[j] * top[j];
    }
    for (std::size_t i = 0; i <= rows_; ++i) {
      if (i == row) {
        continue;
      }
      double* current = tableau_.data() + i * width_;
      const double factor = current[column];
      current[column] = 0.0;
      for (std::size_t j = 0; j < width_; ++j) {
        const double entry = current[j] - factor * top[j];
        current[j] = entry;
        norms[j] += entry * entry;
      }
    }
    for (std::size_t i = 0; i < rows_; ++i) {
      // The primal method never leaves the feasible set by more than rounding.
      at(i, columns_) = at(i, columns_) > 0.0 ? at(i, columns_) : 0.0;
    }
    ++pivots_;
    const std::size_t entering = outside_[column];
    outside_[column] = basis_[row];
    basis_[row] = entering;
  }

  std::size_t rows_;
  std::size_t columns_;
  std::size_t width_;
  std::int64_t pivots_ = 0;
  std::vector<double> tableau_;
  std::vector<double> norms_;
  std::vector<std::size_t> basis_;
  std::vector<std::size_t> outside_;
};

}  // namespace dag::detail
