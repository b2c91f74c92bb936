// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>
#include <dag/gpu/device_sets.hpp>
#include <dag/gpu/mirror_step.hpp>

namespace dag::device {

/// MirrorStep under the Euclidean map, one thread block a player:
///   out = project(center + eta gradient),  mean += (out - mean) / ++round[player].
/// `mean` may be null: then round stays. `out` may be `center`. NaN and infinities raise *bad.
template <class Real>
struct ProjectedStep {
  TwoPlayers players;
  Real eta;
  const Real* center;
  const Real* gradient;
  Real* out;
  Real* mean;
  std::int64_t* round;
  int* bad;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t player = block.index();
    const std::size_t first = players.first(player);
    const std::size_t size = players.size(player);
    const Real* const from = center + first;
    const Real* const g = gradient + first;
    Real* const p = out + first;
    const Real step = eta;
    block.each(size, [=](std::size_t i) { p[i] = from[i] + step * g[i]; });
    project_segment(block, size, p, bad);
    if (mean != nullptr) {
      Real* const average = mean + first;
      const Real share = Real{1} / static_cast<Real>(round[player] + 1);
      block.each(size, [=](std::size_t i) { average[i] += share * (p[i] - average[i]); });
      std::int64_t* const counter = round + player;
      block.each(1, [=](std::size_t) { ++*counter; });
    }
  }
};

/// mean += t^2 / (1 + 4 + ... + t^2) (point - mean), t = ++round[player], one thread block a
/// player.
template <class Real>
struct QuadraticMean {
  TwoPlayers players;
  const Real* point;
  Real* mean;
  std::int64_t* round;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t player = block.index();
    const std::size_t first = players.first(player);
    const Real* const p = point + first;
    Real* const average = mean + first;
    // t^2 / (t (t + 1) (2 t + 1) / 6)
    const Real t = static_cast<Real>(round[player] + 1);
    const Real share = 6 * t / ((t + 1) * (2 * t + 1));
    block.each(players.size(player),
               [=](std::size_t i) { average[i] += share * (p[i] - average[i]); });
    std::int64_t* const counter = round + player;
    block.each(1, [=](std::size_t) { ++*counter; });
  }
};

}  // namespace dag::device
