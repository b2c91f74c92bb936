// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/core/status.hpp>

namespace dag {

/// What a solve of many small games gives; one entry a game; host memory.
template <class Real>
struct BatchSolution {
  std::vector<Status> status;
  std::vector<std::int32_t> rounds;  ///< of the method: pivots, Newton rounds, iterations
  std::vector<Real> gap;             ///< in payoffs; with entropies: of the game with its entropies
  std::vector<Real> value;           ///< of the row player, in payoffs
  std::vector<Real> strategies;      ///< rows, then columns, game after game
  std::vector<std::int64_t> strategy_begin;
  std::vector<std::int32_t> rows;
  std::vector<std::uint8_t> alone;  ///< 1: left to the solver of single games (on the CPU)

  [[nodiscard]] std::span<const Real> strategy(std::size_t game, int player) const {
    const auto first = static_cast<std::size_t>(strategy_begin[game]);
    const auto middle = first + static_cast<std::size_t>(rows[game]);
    const auto end = static_cast<std::size_t>(strategy_begin[game + 1]);
    const std::span<const Real> all = strategies;
    return player == 0 ? all.subspan(first, middle - first) : all.subspan(middle, end - middle);
  }
};

}  // namespace dag
