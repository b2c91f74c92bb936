// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>
#include <dag/gpu/device_simplices.hpp>

namespace dag::device {

/// The two players of a matrix game, stacked: rows, then columns.
struct TwoPlayers {
  std::size_t rows;
  std::size_t columns;
  [[nodiscard]] DAG_HOST_DEVICE std::size_t first(std::size_t player) const {
    return player == 0 ? 0 : rows;
  }
  [[nodiscard]] DAG_HOST_DEVICE std::size_t size(std::size_t player) const {
    return player == 0 ? rows : columns;
  }
};

/// Prox, running average and residual fused, one thread block a player:
///   log_out = log softmax (log_center + eta gradient), out = exp log_out,
///   mean += (out - mean) / ++round[player],
///   change[player] = max |out - what out held before|.
/// `mean` may be null: then round stays. `log_out` may be `log_center`. The round is counted on the
/// device, so the launch can be captured once and replayed. Raises *bad as `normalize_segment`.
///
/// Bytes: 3 reads and 2 writes an entry, 2 more and 1 more with a mean. Operations: one
/// exponential an entry.
template <class Real>
struct MirrorStep {
  TwoPlayers players;
  Real eta;
  const Real* log_center;
  const Real* gradient;
  Real* log_out;
  Real* out;
  Real* mean;
  std::int64_t* round;
  Real* change;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t player = block.index();
    const std::size_t first = players.first(player);
    const std::size_t size = players.size(player);
    const Real* const from = log_center + first;
    const Real* const g = gradient + first;
    Real* const logs = log_out + first;
    Real* const p = out + first;
    Real* const average = mean == nullptr ? nullptr : mean + first;
    const Real step = eta;
    const Real share =
        average == nullptr ? Real{0} : Real{1} / static_cast<Real>(round[player] + 1);
    const Real top = block.reduce(
        size, -Limits<Real>::infinity,
        [=](std::size_t i) {
          logs[i] = from[i] + step * g[i];
          return logs[i];
        },
        Max{});
    int* const flag = bad;
    if (!(top > -Limits<Real>::infinity && top < Limits<Real>::infinity)) {
      block.each(1, [=](std::size_t) { *flag = 1; });
      return;
    }
    const Real total = block.reduce(
        size, Real{0}, [=](std::size_t i) { return std::exp(logs[i] - top); }, Add{});
    const Real shift = top + std::log(total);
    const Real moved = block.reduce(
        size, Real{0},
        [=](std::size_t i) {
          logs[i] -= shift;
          const Real mass = std::exp(logs[i]);
          const Real difference = std::abs(mass - p[i]);
          p[i] = mass;
          if (average != nullptr) {
            average[i] += share * (mass - average[i]);
          }
          return difference;
        },
        Max{});
    std::int64_t* const counter = average == nullptr ? nullptr : round + player;
    Real* const result = change + player;
    block.each(1, [=](std::size_t) {
      *result = moved;
      if (counter != nullptr) {
        ++*counter;
      }
    });
  }
};

/// out[player] = {max of the player's field, <field, strategy>}: all that a duality gap needs.
template <class Real>
struct TwoPlayerGap {
  TwoPlayers players;
  const Real* point;
  const Real* field;
  Real* out;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t player = block.index();
    const Real* const g = field + players.first(player);
    const Real* const p = point + players.first(player);
    const Real best = block.reduce(
        players.size(player), -Limits<Real>::infinity, [=](std::size_t i) { return g[i]; }, Max{});
    const Real earned = block.reduce(
        players.size(player), Real{0}, [=](std::size_t i) { return g[i] * p[i]; }, Add{});
    Real* const slot = out + 2 * player;
    block.each(1, [=](std::size_t) {
      slot[0] = best;
      slot[1] = earned;
    });
  }
};

}  // namespace dag::device
