// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/double_double.hpp>

namespace dag {

/// How far a distribution over profiles is from a correlated and a coarse correlated equilibrium,
/// from the evaluation of all deviations. Units: payoff. One entry a player.
struct CorrelatedReport {
  std::vector<double> payoffs;  ///< what each player expects
  /// Coarse: what each gains by one strategy played whatever was recommended; may be negative.
  std::vector<double> external_regrets;
  /// What each gains by the best answer to every recommendation: sum over recommendations; >= 0.
  std::vector<double> swap_regrets;
  double coarse_gap = 0.0;      ///< the largest external regret, at least 0
  double correlated_gap = 0.0;  ///< the largest swap regret: 0 exactly at correlated equilibria
  friend bool operator==(const CorrelatedReport&, const CorrelatedReport&) = default;
};

namespace detail {

/// table[a * size + b]: what `player` would earn by playing b whenever a is recommended,
/// E[1{s_i = a} u_i(b, s_-i)]. One pass over the payoffs times the player's strategies.
/// In twice the working precision, of payoffs over 2^exponent.
inline void recommendation_payoffs(const GameTable& game, std::span<const double> joint,
                                   std::size_t player, int exponent,
                                   std::span<DoubleDouble> table) {
  std::size_t stride = 1;
  for (std::size_t i = 0; i < player; ++i) {
    stride *= game.sizes[i];
  }
  const std::size_t size = game.sizes[player];
  const std::vector<double>& payoffs = game.payoffs[player];
  for (DoubleDouble& entry : table) {
    entry = 0.0;
  }
  for (std::size_t outer = 0; outer < payoffs.size(); outer += stride * size) {
    for (std::size_t others = outer; others < outer + stride; ++others) {
      for (std::size_t a = 0; a < size; ++a) {
        const double probability = joint[others + a * stride];
        for (std::size_t b = 0; probability != 0.0 && b < size; ++b) {
          table[a * size + b] += DoubleDouble::product(
              std::ldexp(payoffs[others + b * stride], -exponent), probability);
        }
      }
    }
  }
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
/// Cost: each player's payoffs once per strategy of that player. Throws as `validate_joint`.
[[nodiscard]] inline CorrelatedReport certify_joint(const GameTable& game,
                                                    std::span<const double> joint) {
  validate(game);
  validate_joint(game, joint);
  CorrelatedReport report;
  DoubleDouble sum;
  for (const double probability : joint) {
    sum += probability;
  }
  std::vector<DoubleDouble> table;
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    const std::size_t size = game.sizes[i];
    const int exponent = detail::payoff_exponent(std::span<const double>(game.payoffs[i]));
    table.assign(size * size, DoubleDouble());
    detail::recommendation_payoffs(game, joint, i, exponent, table);
    DoubleDouble expected;
    DoubleDouble swapped;
    DoubleDouble best_fixed;
    for (std::size_t b = 0; b < size; ++b) {
      DoubleDouble best = table[b * size];
      DoubleDouble gained;  // by b whatever was recommended
      for (std::size_t a = 0; a < size; ++a) {
        best = best < table[b * size + a] ? table[b * size + a] : best;
        gained += table[a * size + b] - table[a * size + a];
      }
      expected += table[b * size + b];
      swapped += best - table[b * size + b];
      best_fixed = b == 0 || best_fixed < gained ? gained : best_fixed;
    }
    const auto in_payoffs = [&](const DoubleDouble& x) {
      return std::ldexp((x / sum).value(), exponent);
    };
    report.payoffs.push_back(in_payoffs(expected));
    report.external_regrets.push_back(in_payoffs(best_fixed));
    report.swap_regrets.push_back(in_payoffs(swapped));
    const double coarse = report.external_regrets[i];
    report.coarse_gap = coarse > report.coarse_gap ? coarse : report.coarse_gap;
    const double swap = report.swap_regrets[i];
    report.correlated_gap = swap > report.correlated_gap ? swap : report.correlated_gap;
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
