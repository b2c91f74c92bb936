// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/alignment/all_equilibria.hpp>
#include <dag/alignment/sharpening_game.hpp>
#include <dag/core/blocks.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag {
namespace detail {

/// How far the start of an ascent lies from where it would end elsewhere: on the straight way to
/// another stable equilibrium, the total variation (mean over contexts by weight) at which the end
/// changes first, by bisection; the least over the eight nearest of them, to 2^-12 of a way and to
/// a thousandth of itself.
/// start, others[j]: stacked probabilities; reaches(log-probabilities): whether ascent from there
/// still ends at the same equilibrium. +inf without another.
template <class Reaches>
[[nodiscard]] double basin_margin(const Blocks& blocks, std::span<const double> weights,
                                  const std::vector<double>& start,
                                  std::vector<std::vector<double>> others, Reaches&& reaches) {
  const auto distance = [&](const std::vector<double>& other) {
    double sum = 0;
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
        sum += weights[x] * std::abs(other[i] - start[i]) / 2;
      }
    }
    return sum;
  };
  std::sort(others.begin(), others.end(),
            [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
  others.resize(std::min<std::size_t>(others.size(), 8));
  double least = std::numeric_limits<double>::infinity();
  for (const std::vector<double>& other : others) {
    const double whole = distance(other);
    double low = 0, high = std::fmin(1.0, least / whole);
    const auto holds = [&](double t) {
      std::vector<double> log_point(start);
      for (std::size_t i = 0; i < log_point.size(); ++i) {
        log_point[i] = std::log(start[i] + t * (other[i] - start[i]));
      }
      return reaches(std::move(log_point));
    };
    if (!(whole > 0) || (high < 1 && holds(high))) {
      continue;
    }
    for (int round = 0; round < 12 || (round < 40 && high - low > 1e-3 * high); ++round) {
      const double middle = (low + high) / 2;
      (holds(middle) ? low : high) = middle;
    }
    least = high * whole;
  }
  return least;
}

}  // namespace detail

/// `AllEquilibria::margin` of what `all_equilibria` found: ascent from nu0 moved towards each of
/// the (at most eight nearest) other stable equilibria. +inf where there is none, where ties of nu0
/// hold the ascent at an unstable one, or where the anchor is weaker than a logarithmic part. Costs
/// twelve ascents or more for each; +inf too where the deadline passes before they are done.
[[nodiscard]] inline double basin_margin(const SharpeningGame& whole, const AllEquilibria& all,
                                         const Deadline* deadline = nullptr) {
  const ReducedGame reduced(whole);
  const SharpeningGame& game = reduced.game;
  const StationaryPolicy& reached = all.found.at(all.reached);
  if (!(game.beta - game.rate > 0) || !(game.scale > 0) || !reached.stable) {
    return std::numeric_limits<double>::infinity();
  }
  const auto left = [&](const std::vector<double>& nu) {  // the answers that nu0 allows
    std::vector<double> out;
    for (const std::size_t z : reduced.alive) {
      out.push_back(nu[z]);
    }
    return out;
  };
  std::vector<double> start = game.log_reference;
  softmax(std::span<double>(start));
  const std::vector<double> goal = left(reached.nu);
  std::vector<std::vector<double>> others;
  for (std::size_t j = 0; j < all.found.size(); ++j) {
    if (j != all.reached && all.found[j].stable) {
      others.push_back(left(all.found[j].nu));
    }
  }
  Blocks one;
  one.push_back(start.size());
  const double weight = 1;
  const double margin = detail::basin_margin(
      one, {&weight, 1}, start, std::move(others), [&](std::vector<double> log_point) {
        const StationaryPolicy end = detail::ascend(game, std::move(log_point), deadline);
        double off = 0;
        for (std::size_t z = 0; z < goal.size(); ++z) {
          off = std::fmax(off, std::abs(end.nu[z] - goal[z]));
        }
        return off < 1e-5;
      });
  return deadline != nullptr && deadline->passed() ? std::numeric_limits<double>::infinity()
                                                   : margin;
}

}  // namespace dag
