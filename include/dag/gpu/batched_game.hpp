// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <dag/core/status.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/warp.hpp>

namespace dag::device {

/// One number for each of the two players.
template <class Real>
struct Both {
  Real row;
  Real column;
};
/// The larger of each player's numbers.
struct MaxBoth {
  template <class Real>
  DAG_HOST_DEVICE Both<Real> operator()(Both<Real> a, Both<Real> b) const {
    return {Max{}(a.row, b.row), Max{}(a.column, b.column)};
  }
};
/// The sum of each player's numbers.
struct AddBoth {
  template <class Real>
  DAG_HOST_DEVICE Both<Real> operator()(Both<Real> a, Both<Real> b) const {
    return {a.row + b.row, a.column + b.column};
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
};
/// What a solve leaves of each game.
template <class Real>
struct BatchResults {
  std::int32_t* status;  // a dag::Status; -1: a payoff is not finite
  std::int32_t* rounds;
  Real* gap;  // in payoffs, as Certificate::gap
  Real* value;
  Real* strategies;
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
    const Real* const from = batch.entries + batch.entry_begin[game];
    warp.each(rows * columns,
              [&](std::size_t i) { payoff[i / columns * stride() + i % columns] = from[i]; });
    const Real infinity = Limits<Real>::infinity;
    const auto least = reduce(
        warp, rows * columns, infinity, [&](std::size_t i) { return from[i]; }, Min{});
    const auto most = reduce(
        warp, rows * columns, -infinity, [&](std::size_t i) { return from[i]; }, Max{});
    range = most - least;  // NaN or infinite if any payoff is
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
                                                        Operation op) const {
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
        MaxBoth{});
    entries([&](std::size_t e, unsigned lane, unsigned k) {
      out[lane][k] = std::exp(log_out[lane][k] - (e < rows ? top.row : top.column));
    });
    const auto total = fold_players(
        Real{0}, [&](unsigned lane, unsigned k) { return out[lane][k]; }, AddBoth{});
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
        -Limits<Real>::infinity, [&](unsigned lane, unsigned k) { return g[lane][k]; }, MaxBoth{});
    const auto earned = fold_players(
        Real{0}, [&](unsigned lane, unsigned k) { return g[lane][k] * z[lane][k]; }, AddBoth{});
    const Real gap = best.row + best.column - (earned.row + earned.column);
    return {gap > 0 ? gap : Real{0}, earned.row};
  }
};

}  // namespace dag::device
