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
#include <dag/solver/detail/simplex_kernels.hpp>

namespace dag::detail {

/// The condensed tableau of max 1'y subject to B y <= 1, y >= 0 with B = 1 + M: one row a basic
/// variable, one column a variable out of the basis; last row reduced costs; two right sides, kept
/// apart. Variables 0 .. columns-1 are y, then the rows' slacks.
///
/// Payoffs with ties make many vertices coincide, and pivots that do not move. So there are right
/// sides with margins of (1 to 2) 1e-6 (floats: 1e-5) as well, and the true ones are carried along.
/// `SimplexMethod` chooses the pivots. `Real` is that of the tableau: float halves what a pivot
/// moves through the caches.
template <class Real>
class SimplexTableau {
  using Kernels = SimplexKernels<Real>;

 public:
  SimplexTableau(const SimplexTableau&) = delete;
  /// M = unit(payoff), entry by entry.
  template <class Unit = std::identity>
  SimplexTableau(std::span<const double> payoff, std::size_t rows, std::size_t columns,
                 Unit unit = {})
      : rows_(rows), columns_(columns), width_(Kernels::padded(columns)) {
    fill(payoff, 1.0, {}, {}, unit);
  }
  /// The same for max costs' y subject to matrix y <= right sides, y >= 0. Right sides at least 0,
  /// the set bounded; entries should be about one in size. (`rebuild` is for the form above.)
  SimplexTableau(std::span<const double> matrix, std::size_t rows, std::size_t columns,
                 std::span<const double> right_sides, std::span<const double> costs)
      : rows_(rows), columns_(columns), width_(Kernels::padded(columns)) {
    fill(matrix, 0.0, right_sides, costs);
  }

  /// The same basis computed again from B, with the largest pivots first.
  template <class Unit = std::identity>
  void rebuild(std::span<const double> payoff, Unit unit = {}) {
    std::vector<std::size_t> open = tight_rows();
    std::vector<std::size_t> played = basic_columns();
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
    add_margins();  // these pivots may have passed through points that are not feasible
  }

  /// The same basis with other reduced costs and right sides, times their magnifiers: both indexed
  /// by variable, costs of those outside and levels of those in the basis.
  void restate(std::span<const double> levels, double level_magnifier,
               std::span<const double> costs, double cost_magnifier) {
    restated_ = true;
    for (std::size_t i = 0; i < rows_; ++i) {
      exact_[i] = static_cast<Real>(level_magnifier * levels[basis_[i]]);
    }
    add_margins();
    for (std::size_t j = 0; j < columns_; ++j) {
      at(rows_, j) = static_cast<Real>(cost_magnifier * costs[outside_[j]]);
    }
    std::fill(top_, top_ + width_, Real{0});
    Kernels::price(tableau_ + rows_ * width_, width_, 0, top_, norms_, rates_, zero);
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

  /// The inverse of B at the tight rows and basic columns: row by row in the order of
  /// `basic_columns`, columns in that of `tight_rows`.
  void read_inverse(std::span<double> inverse) const {
    std::size_t entry = 0;
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t j = 0; basis_[i] < columns_ && j < columns_; ++j) {
        if (outside_[j] >= columns_) {
          inverse[entry++] = static_cast<double>(at(i, j));
        }
      }
    }
  }

  [[nodiscard]] std::int64_t pivots() const noexcept { return pivots_; }

 protected:
  static constexpr bool in_doubles = sizeof(Real) == sizeof(double);
  static constexpr Real zero = in_doubles ? Real(1e-11) : Real(3e-6);   ///< entries of B: in [1, 2]
  static constexpr Real tie = in_doubles ? Real(1e-14) : Real(1e-7);    ///< of right sides
  static constexpr Real margin = in_doubles ? Real(1e-6) : Real(1e-5);  ///< added to right sides

  [[nodiscard]] Real& at(std::size_t row, std::size_t column) const noexcept {
    return tableau_[row * width_ + column];
  }

  /// The tableau's column, in one piece; its cost apart.
  void gather(std::size_t column) noexcept {
    for (std::size_t i = 0; i < rows_; ++i) {
      column_[i] = at(i, column);
    }
    cost_ = at(rows_, column);
  }

  /// Exchanges a basic variable and one outside, whose column has been gathered; leaves in `norms_`
  /// the squared lengths of the new columns (plus one), in `rates_` what they promise.
  void pivot(std::size_t row, std::size_t column) noexcept {
    Real* leaver = tableau_ + row * width_;
    const Real inverse = 1 / column_[row];
    for (std::size_t i = 0; i <= rows_; ++i) {
      at(i, column) = 0;
    }
    for (std::size_t j = 0; j < width_; ++j) {
      leaver[j] *= inverse;
      top_[j] = leaver[j];
      norms_[j] = 1;
    }
    leaver[column] = top_[column] = inverse;
    column_[row] = 0;  // the row itself stays
    std::size_t i = 0;
    for (; i + 4 <= rows_; i += 4) {
      Kernels::eliminate_four(tableau_ + i * width_, width_, column_ + i, top_, norms_);
    }
    for (; i < rows_; ++i) {
      Kernels::eliminate_one(tableau_ + i * width_, width_, column_[i], top_, norms_);
    }
    Kernels::price(tableau_ + rows_ * width_, width_, cost_, top_, norms_, rates_, zero);
    const Real step = right_[row] * inverse;
    const Real exact_step = exact_[row] * inverse;
    for (std::size_t k = 0; k < rows_; ++k) {
      // The primal method never leaves the feasible set by more than rounding.
      const Real rest = right_[k] - column_[k] * step;
      right_[k] = rest > 0 ? rest : Real{0};
      exact_[k] -= column_[k] * exact_step;
    }
    right_[row] = step > 0 ? step : Real{0};
    exact_[row] = exact_step;
    ++pivots_;
    const std::size_t entering = outside_[column];
    outside_[column] = basis_[row];
    basis_[row] = entering;
  }

  /// Reduced costs at least zero, and each above by an amount of its own.
  void add_cost_margins() {
    RandomStream random(0, 1);
    for (std::size_t j = 0; j < columns_; ++j) {
      at(rows_, j) = with_margin(at(rows_, j), random);
    }
  }

  std::size_t rows_;
  std::size_t columns_;
  std::size_t width_;
  std::size_t column_height_ = 0;
  bool restated_ = false;
  Real* tableau_ = nullptr;  ///< rows_ + 1 rows of width_ columns, those beyond columns_ zero
  Real* norms_ = nullptr;
  Real* top_ = nullptr;  ///< the pivot's row
  Real* rates_ = nullptr;
  Real* column_ = nullptr;  ///< the pivot's column, column_height_ entries, those beyond rows_ zero
  Real cost_ = 0;           ///< its reduced cost
  Real* scratch_ = nullptr;
  Real* right_ = nullptr;    ///< the right sides that pivots go by
  std::vector<Real> exact_;  ///< the true ones
  std::vector<std::size_t> basis_;
  std::vector<std::size_t> outside_;

 private:
  /// B = shift + unit(matrix); right sides and costs are ones where none are given.
  template <class Unit = std::identity>
  void fill(std::span<const double> matrix, double shift, std::span<const double> right_sides,
            std::span<const double> costs, Unit unit = {}) {
    tableau_ = Kernels::aligned(memory_, (rows_ + 1) * width_, 0);
    norms_ = Kernels::aligned(norm_memory_, width_, 1);
    top_ = Kernels::aligned(top_memory_, width_, 0);
    rates_ = Kernels::aligned(rate_memory_, width_, 0);
    basis_.resize(rows_);
    outside_.resize(columns_);
    column_height_ = Kernels::padded(rows_);
    column_ = Kernels::aligned(column_memory_, column_height_, 0);
    right_ = Kernels::aligned(right_memory_, column_height_, 0);
    scratch_ = Kernels::aligned(scratch_memory_, 2 * std::max(width_, column_height_), 0);
    exact_.resize(rows_);
    for (std::size_t i = 0; i < rows_; ++i) {
      basis_[i] = columns_ + i;
      Kernels::enter(&at(i, 0), columns_, matrix.data() + i * columns_, shift, unit, norms_);
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      outside_[j] = j;
      at(rows_, j) = costs.empty() ? Real{-1} : static_cast<Real>(-costs[j]);
    }
    Kernels::price(tableau_ + rows_ * width_, width_, 0, top_, norms_, rates_, zero);
    for (std::size_t i = 0; i < rows_; ++i) {
      exact_[i] = right_sides.empty() ? Real{1} : static_cast<Real>(right_sides[i]);
    }
    add_margins();
  }

  void add_margins() {
    RandomStream random(0, 0);
    for (std::size_t i = 0; i < rows_; ++i) {
      right_[i] = with_margin(exact_[i], random);
    }
  }
  [[nodiscard]] static Real with_margin(Real number, RandomStream& random) {
    return (number > 0 ? number : Real{0}) + margin * static_cast<Real>(1.0 + random.uniform());
  }

  std::int64_t pivots_ = 0;
  std::vector<Real> memory_, norm_memory_, top_memory_, rate_memory_;
  std::vector<Real> column_memory_, right_memory_, scratch_memory_;
};

}  // namespace dag::detail
