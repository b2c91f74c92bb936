// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <dag/core/equal_parts.hpp>
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

/// Games by their shape, in parts of at most 256.
[[nodiscard]] inline EqualParts shape_parts(const BatchedShapes& games) {
  return {games.size(), 256,
          [&](std::size_t g) { return std::pair(games.rows()[g], games.columns()[g]); }};
}

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
