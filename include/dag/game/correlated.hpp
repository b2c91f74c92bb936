// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/double_double.hpp>

namespace dag {

/// Which deviations count: what a player regrets.
enum class RegretKind {
  external,  ///< of not having played one strategy throughout: coarse correlated equilibria
  internal,  ///< of not having played b whenever one played a: correlated equilibria
};

/// How far a distribution over profiles is from a correlated and a coarse correlated equilibrium,
/// from the evaluation of all deviations. Units: payoff. One entry a player.
struct CorrelatedReport {
  std::vector<double> payoffs;  ///< what each player expects
  /// Coarse: what each gains by one strategy played whatever was recommended; may be negative.
  std::vector<double> external_regrets;
  /// What each gains by the best answer to every recommendation: sum over recommendations; >= 0.
  /// Empty where it was not evaluated; then `correlated_gap` is NaN.
  std::vector<double> swap_regrets;
  double coarse_gap = 0.0;      ///< the largest external regret, at least 0
  double correlated_gap = 0.0;  ///< the largest swap regret: 0 exactly at correlated equilibria
  friend bool operator==(const CorrelatedReport&, const CorrelatedReport&) = default;
};

namespace detail {

/// What a player gains: as recommended, and by each strategy played throughout.
struct FixedGains {
  DoubleDouble expected;
  DoubleDouble best_fixed;  ///< over `expected`
};

/// One pass over the player's payoffs over 2^exponent, in twice the working precision. `payoffs`:
/// work space, one number a strategy.
[[nodiscard]] inline FixedGains fixed_gains(const GameTable& game, std::span<const double> joint,
                                            std::size_t player, int exponent,
                                            std::span<DoubleDouble> payoffs) {
  const std::size_t stride = profile_stride(game.sizes, player);
  const std::size_t size = game.sizes[player];
  const std::vector<double>& payoff = game.payoffs[player];
  for (DoubleDouble& entry : payoffs) {
    entry = 0.0;
  }
  FixedGains gains;
  for (std::size_t outer = 0; outer < payoff.size(); outer += stride * size) {
    for (std::size_t others = outer; others < outer + stride; ++others) {
      DoubleDouble marginal;
      for (std::size_t a = 0; a < size; ++a) {
        marginal += joint[others + a * stride];
      }
      if (marginal.value() == 0.0) {
        continue;
      }
      for (std::size_t b = 0; b < size; ++b) {
        const double scaled = std::ldexp(payoff[others + b * stride], -exponent);
        payoffs[b] += marginal * scaled;
        gains.expected += DoubleDouble::product(scaled, joint[others + b * stride]);
      }
    }
  }
  for (std::size_t b = 0; b < size; ++b) {
    const DoubleDouble gained = payoffs[b] - gains.expected;
    gains.best_fixed = b == 0 || gains.best_fixed < gained ? gained : gains.best_fixed;
  }
  return gains;
}

/// What the best answer to every recommendation gains: from table[a * size + b], what the player
/// would earn by playing b whenever a is recommended, E[1{s_i = a} u_i(b, s_-i)]. As many passes as
/// strategies; false where the deadline passed before the end.
[[nodiscard]] inline bool swap_gain(const GameTable& game, std::span<const double> joint,
                                    std::size_t player, int exponent, const Deadline* deadline,
                                    DoubleDouble& gain) {
  const std::size_t stride = profile_stride(game.sizes, player);
  const std::size_t size = game.sizes[player];
  const std::vector<double>& payoffs = game.payoffs[player];
  std::vector<DoubleDouble> table(size * size);
  std::vector<double> scaled(size);
  for (std::size_t outer = 0; outer < payoffs.size(); outer += stride * size) {
    for (std::size_t others = outer; others < outer + stride; ++others) {
      for (std::size_t b = 0; b < size; ++b) {
        scaled[b] = std::ldexp(payoffs[others + b * stride], -exponent);
      }
      for (std::size_t a = 0; a < size; ++a) {
        const double probability = joint[others + a * stride];
        for (std::size_t b = 0; probability != 0.0 && b < size; ++b) {
          table[a * size + b] += DoubleDouble::product(scaled[b], probability);
        }
        if (deadline != nullptr && a % 64 == 63 && deadline->passed()) {
          return false;
        }
      }
    }
  }
  gain = 0.0;
  for (std::size_t a = 0; a < size; ++a) {
    DoubleDouble best = table[a * size];
    for (std::size_t b = 1; b < size; ++b) {
      best = best < table[a * size + b] ? table[a * size + b] : best;
    }
    gain += best - table[a * size + a];
  }
  return true;
}

}  // namespace detail

/// Checks that `joint` is a distribution over the profiles of the game (first player fastest).
/// Errc::dimension_mismatch or Errc::not_a_distribution.
inline void validate_joint(const GameTable& game, std::span<const double> joint,
                           double tolerance = 1e-9) {
  require(joint.size() == game.profile_count(), Errc::dimension_mismatch,
          "joint distribution: ", game.profile_count(), " profiles, got ", joint.size(),
          " probabilities");
  double sum = 0.0;
  for (const double probability : joint) {
    require(probability >= -tolerance && std::isfinite(probability), Errc::not_a_distribution,
            "joint distribution: a probability is ", probability);
    sum += probability;
  }
  require(std::abs(sum - 1.0) <= tolerance, Errc::not_a_distribution,
          "joint distribution: the probabilities must add up to one, got ", sum);
}

/// The certificate of a distribution over profiles. Aumann (1974),
/// doi:10.1016/0304-4068(74)90037-8 (correlated); Moulin and Vial (1978), doi:10.1007/BF01769190
/// (coarse). Every Nash equilibrium is correlated, every correlated one coarse. Computed from the
/// payoffs as they stand in about 106 bits, the distribution divided by its own sum.
/// Cost: each player's payoffs once; for the correlated gap once more per strategy of that player,
/// so that it is left out (NaN) where `kind` is external and profiles times strategies exceed 2^24,
/// and where the deadline passes. Throws as `validate_joint`.
[[nodiscard]] inline CorrelatedReport certify_joint(const GameTable& game,
                                                    std::span<const double> joint,
                                                    RegretKind kind = RegretKind::internal,
                                                    const Deadline* deadline = nullptr) {
  validate(game);
  validate_joint(game, joint);
  CorrelatedReport report;
  DoubleDouble sum;
  for (const double probability : joint) {
    sum += probability;
  }
  std::size_t largest = 0;
  std::vector<int> exponents;
  std::vector<DoubleDouble> work;
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    largest = largest < game.sizes[i] ? game.sizes[i] : largest;
    exponents.push_back(detail::payoff_exponent(std::span<const double>(game.payoffs[i])));
    work.resize(game.sizes[i]);
    const detail::FixedGains gains =
        detail::fixed_gains(game, joint, i, exponents[i], std::span<DoubleDouble>(work));
    report.payoffs.push_back(std::ldexp((gains.expected / sum).value(), exponents[i]));
    report.external_regrets.push_back(std::ldexp((gains.best_fixed / sum).value(), exponents[i]));
    const double coarse = report.external_regrets[i];
    report.coarse_gap = coarse > report.coarse_gap ? coarse : report.coarse_gap;
  }
  bool whole = kind == RegretKind::internal || joint.size() <= (std::size_t{1} << 24) / largest;
  for (std::size_t i = 0; i < game.player_count() && whole; ++i) {
    DoubleDouble gain;
    whole = detail::swap_gain(game, joint, i, exponents[i], deadline, gain);
    report.swap_regrets.push_back(std::ldexp((gain / sum).value(), exponents[i]));
    const double swap = report.swap_regrets[i];
    report.correlated_gap = swap > report.correlated_gap ? swap : report.correlated_gap;
  }
  if (!whole) {
    report.swap_regrets.clear();
    report.correlated_gap = std::numeric_limits<double>::quiet_NaN();
  }
  return report;
}

/// The distribution over profiles when everybody mixes alone.
[[nodiscard]] inline std::vector<double> joint_distribution(const MixedProfile& profile) {
  std::vector<double> joint{1.0};
  for (const std::vector<double>& strategy : profile) {
    std::vector<double> longer;
    longer.reserve(joint.size() * strategy.size());
    for (const double probability : strategy) {
      for (const double others : joint) {
        longer.push_back(probability * others);
      }
    }
    joint = std::move(longer);
  }
  return joint;
}

}  // namespace dag
