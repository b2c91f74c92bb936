// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <dag/solver/table/detail/support_chart.hpp>

namespace dag::detail {

/// Charts that together hold the equilibria of one choice of supports and are simpler than it.
///
/// A row is a polynomial affine in each player's weights, so its factors share no player. Factors
/// of one sign are positive (negative) wherever all is played, and are dropped; an equation left
/// with none has no root, and one left with several is a chart for each. An equation in one
/// player's weights alone that cuts off a single corner leaves a smaller simplex. Rows that are 0
/// everywhere or follow from others are dropped, and corners that no row tells apart become one.
/// Factors are found up to `SupportChart::margin`.
class ChartReduction {
 public:
  [[nodiscard]] static std::vector<SupportChart> charts(SupportChart whole) {
    std::vector<SupportChart> done;
    std::vector<SupportChart> open;
    open.push_back(std::move(whole));
    while (!open.empty()) {
      SupportChart chart = std::move(open.back());
      open.pop_back();
      const bool may_branch = open.size() + done.size() < most_charts;
      Outcome outcome = Outcome::changed;
      while (outcome == Outcome::changed) {
        outcome = pass(chart, may_branch, open);
      }
      if (outcome == Outcome::done && drop_apex(chart)) {
        open.push_back(std::move(chart));  // which may be simpler now
      } else if (outcome == Outcome::done) {
        merge_equal(chart);
        done.push_back(std::move(chart));
      }
    }
    return done;
  }

 private:
  enum class Outcome { done, changed, gone };
  enum class Sign { negative, mixed, positive };
  static constexpr std::size_t most_charts = 64;
  static constexpr double margin = SupportChart::margin;
  using Values = std::vector<double>;

  [[nodiscard]] static Sign sign(const Values& values) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    return *least >= -margin ? Sign::positive : *most <= margin ? Sign::negative : Sign::mixed;
  }

  /// Looks at every row once.
  static Outcome pass(SupportChart& chart, bool may_branch, std::vector<SupportChart>& open) {
    for (std::size_t i = 0; i < chart.players(); ++i) {
      for (std::size_t r = 0; r < chart.rows[i].size();) {
        SupportChart::Row& row = chart.rows[i][r];
        const auto drop = [&] {
          chart.rows[i].erase(chart.rows[i].begin() + static_cast<std::ptrdiff_t>(r));
        };
        double size = 0.0;
        for (const double value : row.values) {
          size = std::fmax(size, std::abs(value));
        }
        if (!(size > margin)) {
          drop();
          continue;
        }
        const Sign whole = sign(row.values);
        if (whole != Sign::mixed) {
          if (row.equation || whole == Sign::positive) {
            return Outcome::gone;
          }
          drop();
          continue;
        }
        bool positive = true;
        std::vector<Values> factors = factors_of(chart, i, row.values);
        const std::size_t all = factors.size();
        std::erase_if(factors, [&](const Values& factor) {
          const Sign one = sign(factor);
          positive = positive != (one == Sign::negative);
          return one != Sign::mixed;
        });
        if (!row.equation && factors.size() < all) {
          row.values.assign(row.values.size(), positive ? 1.0 : -1.0);
          for (const Values& factor : factors) {
            for (std::size_t k = 0; k < factor.size(); ++k) {
              row.values[k] *= factor[k];
            }
          }
        } else if (row.equation && factors.size() == 1) {
          row.values = std::move(factors[0]);
        } else if (row.equation && factors.size() > 1 && may_branch) {
          for (Values& factor : factors) {
            SupportChart& branch = open.emplace_back(chart);
            branch.rows[i][r].values = std::move(factor);
          }
          return Outcome::gone;
        }
        if (row.equation ? restricted(chart, i, r) : may_branch && bounded(chart, i, r, open)) {
          drop();
          return Outcome::changed;
        }
        ++r;
      }
      drop_dependent(chart.rows[i]);
    }
    return Outcome::done;
  }

  /// Values over the same choices of corners whose product is the given ones, each of other
  /// players' corners; no factor can be split.
  [[nodiscard]] static std::vector<Values> factors_of(const SupportChart& chart, std::size_t i,
                                                      const Values& values) {
    std::vector<Values> whole;
    std::vector<Values> open{values};
    while (!open.empty()) {
      Values factor = std::move(open.back());
      open.pop_back();
      std::vector<std::size_t> in;
      for (std::size_t j = 0; j < chart.players(); ++j) {
        if (chart.depends(i, factor, j)) {
          in.push_back(j);
        }
      }
      bool split = false;
      // Bits: which of the players but the first are beside her in the first factor.
      for (std::size_t set = 0;
           in.size() > 1 && !split && set + 1 < std::size_t{1} << (in.size() - 1); ++set) {
        split = split_in(chart, i, factor, in, set, open);
      }
      if (!split) {
        whole.push_back(std::move(factor));
      }
    }
    return whole;
  }

  static bool split_in(const SupportChart& chart, std::size_t i, const Values& values,
                       const std::vector<std::size_t>& in, std::size_t set,
                       std::vector<Values>& factors) {
    std::size_t pivot = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      pivot = std::abs(values[k]) > std::abs(values[pivot]) ? k : pivot;
    }
    Values first(values.size());
    Values second(values.size());
    const double scale = values[pivot];
    for (std::size_t k = 0; k < values.size(); ++k) {
      std::size_t one = pivot;  // the first factor's corners as in k
      std::size_t two = pivot;
      for (std::size_t n = 0; n < in.size(); ++n) {
        const std::size_t apart = chart.stride(i, in[n]);
        const std::size_t count = chart.corners[in[n]];
        std::size_t& moved = n == 0 || (set >> (n - 1) & 1U) != 0 ? one : two;
        moved += apart * (k / apart % count);
        moved -= apart * (pivot / apart % count);
      }
      first[k] = values[one] / scale;
      second[k] = values[two];
      if (std::abs(first[k] * second[k] - values[k]) > margin) {
        return false;
      }
    }
    factors.push_back(std::move(first));
    factors.push_back(std::move(second));
    return true;
  }

  /// A row in one player's weights alone: hers, and what the row is at her corners.
  struct Linear {
    std::size_t player = 0;
    std::vector<double> at;
    std::vector<std::size_t> above;
    std::vector<std::size_t> below;
  };
  static bool is_linear(const SupportChart& chart, std::size_t i, const Values& values,
                        Linear& linear) {
    linear.player = chart.players();
    for (std::size_t j = 0; j < chart.players(); ++j) {
      if (chart.depends(i, values, j)) {
        if (linear.player < chart.players()) {
          return false;
        }
        linear.player = j;
      }
    }
    if (linear.player == chart.players()) {
      return false;
    }
    const std::size_t apart = chart.stride(i, linear.player);
    for (std::size_t a = 0; a < chart.corners[linear.player]; ++a) {
      const double value = values[a * apart];
      linear.at.push_back(std::abs(value) > margin ? value : 0.0);
      if (linear.at[a] > 0.0) {
        linear.above.push_back(a);
      } else if (linear.at[a] < 0.0) {
        linear.below.push_back(a);
      }
    }
    return true;
  }
  /// Leaves the player the corners at which the row is 0, the points of edges where it is, and
  /// (`with_below`) the corners at which it is below.
  static void cut(SupportChart& chart, const Linear& linear, bool with_below) {
    const std::size_t old = linear.at.size();
    std::vector<double> mixes;
    const auto corner = [&] {
      mixes.resize(mixes.size() + old, 0.0);
      return mixes.data() + mixes.size() - old;
    };
    for (std::size_t a = 0; a < old; ++a) {
      if (linear.at[a] == 0.0 || (with_below && linear.at[a] < 0.0)) {
        corner()[a] = 1.0;
      }
    }
    for (const std::size_t a : linear.above) {
      for (const std::size_t b : linear.below) {
        double* mix = corner();
        mix[a] = -linear.at[b] / (linear.at[a] - linear.at[b]);
        mix[b] = linear.at[a] / (linear.at[a] - linear.at[b]);
      }
    }
    chart.restrict_to(linear.player, mixes, mixes.size() / old);
  }
  /// If the equation is in one player's weights alone and parts a single corner from others: leaves
  /// her the simplex in which it holds.
  static bool restricted(SupportChart& chart, std::size_t i, std::size_t r) {
    Linear linear;
    if (!is_linear(chart, i, chart.rows[i][r].values, linear) ||
        (linear.above.size() != 1 && linear.below.size() != 1)) {
      return false;
    }
    cut(chart, linear, false);
    return true;
  }
  /// If the row is no equation, in one player's weights alone and below 0 at a single corner:
  /// leaves her the simplex in which it is below, and opens a chart for its end, where it is 0.
  static bool bounded(SupportChart& chart, std::size_t i, std::size_t r,
                      std::vector<SupportChart>& open) {
    Linear linear;
    if (!is_linear(chart, i, chart.rows[i][r].values, linear) || linear.below.size() != 1) {
      return false;
    }
    SupportChart& end = open.emplace_back(chart);
    end.is_end = true;
    end.rows[i].erase(end.rows[i].begin() + static_cast<std::ptrdiff_t>(r));
    cut(end, linear, false);
    cut(chart, linear, true);
    return true;
  }

  /// Drops equations that are sums of multiples of others.
  static void drop_dependent(std::vector<SupportChart::Row>& rows) {
    std::vector<Values> basis;  // each with the place of its pivot, 1
    std::vector<std::size_t> pivots;
    for (std::size_t r = 0; r < rows.size() && rows[r].equation;) {
      Values rest = rows[r].values;
      for (std::size_t b = 0; b < basis.size(); ++b) {
        const double share = rest[pivots[b]];
        for (std::size_t k = 0; k < rest.size(); ++k) {
          rest[k] -= share * basis[b][k];
        }
      }
      std::size_t pivot = 0;
      for (std::size_t k = 0; k < rest.size(); ++k) {
        pivot = std::abs(rest[k]) > std::abs(rest[pivot]) ? k : pivot;
      }
      const double size = rest[pivot];
      if (!(std::abs(size) > 10.0 * margin)) {
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(r));
        continue;
      }
      for (double& value : rest) {
        value /= size;
      }
      basis.push_back(std::move(rest));
      pivots.push_back(pivot);
      ++r;
    }
  }

  /// A corner at which every row that changes with its player's weights is 0 only scales them: the
  /// others, each halfway to it, are left.
  static bool drop_apex(SupportChart& chart) {
    for (std::size_t j = 0; j < chart.players(); ++j) {
      const std::size_t old = chart.corners[j];
      for (std::size_t a = 0; a < old && old > 1; ++a) {
        bool apex = true;
        bool used = false;
        for (std::size_t i = 0; i < chart.players() && apex; ++i) {
          for (const SupportChart::Row& row : chart.rows[i]) {
            if (!chart.depends(i, row.values, j)) {
              continue;
            }
            used = true;
            const std::size_t apart = chart.stride(i, j);
            for (std::size_t k = 0; k < row.values.size() && apex; ++k) {
              apex = k / apart % old != a || std::abs(row.values[k]) <= margin;
            }
          }
        }
        if (!apex || !used) {
          continue;
        }
        std::vector<double> mixes;
        for (std::size_t b = 0; b < old; ++b) {
          for (std::size_t c = 0; c < old && b != a; ++c) {
            mixes.push_back(c == a || c == b ? 0.5 : 0.0);
          }
        }
        ++chart.free_dimension;
        chart.free.emplace_back(j, chart.embed[j]);
        chart.restrict_to(j, mixes, old - 1);
        return true;
      }
    }
    return false;
  }

  /// Corners that no row tells apart become one, in their middle: all of a player's, where her
  /// weights change nothing.
  static void merge_equal(SupportChart& chart) {
    for (std::size_t j = 0; j < chart.players(); ++j) {
      const std::size_t old = chart.corners[j];
      std::vector<std::size_t> same(old);  // the first corner that is as this one
      std::size_t count = 0;
      for (std::size_t a = 0; a < old; ++a) {
        same[a] = 0;
        while (same[a] < a && !is_same(chart, j, same[a], a)) {
          ++same[a];
        }
        count += same[a] == a ? 1U : 0U;
      }
      if (count == old) {
        continue;
      }
      std::vector<double> mixes;
      for (std::size_t first = 0; first < old; ++first) {
        const auto size = std::count(same.begin(), same.end(), first);
        for (std::size_t a = 0; a < old && size > 0; ++a) {
          mixes.push_back(same[a] == first ? 1.0 / static_cast<double>(size) : 0.0);
        }
      }
      chart.free_dimension += old - count;
      chart.free.emplace_back(j, chart.embed[j]);
      chart.restrict_to(j, mixes, count);
    }
  }
  static bool is_same(const SupportChart& chart, std::size_t j, std::size_t a, std::size_t b) {
    for (std::size_t i = 0; i < chart.players(); ++i) {
      const std::size_t apart = i == j ? 0 : chart.stride(i, j);
      for (std::size_t r = 0; r < chart.rows[i].size() && i != j; ++r) {
        const Values& values = chart.rows[i][r].values;
        for (std::size_t k = 0; k < values.size(); ++k) {
          if (k / apart % chart.corners[j] == a &&
              std::abs(values[k] - values[k + (b - a) * apart]) > margin) {
            return false;
          }
        }
      }
    }
    return true;
  }
};

}  // namespace dag::detail
