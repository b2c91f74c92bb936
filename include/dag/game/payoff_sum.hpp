// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <dag/game/table.hpp>

namespace dag {

/// How the payoffs of a profile add up over the players.
enum class SumKind {
  zero,              ///< to exactly zero in every profile
  constant,          ///< to exactly one number in every profile
  rounded_constant,  ///< to one number but for the rounding of decimals as written
  general,
};

/// What the players' payoffs add up to over the profiles, in units of payoff.
struct PayoffSum {
  SumKind kind = SumKind::general;
  double constant = 0.0;  ///< the sum (exact kinds: nearest double; rounded: middle of its range)
  double spread = 0.0;    ///< largest minus smallest sum over the profiles
  friend bool operator==(const PayoffSum&, const PayoffSum&) = default;
};

namespace detail {

/// The quick way to see that a two-player game is zero-sum: in every profile the same digits with
/// the other sign. False does not mean that it is not.
[[nodiscard]] inline bool all_mirrored(const GameTable& game) {
  if (game.player_count() != 2) {
    return false;
  }
  for (std::size_t i = 0; i + 1 < game.numbers.size(); i += 2) {
    if (!game.numbers[i].mirrors(game.numbers[i + 1])) {
      return false;
    }
  }
  for (const GameOutcome& outcome : game.outcomes) {
    if (outcome.payoffs.size() != 2 || !outcome.payoffs[0].mirrors(outcome.payoffs[1])) {
      return false;
    }
  }
  for (std::size_t profile = 0; profile < game.profile_count(); ++profile) {
    if (game.payoffs[0][profile] != -game.payoffs[1][profile]) {
      return false;
    }
  }
  return true;
}

}  // namespace detail

/// Classifies a game by its payoffs as written, in exact rational arithmetic.
///
/// Rule for decimals ("0.333 -0.334"): a payoff written with d decimals may be off by one unit of
/// its last place (it was rounded or cut), an integer or a fraction is exact. The game is
/// `rounded_constant` if one constant lies within these units in every profile, and the sums differ
/// by at most 1e-3 of the payoff range (so that coarse decimals do not hide a general-sum game).
[[nodiscard]] inline PayoffSum payoff_sum(const GameTable& game) {
  validate(game);
  const std::size_t players = game.player_count();
  PayoffSum result;
  if (detail::all_mirrored(game)) {
    result.kind = SumKind::zero;
    return result;
  }
  // Calls use(the sum, the units of its last places) of every profile.
  const auto every_sum = [&](const auto& use) {
    std::vector<Number> payoffs(players);
    for (std::size_t profile = 0; profile < game.profile_count(); ++profile) {
      double slack = 0.0;
      detail::Rational sum;
      for (std::size_t i = 0; i < players; ++i) {
        payoffs[i] = written_payoff(game, i, profile);
        slack += payoffs[i].last_place();
        sum = sum + payoffs[i].exact();
      }
      use(sum, slack);
    }
  };
  detail::Rational least;
  detail::Rational most;
  bool first = true;
  bool rounded = false;
  every_sum([&](const detail::Rational& sum, double slack) {
    least = first || compare(sum, least) < 0 ? sum : least;
    most = first || compare(most, sum) < 0 ? sum : most;
    rounded = rounded || slack > 0;
    first = false;
  });
  result.spread = (most + least.negated()).nearest();
  result.constant = least.nearest();
  if (most.numerator.is_zero() && least.numerator.is_zero()) {
    result.kind = SumKind::zero;
  } else if (compare(least, most) == 0) {
    result.kind = SumKind::constant;
  } else {
    result.constant = 0.5 * (least.nearest() + most.nearest());
    if (rounded && result.spread <= 1e-3 * payoff_range(game)) {
      double low = 0.0;  // of the constants that fit every profile, above the least sum
      double high = result.spread;
      every_sum([&](const detail::Rational& sum, double slack) {
        const double above = (sum + least.negated()).nearest();
        low = std::fmax(low, above - slack);
        high = std::fmin(high, above + slack);
      });
      // Sums may lie exactly at the ends of these intervals: allow for the rounding of doubles.
      result.kind =
          low - high <= 1e-9 * result.spread ? SumKind::rounded_constant : SumKind::general;
    }
  }
  return result;
}

/// Exactly zero in every profile, on the numbers as written.
[[nodiscard]] inline bool is_zero_sum(const GameTable& game) {
  return payoff_sum(game).kind == SumKind::zero;
}

/// One sum in every profile: exactly, or up to the rounding of decimals as in `payoff_sum`.
[[nodiscard]] inline bool is_constant_sum(const GameTable& game) {
  return payoff_sum(game).kind != SumKind::general;
}

}  // namespace dag
