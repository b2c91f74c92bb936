// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/double_double.hpp>
#include <dag/numeric/integer.hpp>

namespace dag {

/// One mixed strategy a player.
using MixedProfile = std::vector<std::vector<double>>;

/// How far a profile of a normal-form game is from a Nash equilibrium, in units of payoff.
struct RegretReport {
  std::vector<double> payoffs;  ///< what each player expects
  std::vector<double> regrets;  ///< what each gains by the best deviation alone
  double max_regret = 0.0;      ///< the largest of them: 0 exactly at an equilibrium
  double nash_conv = 0.0;       ///< their sum; in zero-sum games the duality gap
  double relative = 0.0;        ///< sum of regret / payoff range over the players
  double error = 0.0;           ///< no payoff or regret above is off by more
  friend bool operator==(const RegretReport&, const RegretReport&) = default;
};

/// Checks that a profile fits a game: one strategy a player, of its size, entries at least
/// -tolerance, sum within tolerance of one. Errc::dimension_mismatch or Errc::not_a_distribution.
inline void validate(const GameTable& game, const MixedProfile& profile, double tolerance = 1e-9) {
  require(profile.size() == game.player_count(), Errc::dimension_mismatch, "profile: the game has ",
          game.player_count(), " players, got ", profile.size(), " strategies");
  for (std::size_t i = 0; i < profile.size(); ++i) {
    require(profile[i].size() == game.sizes[i], Errc::dimension_mismatch, "profile: player ", i + 1,
            " has ", game.sizes[i], " strategies, got ", profile[i].size(), " probabilities");
    double sum = 0.0;
    for (const double probability : profile[i]) {
      require(probability >= -tolerance && std::isfinite(probability), Errc::not_a_distribution,
              "profile: player ", i + 1, " has a probability ", probability);
      sum += probability;
    }
    require(std::abs(sum - 1.0) <= tolerance, Errc::not_a_distribution,
            "profile: the probabilities of player ", i + 1, " must add up to one, got ", sum);
  }
}

/// Expected payoff of each strategy of `player` while the others play `profile`: the payoff tensor
/// contracted with the others' strategies, one pass over it. Allocates one copy of at most its
/// size.
[[nodiscard]] inline std::vector<double> deviation_payoffs(const GameTable& game,
                                                           const MixedProfile& profile,
                                                           std::size_t player) {
  const std::vector<double>* source = &game.payoffs[player];
  std::vector<double> tensor;
  // The slowest indices first: whole blocks are added, weighted by one probability each.
  for (std::size_t i = game.player_count(); i-- > player + 1;) {
    const std::size_t block = source->size() / game.sizes[i];
    std::vector<double> smaller(block, 0.0);
    for (std::size_t s = 0; s < game.sizes[i]; ++s) {
      const double weight = profile[i][s];
      const double* from = source->data() + s * block;
      for (std::size_t j = 0; weight != 0.0 && j < block; ++j) {
        smaller[j] += weight * from[j];
      }
    }
    tensor = std::move(smaller);
    source = &tensor;
  }
  // Then the fastest: one dot product an entry.
  for (std::size_t i = 0; i < player; ++i) {
    const std::size_t size = game.sizes[i];
    std::vector<double> smaller(source->size() / size);
    for (std::size_t j = 0; j < smaller.size(); ++j) {
      double sum = 0.0;
      for (std::size_t s = 0; s < size; ++s) {
        sum += profile[i][s] * (*source)[j * size + s];
      }
      smaller[j] = sum;
    }
    tensor = std::move(smaller);
    source = &tensor;
  }
  return *source;
}

namespace detail {

/// What a payoff array is divided by before sums are formed: a power of two near its extent, so
/// that nothing overflows and nothing is rounded.
template <class Real>
[[nodiscard]] int payoff_exponent(std::span<const Real> payoffs) noexcept {
  double largest = 0.0;
  for (const Real entry : payoffs) {
    const double size = std::abs(static_cast<double>(entry));
    largest = size > largest ? size : largest;
  }
  return largest > 0.0 ? std::ilogb(largest) : 0;
}

/// `deviation_payoffs` in twice the working precision, of payoffs over 2^exponent.
/// `tails`: what the payoffs miss of the numbers they stand for, or nothing.
template <class Real>
[[nodiscard]] std::vector<DoubleDouble> deviation_sums(std::span<const Real> payoffs,
                                                       std::span<const double> tails,
                                                       const MixedProfile& profile,
                                                       std::size_t player, int exponent) {
  const double scale = std::ldexp(1.0, -exponent / 2);
  const double rest = std::ldexp(1.0, -exponent + exponent / 2);
  const auto given = [&](std::size_t j) {
    const DoubleDouble head(static_cast<double>(payoffs[j]) * scale * rest);
    return tails.empty() ? head : head + DoubleDouble(tails[j] * scale * rest);
  };
  std::vector<DoubleDouble> tensor;
  std::size_t size = payoffs.size();
  bool fresh = true;  // the payoffs themselves have not been read yet
  const auto entry = [&](std::size_t j) { return fresh ? given(j) : tensor[j]; };
  // The slowest indices first, then the fastest, as there; strategies that are not played cost
  // nothing.
  for (std::size_t i = profile.size(); i-- > player + 1;) {
    size /= profile[i].size();
    std::vector<DoubleDouble> smaller(size);
    for (std::size_t s = 0; s < profile[i].size(); ++s) {
      const double weight = profile[i][s];
      for (std::size_t j = 0; weight != 0.0 && j < size; ++j) {
        smaller[j] += entry(s * size + j) * weight;
      }
    }
    tensor = std::move(smaller);
    fresh = false;
  }
  for (std::size_t i = 0; i < player; ++i) {
    const std::size_t count = profile[i].size();
    size /= count;
    std::vector<DoubleDouble> smaller(size);
    for (std::size_t s = 0; s < count; ++s) {
      const double weight = profile[i][s];
      for (std::size_t j = 0; weight != 0.0 && j < size; ++j) {
        smaller[j] += entry(j * count + s) * weight;
      }
    }
    tensor = std::move(smaller);
    fresh = false;
  }
  if (fresh) {  // nobody else plays
    for (std::size_t j = 0; j < size; ++j) {
      tensor.push_back(given(j));
    }
  }
  return tensor;
}

/// The double nearest to a number, and the one nearest to what that one misses.
[[nodiscard]] inline std::pair<double, double> two_doubles(const Rational& exact) {
  const double head = exact.nearest();
  const Fraction given(Integer(exact.negative, exact.numerator), Integer(false, exact.denominator));
  return {head, (given + Fraction::of(-head)).nearest()};
}

/// The payoffs of players who lie so far from zero, beside their range, that the rounding of what
/// was written matters, as two doubles each above the smallest one. Empty arrays for the others.
struct PayoffsAbove {
  std::vector<DoubleDouble> smallest;  ///< one a player, 0 for the others
  std::vector<std::vector<double>> heads;
  std::vector<std::vector<double>> tails;
};

[[nodiscard]] inline PayoffsAbove payoffs_above(const GameTable& game) {
  const std::size_t players = game.player_count();
  PayoffsAbove above{std::vector<DoubleDouble>(players), std::vector<std::vector<double>>(players),
                     std::vector<std::vector<double>>(players)};
  for (std::size_t i = 0; i < players && has_written_payoffs(game); ++i) {
    if (!PayoffBounds(game.payoffs[i]).is_far()) {
      continue;
    }
    const Rational low = written_extent(game, i).first;
    const auto [high, rest] = two_doubles(low);
    above.smallest[i] = DoubleDouble::sum(high, rest);
    for (std::size_t k = 0; k < game.profile_count(); ++k) {
      const auto [head, tail] = two_doubles(written_payoff(game, i, k).exact() + low.negated());
      above.heads[i].push_back(head);
      above.tails[i].push_back(tail);
    }
  }
  return above;
}

/// Adds player i's part to the report of a profile; `payoffs` and `tails` are above `constant`.
/// `all`: the product of the strategies' sums; `terms`: how many terms a sum has.
template <class Real>
void certify_player(RegretReport& report, std::span<const Real> payoffs,
                    std::span<const double> tails, DoubleDouble constant,
                    const MixedProfile& profile, std::size_t i, DoubleDouble all, double terms) {
  const int exponent = payoff_exponent(payoffs);
  const std::vector<DoubleDouble> earned = deviation_sums(payoffs, tails, profile, i, exponent);
  DoubleDouble best = earned[0];
  for (const DoubleDouble& payoff : earned) {
    best = best < payoff ? payoff : best;
  }
  DoubleDouble expected;
  DoubleDouble missed;
  for (std::size_t s = 0; s < earned.size(); ++s) {
    if (profile[i][s] != 0.0) {
      expected += earned[s] * profile[i][s];
      missed += (best - earned[s]) * profile[i][s];
    }
  }
  const PayoffBounds bounds(payoffs);
  const double range = std::ldexp(bounds.high, -exponent) - std::ldexp(bounds.low, -exponent);
  const double regret = (missed / all).value();
  const double mean = std::ldexp((expected / all).value(), exponent);
  report.payoffs.push_back((constant + DoubleDouble(mean)).value());
  report.regrets.push_back(std::ldexp(regret, exponent));
  report.relative += range > 0.0 ? regret / range : 0.0;
  // Sums of doubles over 2^exponent, below 2, to 2^-100 a term; then the rounding of the result.
  const double size = std::ldexp(std::abs(report.regrets[i]) + std::abs(report.payoffs[i]), -52);
  const double error = std::ldexp(terms, exponent - 99) + size;
  report.error = error > report.error ? error : report.error;
  report.max_regret =
      i == 0 || report.regrets[i] > report.max_regret ? report.regrets[i] : report.max_regret;
  report.nash_conv += report.regrets[i];
}

/// `certify` on payoff arrays, one a player, and a profile that fits them. `above`: what takes the
/// place of the arrays of some players.
template <class Real>
[[nodiscard]] RegretReport certify_profile(const std::vector<std::span<const Real>>& payoffs,
                                           const MixedProfile& profile,
                                           const PayoffsAbove& above = {}) {
  RegretReport report;
  DoubleDouble all(1.0);
  std::vector<DoubleDouble> sums(profile.size());
  double terms = 0.0;
  for (std::size_t i = 0; i < profile.size(); ++i) {
    for (const double probability : profile[i]) {
      sums[i] += probability;
    }
    all = all * sums[i];
    terms += static_cast<double>(profile[i].size()) + 4.0;
  }
  for (std::size_t i = 0; i < profile.size(); ++i) {
    if (above.heads.empty() || above.heads[i].empty()) {
      certify_player(report, payoffs[i], {}, DoubleDouble(), profile, i, all, terms);
    } else {
      certify_player(report, std::span<const double>(above.heads[i]),
                     std::span<const double>(above.tails[i]), above.smallest[i], profile, i, all,
                     terms);
    }
  }
  return report;
}

}  // namespace detail

/// The certificate of a profile, from the payoffs as they stand (as they were written, where they
/// lie more than eight ranges from zero) and the strategies divided by their own sums, in about 106
/// bits: a constant added to a player's payoffs changes no regret, and nothing is clipped. A regret
/// is formed as the sum of what each played strategy earns less than the best one, so that it is
/// never negative where the probabilities are not. `error` bounds what rounding did to any number
/// of the report. Throws as `validate` does. Cost: one pass over the payoffs of each player, about
/// ten times that of doubles. Memory: one copy of a player's payoffs in twice the precision.
[[nodiscard]] inline RegretReport certify(const GameTable& game, const MixedProfile& profile) {
  validate(game, profile);
  return detail::certify_profile(
      std::vector<std::span<const double>>(game.payoffs.begin(), game.payoffs.end()), profile,
      detail::payoffs_above(game));
}

/// The largest gain of a player by deviating alone.
[[nodiscard]] inline double max_regret(const GameTable& game, const MixedProfile& profile) {
  return certify(game, profile).max_regret;
}

/// The sum of the players' gains by deviating alone.
[[nodiscard]] inline double nash_conv(const GameTable& game, const MixedProfile& profile) {
  return certify(game, profile).nash_conv;
}

/// The profile in which each player plays one strategy for sure.
[[nodiscard]] inline MixedProfile pure_profile(const std::vector<std::size_t>& sizes,
                                               const std::vector<std::size_t>& choices) {
  MixedProfile profile(sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    profile[i].assign(sizes[i], 0.0);
    profile[i][choices[i]] = 1.0;
  }
  return profile;
}

}  // namespace dag
