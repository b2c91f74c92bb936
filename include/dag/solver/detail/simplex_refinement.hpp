// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/numeric/dense.hpp>
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
