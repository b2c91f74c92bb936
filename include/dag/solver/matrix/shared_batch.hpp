// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/core/communicator.hpp>
#include <dag/core/error.hpp>
#include <dag/game/batched_games.hpp>
#include <dag/solver/batch_solution.hpp>
#include <dag/solver/matrix/batch.hpp>

namespace dag {

namespace detail {
/// What every game has of its own in a solution: one entry, or one a strategy.
template <class Solution, class Visit>
void for_each_list(Solution& s, Visit&& visit) {
  visit(s.status);
  visit(s.rounds);
  visit(s.gap);
  visit(s.value);
  visit(s.strategies);
  visit(s.alone);
}
}  // namespace detail

/// `solve_batch` over ranks: all ranks have the same games and get the same solutions, by every bit
/// those of one process; rank r of n solves the games from size r / n to size (r + 1) / n. Sent:
/// the solutions of a rank's games to each other rank, about 8 bytes a strategy and 40 a game.
///
/// Errors: those of `solve_batch` on any rank are thrown on all of them (invalid_argument, naming
/// the rank); dimension_mismatch unless all ranks have as many games.
template <Communicator Ranks>
[[nodiscard]] BatchSolution<double> solve_batch(const Ranks& ranks,
                                                const BatchedMatrixGames<double>& games,
                                                const MatrixBatchOptions& options = {}) {
  const std::size_t count = ranks.size(), rank = ranks.rank();
  const auto first = [&](std::size_t r) { return games.size() * r / count; };
  std::vector<detail::Message> from =
      detail::answered(ranks, "solve_batch", [&](std::vector<detail::Message>& to) {
        BatchedMatrixGames<double> mine;
        for (std::size_t g = first(rank); g < first(rank + 1); ++g) {
          const auto begin = static_cast<std::size_t>(games.entry_begin()[g]);
          const auto end = static_cast<std::size_t>(games.entry_begin()[g + 1]);
          mine.add(static_cast<std::size_t>(games.rows()[g]),
                   static_cast<std::size_t>(games.columns()[g]),
                   games.entries().subspan(begin, end - begin));
        }
        const BatchSolution<double> solved = solve_batch(mine, options);
        to[rank].put(static_cast<std::uint64_t>(games.size()));
        detail::for_each_list(solved, [&](const auto& list) { to[rank].put_all(list); });
        std::fill(to.begin(), to.end(), detail::Message(to[rank]));
      });
  BatchSolution<double> all;
  for (std::size_t r = 0; r < count; ++r) {
    const auto size = from[r].get<std::uint64_t>();
    require(size == games.size(), Errc::dimension_mismatch, "solve_batch: rank ", r, " has ", size,
            " games, rank ", rank, " has ", games.size());
    detail::for_each_list(all, [&](auto& list) { from[r].add_all(list); });
  }
  all.strategy_begin.assign(games.strategy_begin().begin(), games.strategy_begin().end());
  all.rows.assign(games.rows().begin(), games.rows().end());
  return all;
}

}  // namespace dag
