// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/detail/config.hpp>
#include <dag/numeric/lanes.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

#if defined(__GNUC__) || defined(__clang__)
#define DAG_LANES_HAVE_VECTORS 1
#if defined(__AVX512F__)
#define DAG_LANES_BYTES 64
#elif defined(__AVX__)
#define DAG_LANES_BYTES 32
#else
#define DAG_LANES_BYTES 16
#endif
/// Compilers leave loops with two selections scalar; in these they do not.
using LaneVector [[gnu::vector_size(DAG_LANES_BYTES), gnu::may_alias]] = double;
inline constexpr std::size_t lane_step = DAG_LANES_BYTES / sizeof(double);
#undef DAG_LANES_BYTES
#endif

/// Where above / below is less than `best` and `below` at least `least`: best = that ratio and
/// at = index.
inline void keep_smaller(const Lanes& above, const Lanes& below, double least, double index,
                         Lanes& best, Lanes& at) noexcept {
#if defined(DAG_LANES_HAVE_VECTORS)
  for (std::size_t l = 0; l < lane_count; l += lane_step) {
    const auto& slope = *reinterpret_cast<const LaneVector*>(&below.at[l]);
    auto& b = *reinterpret_cast<LaneVector*>(&best.at[l]);
    auto& a = *reinterpret_cast<LaneVector*>(&at.at[l]);
    LaneVector ratio = *reinterpret_cast<const LaneVector*>(&above.at[l]) / slope;
    ratio = slope >= LaneVector{} + least ? ratio : b;
    const auto better = ratio < b;
    b = better ? ratio : b;
    a = better ? LaneVector{} + index : a;
  }
#else
  for (std::size_t l = 0; l < lane_count; ++l) {
    const double ratio = below[l] >= least ? above[l] / below[l] : best[l];
    const bool better = ratio < best[l];
    best[l] = better ? ratio : best[l];
    at[l] = better ? index : at[l];
  }
#endif
}
#undef DAG_LANES_HAVE_VECTORS

/// Zero-sum games of one shape by the simplex method, eight in step: structure of arrays, every
/// game with pivots of its own (Dantzig's rule: the largest reduced cost, the smallest ratio; the
/// first of equals). A game that is done leaves its lane to the next, so that no lane waits; what a
/// game gets does not depend on its neighbours.
///
/// The program is max 1'u subject to B u <= 1, u >= 0 with B the payoffs in [1, 2]; from it
/// y = u / sum u, and x from the dual. A pivot of eight games is one pass over
/// (rows + 1)(columns + 1) lanes. Memory: that many times 64 bytes. After the constructor nothing
/// is allocated.
class SimplexLanes {
 public:
  SimplexLanes(std::size_t rows, std::size_t columns)
      : rows_(rows),
        columns_(columns),
        width_(columns + 1),
        table_((rows + 1) * width_),
        column_(rows + 1),
        row_(width_),
        basic_(rows * lane_count),
        nonbasic_(columns * lane_count) {}

  /// What 1 / range needs; other games are for other methods.
  [[nodiscard]] static bool takes(double range) noexcept { return range > 1e-290 && range < 1e290; }

  /// `next(lane)` gives the row-major payoffs of the game that takes a lane, null entries when
  /// there are no more; `done(lane)` is called when a lane's game ends, and reads it by `read`.
  struct Payoffs {
    const double* entries = nullptr;
    double middle = 0;  ///< of the smallest and the largest
    double range = 0;   ///< `takes` it
  };
  template <class Next, class Done>
  void run(std::int32_t pivot_limit, Next&& next, Done&& done) {
    std::array<bool, lane_count> busy{};
    std::size_t running = 0;
    for (std::size_t l = 0; l < lane_count; ++l) {
      clear(l);
      const Payoffs game = next(l);
      busy[l] = game.entries != nullptr;
      if (busy[l]) {
        load(l, game);
        ++running;
      }
    }
    while (running > 0) {
      price();
      for (std::size_t l = 0; l < lane_count; ++l) {
        while (busy[l] && (entering_[l] < 0 || pivots_[l] >= pivot_limit)) {
          done(l);
          const Payoffs game = next(l);
          if (game.entries == nullptr) {
            busy[l] = false;
            --running;
            clear(l);
            entering_[l] = -1;
          } else {
            load(l, game);
            entering_[l] = 0;  // all costs are 1
          }
        }
      }
      if (running > 0) {
        pivot();
      }
    }
  }

  [[nodiscard]] std::int32_t pivots(std::size_t lane) const noexcept { return pivots_[lane]; }
  /// The strategies of the game on a lane, each of sum 1 (or NaN, where the method failed).
  void read(std::size_t lane, std::span<double> x, std::span<double> y) const noexcept {
    std::fill(x.begin(), x.end(), 0.0);
    std::fill(y.begin(), y.end(), 0.0);
    const auto n = static_cast<std::int32_t>(columns_);
    for (std::size_t i = 0; i < rows_; ++i) {
      const std::int32_t variable = basic_[i * lane_count + lane];
      if (variable < n) {
        y[static_cast<std::size_t>(variable)] = std::max(table_[i * width_ + columns_][lane], 0.0);
      }
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      const std::int32_t variable = nonbasic_[j * lane_count + lane];
      if (variable >= n) {
        x[static_cast<std::size_t>(variable - n)] =
            std::max(-table_[rows_ * width_ + j][lane], 0.0);
      }
    }
    normalise(x);
    normalise(y);
  }

 private:
  void load(std::size_t lane, const Payoffs& game) noexcept {
    const double scale = 1 / game.range;
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t j = 0; j < columns_; ++j) {
        table_[i * width_ + j][lane] = 1.5 + (game.entries[i * columns_ + j] - game.middle) * scale;
      }
      table_[i * width_ + columns_][lane] = 1;
      basic_[i * lane_count + lane] = static_cast<std::int32_t>(columns_ + i);
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      table_[rows_ * width_ + j][lane] = 1;
      nonbasic_[j * lane_count + lane] = static_cast<std::int32_t>(j);
    }
    table_[rows_ * width_ + columns_][lane] = 0;
    pivots_[lane] = 0;
  }
  /// An empty lane: zeros stay zeros.
  void clear(std::size_t lane) noexcept {
    for (Lanes& entry : table_) {
      entry[lane] = 0;
    }
    pivots_[lane] = 0;
  }
  static void normalise(std::span<double> strategy) noexcept {
    double sum = 0;
    for (const double p : strategy) {
      sum += p;
    }
    const double scale = 1 / sum;
    for (double& p : strategy) {
      p *= scale;
    }
  }

  void price() noexcept {
    const Lanes* costs = &table_[rows_ * width_];
    Lanes best;
    Lanes one;
    best.at.fill(-1e-11);
    one.at.fill(1);
    entering_.at.fill(-1);
    for (std::size_t j = 0; j < columns_; ++j) {
      Lanes negative;
      for (std::size_t l = 0; l < lane_count; ++l) {
        negative[l] = -costs[j][l];
      }
      keep_smaller(negative, one, 1, static_cast<double>(j), best, entering_);
    }
  }

  /// A pivot of every game. With the pivot's column set to 0 (1 in its row) and its row's entry
  /// there to 1, one update does the column and the row as well: T -= f row, f = column / pivot and
  /// in the pivot's row 1 - 1 / pivot.
  void pivot() noexcept {
    std::array<std::size_t, lane_count> enters{};
    for (std::size_t l = 0; l < lane_count; ++l) {
      enters[l] = entering_[l] >= 0 ? static_cast<std::size_t>(entering_[l]) : 0;
    }
    for (std::size_t i = 0; i <= rows_; ++i) {
      for (std::size_t l = 0; l < lane_count; ++l) {
        column_[i][l] = table_[i * width_ + enters[l]][l];
      }
    }
    Lanes ratio;
    Lanes leaving;
    constexpr double none = std::numeric_limits<double>::infinity();
    ratio.at.fill(none);
    leaving.at.fill(-1);
    for (std::size_t i = 0; i < rows_; ++i) {
      const Lanes& side = table_[i * width_ + columns_];
      keep_smaller(side, column_[i], 1e-11, static_cast<double>(i), ratio, leaving);
    }
    // A lane without a pivot keeps its table: its factors are 0. Its game ends by the limit.
    for (std::size_t l = 0; l < lane_count; ++l) {
      ++pivots_[l];
      if (entering_[l] >= 0 && leaving[l] >= 0) {
        take_out(l, static_cast<std::size_t>(leaving[l]), enters[l]);
      } else {
        for (std::size_t i = 0; i <= rows_; ++i) {
          column_[i][l] = 0;
        }
      }
    }
    for (std::size_t i = 0; i <= rows_; ++i) {
      Lanes* entries = &table_[i * width_];
      const Lanes factor = column_[i];
      for (std::size_t j = 0; j < width_; ++j) {
        for (std::size_t l = 0; l < lane_count; ++l) {
          entries[j][l] -= factor[l] * row_[j][l];
        }
      }
    }
  }
  void take_out(std::size_t l, std::size_t r, std::size_t c) noexcept {
    const double inverse = 1 / column_[r][l];
    for (std::size_t i = 0; i <= rows_; ++i) {
      column_[i][l] *= inverse;
      table_[i * width_ + c][l] = 0;
    }
    column_[r][l] = 1 - inverse;
    for (std::size_t j = 0; j < width_; ++j) {
      row_[j][l] = table_[r * width_ + j][l];
    }
    row_[c][l] = 1;
    table_[r * width_ + c][l] = 1;
    std::swap(basic_[r * lane_count + l], nonbasic_[c * lane_count + l]);
  }

  std::size_t rows_;
  std::size_t columns_;
  std::size_t width_;
  std::vector<Lanes> table_;  // rows and the objective's; the last column holds the right sides
  std::vector<Lanes> column_;
  std::vector<Lanes> row_;
  std::vector<std::int32_t> basic_;  // of each row: columns first, then rows' slacks
  std::vector<std::int32_t> nonbasic_;
  Lanes entering_;
  std::array<std::int32_t, lane_count> pivots_{};
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
