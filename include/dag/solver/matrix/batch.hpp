// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/parallel.hpp>
#include <dag/core/status.hpp>
#include <dag/detail/config.hpp>
#include <dag/game/batched_games.hpp>
#include <dag/game/matrix.hpp>
#include <dag/numeric/lane_vector.hpp>
#include <dag/solver/batch_solution.hpp>
#include <dag/solver/detail/shape_parts.hpp>
#include <dag/solver/matrix/detail/small_simplex.hpp>
#include <dag/solver/matrix/zero_sum.hpp>

namespace dag {

/// Options of `solve_batch`.
struct MatrixBatchOptions {
  double tolerance = 1e-6;  ///< on gap / payoff range
  int threads = 1;          ///< at most so many, where OpenMP is on (dag::openmp)
};

namespace detail {
inline namespace DAG_BINARY_NAMESPACE {

/// The smallest and the largest payoff of a game. Errors: not_finite, naming the game: a payoff, or
/// the difference of these two.
[[nodiscard]] inline std::pair<double, double> payoff_ends(std::span<const double> payoffs,
                                                           std::size_t game) {
  LaneVector low = all_lanes(payoffs[0]);
  LaneVector high = low;
  LaneVector nothing{};  // NaN as soon as a payoff is not finite
  const auto take = [&](LaneVector a) {
    low = smaller_lanes(a, low);
    high = larger_lanes(a, high);
    nothing += a * 0;
  };
  std::size_t k = 0;
  for (; k + lane_step <= payoffs.size(); k += lane_step) {
    take(load_lanes(&payoffs[k]));
  }
  for (; k < payoffs.size(); ++k) {
    take(all_lanes(payoffs[k]));
  }
  require(sum_of_lanes(nothing) == 0, Errc::not_finite,
          "solve_batch: every payoff must be finite, but game ", game, " has a NaN or an infinity");
  const std::pair<double, double> ends{smallest_lane(low), largest_lane(high)};
  require(std::isfinite(ends.second - ends.first), Errc::not_finite,
          "solve_batch: the payoff range of game ", game, " overflows: ", ends.first, " to ",
          ends.second, "; divide its payoffs by a number");
  return ends;
}

/// Asks the memory for payoffs, 512 bytes at most: longer runs are seen by the hardware.
inline void fetch_early([[maybe_unused]] std::span<const double> payoffs) noexcept {
#if defined(__GNUC__) || defined(__clang__)
  for (std::size_t k = 0; k < std::min<std::size_t>(payoffs.size(), 64); k += 8) {
    __builtin_prefetch(&payoffs[k]);
  }
#endif
}

/// The duality gap of (x, y), from above: that of the payoffs less `middle` in doubles, and what
/// rounding may have hidden. A payoff less the middle is rounded once (by eps of the larger of the
/// two), a sum at most once a term, and strategies sum to 1 but for as much.
struct RoundedGap {
  double gap = 0;
  double value = 0;
};
/// `earned`: room for `lane_step` numbers a row.
[[nodiscard]] inline RoundedGap rounded_gap(std::span<const double> payoffs, double middle,
                                            double range, double largest, std::span<const double> x,
                                            std::span<const double> y,
                                            std::span<double> earned) noexcept {
  const std::size_t n = y.size();
  const std::size_t whole = n - n % lane_step;
  LaneVector least = all_lanes(std::numeric_limits<double>::infinity());
  for (std::size_t j = 0; j < whole; j += lane_step) {
    const LaneVector p = load_lanes(&y[j]);
    LaneVector against{};
    for (std::size_t i = 0; i < x.size(); ++i) {
      const LaneVector a = load_lanes(&payoffs[i * n + j]) - middle;
      double* const own = &earned[i * lane_step];
      against += a * x[i];
      store_lanes(j == 0 ? a * p : load_lanes(own) + a * p, own);
    }
    least = smaller_lanes(against, least);
  }
  double best = -std::numeric_limits<double>::infinity();
  double value = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double sum = whole > 0 ? sum_of_lanes(load_lanes(&earned[i * lane_step])) : 0;
    for (std::size_t j = whole; j < n; ++j) {
      sum += (payoffs[i * n + j] - middle) * y[j];
    }
    best = std::max(best, sum);
    value += x[i] * sum;
  }
  double worst = smallest_lane(least);
  for (std::size_t j = whole; j < n; ++j) {
    double against = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      against += (payoffs[i * n + j] - middle) * x[i];
    }
    worst = std::min(worst, against);
  }
  const double terms = 2 * static_cast<double>(x.size() + n) + 8;
  const double hidden = std::numeric_limits<double>::epsilon() * (terms * range + 2 * largest);
  return {std::max(best - worst, 0.0) + hidden, middle + value};
}

/// One part: games of one shape.
template <class Real>
class MatrixBatchPart {
 public:
  MatrixBatchPart(const BatchedMatrixGames<Real>& games, const MatrixBatchOptions& options,
                  BatchSolution<Real>& found)
      : games_(games), options_(options), found_(found) {}

  void solve(std::span<const std::size_t> part) {
    const auto rows = static_cast<std::size_t>(games_.rows()[part[0]]);
    const auto columns = static_cast<std::size_t>(games_.columns()[part[0]]);
    earned_.resize(rows * lane_step);
    // Few tables where they are large: all of them in the nearest cache.
    std::vector<Slot> slots(rows * columns <= 128 ? 6 : 3, Slot(rows, columns));
    constexpr std::size_t ahead = 5;  // about a round of the tables: memory has answered by then
    std::size_t at = 0;
    std::size_t busy = 0;
    const auto begin = [&](Slot& slot) {
      slot.busy = false;
      while (at < part.size() && !slot.busy) {
        const std::size_t g = part[at++];
        if (at + ahead < part.size()) {
          fetch_early(payoffs(part[at + ahead]));
        }
        const auto [low, high] = payoff_ends(payoffs(g), g);
        slot.game = {g, low + (high - low) / 2, high - low, std::max(-low, high)};
        if (SmallSimplex::takes(high - low)) {
          slot.simplex.load(payoffs(g), slot.game.middle, slot.game.range);
          slot.busy = true;
          ++busy;
        } else {
          alone(g, rows, columns);
        }
      }
    };
    const auto limit = static_cast<std::int32_t>(8 * (rows + columns) + 32);
    for (Slot& slot : slots) {
      begin(slot);
    }
    while (busy > 0) {
      for (Slot& slot : slots) {
        while (slot.busy && !(slot.simplex.pivots() < limit && slot.simplex.bound())) {
          --busy;
          alone(slot.game.at, rows, columns);
          begin(slot);
        }
      }
      for (Slot& slot : slots) {
        if (slot.busy) {
          slot.simplex.exchange();
        }
      }
      for (Slot& slot : slots) {
        slot.ends = slot.busy && !slot.simplex.price();
      }
      for (Slot& slot : slots) {
        if (slot.ends) {
          --busy;
          // The next game in between: what `read` wrote is in memory when it is looked at.
          const Game ended = slot.game;
          found_.rounds[ended.at] = slot.simplex.pivots();
          slot.simplex.read(strategies(ended.at));
          begin(slot);
          certify(ended, rows, columns);
        }
      }
    }
  }

 private:
  struct Game {
    std::size_t at = 0;
    double middle = 0, range = 0, largest = 0;  ///< of the payoffs; `largest` without their signs
  };
  /// A game among those whose pivots are made in turn: while one waits, others work.
  struct Slot {
    Slot(std::size_t rows, std::size_t columns) : simplex(rows, columns) {}
    SmallSimplex simplex;
    Game game;
    bool busy = false, ends = false;
  };

  /// Of strategies that are written.
  void certify(const Game& game, std::size_t rows, std::size_t columns) {
    const std::size_t g = game.at;
    const std::span<double> z = strategies(g);
    const RoundedGap end = rounded_gap(payoffs(g), game.middle, game.range, game.largest,
                                       z.subspan(0, rows), z.subspan(rows), earned_);
    found_.gap[g] = end.gap;
    found_.value[g] = end.value;
    found_.status[g] = Status::converged;
    // Strategies that are NaN show in the value alone: comparisons pass over them.
    if (!(end.gap <= options_.tolerance * game.range && std::isfinite(end.value))) {
      alone(g, rows, columns);
    }
  }
  [[nodiscard]] std::span<const double> payoffs(std::size_t g) const noexcept {
    return part_of(games_.entries(), games_.entry_begin(), g);
  }
  [[nodiscard]] std::span<double> strategies(std::size_t g) noexcept {
    return part_of(std::span<double>(found_.strategies), games_.strategy_begin(), g);
  }
  /// By `solve_zero_sum`, with its certificate.
  void alone(std::size_t g, std::size_t rows, std::size_t columns) {
    typename MatrixGame<Real, eigen>::Matrix payoff(static_cast<Eigen::Index>(rows),
                                                    static_cast<Eigen::Index>(columns));
    const std::span<const double> entries = payoffs(g);
    (void)payoff_ends(entries, g);
    std::copy(entries.begin(), entries.end(), payoff.data());
    const MatrixGame<Real, eigen> game(std::move(payoff));
    SolverOptions<double> options;
    options.tolerance = options_.tolerance;
    const ZeroSumSolution end = solve_zero_sum<Real>(game, options);
    found_.alone[g] = 1;
    found_.status[g] = end.status;
    found_.rounds[g] = static_cast<std::int32_t>(
        std::min<std::int64_t>(end.iterations, std::numeric_limits<std::int32_t>::max()));
    found_.gap[g] = end.gap;
    found_.value[g] = end.value;
    const std::span<double> z = strategies(g);
    const auto x = end.strategy(0);
    const auto y = end.strategy(1);
    std::copy(x.begin(), x.end(), z.begin());
    std::copy(y.begin(), y.end(), z.begin() + static_cast<std::ptrdiff_t>(rows));
  }

  const BatchedMatrixGames<Real>& games_;
  const MatrixBatchOptions& options_;
  BatchSolution<Real>& found_;
  std::vector<double> earned_;
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace detail

inline namespace DAG_BINARY_NAMESPACE {

/// Solves every game of a batch to the tolerance by the simplex method in small dense tables
/// (`detail::SmallSimplex`), a few games in turn; those that it leaves unsolved, and ranges that
/// doubles hardly hold, by `solve_zero_sum`. Exact supports, as that one's. `gap` is an upper
/// bound: what rounding may have hidden is added, so that `converged` is never said of a larger
/// one; of games that `solve_zero_sum` solved it is that one's certificate, and a tolerance of 0
/// what it makes of that.
/// Threads take parts of games of one shape; the results are the same bits for any number of them,
/// and for a game alone or among others of its shape. Errors: invalid_argument (options),
/// not_finite (a payoff or a payoff range; the game is named). Memory: the results, and a table a
/// thread.
template <std::same_as<double> Real>
[[nodiscard]] BatchSolution<Real> solve_batch(const BatchedMatrixGames<Real>& games,
                                              const MatrixBatchOptions& options = {}) {
  const OptionRules rules("solve_batch");
  rules.not_negative("tolerance", options.tolerance);
  rules.positive("threads", options.threads);
  BatchSolution<Real> found = detail::room_for<Real>(games);
  const detail::EqualParts parts = detail::shape_parts(games);
  detail::spread_parts(parts.parts(), options.threads, [&](std::size_t part) {
    detail::MatrixBatchPart<Real>(games, options, found).solve(parts.items(part));
  });
  return found;
}

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag
