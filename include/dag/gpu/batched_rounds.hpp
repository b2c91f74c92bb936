// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <dag/core/status.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/warp.hpp>

namespace dag {

/// What one warp runs on one game of a batch.
enum class BatchMethod {
  mirror_prox,                      ///< step 1/L, best of last and mean: as dag::mirror_prox
  optimistic,                       ///< Popov's form, step (sqrt(2) - 1) / L
  predictive_regret_matching_plus,  ///< alternating, quadratic average
  newton,                           ///< the equilibrium with entropies of weight tau (QRE)
};

}  // namespace dag

namespace dag::device {

/// One number for each of the two players.
template <class Real>
struct Both {
  Real row;
  Real column;
};
/// An operation on each player's numbers.
template <class Operation>
struct EachOfBoth {
  template <class Real>
  DAG_HOST_DEVICE Both<Real> operator()(Both<Real> a, Both<Real> b) const {
    return {Operation{}(a.row, b.row), Operation{}(a.column, b.column)};
  }
};

/// Where a batch lies in device memory; games are ragged.
template <class Real>
struct BatchView {
  std::size_t games;
  const std::int32_t* rows;
  const std::int32_t* columns;
  const std::int64_t* entry_begin;     // of each game's row-major payoffs
  const std::int64_t* strategy_begin;  // of its rows + columns strategies
  const Real* entries;

  /// Brings a game's payoffs to the warp's memory, rows of odd stride; their range: NaN or infinite
  /// if any payoff is.
  template <class Warp>
  [[nodiscard]] DAG_HOST_DEVICE Real load(Warp& warp, std::size_t game, Real* payoff) const {
    const auto width = static_cast<std::size_t>(columns[game]), stride = width | 1U;
    const std::size_t count = static_cast<std::size_t>(rows[game]) * width;
    const Real* const from = entries + entry_begin[game];
    warp.each(count, [&](std::size_t i) { payoff[i / width * stride + i % width] = from[i]; });
    const auto entry = [&](std::size_t i) { return from[i]; };
    return reduce(warp, count, -Limits<Real>::infinity, entry, Max{}) -
           reduce(warp, count, Limits<Real>::infinity, entry, Min{});
  }
};
/// What a solve leaves of each game.
template <class Real>
struct BatchResults {
  std::int32_t* status;  // a dag::Status; -1: a payoff is not finite
  std::int32_t* rounds;
  Real* gap;  // in payoffs, as Certificate::gap
  Real* value;
  Real* strategies;

  template <class Warp>
  DAG_HOST_DEVICE void write(Warp& warp, std::int32_t code, std::int32_t made, Real gap_found,
                             Real value_found) const {
    warp.each(1, [&](std::size_t) {
      status[warp.index()] = code;
      rounds[warp.index()] = made;
      gap[warp.index()] = gap_found;
      value[warp.index()] = value_found;
    });
  }
};
/// Where the rounds of a batch end.
template <class Real>
struct BatchLimits {
  Real tolerance;  // on gap / payoff range
  std::int32_t max_rounds;
  std::int32_t check_every;  // 0: at rounds growing by 5 %
  Real tau;                  // newton: the weight of the entropies, in payoffs
};

/// A zero-sum game held by one warp. Payoffs lie in the warp's memory in rows of odd stride, so
/// that rows and columns are both read without bank conflicts; the stacked point z = (x, y), its
/// field (A y, -A' x) and what methods keep beside them are spread over the lanes' registers, entry
/// e on lane e % 32.
template <class Real, unsigned per_lane, class Warp>
struct GameOfWarp {
  using Entries = typename Warp::template Local<Registers<Real, per_lane>>;

  Warp& warp;
  std::size_t rows;
  std::size_t columns;
  Real* payoff;
  Real* point;  // a stacked point in the warp's memory, for products
  Real range = 0;

  DAG_HOST_DEVICE GameOfWarp(Warp& owner, const BatchView<Real>& batch, std::size_t game,
                             std::size_t capacity)
      : warp(owner),
        rows(static_cast<std::size_t>(batch.rows[game])),
        columns(static_cast<std::size_t>(batch.columns[game])),
        payoff(owner.template shared<Real>()),
        point(payoff + capacity) {
    range = batch.load(warp, game, payoff);
  }
  [[nodiscard]] DAG_HOST_DEVICE std::size_t stride() const { return columns | 1U; }
  [[nodiscard]] DAG_HOST_DEVICE std::size_t size() const { return rows + columns; }
  [[nodiscard]] static DAG_HOST_DEVICE std::size_t entry(unsigned lane, unsigned k) {
    return lane + std::size_t{k} * warp_size;
  }

  /// f(entry, lane, k) for every entry of the stacked point.
  template <class Function>
  DAG_HOST_DEVICE void entries(Function f) const {
    warp.lanes([&](unsigned lane) {
      DAG_UNROLL
      for (unsigned k = 0; k < per_lane; ++k) {
        if (entry(lane, k) < size()) {
          f(entry(lane, k), lane, k);
        }
      }
    });
  }
  /// op over each player's f(lane, k).
  template <class Function, class Operation>
  [[nodiscard]] DAG_HOST_DEVICE Both<Real> fold_players(Real identity, Function f,
                                                        Operation) const {
    constexpr EachOfBoth<Operation> op{};
    typename Warp::template Local<Both<Real>> partial;
    warp.lanes([&](unsigned lane) { partial[lane] = {identity, identity}; });
    entries([&](std::size_t e, unsigned lane, unsigned k) {
      const Real value = f(lane, k);
      partial[lane] =
          op(partial[lane], e < rows ? Both<Real>{value, identity} : Both<Real>{identity, value});
    });
    return warp.fold(partial, op);
  }

  DAG_HOST_DEVICE void put(const Entries& z) const {
    warp.each(0, [](std::size_t) {});  // earlier reads of point are done
    entries([&](std::size_t e, unsigned lane, unsigned k) { point[e] = z[lane][k]; });
    warp.each(0, [](std::size_t) {});
  }
  /// One strategy's payoff against `point`: entry e of (A y, -A' x).
  [[nodiscard]] DAG_HOST_DEVICE Real payoff_of(std::size_t e) const {
    Real sum = 0;
    if (e < rows) {
      const Real* const row = payoff + e * stride();
      for (std::size_t j = 0; j < columns; ++j) {
        sum += row[j] * point[rows + j];
      }
      return sum;
    }
    for (std::size_t i = 0; i < rows; ++i) {
      sum += payoff[i * stride() + e - rows] * point[i];
    }
    return -sum;
  }
  DAG_HOST_DEVICE void field(const Entries& z, Entries& g) const {
    put(z);
    entries([&](std::size_t e, unsigned lane, unsigned k) { g[lane][k] = payoff_of(e); });
  }

  DAG_HOST_DEVICE void center(Entries& log_z, Entries& z) const {
    const Real mass[2] = {Real{1} / static_cast<Real>(rows), Real{1} / static_cast<Real>(columns)};
    entries([&](std::size_t e, unsigned lane, unsigned k) {
      z[lane][k] = e < rows ? mass[0] : mass[1];
      log_z[lane][k] = std::log(z[lane][k]);
    });
  }
  /// out = argmax eta <g, u> - KL(u || exp log_center): one softmax a player.
  DAG_HOST_DEVICE void prox(const Entries& log_center, Real eta, const Entries& g, Entries& log_out,
                            Entries& out) const {
    entries([&](std::size_t, unsigned lane, unsigned k) {
      log_out[lane][k] = log_center[lane][k] + eta * g[lane][k];
    });
    const auto top = fold_players(
        -Limits<Real>::infinity, [&](unsigned lane, unsigned k) { return log_out[lane][k]; },
        Max{});
    entries([&](std::size_t e, unsigned lane, unsigned k) {
      out[lane][k] = std::exp(log_out[lane][k] - (e < rows ? top.row : top.column));
    });
    const auto total = fold_players(
        Real{0}, [&](unsigned lane, unsigned k) { return out[lane][k]; }, Add{});
    const Both<Real> scale{1 / total.row, 1 / total.column};
    const Both<Real> shift{top.row + std::log(total.row), top.column + std::log(total.column)};
    entries([&](std::size_t e, unsigned lane, unsigned k) {
      out[lane][k] *= e < rows ? scale.row : scale.column;
      log_out[lane][k] -= e < rows ? shift.row : shift.column;
    });
  }

  /// Of a point, in units of payoff.
  struct Certificate {
    Real gap;
    Real value;
  };
  /// gap: what both players together gain by deviating from z. Leaves the field at z in `g`.
  [[nodiscard]] DAG_HOST_DEVICE Certificate certify(const Entries& z, Entries& g) const {
    field(z, g);
    const auto best = fold_players(
        -Limits<Real>::infinity, [&](unsigned lane, unsigned k) { return g[lane][k]; }, Max{});
    const auto earned = fold_players(
        Real{0}, [&](unsigned lane, unsigned k) { return g[lane][k] * z[lane][k]; }, Add{});
    const Real gap = best.row + best.column - (earned.row + earned.column);
    return {gap > 0 ? gap : Real{0}, earned.row};
  }
};

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
        Real{0}, [&](unsigned lane, unsigned k) { return g[lane][k] * z[lane][k]; }, Add{});
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
        Real{0}, [&](unsigned lane, unsigned k) { return next[lane][k]; }, Add{});
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
    Real* const out = results.strategies + batch.strategy_begin[game.warp.index()];
    game.entries([&](std::size_t e, unsigned lane, unsigned k) { out[e] = z[lane][k]; });
    results.write(game.warp, status, rounds, gap, value);
  }
};

}  // namespace dag::device
