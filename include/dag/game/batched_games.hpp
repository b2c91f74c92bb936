// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/core/error.hpp>

namespace dag {

/// Shapes of many small two-player games, ragged: game g has rows()[g] x columns()[g] profiles from
/// entry_begin()[g] on, and its strategies (rows, then columns) from strategy_begin()[g] on.
class BatchedShapes {
 public:
  static constexpr std::size_t most = 64;

  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] std::span<const std::int32_t> rows() const noexcept { return rows_; }
  [[nodiscard]] std::span<const std::int32_t> columns() const noexcept { return columns_; }
  [[nodiscard]] std::span<const std::int64_t> entry_begin() const noexcept { return entry_begin_; }
  [[nodiscard]] std::span<const std::int64_t> strategy_begin() const noexcept {
    return strategy_begin_;
  }

 protected:
  ~BatchedShapes() = default;
  BatchedShapes() = default;
  BatchedShapes(const BatchedShapes&) = default;
  BatchedShapes(BatchedShapes&&) = default;
  BatchedShapes& operator=(const BatchedShapes&) = default;
  BatchedShapes& operator=(BatchedShapes&&) = default;

  void add_shape(std::size_t rows, std::size_t columns, std::size_t payoffs, const char* type) {
    require(rows >= 1 && rows <= most && columns >= 1 && columns <= most, Errc::dimension_mismatch,
            type, ": 1 to 64 strategies a player, game ", size(), " has ", rows, "x", columns);
    require(payoffs == rows * columns, Errc::dimension_mismatch, type, ": ", payoffs,
            " payoffs for a ", rows, "x", columns, " game");
    rows_.push_back(static_cast<std::int32_t>(rows));
    columns_.push_back(static_cast<std::int32_t>(columns));
    entry_begin_.push_back(entry_begin_.back() + static_cast<std::int64_t>(payoffs));
    strategy_begin_.push_back(strategy_begin_.back() + static_cast<std::int64_t>(rows + columns));
  }

 private:
  std::vector<std::int32_t> rows_;
  std::vector<std::int32_t> columns_;
  std::vector<std::int64_t> entry_begin_{0};
  std::vector<std::int64_t> strategy_begin_{0};
};

/// Many small zero-sum matrix games of 1 to 64 strategies a player, ragged, collected on the host.
/// Errors: dimension_mismatch (shape). Memory: the payoffs, and 24 bytes a game.
template <class Real>
class BatchedMatrixGames : public BatchedShapes {
 public:
  /// Adds a game with row-major payoffs to the (maximising) row player.
  void add(std::size_t rows, std::size_t columns, std::span<const Real> payoffs) {
    add_shape(rows, columns, payoffs.size(), "BatchedMatrixGames");
    entries_.insert(entries_.end(), payoffs.begin(), payoffs.end());
  }
  [[nodiscard]] std::span<const Real> entries() const noexcept { return entries_; }

 private:
  std::vector<Real> entries_;
};

/// The same for two-player games of any kind: each player has payoffs of its own, both row-major
/// over (row, column), both maximised.
template <class Real>
class BatchedBimatrixGames : public BatchedShapes {
 public:
  void add(std::size_t rows, std::size_t columns, std::span<const Real> row_player,
           std::span<const Real> column_player) {
    require(row_player.size() == column_player.size(), Errc::dimension_mismatch,
            "BatchedBimatrixGames: ", row_player.size(), " payoffs for the row player and ",
            column_player.size(), " for the column player");
    add_shape(rows, columns, row_player.size(), "BatchedBimatrixGames");
    row_player_.insert(row_player_.end(), row_player.begin(), row_player.end());
    column_player_.insert(column_player_.end(), column_player.begin(), column_player.end());
  }
  [[nodiscard]] std::span<const Real> entries(std::size_t player) const noexcept {
    return player == 0 ? row_player_ : column_player_;
  }

 private:
  std::vector<Real> row_player_;
  std::vector<Real> column_player_;
};

}  // namespace dag
