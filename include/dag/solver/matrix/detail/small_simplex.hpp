// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <dag/detail/config.hpp>
#include <dag/game/batched_games.hpp>
#include <dag/numeric/lane_vector.hpp>
#include <dag/numeric/lanes.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

/// The simplex method for zero-sum games of one shape, 1 to 64 strategies a player, one game after
/// the other in one dense table.
///
/// With B = 1.5 - (A - middle) / range, in [1, 2]: max 1'u subject to B'u <= 1, u >= 0; from it
/// x = u / sum u, and y from the dual. Dantzig's rule: the largest reduced cost, the smallest
/// ratio, both to 46 bits, the first of equals. A row of A is a line of the table, so that payoffs
/// are read as they lie and an update is one vector instruction for `lane_step` of their columns.
/// A pivot is three calls, each of which waits for what the one before it found: `price`, `bound`,
/// `exchange`. A caller with several games in turn hides that.
/// Memory: (rows + 4)(columns + lane_step + 3) doubles; after the constructor nothing is allocated.
class SmallSimplex {
 public:
  SmallSimplex(std::size_t rows, std::size_t columns)
      : rows_(rows),
        columns_(columns),
        line_(whole_lanes(columns)),
        memory_(((rows + 1) * line_ + 2 * whole_lanes(rows)) / lane_count + 1),
        basic_(line_),
        nonbasic_(whole_lanes(rows)) {}

  /// What 1 / range needs; other games are for other methods.
  [[nodiscard]] static bool takes(double range) noexcept { return range > 1e-290 && range < 1e290; }

  /// Begins with a game: row-major payoffs, the middle and the difference of the smallest and the
  /// largest; `takes(range)`. The row that is best against the uniform strategy enters first: all
  /// costs are equal, and it saves a fifth of the pivots of random games of 8 x 8.
  void load(std::span<const double> payoffs, double middle, double range) noexcept {
    const double scale = 1 / range;
    const std::size_t whole = columns_ - columns_ % lane_step;
    for (std::size_t i = 0; i < rows_; ++i) {
      const double* const from = &payoffs[i * columns_];
      double* const to = table() + i * line_;
      LaneVector sums{};
      for (std::size_t j = 0; j < whole; j += lane_step) {
        const LaneVector b = 1.5 - (load_lanes(from + j) - middle) * scale;
        sums += b;
        store_lanes(b, to + j);
      }
      double sum = whole > 0 ? sum_of_lanes(sums) : 0;
      for (std::size_t j = whole; j < columns_; ++j) {
        to[j] = 1.5 - (from[j] - middle) * scale;
        sum += to[j];
      }
      cost()[i] = 2 * static_cast<double>(columns_) - sum;
    }
    for (std::size_t j = 0; j < line_; j += lane_step) {
      store_lanes(load_lanes(&places[j]) + static_cast<std::int64_t>(rows_), &basic_[j]);
      store_lanes(all_lanes(1.0), side() + j);
    }
    LaneVector best{};
    for (std::size_t i = 0; i < rows_; i += lane_step) {
      const LaneIntegers here = load_lanes(&places[i]);
      best = larger_lanes(with_place_from_last(load_lanes(cost() + i), here), best);
      store_lanes(here, &nonbasic_[i]);
    }
    enters_ = most - 1 - place_in(largest_lane(best));
    std::fill_n(cost(), rows_, 1.0);
    pivots_ = 0;
  }
  [[nodiscard]] std::int32_t pivots() const noexcept { return pivots_; }

  /// After an exchange: the reduced costs, and the row that enters next. false: none, the end.
  [[nodiscard]] bool price() noexcept {
    double* const costs = cost();
    const double* const pivot_column = this->pivot_column();
    const LaneIntegers entered = all_lanes(static_cast<std::int64_t>(enters_));
    LaneVector best{};
    for (std::size_t i = 0; i < rows_; i += lane_step) {
      const LaneIntegers here = load_lanes(&places[i]);
      const LaneVector after = load_lanes(costs + i) - cost_step_ * load_lanes(pivot_column + i);
      const LaneVector c = here == entered ? all_lanes(-cost_step_) : after;
      store_lanes(c, costs + i);
      best = larger_lanes(with_place_from_last(c, here), best);
    }
    const double found = largest_lane(best);
    enters_ = most - 1 - place_in(found);
    return found > 1e-11;
  }

  /// Where the entering row's pivot is. false: no ratio bounds it, which is rounding.
  [[nodiscard]] bool bound() noexcept {
    constexpr double none = 1e300;
    const double* const entering = table() + enters_ * line_;
    LaneVector least = all_lanes(none);
    for (std::size_t j = 0; j < line_; j += lane_step) {
      const LaneVector slope = load_lanes(entering + j);
      const LaneVector ratio = slope > 1e-11 ? load_lanes(side() + j) / slope : all_lanes(none);
      least = smaller_lanes(with_place(ratio, load_lanes(&places[j])), least);
    }
    const double found = smallest_lane(least);
    if (!(found < 0.5 * none)) {
      return false;
    }
    leaves_ = place_in(found);
    inverse_ = 1 / entering[leaves_];
    return true;
  }

  /// The pivot: T -= t f' with t the pivot's column of the table, f = entering row / pivot, and
  /// 1 - 1 / pivot in the pivot's place.
  void exchange() noexcept {
    cost_step_ = cost()[enters_] * inverse_;
    if (line_ == lane_step) {
      update<lane_step>();
    } else if (line_ == 2 * lane_step) {
      update<2 * lane_step>();
    } else {
      update<0>();
    }
    std::swap(basic_[leaves_], nonbasic_[enters_]);
    ++pivots_;
  }

  /// The strategies after the last `price`, rows, then columns, each of sum 1.
  void read(std::span<double> strategies) const noexcept {
    // Every variable is basic or not: all entries are written, and without branches.
    const LaneIntegers first_slack = all_lanes(static_cast<std::int64_t>(rows_));
    std::array<double, most> of_basic, of_nonbasic;
    LaneVector x_sum{};
    LaneVector y_sum{};
    for (std::size_t j = 0; j < line_; j += lane_step) {
      const LaneVector p = larger_lanes(load_lanes(side() + j), LaneVector{});
      const LaneVector x = load_lanes(&basic_[j]) < first_slack ? p : LaneVector{};
      store_lanes(x, &of_basic[j]);
      x_sum += x;
    }
    for (std::size_t i = 0; i < rows_; i += lane_step) {
      const LaneVector p = larger_lanes(-load_lanes(cost() + i), LaneVector{});
      const LaneVector y = load_lanes(&nonbasic_[i]) < first_slack ? LaneVector{} : p;
      store_lanes(y, &of_nonbasic[i]);
      y_sum += y;
    }
    const double x_scale = 1 / sum_of_lanes(x_sum);
    const double y_scale = 1 / sum_of_lanes(y_sum);
    for (std::size_t j = 0; j < columns_; ++j) {
      strategies[static_cast<std::size_t>(basic_[j])] = of_basic[j] * x_scale;
    }
    for (std::size_t i = 0; i < rows_; ++i) {
      strategies[static_cast<std::size_t>(nonbasic_[i])] = of_nonbasic[i] * y_scale;
    }
  }

 private:
  static constexpr std::size_t most = BatchedShapes::most;
  static constexpr std::int64_t last_place = most - 1;
  static_assert((most & (most - 1)) == 0, "places are the last bits of a number");
  /// 0, 1, 2, ...
  alignas(64) static constexpr std::array<std::int64_t, most> places = [] {
    std::array<std::int64_t, most> out{};
    std::iota(out.begin(), out.end(), std::int64_t{0});
    return out;
  }();
  /// The last six bits of the numbers replaced by their place, so that the smallest number says
  /// where it was; by `last_place` less it, so that of equal largest ones the first is found.
  [[nodiscard]] static LaneVector with_place(LaneVector a, LaneIntegers place) noexcept {
    return lanes_of_bits((bits_of_lanes(a) & ~last_place) | place);
  }
  [[nodiscard]] static LaneVector with_place_from_last(LaneVector a, LaneIntegers place) noexcept {
    return lanes_of_bits((bits_of_lanes(a) | last_place) ^ place);
  }
  [[nodiscard]] static std::size_t place_in(double a) noexcept {
    return static_cast<std::size_t>(std::bit_cast<std::int64_t>(a) & last_place);
  }
  [[nodiscard]] static std::size_t whole_lanes(std::size_t count) noexcept {
    return (count + lane_step - 1) / lane_step * lane_step;
  }

  /// `known_line`: line_, where the compiler is to know it.
  template <std::size_t known_line>
  void update() noexcept {
    const std::size_t line = known_line > 0 ? known_line : line_;
    const std::size_t rows = rows_;
    const std::size_t r = leaves_;
    double* const table = this->table();
    double* const entering = table + enters_ * line;
    double* const side = this->side();
    double* const pivot_column = this->pivot_column();
    const LaneIntegers here = all_lanes(static_cast<std::int64_t>(r));
    std::array<LaneVector, most / lane_step> factor;
    const double s = side[r];
    for (std::size_t j = 0; j < line; j += lane_step) {
      LaneVector& f = factor[j / lane_step];
      f = load_lanes(&places[j]) == here ? all_lanes(1 - inverse_)
                                         : load_lanes(entering + j) * inverse_;
      store_lanes(load_lanes(side + j) - f * s, side + j);
    }
    const auto take = [&]<std::size_t count>(std::size_t first) {
      double* const entries = table + first * line;
      std::array<LaneVector, count> t;
      for (std::size_t k = 0; k < count; ++k) {
        t[k] = all_lanes(entries[k * line + r]);
      }
      for (std::size_t j = 0; j < line; j += lane_step) {
        const LaneVector f = factor[j / lane_step];
        for (std::size_t k = 0; k < count; ++k) {
          double* const entry = entries + k * line + j;
          store_lanes(load_lanes(entry) - f * t[k], entry);
        }
      }
    };
    // The column as vectors: `price` soon loads it so, and would wait for numbers stored singly.
    // Rows in one pass over the factors. Vectors of eight were faster without (measured).
    constexpr std::size_t together = lane_step < 8 ? 4 : 1;
    constexpr std::size_t block = std::max(together, lane_step);
    std::size_t i = 0;
    for (; i + block <= rows; i += block) {
      for (std::size_t k = i; k < i + block; k += lane_step) {
        const double* const from = table + k * line + r;
        store_lanes(lanes_of([&](std::size_t l) { return from[l * line]; }), pivot_column + k);
      }
      for (std::size_t k = i; k < i + block; k += together) {
        take.template operator()<together>(k);
      }
    }
    for (; i < rows; ++i) {
      pivot_column[i] = table[i * line + r];
      take.template operator()<1>(i);
    }
    for (std::size_t j = 0; j < line; j += lane_step) {
      store_lanes(load_lanes(&places[j]) == here ? all_lanes(inverse_) : -factor[j / lane_step],
                  entering + j);
    }
  }

  // In this order: a line a row of A, the right sides, the reduced costs, the pivot's column.
  [[nodiscard]] double* table() noexcept { return memory_[0].at.data(); }
  [[nodiscard]] double* side() noexcept { return table() + rows_ * line_; }
  [[nodiscard]] double* cost() noexcept { return side() + line_; }
  [[nodiscard]] double* pivot_column() noexcept { return cost() + whole_lanes(rows_); }
  [[nodiscard]] const double* side() const noexcept { return memory_[0].at.data() + rows_ * line_; }
  [[nodiscard]] const double* cost() const noexcept { return side() + line_; }

  std::size_t rows_;
  std::size_t columns_;
  std::size_t line_;  ///< from one row of A to the next
  std::vector<Lanes> memory_;
  std::vector<std::int64_t> basic_;  ///< of each column of A: rows' variables first, then slacks
  std::vector<std::int64_t> nonbasic_;
  std::size_t enters_ = 0, leaves_ = 0;
  double inverse_ = 1, cost_step_ = 0;
  std::int32_t pivots_ = 0;
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
