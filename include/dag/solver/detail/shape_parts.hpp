// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <dag/game/batched_games.hpp>
#include <dag/solver/batch_solution.hpp>

namespace dag::detail {

/// What of `all` belongs to game g.
template <class T>
[[nodiscard]] std::span<T> part_of(std::span<T> all, std::span<const std::int64_t> begin,
                                   std::size_t g) noexcept {
  const auto first = static_cast<std::size_t>(begin[g]);
  return all.subspan(first, static_cast<std::size_t>(begin[g + 1]) - first);
}

/// Games by their shape, each shape's in order, cut into parts of at most `part` games.
struct ShapeParts {
  std::vector<std::size_t> order;
  std::vector<std::size_t> begin{0};

  ShapeParts(const BatchedShapes& games, std::size_t part) : order(games.size()) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto shape = [&](std::size_t g) {
      return std::pair(games.rows()[g], games.columns()[g]);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return shape(a) < shape(b); });
    for (std::size_t k = 1; k <= order.size(); ++k) {
      if (k == order.size() || k - begin.back() == part || shape(order[k]) != shape(order[k - 1])) {
        begin.push_back(k);
      }
    }
  }
  [[nodiscard]] std::size_t parts() const noexcept { return begin.size() - 1; }
  [[nodiscard]] std::span<const std::size_t> games(std::size_t part) const noexcept {
    return std::span<const std::size_t>(order).subspan(begin[part], begin[part + 1] - begin[part]);
  }
};

template <class Real>
[[nodiscard]] BatchSolution<Real> room_for(const BatchedShapes& games) {
  BatchSolution<Real> found;
  found.status.resize(games.size());
  found.rounds.resize(games.size());
  found.gap.resize(games.size());
  found.value.resize(games.size());
  found.alone.resize(games.size());
  found.strategies.resize(static_cast<std::size_t>(games.strategy_begin().back()));
  found.strategy_begin.assign(games.strategy_begin().begin(), games.strategy_begin().end());
  found.rows.assign(games.rows().begin(), games.rows().end());
  return found;
}

}  // namespace dag::detail
