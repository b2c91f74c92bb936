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

#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/parallel.hpp>
#include <dag/core/status.hpp>
#include <dag/game/batched_games.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/batch_solution.hpp>
#include <dag/solver/detail/shape_parts.hpp>
#include <dag/solver/table/detail/logit_lanes.hpp>
#include <dag/solver/table/logit_branch.hpp>

namespace dag {

/// Options of `logit_batch`.
struct LogitBatchOptions {
  double tau = 1;                     ///< weight of the entropies, in payoffs, of every game
  std::span<const double> taus = {};  ///< or of each game
  double tolerance = 1e-10;           ///< on the last Newton step, in log-probabilities
  int threads = 1;                    ///< at most so many, where OpenMP is on (dag::openmp)
};

/// `gap`: of the game with its entropies; `value`: the row player's payoff.
template <class Real>
struct LogitBatchSolution : BatchSolution<Real> {
  std::vector<Real> nash_gap;  ///< sum of both players' regrets without the entropies, in payoffs
};

namespace detail {

/// What two strategies are worth in a bimatrix game: payoffs, regrets, and the sum over the players
/// of tau KL(strategy || softmax(earnings / tau)), the gap with entropies.
struct BimatrixClaims {
  double value = 0;
  double nash_gap = 0;
  double gap = 0;
};
[[nodiscard]] inline double add_claims(std::span<const double> p, std::span<const double> earned,
                                       double tau, BimatrixClaims& claims) {
  double best = earned[0];
  for (const double e : earned) {
    best = std::max(best, e);
  }
  double all = 0;
  double mean = 0;
  double missed = 0;
  double entropy = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    all += std::exp((earned[i] - best) / tau);
    mean += p[i] * earned[i];
    missed += p[i] * (best - earned[i]);
    entropy -= p[i] > 0 ? p[i] * std::log(p[i]) : 0.0;
  }
  claims.nash_gap += missed;
  claims.gap += std::max(tau * std::log(all) + missed - tau * entropy, 0.0);
  return mean;
}

template <class Real>
class LogitBatchPart {
 public:
  LogitBatchPart(const BatchedBimatrixGames<Real>& games, const LogitBatchOptions& options,
                 LogitBatchSolution<Real>& found)
      : games_(games), options_(options), found_(found) {}

  void solve(std::span<const std::size_t> part) {
    rows_ = static_cast<std::size_t>(games_.rows()[part[0]]);
    columns_ = static_cast<std::size_t>(games_.columns()[part[0]]);
    earned_.resize(std::max(rows_, columns_));
    // u is the row player unless the column player has fewer strategies.
    const bool turned = columns_ < rows_;
    LogitLanes lanes(std::min(rows_, columns_), std::max(rows_, columns_));
    std::array<std::size_t, lane_count> on_lane{};
    std::size_t at = 0;
    const auto next = [&](std::size_t lane) -> LogitLanes::Payoffs {
      if (at == part.size()) {
        return {};
      }
      on_lane[lane] = part[at++];
      const std::size_t g = on_lane[lane];
      return {payoffs(turned ? 1 : 0, g).data(), payoffs(turned ? 0 : 1, g).data(), 1 / tau(g),
              range(g)};
    };
    const auto done = [&](std::size_t lane) {
      const std::size_t g = on_lane[lane];
      found_.rounds[g] = lanes.rounds(lane);
      if (lanes.end(lane) == LogitLanes::End::solved) {
        const std::span<double> z = strategies(g);
        const auto x = z.subspan(0, rows_);
        const auto y = z.subspan(rows_);
        lanes.read(lane, turned ? y : x, turned ? x : y);
        finish(g, Status::converged);
      } else {
        alone(g);
      }
    };
    constexpr std::int32_t round_limit = 2000;
    lanes.run(options_.tolerance, turned, round_limit, next, done);
  }

 private:
  [[nodiscard]] double tau(std::size_t g) const noexcept {
    return options_.taus.empty() ? options_.tau : options_.taus[g];
  }
  /// The larger payoff range of the two players.
  [[nodiscard]] double range(std::size_t g) const noexcept {
    double widest = 0;
    for (std::size_t player = 0; player < 2; ++player) {
      const auto [low, high] =
          std::minmax_element(payoffs(player, g).begin(), payoffs(player, g).end());
      widest = std::max(widest, *high - *low);
    }
    return widest;
  }
  [[nodiscard]] std::span<const double> payoffs(std::size_t player, std::size_t g) const noexcept {
    return part_of(games_.entries(player), games_.entry_begin(), g);
  }
  [[nodiscard]] std::span<double> strategies(std::size_t g) noexcept {
    return part_of(std::span<double>(found_.strategies), games_.strategy_begin(), g);
  }

  void finish(std::size_t g, Status status) {
    const std::span<const double> z = strategies(g);
    const auto x = z.subspan(0, rows_);
    const auto y = z.subspan(rows_);
    BimatrixClaims claims;
    const std::span<double> rows = std::span<double>(earned_).subspan(0, rows_);
    const auto a = payoffs(0, g);
    for (std::size_t i = 0; i < rows_; ++i) {
      rows[i] = 0;
      for (std::size_t j = 0; j < columns_; ++j) {
        rows[i] += a[i * columns_ + j] * y[j];
      }
    }
    found_.value[g] = add_claims(x, rows, tau(g), claims);
    const std::span<double> columns = std::span<double>(earned_).subspan(0, columns_);
    std::fill(columns.begin(), columns.end(), 0.0);
    const auto b = payoffs(1, g);
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t j = 0; j < columns_; ++j) {
        columns[j] += b[i * columns_ + j] * x[i];
      }
    }
    (void)add_claims(y, columns, tau(g), claims);
    found_.gap[g] = claims.gap;
    found_.nash_gap[g] = claims.nash_gap;
    found_.status[g] = status;
  }

  /// By `logit_equilibrium`, which passes turning points.
  void alone(std::size_t g) {
    GameTable game;
    game.players = {"row", "column"};
    game.sizes = {rows_, columns_};
    for (std::size_t player = 0; player < 2; ++player) {
      const auto given = payoffs(player, g);
      std::vector<double>& table = game.payoffs.emplace_back(given.size());
      for (std::size_t i = 0; i < rows_; ++i) {
        for (std::size_t j = 0; j < columns_; ++j) {
          table[i + rows_ * j] = given[i * columns_ + j];
        }
      }
    }
    const LogitBranch path = logit_equilibrium(game, tau(g));
    found_.alone[g] = 1;
    found_.rounds[g] += static_cast<std::int32_t>(path.steps);
    const std::span<double> z = strategies(g);
    auto out = z.begin();
    for (const auto& strategy : path.points.back().profile) {
      out = std::copy(strategy.begin(), strategy.end(), out);
    }
    finish(g, path.status);
  }

  const BatchedBimatrixGames<Real>& games_;
  const LogitBatchOptions& options_;
  LogitBatchSolution<Real>& found_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::vector<double> earned_;
};

}  // namespace detail

/// The quantal response (logit) equilibria of many two-player games, x = softmax(A y / tau) and
/// y = softmax(B' x / tau): the first point at that tau of each game's principal branch, as
/// `logit_equilibrium` gives it. Games of one shape are followed eight in step by Newton's method
/// over structures of arrays (`detail::LogitLanes`); those whose branch turns back on the way are
/// left to `logit_equilibrium`. With a small tau the strategies are approximate Nash equilibria:
/// `nash_gap` is at most tau (log rows + log columns).
/// Source: McKelvey and Palfrey (1995), doi:10.1006/game.1995.1023. Threads take parts of games of
/// one shape; the results are the same bits for any number of them. Errors: invalid_argument
/// (options; tau > 0, in payoffs), dimension_mismatch (taus), not_finite (a payoff, or one over
/// tau; the game is named). Memory: the results, and `LogitLanes` a thread.
template <std::same_as<double> Real>
[[nodiscard]] LogitBatchSolution<Real> logit_batch(const BatchedBimatrixGames<Real>& games,
                                                   const LogitBatchOptions& options = {}) {
  const OptionRules rules("logit_batch");
  rules.positive("tolerance", options.tolerance);
  rules.positive("threads", options.threads);
  require(options.taus.empty() || options.taus.size() == games.size(), Errc::dimension_mismatch,
          "logit_batch: ", options.taus.size(), " taus for ", games.size(), " games");
  for (std::size_t g = 0; g < games.size(); ++g) {
    const double tau = options.taus.empty() ? options.tau : options.taus[g];
    require(tau > 0 && std::isfinite(tau), Errc::invalid_argument,
            "logit_batch: tau must be > 0 and finite, got ", tau, " for game ", g);
    double nothing = 0;  // NaN as soon as one is not finite
    for (std::size_t player = 0; player < 2; ++player) {
      for (const double a : detail::part_of(games.entries(player), games.entry_begin(), g)) {
        nothing += a / tau * 0;
      }
    }
    require(nothing == 0, Errc::not_finite,
            "logit_batch: every payoff must be finite, over tau as well, but game ", g,
            " has one that is not");
  }
  LogitBatchSolution<Real> found;
  static_cast<BatchSolution<Real>&>(found) = detail::room_for<Real>(games);
  found.nash_gap.resize(games.size());
  const detail::EqualParts parts = detail::shape_parts(games);
  detail::spread_parts(parts.parts(), options.threads, [&](std::size_t part) {
    detail::LogitBatchPart<Real>(games, options, found).solve(parts.items(part));
  });
  return found;
}

}  // namespace dag
