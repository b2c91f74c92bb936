// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>

namespace dag {

/// Two players who change their strategies in turn and then back again: around it, what each gains
/// by its own moves adds up to zero if the game has an exact potential.
struct PotentialCycle {
  std::size_t first = 0;           ///< the player that moves first and third
  std::size_t second = 0;          ///< the one that moves second and fourth
  std::vector<std::size_t> start;  ///< the profile it begins and ends at
  std::size_t first_to = 0;        ///< `first` plays this between its two moves
  std::size_t second_to = 0;
  double sum = 0.0;  ///< of the movers' gains, in units of payoff
  friend bool operator==(const PotentialCycle&, const PotentialCycle&) = default;
};

/// Whether a game is an exact potential game, with the proof of either answer.
struct PotentialReport {
  bool exact = false;
  std::vector<double> potential;  ///< one a profile, 0 at the first; empty unless exact
  PotentialCycle worst;           ///< the cycle of the largest |sum|: refutes a potential
  double violation = 0.0;         ///< that |sum|
  friend bool operator==(const PotentialReport&, const PotentialReport&) = default;
};

/// Options of `find_potential`.
struct PotentialOptions {
  double tolerance = 1e-9;  ///< on |sum| around a cycle, relative to the payoff range
};

/// Recognises exact potential games: P with u_i(s', s_-i) - u_i(s, s_-i) = P(s', s_-i) -
/// P(s, s_-i) for all players, strategies and profiles.
///
/// Source: Monderer and Shapley (1996), doi:10.1006/game.1996.0044, Theorem 2.8: it exists if and
/// only if every cycle of two players' moves sums to zero. It is enough to look at the cycles that
/// pass through both players' first strategies, of which all others are sums of four. P is then
/// summed along a path, one player after the other. A maximiser of P is a pure Nash equilibrium;
/// best responses in turn and the replicator dynamics climb P.
/// Cost: players^2 passes over the payoffs. Memory: one number a profile. Errors: as `validate`.
[[nodiscard]] inline PotentialReport find_potential(const GameTable& game,
                                                    const PotentialOptions& options = {}) {
  validate(game);
  require(options.tolerance >= 0 && std::isfinite(options.tolerance), Errc::invalid_argument,
          "find_potential: tolerance must be >= 0 and finite, got ", options.tolerance);
  const std::size_t players = game.player_count();
  std::vector<std::size_t> strides(players);
  for (std::size_t i = 0; i < players; ++i) {
    strides[i] = profile_stride(game.sizes, i);
  }
  PotentialReport report;
  std::vector<std::size_t> choices(players, 0);
  std::size_t profile = 0;
  do {
    for (std::size_t i = 0; i < players; ++i) {
      for (std::size_t j = i + 1; j < players && choices[i] > 0; ++j) {
        if (choices[j] == 0) {
          continue;
        }
        const std::size_t without_i = profile - choices[i] * strides[i];
        const std::size_t without_j = profile - choices[j] * strides[j];
        const std::size_t without_both = without_i - choices[j] * strides[j];
        const std::vector<double>& u = game.payoffs[i];
        const std::vector<double>& v = game.payoffs[j];
        const double sum = (u[without_j] - u[without_both]) + (v[profile] - v[without_j]) +
                           (u[without_i] - u[profile]) + (v[without_both] - v[without_i]);
        if (std::abs(sum) > report.violation) {
          report.violation = std::abs(sum);
          report.worst = {i, j, choices, choices[i], choices[j], sum};
          report.worst.start[i] = 0;
          report.worst.start[j] = 0;
        }
      }
    }
    ++profile;
  } while (next_profile(game.sizes, choices));
  report.exact = report.violation <= options.tolerance * payoff_range(game);
  if (!report.exact) {
    return report;
  }
  report.potential.assign(game.profile_count(), 0.0);
  for (std::size_t i = 0; i < players; ++i) {  // profiles in which nobody after i has moved
    for (std::size_t s = strides[i]; s < strides[i] * game.sizes[i]; ++s) {
      const std::size_t before = s % strides[i];
      report.potential[s] = report.potential[before] + game.payoffs[i][s] - game.payoffs[i][before];
    }
  }
  return report;
}

/// The first profile at which the potential is largest: a pure Nash equilibrium of its game.
/// Errors: invalid_argument unless the report says `exact`.
[[nodiscard]] inline std::vector<std::size_t> maximize_potential(const GameTable& game,
                                                                 const PotentialReport& report) {
  require(report.exact && report.potential.size() == game.profile_count(), Errc::invalid_argument,
          "maximize_potential: the game has no exact potential (a cycle sums to ", report.worst.sum,
          ")");
  std::vector<std::size_t> choices(game.player_count(), 0);
  std::vector<std::size_t> best = choices;
  double highest = report.potential[0];
  std::size_t profile = 0;
  do {
    if (report.potential[profile] > highest) {
      highest = report.potential[profile];
      best = choices;
    }
    ++profile;
  } while (next_profile(game.sizes, choices));
  return best;
}

}  // namespace dag
