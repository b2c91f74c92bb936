// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/game/integer_payoffs.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/integer.hpp>
#include <dag/solver/detail/indifference.hpp>

namespace dag::detail {

[[nodiscard]] inline std::vector<double> unit_payoffs(const IntegerPayoffs& whole) {
  Integer top;
  for (const Integer& entry : whole.entries) {
    top = compare(top, entry) < 0 ? entry : top;
  }
  std::vector<double> unit;
  for (const Integer& entry : whole.entries) {
    unit.push_back(top.is_zero() ? 0.0 : Fraction(entry, top).nearest());
  }
  return unit;
}

/// Each player's payoffs, moved and scaled to [0, 1]: as written, where they lie far from zero.
[[nodiscard]] inline std::vector<std::vector<double>> unit_payoffs(const GameTable& game) {
  std::vector<std::vector<double>> units;
  for (std::size_t i = 0; i < game.payoffs.size(); ++i) {
    const std::vector<double>& payoffs = game.payoffs[i];
    if (has_written_payoffs(game) && PayoffBounds(payoffs).is_far()) {
      units.push_back(unit_payoffs(integer_payoffs(game, i)));
      continue;
    }
    const PayoffExtent extent = payoff_extent(payoffs);
    const double half_range = 0.5 * extent.high - 0.5 * extent.low;
    std::vector<double>& unit = units.emplace_back();
    for (const double payoff : payoffs) {
      unit.push_back(half_range > 0 ? (0.5 * payoff - 0.5 * extent.low) / half_range : 0.0);
    }
  }
  return units;
}

/// The indifference system of one choice of supports over a product of simplices: of each player
/// rows of what a strategy earns more than the first one of the support, a value for each choice of
/// corners of the others' simplices (affine in each). An equilibrium with these supports has all
/// weights positive, equations 0 and the other rows not above 0.
struct SupportChart {
  struct Row {
    std::vector<double> values;
    bool equation = false;
  };
  /// Values up to this are 0, in units of the payoff range.
  static constexpr double margin = 1e-13;

  SupportChart() = default;
  /// units: each player's payoffs in the table's order, all in [0, 1].
  SupportChart(std::span<const std::size_t> sizes, const std::vector<std::vector<double>>& units,
               const std::vector<std::vector<std::size_t>>& supports)
      : rows(supports.size()) {
    const std::size_t players = supports.size();
    std::vector<std::size_t> strides(players);
    std::size_t product = 1;
    for (std::size_t j = 0; j < players; ++j) {
      strides[j] = product;
      product *= sizes[j];
      corners.push_back(supports[j].size());
      std::vector<double>& one = embed.emplace_back(corners[j] * corners[j], 0.0);
      for (std::size_t a = 0; a < corners[j]; ++a) {
        one[a * corners[j] + a] = 1.0;
      }
    }
    weights = corners;
    std::vector<std::size_t> at;  // of each choice of the others' strategies, own strategy 0
    for (std::size_t i = 0; i < players; ++i) {
      at.assign(1, 0);
      for (std::size_t j = 0; j < players; ++j) {
        if (j == i) {
          continue;
        }
        const std::size_t before = at.size();
        at.resize(before * corners[j]);
        for (std::size_t a = corners[j]; a-- > 0;) {
          for (std::size_t k = 0; k < before; ++k) {
            at[a * before + k] = at[k] + strides[j] * supports[j][a];
          }
        }
      }
      const std::size_t first = supports[i][0];
      std::size_t next = 0;
      for (int outside = 0; outside < 2; ++outside) {
        next = 0;
        for (std::size_t s = 0; s < sizes[i]; ++s) {
          const bool mine = next < supports[i].size() && supports[i][next] == s;
          next += mine ? 1 : 0;
          if (s == first || mine == (outside == 1)) {
            continue;
          }
          Row row{{}, mine};
          row.values.reserve(at.size());
          for (const std::size_t k : at) {
            row.values.push_back(units[i][k + strides[i] * s] - units[i][k + strides[i] * first]);
          }
          rows[i].push_back(std::move(row));
        }
      }
    }
  }

  [[nodiscard]] std::size_t players() const noexcept { return corners.size(); }
  /// Of player j's corner in player i's rows.
  [[nodiscard]] std::size_t stride(std::size_t i, std::size_t j) const noexcept {
    std::size_t product = 1;
    for (std::size_t l = 0; l < j; ++l) {
      product *= l == i ? 1 : corners[l];
    }
    return product;
  }
  /// True if some value of player i's row changes with player j's corner.
  [[nodiscard]] bool depends(std::size_t i, const std::vector<double>& values,
                             std::size_t j) const {
    if (j == i || corners[j] < 2) {
      return false;
    }
    const std::size_t apart = stride(i, j);
    for (std::size_t k = 0; k < values.size(); ++k) {
      const std::size_t a = k / apart % corners[j];
      if (std::abs(values[k] - values[k - a * apart]) > margin) {
        return true;
      }
    }
    return false;
  }

  /// Leaves player j a simplex with other corners: `count` rows of weights on the corners so far.
  void restrict_to(std::size_t j, const std::vector<double>& mixes, std::size_t count) {
    const std::size_t old = corners[j];
    for (std::size_t i = 0; i < players(); ++i) {
      if (i == j) {
        continue;
      }
      const std::size_t apart = stride(i, j);
      for (Row& row : rows[i]) {
        std::vector<double> mixed(row.values.size() / old * count);
        for (std::size_t k = 0; k < mixed.size(); ++k) {
          const std::size_t inner = k % apart;
          const std::size_t b = k / apart % count;
          const std::size_t outer = k / (apart * count);
          double sum = 0.0;
          for (std::size_t a = 0; a < old; ++a) {
            sum += mixes[b * old + a] * row.values[(outer * old + a) * apart + inner];
          }
          mixed[k] = std::abs(sum) > margin ? sum : 0.0;
        }
        row.values = std::move(mixed);
      }
    }
    std::vector<double> to(count * weights[j], 0.0);
    for (std::size_t b = 0; b < count; ++b) {
      for (std::size_t a = 0; a < old; ++a) {
        for (std::size_t w = 0; w < weights[j]; ++w) {
          to[b * weights[j] + w] += mixes[b * old + a] * embed[j][a * weights[j] + w];
        }
      }
    }
    embed[j] = std::move(to);
    corners[j] = count;
  }

  std::vector<std::size_t> corners;        ///< of each player's simplex
  std::vector<std::size_t> weights;        ///< strategies of each player's support
  std::vector<std::vector<double>> embed;  ///< player: of each corner, weights over the support
  std::vector<std::vector<Row>> rows;      ///< player: equations first
  /// Where corners have become one: the player, and the corners that she had.
  std::vector<std::pair<std::size_t, std::vector<double>>> free;
  std::size_t free_dimension = 0;
  bool is_end = false;  ///< of the set in another chart, perhaps
};

}  // namespace dag::detail
