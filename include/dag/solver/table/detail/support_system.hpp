// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/numeric/dense.hpp>
#include <dag/solver/table/detail/support_space.hpp>

namespace dag::detail {

/// The equations of a chart, m of them in the n unknowns, which are all but each player's first
/// weight; where m > n, n of them are picked for Newton's method. Keeps its memory from one use to
/// the next; f and jacobian (m x n) are those of the last `evaluate`, low and high of the last
/// `jacobian_range`.
struct SupportSystem {
  explicit SupportSystem(SupportSpace over)
      : space(std::move(over)),
        f(space.equations),
        jacobian(space.equations * space.unknowns),
        low(jacobian.size()),
        high(jacobian.size()),
        step(space.unknowns),
        pivots_(space.unknowns) {
    for (std::size_t e = 0; e < space.unknowns; ++e) {
      picked.push_back(e);
    }
  }

  /// The system at weights `at` over a cell's corners, and its Jacobian in all but each player's
  /// first weight.
  void evaluate(const SupportSpace::Cell& cell, std::span<const double> at) {
    std::fill(f.begin(), f.end(), 0.0);
    std::fill(jacobian.begin(), jacobian.end(), 0.0);
    for (std::size_t i = 0; i < space.players; ++i) {
      for (std::size_t k = 0; k < space.others[i] && space.equal[i] > 1; ++k) {
        double all = 1.0;
        for (std::size_t j = 0; j < space.players; ++j) {
          all *= j == i ? 1.0 : at[space.weight_offset[j] + space.digit(i, j, k)];
        }
        for (std::size_t e = 1; e < space.equal[i]; ++e) {
          f[space.equation_offset[i] + e - 1] += all * space.row(cell, i, e)[k];
        }
        for (std::size_t j = 0; j < space.players; ++j) {
          if (j == i || space.played[j] < 2) {
            continue;
          }
          double rest = 1.0;
          for (std::size_t l = 0; l < space.players; ++l) {
            rest *= l == i || l == j ? 1.0 : at[space.weight_offset[l] + space.digit(i, l, k)];
          }
          const std::size_t a = space.digit(i, j, k);
          for (std::size_t e = 1; e < space.equal[i]; ++e) {
            const double part = rest * space.row(cell, i, e)[k];
            double* line = jacobian.data() + (space.equation_offset[i] + e - 1) * space.unknowns;
            for (std::size_t c = 1; c < space.played[j]; ++c) {
              line[space.unknown_offset[j] + c - 1] += a == c ? part : a == 0 ? -part : 0.0;
            }
          }
        }
      }
    }
  }

  /// Least and largest of each entry of the Jacobian over a cell.
  void jacobian_range(const SupportSpace::Cell& cell) {
    const std::size_t n = space.unknowns;
    std::fill(low.begin(), low.end(), 0.0);
    std::fill(high.begin(), high.end(), 0.0);
    for (std::size_t i = 0; i < space.players; ++i) {
      for (std::size_t e = 1; e < space.equal[i]; ++e) {
        const double* values = space.row(cell, i, e);
        const std::size_t line = (space.equation_offset[i] + e - 1) * n;
        for (std::size_t j = 0; j < space.players; ++j) {
          if (j == i || space.played[j] < 2) {
            continue;
          }
          const std::size_t stride = space.stride[i * space.players + j];
          for (std::size_t c = 1; c < space.played[j]; ++c) {
            double least = std::numeric_limits<double>::infinity();
            double most = -least;
            for (std::size_t outer = 0; outer < space.others[i];
                 outer += stride * space.played[j]) {
              for (std::size_t k = outer; k < outer + stride; ++k) {
                const double slope = values[k + c * stride] - values[k];
                least = slope < least ? slope : least;
                most = slope > most ? slope : most;
              }
            }
            low[line + space.unknown_offset[j] + c - 1] = least;
            high[line + space.unknown_offset[j] + c - 1] = most;
          }
        }
      }
    }
  }

  /// The largest size of an entry of the identity less inverse * Jacobian over the last range: row
  /// `y` of the inverse, of n entries, and a column of which its equation e has entry `index(e)`.
  template <class Index>
  [[nodiscard]] double off_identity(const double* y, std::size_t n, bool diagonal,
                                    Index index) const {
    double centre = diagonal ? 1.0 : 0.0;
    double radius = 0.0;
    for (std::size_t e = 0; e < n; ++e) {
      const std::size_t entry = index(e);
      centre -= y[e] * 0.5 * (low[entry] + high[entry]);
      radius += std::abs(y[e]) * (0.5 * (high[entry] - low[entry]) + SupportSpace::margin);
    }
    return std::abs(centre) + radius;
  }

  /// The inverse of an n x n matrix, which is lost; false if it is singular.
  [[nodiscard]] bool invert(std::vector<double>& matrix, std::size_t n,
                            std::vector<double>& inverse) {
    const std::span<std::size_t> pivots(pivots_.data(), n);
    if (n > 0 && !lu_factor(matrix, pivots)) {
      return false;
    }
    inverse.resize(n * n);
    for (std::size_t c = 0; c < n; ++c) {
      unit_.assign(n, 0.0);
      unit_[c] = 1.0;
      lu_solve(matrix, std::span<const std::size_t>(pivots), unit_);
      for (std::size_t r = 0; r < n; ++r) {
        inverse[r * n + c] = unit_[r];
      }
    }
    return true;
  }

  /// Sorts the equations of the last `evaluate` by complete pivoting and picks the first n.
  void pick() {
    const std::size_t n = space.unknowns;
    if (space.equations > n) {
      reduced = jacobian;
      std::vector<std::size_t> columns(n);
      picked.resize(space.equations);
      for (std::size_t e = 0; e < space.equations; ++e) {
        picked[e] = e;
      }
      for (std::size_t k = 0; k < n && pivot_completely(reduced, k, picked, columns); ++k) {
      }
      picked.resize(n);
    }
  }
  /// The n x n Jacobian of the picked equations.
  [[nodiscard]] std::vector<double>& square() {
    const std::size_t n = space.unknowns;
    square_.resize(n * n);
    for (std::size_t e = 0; e < n; ++e) {
      std::copy_n(jacobian.begin() + static_cast<std::ptrdiff_t>(picked[e] * n), n,
                  square_.begin() + static_cast<std::ptrdiff_t>(e * n));
    }
    return square_;
  }

  /// A step of Gauss's elimination of an m x n matrix with complete pivoting; which rows and
  /// columns come to stand first is told. False where all that is left is 0.
  bool pivot_completely(std::vector<double>& a, std::size_t at, std::vector<std::size_t>& rows,
                        std::vector<std::size_t>& columns) const {
    const std::size_t m = space.equations;
    const std::size_t n = space.unknowns;
    std::size_t best = at * n + at;
    for (std::size_t r = at; r < m; ++r) {
      for (std::size_t c = at; c < n; ++c) {
        best = std::abs(a[r * n + c]) > std::abs(a[best]) ? r * n + c : best;
      }
    }
    const std::size_t r = best / n;
    const std::size_t c = best % n;
    for (std::size_t k = 0; k < n; ++k) {
      std::swap(a[r * n + k], a[at * n + k]);
    }
    for (std::size_t k = 0; k < m; ++k) {
      std::swap(a[k * n + c], a[k * n + at]);
    }
    std::swap(rows[r], rows[at]);
    std::swap(columns[c], columns[at]);
    if (a[at * n + at] == 0.0) {
      return false;
    }
    for (std::size_t k = at + 1; k < m; ++k) {
      const double share = a[k * n + at] / a[at * n + at];
      for (std::size_t l = at; l < n; ++l) {
        a[k * n + l] -= share * a[at * n + l];
      }
    }
    return true;
  }

  /// The rank of the Jacobian at `at`.
  [[nodiscard]] std::size_t rank(std::span<const double> at) {
    const std::size_t most = std::min(space.equations, space.unknowns);
    evaluate(space.whole, at);
    reduced = jacobian;
    std::vector<std::size_t> rows(space.equations);
    std::vector<std::size_t> columns(space.unknowns);
    std::size_t found = 0;
    while (found < most && pivot_completely(reduced, found, rows, columns) &&
           std::abs(reduced[found * space.unknowns + found]) > 1e-6) {
      ++found;
    }
    return found;
  }

  /// Newton's step from the last `evaluate`; false if the picked equations' Jacobian is singular.
  [[nodiscard]] bool solve_step() {
    const std::size_t n = space.unknowns;
    if (n > 0 && !lu_factor(square(), std::span<std::size_t>(pivots_))) {
      return false;
    }
    for (std::size_t e = 0; e < n; ++e) {
      step[e] = f[picked[e]];
    }
    if (n > 0) {
      lu_solve(square_, std::span<const std::size_t>(pivots_), step);
    }
    return true;
  }
  [[nodiscard]] static double largest(std::span<const double> entries) noexcept {
    double size = 0.0;
    for (const double entry : entries) {
      size = std::fmax(size, std::abs(entry));
    }
    return size;
  }
  void add_step(std::vector<double>& at, std::span<const double> by, double sign) const {
    for (std::size_t j = 0; j < space.players; ++j) {
      for (std::size_t c = 1; c < space.played[j]; ++c) {
        const double change = sign * by[space.unknown_offset[j] + c - 1];
        at[space.weight_offset[j] + c] += change;
        at[space.weight_offset[j]] -= change;
      }
    }
  }

  /// Moves weights to a root over a cell by Newton's method; false if it does not get there.
  [[nodiscard]] bool newton(const SupportSpace::Cell& cell, std::vector<double>& at) {
    double before = std::numeric_limits<double>::infinity();
    for (int round = 0; round < 60; ++round) {
      evaluate(cell, at);
      if (!solve_step()) {
        return false;
      }
      const double size = largest(step);
      if (!(size < 10.0)) {
        return false;
      }
      add_step(at, step, -1.0);
      if (size < 1e-14 || (size < 1e-10 && size >= 0.5 * before)) {
        return true;
      }
      before = size;
    }
    return false;
  }

  /// How far the largest row that is no equation is below 0, in units.
  [[nodiscard]] double slack(std::span<const double> weights) const {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < space.players; ++i) {
      for (std::size_t r = space.equal[i]; r < space.sizes[i]; ++r) {
        const double* values = space.row(space.whole, i, r);
        double sum = 0.0;
        for (std::size_t k = 0; k < space.others[i]; ++k) {
          double all = values[k];
          for (std::size_t j = 0; j < space.players; ++j) {
            all *= j == i ? 1.0 : weights[space.weight_offset[j] + space.digit(i, j, k)];
          }
          sum += all;
        }
        least = std::fmin(least, -sum);
      }
    }
    return least;
  }

  SupportSpace space;
  std::vector<double> f;
  std::vector<double> jacobian;
  std::vector<double> low;
  std::vector<double> high;
  std::vector<double> step;
  std::vector<std::size_t> picked;  ///< equations for Newton's method, one an unknown
  std::vector<double> reduced;

 private:
  std::vector<double> square_;
  std::vector<std::size_t> pivots_;
  std::vector<double> unit_;
};

}  // namespace dag::detail
