// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
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
#include <dag/solver/batch_solution.hpp>
#include <dag/solver/detail/shape_parts.hpp>
#include <dag/solver/matrix/detail/simplex_lanes.hpp>
#include <dag/solver/matrix/zero_sum.hpp>

namespace dag {

/// Options of `solve_batch`.
struct MatrixBatchOptions {
  double tolerance = 1e-6;  ///< on gap / payoff range
  int threads = 1;          ///< at most so many, where OpenMP is on (dag::openmp)
};

namespace detail {

/// The smallest and the largest payoff of a game. Errors: not_finite, naming the game.
[[nodiscard]] inline std::pair<double, double> payoff_ends(std::span<const double> payoffs,
                                                           std::size_t game) {
  double low = payoffs[0];
  double high = payoffs[0];
  double nothing = 0;  // NaN as soon as a payoff is not finite
  for (const double a : payoffs) {
    low = a < low ? a : low;
    high = a > high ? a : high;
    nothing += a * 0;
  }
  require(nothing == 0, Errc::not_finite, "solve_batch: every payoff must be finite, but game ",
          game, " has a NaN or an infinity");
  return {low, high};
}

/// The duality gap of (x, y), from above: that of the payoffs less `middle` in doubles, and what
/// rounding may have hidden. A payoff less the middle is rounded once (by eps of the larger of the
/// two), a sum at most once a term, and strategies sum to 1 but for as much.
struct RoundedGap {
  double gap = 0;
  double value = 0;
};
[[nodiscard]] inline RoundedGap rounded_gap(std::span<const double> payoffs, double middle,
                                            double range, double largest, std::span<const double> x,
                                            std::span<const double> y,
                                            std::span<double> against) noexcept {
  const std::size_t n = y.size();
  double best = -std::numeric_limits<double>::infinity();
  double value = 0;
  std::fill(against.begin(), against.end(), 0.0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double* row = &payoffs[i * n];
    const double weight = x[i];
    double earned = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const double a = row[j] - middle;
      earned += a * y[j];
      against[j] += a * weight;
    }
    best = std::max(best, earned);
    value += weight * earned;
  }
  double worst = against[0];
  for (const double a : against) {
    worst = std::min(worst, a);
  }
  const double terms = 2 * static_cast<double>(x.size() + n) + 8;
  const double hidden = std::numeric_limits<double>::epsilon() * (terms * range + 2 * largest);
  return {std::max(best - worst, 0.0) + hidden, middle + value};
}

/// Above this shape the simplex lanes' table leaves the nearest cache, and one game after the other
/// is faster (ratios in benchmarks/batched_games.cpp).
[[nodiscard]] inline bool lanes_pay(std::size_t rows, std::size_t columns) noexcept {
  return (rows + 1) * (columns + 1) <= 1100;
}

inline namespace DAG_BINARY_NAMESPACE {

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
    against_.resize(columns);
    if (!lanes_pay(rows, columns)) {
      for (const std::size_t g : part) {
        alone(g, rows, columns);
      }
      return;
    }
    SimplexLanes lanes(rows, columns);
    std::array<std::size_t, lane_count> on_lane{};
    std::array<SimplexLanes::Payoffs, lane_count> given{};
    std::array<double, lane_count> largest{};
    std::size_t at = 0;
    const auto next = [&](std::size_t lane) -> SimplexLanes::Payoffs {
      while (at < part.size()) {
        const std::size_t g = part[at++];
        const auto [low, high] = payoff_ends(payoffs(g), g);
        const double range = high - low;
        if (SimplexLanes::takes(range)) {
          on_lane[lane] = g;
          largest[lane] = std::max(-low, high);
          given[lane] = {payoffs(g).data(), low + range / 2, range};
          return given[lane];
        }
        alone(g, rows, columns);
      }
      return {};
    };
    const auto done = [&](std::size_t lane) {
      const std::size_t g = on_lane[lane];
      const std::span<double> z = strategies(g);
      lanes.read(lane, z.subspan(0, rows), z.subspan(rows));
      const RoundedGap end =
          rounded_gap(payoffs(g), given[lane].middle, given[lane].range, largest[lane],
                      z.subspan(0, rows), z.subspan(rows), against_);
      found_.rounds[g] = lanes.pivots(lane);
      found_.gap[g] = end.gap;
      found_.value[g] = end.value;
      found_.status[g] = Status::converged;
      if (!(end.gap <= options_.tolerance * given[lane].range)) {
        alone(g, rows, columns);
      }
    };
    const auto limit = static_cast<std::int32_t>(8 * (rows + columns) + 32);
    lanes.run(limit, next, done);
  }

 private:
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
  std::vector<double> against_;
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace detail

inline namespace DAG_BINARY_NAMESPACE {

/// Solves every game of a batch to the tolerance: games of one shape eight in step by the simplex
/// method over structures of arrays (`detail::SimplexLanes`), large ones and those that it leaves
/// unsolved by `solve_zero_sum`. Exact supports, as that one's. `gap` is an upper bound: what
/// rounding may have hidden is added, so that `converged` is never said of a larger one.
/// Threads take parts of games of one shape; the results are the same bits for any number of them,
/// and for a game alone or among others of its shape. Errors: invalid_argument (options),
/// not_finite (a payoff; the game is named). Memory: the results, and a table a thread.
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
