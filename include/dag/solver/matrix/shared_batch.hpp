// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

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
        for (detail::Message& message : to) {
          message.put(static_cast<std::uint64_t>(games.size()));
          message.put_all(solved.status);
          message.put_all(solved.rounds);
          message.put_all(solved.gap);
          message.put_all(solved.value);
          message.put_all(solved.strategies);
          message.put_all(solved.alone);
        }
      });
  BatchSolution<double> all;
  for (std::size_t r = 0; r < count; ++r) {
    const auto size = from[r].get<std::uint64_t>();
    require(size == games.size(), Errc::dimension_mismatch, "solve_batch: rank ", r, " has ", size,
            " games, rank ", rank, " has ", games.size());
    from[r].add_all(all.status);
    from[r].add_all(all.rounds);
    from[r].add_all(all.gap);
    from[r].add_all(all.value);
    from[r].add_all(all.strategies);
    from[r].add_all(all.alone);
  }
  all.strategy_begin.assign(games.strategy_begin().begin(), games.strategy_begin().end());
  all.rows.assign(games.rows().begin(), games.rows().end());
  return all;
}

}  // namespace dag
