// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <dag/core/status.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/batched_game.hpp>
#include <dag/gpu/warp.hpp>

namespace dag {

/// What one warp runs on one game of a batch.
enum class BatchMethod {
  mirror_prox,                      ///< step 1/L, best of last and mean: as dag::mirror_prox
  optimistic,                       ///< Popov's form, step (sqrt(2) - 1) / L
  predictive_regret_matching_plus,  ///< alternating, quadratic average
  newton,                           ///< the equilibrium with entropies of weight tau (QRE)
};

namespace device {

/// Solves game after game, one warp each, to the tolerance or the limit of rounds. Same rounds,
/// steps, averages and checks as the solvers of those names; see solve_batch.
template <class Real, unsigned per_lane, BatchMethod method>
struct SolveBatch {
  BatchView<Real> batch;
  BatchLimits<Real> limits;
  BatchResults<Real> results;
  std::size_t capacity;  // of payoffs in the warp's memory

  [[nodiscard]] static std::size_t shared_bytes(std::size_t capacity) {
    return (((capacity + per_lane * warp_size) * sizeof(Real)) + 15) / 16 * 16;
  }

  template <class Warp>
  DAG_HOST_DEVICE void operator()(Warp& warp) const {
    if (warp.index() >= batch.games) {
      return;
    }
    using Game = GameOfWarp<Real, per_lane, Warp>;
    using Entries = typename Game::Entries;
    const Game game(warp, batch, warp.index(), capacity);
    Entries log_z, z, probe, g, other, mean;
    game.center(log_z, z);
    game.center(other, mean);
    finish(game, -1, 0, Real{0}, Real{0}, z);
    if (!(game.range - game.range == 0)) {
      return;
    }
    const Real unit = game.range > 0 ? game.range / 2 : Real{1};  // the field's Lipschitz constant
    if constexpr (method == BatchMethod::optimistic) {
      game.field(z, other);
    } else {
      game.entries([&](std::size_t, unsigned lane, unsigned k) { other[lane][k] = 0; });
    }
    std::int32_t next_check = 0;
    Real total = 0;
    for (std::int32_t t = 0;; ++t) {
      if (t > 0) {
        Real weight = 1;
        if constexpr (method == BatchMethod::mirror_prox) {
          const Real eta = 1 / unit;
          game.field(z, g);
          game.prox(log_z, eta, g, other, probe);
          game.field(probe, g);
          game.prox(log_z, eta, g, log_z, z);
        } else if constexpr (method == BatchMethod::optimistic) {
          const Real eta = Real(0.41421356237309503) / unit;
          game.prox(log_z, eta, other, g, probe);
          game.field(probe, other);
          game.prox(log_z, eta, other, log_z, z);
        } else {
          weight = static_cast<Real>(t) * static_cast<Real>(t);
          match_regrets(game, true, z, other);
          match_regrets(game, false, z, other);
        }
        total += weight;
        const Real share = weight / total;
        game.entries([&](std::size_t, unsigned lane, unsigned k) {
          const Real sample =
              method == BatchMethod::predictive_regret_matching_plus ? z[lane][k] : probe[lane][k];
          mean[lane][k] += share * (sample - mean[lane][k]);
        });
      }
      const bool last_round = t >= limits.max_rounds;
      if (t < next_check && !last_round) {
        continue;
      }
      auto found = game.certify(mean, g);
      bool use_mean = true;
      if (method != BatchMethod::predictive_regret_matching_plus || t == 0) {
        const auto at_last = game.certify(z, g);
        use_mean = t > 0 && found.gap < at_last.gap;
        found = use_mean ? found : at_last;
      }
      const bool done = found.gap <= limits.tolerance * game.range;
      if (done || last_round) {
        const auto status =
            static_cast<std::int32_t>(done ? Status::converged : Status::iteration_limit);
        if (use_mean) {  // two calls: a choice of arrays would take both out of the registers
          finish(game, status, t, found.gap, found.value, mean);
        } else {
          finish(game, status, t, found.gap, found.value, z);
        }
        return;
      }
      next_check = limits.check_every > 0 ? t + limits.check_every : t + 1 + t / 20;
    }
  }

 private:
  /// One player's turn: R = max(R + r, 0), z proportional to max(R + r, 0), r = g - <g, z>; z stays
  /// where nothing is positive. Regrets are in units of the payoffs.
  template <class Game, class Entries>
  static DAG_HOST_DEVICE void match_regrets(const Game& game, bool is_row, Entries& z,
                                            Entries& regret) {
    const auto mine = [&](std::size_t e) { return (e < game.rows) == is_row; };
    Entries g;
    game.put(z);
    game.entries([&](std::size_t e, unsigned lane, unsigned k) {
      g[lane][k] = mine(e) ? game.payoff_of(e) : Real{0};
    });
    const auto earned = game.fold_players(
        Real{0}, [&](unsigned lane, unsigned k) { return g[lane][k] * z[lane][k]; }, AddBoth{});
    const Real paid = is_row ? earned.row : earned.column;
    Entries next;
    game.entries([&](std::size_t e, unsigned lane, unsigned k) {
      const Real r = g[lane][k] - paid;
      if (mine(e)) {
        const Real sum = regret[lane][k] + r;
        regret[lane][k] = sum > 0 ? sum : Real{0};
      }
      const Real ahead = regret[lane][k] + r;
      next[lane][k] = mine(e) && ahead > 0 ? ahead : Real{0};
    });
    const auto totals = game.fold_players(
        Real{0}, [&](unsigned lane, unsigned k) { return next[lane][k]; }, AddBoth{});
    const Real total = is_row ? totals.row : totals.column;
    game.entries([&](std::size_t e, unsigned lane, unsigned k) {
      if (mine(e) && total > 0) {
        z[lane][k] = next[lane][k] / total;
      }
    });
  }

  template <class Game, class Entries>
  DAG_HOST_DEVICE void finish(const Game& game, std::int32_t status, std::int32_t rounds, Real gap,
                              Real value, const Entries& z) const {
    const std::size_t index = game.warp.index();
    Real* const out = results.strategies + batch.strategy_begin[index];
    game.entries([&](std::size_t e, unsigned lane, unsigned k) { out[e] = z[lane][k]; });
    game.warp.each(1, [&](std::size_t) {
      results.status[index] = status;
      results.rounds[index] = rounds;
      results.gap[index] = gap;
      results.value[index] = value;
    });
  }
};

}  // namespace device
}  // namespace dag
