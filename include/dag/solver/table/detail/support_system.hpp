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

/// The indifference system of one choice of supports: each strategy of a support but the first one
/// earns what the first one earns, in the unknowns, which are all but each player's first weight.
/// Keeps its memory from one use to the next; f and jacobian are those of the last `evaluate`, low
/// and high of the last `jacobian_range`.
struct SupportSystem {
  explicit SupportSystem(SupportSpace over)
      : space(std::move(over)),
        f(space.unknowns),
        jacobian(space.unknowns * space.unknowns),
        low(jacobian.size()),
        high(jacobian.size()),
        pivots_(space.unknowns) {}

  /// The system at weights `at` over a cell's corners, and its Jacobian in all but each player's
  /// first weight.
  void evaluate(const SupportSpace::Cell& cell, std::span<const double> at) {
    std::fill(f.begin(), f.end(), 0.0);
    std::fill(jacobian.begin(), jacobian.end(), 0.0);
    for (std::size_t i = 0; i < space.players; ++i) {
      const double* first = space.row(cell, i, space.supports[i][0]);
      for (std::size_t k = 0; k < space.others[i] && space.played[i] > 1; ++k) {
        double all = 1.0;
        for (std::size_t j = 0; j < space.players; ++j) {
          all *= j == i ? 1.0 : at[space.weight_offset[j] + space.digit(i, j, k)];
        }
        for (std::size_t e = 1; e < space.played[i]; ++e) {
          f[space.unknown_offset[i] + e - 1] +=
              all * (space.row(cell, i, space.supports[i][e])[k] - first[k]);
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
          for (std::size_t e = 1; e < space.played[i]; ++e) {
            const double part = rest * (space.row(cell, i, space.supports[i][e])[k] - first[k]);
            double* line = jacobian.data() + (space.unknown_offset[i] + e - 1) * space.unknowns;
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
      const double* first = space.row(cell, i, space.supports[i][0]);
      for (std::size_t e = 1; e < space.played[i]; ++e) {
        const double* other = space.row(cell, i, space.supports[i][e]);
        const std::size_t line = (space.unknown_offset[i] + e - 1) * n;
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
                const std::size_t moved = k + c * stride;
                const double slope = (other[moved] - first[moved]) - (other[k] - first[k]);
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
  /// `y` of the inverse, of n entries, and a column of which equation e has the entry `index(e)`.
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

  /// Newton's step from the last `evaluate`, in f; false if the Jacobian, which is lost, is
  /// singular.
  [[nodiscard]] bool solve_step() {
    if (!lu_factor(jacobian, std::span<std::size_t>(pivots_))) {
      return false;
    }
    lu_solve(jacobian, std::span<const std::size_t>(pivots_), f);
    return true;
  }
  [[nodiscard]] static double largest(std::span<const double> entries) noexcept {
    double size = 0.0;
    for (const double entry : entries) {
      size = std::fmax(size, std::abs(entry));
    }
    return size;
  }
  void add_step(std::vector<double>& at, std::span<const double> step, double sign) const {
    for (std::size_t j = 0; j < space.players; ++j) {
      for (std::size_t c = 1; c < space.played[j]; ++c) {
        const double change = sign * step[space.unknown_offset[j] + c - 1];
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
      const double size = largest(f);
      if (!(size < 10.0)) {
        return false;
      }
      add_step(at, f, -1.0);
      if (size < 1e-14 || (size < 1e-10 && size >= 0.5 * before)) {
        return true;
      }
      before = size;
    }
    return false;
  }

  /// How far the best strategy outside the supports falls short of those inside, in units.
  [[nodiscard]] double slack(std::span<const double> weights) const {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < space.players; ++i) {
      std::vector<double> earned(space.sizes[i], 0.0);
      for (std::size_t k = 0; k < space.others[i]; ++k) {
        double all = 1.0;
        for (std::size_t j = 0; j < space.players; ++j) {
          all *= j == i ? 1.0 : weights[space.weight_offset[j] + space.digit(i, j, k)];
        }
        for (std::size_t s = 0; s < space.sizes[i]; ++s) {
          earned[s] += all * space.row(space.whole, i, s)[k];
        }
      }
      std::size_t next = 0;
      for (std::size_t s = 0; s < space.sizes[i]; ++s) {
        if (next < space.played[i] && space.supports[i][next] == s) {
          ++next;
          continue;
        }
        least = std::fmin(least, earned[space.supports[i][0]] - earned[s]);
      }
    }
    return least;
  }

  SupportSpace space;
  std::vector<double> f;
  std::vector<double> jacobian;
  std::vector<double> low;
  std::vector<double> high;

 private:
  std::vector<std::size_t> pivots_;
  std::vector<double> unit_;
};

}  // namespace dag::detail
