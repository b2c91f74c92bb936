// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/detail/config.hpp>
#include <dag/game/batched_games.hpp>
#include <dag/numeric/lane_vector.hpp>
#include <dag/numeric/lanes.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

/// 0, 1, ... 63 and 63, 62, ... 0.
struct SmallPlaces {
  static constexpr std::size_t most = BatchedShapes::most;
  static_assert(most == 64);
  std::array<std::int64_t, most> first_first{}, last_first{};
  constexpr SmallPlaces() {
    for (std::size_t i = 0; i < most; ++i) {
      first_first[i] = static_cast<std::int64_t>(i);
      last_first[i] = static_cast<std::int64_t>(most - 1 - i);
    }
  }
};

/// The simplex method for zero-sum games of one shape, 1 to 64 strategies a player, one game after
/// the other in one dense table.
///
/// With B = 1.5 - (A - middle) / range, in [1, 2]: max 1'u subject to B'u <= 1, u >= 0; from it
/// x = u / sum u, and y from the dual. Dantzig's rule: the largest reduced cost, the smallest
/// ratio, both to 46 bits, the first of equals. A row of A is a line of the table, so that payoffs
/// are read as they lie and an update is one vector instruction for `lane_step` of their columns.
/// A pivot is three calls, each of which waits for what the one before it found: `price`, `bound`,
/// `exchange`. A caller with several games in turn hides that.
/// Memory: (rows + 4)(columns + lane_step) doubles; after the constructor nothing is allocated.
class SmallSimplex {
 public:
  SmallSimplex(std::size_t rows, std::size_t columns)
      : rows_(rows),
        columns_(columns),
        line_(whole_lanes(columns)),
        memory_(((rows + 1) * line_ + 2 * whole_lanes(rows)) / lane_count + 1),
        basic_(columns),
        nonbasic_(rows) {}

  /// What 1 / range needs; other games are for other methods.
  [[nodiscard]] static bool takes(double range) noexcept { return range > 1e-290 && range < 1e290; }

  /// Begins with a game: row-major payoffs, the middle and the difference of the smallest and the
  /// largest; `takes(range)`. The first row enters: all costs are equal.
  void load(std::span<const double> payoffs, double middle, double range) noexcept {
    const double scale = 1 / range;
    const std::size_t whole = columns_ - columns_ % lane_step;
    for (std::size_t i = 0; i < rows_; ++i) {
      const double* const from = &payoffs[i * columns_];
      double* const to = table() + i * line_;
      for (std::size_t j = 0; j < whole; j += lane_step) {
        store_lanes(1.5 - (load_lanes(from + j) - middle) * scale, to + j);
      }
      for (std::size_t j = whole; j < columns_; ++j) {
        to[j] = 1.5 - (from[j] - middle) * scale;
      }
      nonbasic_[i] = static_cast<std::uint8_t>(i);
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      basic_[j] = static_cast<std::uint8_t>(rows_ + j);
    }
    std::fill_n(side(), line_, 1.0);
    std::fill_n(cost(), rows_, 1.0);
    enters_ = 0;
    pivots_ = 0;
  }
  [[nodiscard]] std::int32_t pivots() const noexcept { return pivots_; }

  /// After an exchange: the reduced costs, and the row that enters next. false: none, the end.
  [[nodiscard]] bool price() noexcept {
    double* const costs = cost();
    const double* const pivot_column = this->pivot_column();
    LaneVector best{};
    for (std::size_t i = 0; i < rows_; i += lane_step) {
      const LaneVector c = load_lanes(costs + i) - cost_step_ * load_lanes(pivot_column + i);
      store_lanes(c, costs + i);
      best = larger_lanes(with_place(c, load_lanes(&places.last_first[i])), best);
    }
    const double found = largest_lane(best);
    enters_ = 63 - place_in(found);
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
      least = smaller_lanes(with_place(ratio, load_lanes(&places.first_first[j])), least);
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
    cost()[enters_] = 0;
    pivot_column()[enters_] = 1;
    std::swap(basic_[leaves_], nonbasic_[enters_]);
    ++pivots_;
  }

  /// The strategies after the last `price`, rows, then columns, each of sum 1.
  void read(std::span<double> strategies) const noexcept {
    // Every variable is basic or not: all entries are written, and without branches.
    const auto positive_if = [](bool wanted, double a) {
      const auto bits = std::bit_cast<std::int64_t>(a);
      return std::bit_cast<double>(bits & ~(bits >> 63) & -std::int64_t{wanted});
    };
    double x_sum = 0;
    double y_sum = 0;
    for (std::size_t j = 0; j < columns_; ++j) {
      const std::size_t variable = basic_[j];
      const double p = positive_if(variable < rows_, side()[j]);
      strategies[variable] = p;
      x_sum += p;
    }
    for (std::size_t i = 0; i < rows_; ++i) {
      const std::size_t variable = nonbasic_[i];
      const double p = positive_if(variable >= rows_, -cost()[i]);
      strategies[variable] = p;
      y_sum += p;
    }
    const double x_scale = 1 / x_sum;
    const double y_scale = 1 / y_sum;
    for (std::size_t i = 0; i < rows_; ++i) {
      strategies[i] *= x_scale;
    }
    for (std::size_t j = rows_; j < strategies.size(); ++j) {
      strategies[j] *= y_scale;
    }
  }

 private:
  static constexpr SmallPlaces places{};
  static constexpr std::size_t most = SmallPlaces::most;
  /// The last six bits of the numbers replaced, so that the smallest number says where it was.
  [[nodiscard]] static LaneVector with_place(LaneVector a, LaneIntegers place) noexcept {
    return lanes_of_bits((bits_of_lanes(a) & ~std::int64_t{63}) | place);
  }
  [[nodiscard]] static std::size_t place_in(double a) noexcept {
    return static_cast<std::size_t>(std::bit_cast<std::int64_t>(a) & 63);
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
      f = load_lanes(&places.first_first[j]) == here ? all_lanes(1 - inverse_)
                                                     : load_lanes(entering + j) * inverse_;
      store_lanes(load_lanes(side + j) - f * s, side + j);
    }
    const auto take = [&]<std::size_t count>(std::size_t i) {
      double* const entries = table + i * line;
      std::array<LaneVector, count> t;
      for (std::size_t k = 0; k < count; ++k) {
        pivot_column[i + k] = entries[k * line + r];
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
    std::size_t i = 0;
    for (; i + 4 <= rows; i += 4) {
      take.template operator()<4>(i);
    }
    for (; i < rows; ++i) {
      take.template operator()<1>(i);
    }
    for (std::size_t j = 0; j < line; j += lane_step) {
      store_lanes(
          load_lanes(&places.first_first[j]) == here ? all_lanes(inverse_) : -factor[j / lane_step],
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
  std::vector<std::uint8_t> basic_;  ///< of each column of A: rows' variables first, then slacks
  std::vector<std::uint8_t> nonbasic_;
  std::size_t enters_ = 0, leaves_ = 0;
  double inverse_ = 1, cost_step_ = 0;
  std::int32_t pivots_ = 0;
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
