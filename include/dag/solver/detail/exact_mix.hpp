// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/numeric/integer.hpp>

namespace dag::detail {

/// A mixed strategy without rounding, and what it makes of the other player's strategies:
/// probability s is weights[s] / total, other strategy s earns shortfalls[s] / total (in units of
/// the entries) less than the best one.
struct ExactMix {
  std::vector<Integer> weights;
  std::vector<Integer> shortfalls;
  Integer total;

  [[nodiscard]] double probability(std::size_t s) const {
    return weights[s].is_zero() ? 0.0 : nearest_double(weights[s].size(), total.size());
  }
  [[nodiscard]] std::vector<double> strategy() const {
    std::vector<double> strategy(weights.size());
    for (std::size_t s = 0; s < strategy.size(); ++s) {
      strategy[s] = probability(s);
    }
    return strategy;
  }
  [[nodiscard]] std::vector<Fraction> fractions() const {
    std::vector<Fraction> fractions;
    for (const Integer& weight : weights) {
      fractions.emplace_back(weight, total);
    }
    return fractions;
  }
};

/// True if every strategy of both is unplayed or a best reply: (x, y) is an equilibrium.
[[nodiscard]] inline bool complementary(const ExactMix& x, const ExactMix& y) {
  for (std::size_t s = 0; s < x.weights.size(); ++s) {
    if (!x.weights[s].is_zero() && !y.shortfalls[s].is_zero()) {
      return false;
    }
  }
  for (std::size_t s = 0; s < y.weights.size(); ++s) {
    if (!y.weights[s].is_zero() && !x.shortfalls[s].is_zero()) {
      return false;
    }
  }
  return true;
}

/// The square system of one pair of supports (see `IndifferenceSystem`) in whole numbers: Gauss and
/// Jordan's elimination without fractions (Bareiss 1968), so that entries stay minors of the
/// matrix. Keeps its memory from one solve to the next.
class ExactSystem {
 public:
  /// False if the system is singular. Otherwise weights and payoff over one positive total.
  [[nodiscard]] bool solve(std::span<const Integer> matrix, std::size_t stride,
                           std::span<const std::size_t> rows, std::span<const std::size_t> columns,
                           bool transposed) {
    const std::size_t k = rows.size();
    const std::size_t n = k + 1;
    const std::size_t width = n + 1;
    entries_.assign(n * width, Integer());
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j < k; ++j) {
        entries_[transposed ? j * width + i : i * width + j] =
            matrix[rows[i] * stride + columns[j]];
      }
      entries_[i * width + k] = -1;
      entries_[k * width + i] = 1;
    }
    entries_[k * width + n] = 1;
    Integer before = 1;
    for (std::size_t step = 0; step < n; ++step) {
      std::size_t pivot = step;
      while (pivot < n && entries_[pivot * width + step].is_zero()) {
        ++pivot;
      }
      if (pivot == n) {
        return false;
      }
      for (std::size_t j = 0; pivot != step && j < width; ++j) {
        std::swap(entries_[pivot * width + j], entries_[step * width + j]);
      }
      const Integer top = entries_[step * width + step];
      for (std::size_t i = 0; i < n; ++i) {
        if (i == step) {
          continue;
        }
        const Integer factor = entries_[i * width + step];
        for (std::size_t j = step + 1; j < width; ++j) {
          entries_[i * width + j] = cross_divide(entries_[i * width + j], top, factor,
                                                 entries_[step * width + j], before);
        }
      }
      before = top;
    }
    total_ = before;
    solution_.clear();
    for (std::size_t i = 0; i < n; ++i) {
      const Integer& entry = entries_[i * width + n];
      solution_.push_back(total_.sign() < 0 ? entry.negated() : entry);
    }
    total_ = total_.sign() < 0 ? total_.negated() : total_;
    return true;
  }
  [[nodiscard]] const Integer& weight(std::size_t k) const noexcept { return solution_[k]; }
  [[nodiscard]] const Integer& payoff() const noexcept { return solution_.back(); }
  [[nodiscard]] const Integer& total() const noexcept { return total_; }

 private:
  std::vector<Integer> entries_;
  std::vector<Integer> solution_;
  Integer total_;
};

/// The strategy at which the supports' system holds, if it has one and the strategy is feasible:
/// no negative weight, no better reply outside. `payoff` is the opponent's of the player who plays.
[[nodiscard]] inline bool exact_mix(std::span<const Integer> payoff, std::size_t rows,
                                    std::size_t columns, std::span<const std::size_t> row_support,
                                    std::span<const std::size_t> column_support, bool row_plays,
                                    ExactSystem& system, ExactMix& mix) {
  if (!system.solve(payoff, columns, row_support, column_support, row_plays)) {
    return false;
  }
  const std::span<const std::size_t> mine = row_plays ? row_support : column_support;
  for (std::size_t k = 0; k < mine.size(); ++k) {
    if (system.weight(k).sign() < 0) {
      return false;
    }
  }
  mix.weights.assign(row_plays ? rows : columns, Integer());
  mix.shortfalls.assign(row_plays ? columns : rows, system.payoff());
  mix.total = system.total();
  for (std::size_t k = 0; k < mine.size(); ++k) {
    mix.weights[mine[k]] = system.weight(k);
  }
  for (std::size_t s = 0; s < mix.shortfalls.size(); ++s) {
    Integer& shortfall = mix.shortfalls[s];
    for (std::size_t k = 0; k < mine.size(); ++k) {
      shortfall = shortfall - system.weight(k) * (row_plays ? payoff[mine[k] * columns + s]
                                                            : payoff[s * columns + mine[k]]);
    }
    if (shortfall.sign() < 0) {
      return false;
    }
  }
  return true;
}

}  // namespace dag::detail
