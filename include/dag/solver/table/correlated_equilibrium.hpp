// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/status.hpp>
#include <dag/game/correlated.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/detail/indifference.hpp>
#include <dag/solver/detail/simplex_method.hpp>
#include <dag/solver/response/regret_dynamics.hpp>

namespace dag {

/// Options of `correlated_equilibrium`.
struct CorrelatedEquilibriumOptions {
  RegretKind kind = RegretKind::internal;  ///< internal: correlated; external: coarse correlated
  /// What is maximised: sum_i weights[i] * payoff of player i. Empty: welfare, all weights one.
  /// Negative weights are allowed (the worst equilibrium).
  std::vector<double> weights = {};
  /// Maximise the payoff of the player who expects least instead (payoffs compared as they are).
  bool egalitarian = false;
  double tolerance = 1e-10;     ///< on the largest gap / payoff range of a player, for `converged`
  std::int64_t max_pivots = 0;  ///< 0: 100 (profiles + deviations) + 10000
  std::size_t max_entries = 20'000'000;  ///< refuse larger tableaus (profiles * deviations)
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
};

/// The (coarse) correlated equilibrium that is best for a weighted sum of the players' payoffs, by
/// one linear program over the joint distributions q of a small game:
///
///   max sum_s q(s) sum_i w_i u_i(s)   subject to   sum_s q(s) d(s) <= 0 for every deviation d.
///
/// Deviations: for each player, "b whenever a is recommended" (correlated) or "always b" (coarse);
/// d(s) is what the deviator gains at profile s, divided by its payoff range. Solved on the cone q
/// >= 0 with sum q <= 1 and positive costs, where the optimum has sum 1 and the origin is feasible:
/// no first phase, and never infeasible, since an equilibrium exists. Source: Aumann (1987),
/// doi:10.2307/1911154; Hart and Schmeidler (1989), doi:10.1287/moor.14.1.18.
/// `egalitarian`: max t with t <= payoff of every player, t a further variable, all payoffs mapped
/// to [1, 2] alike, so that the optimum has sum 1 here too.
/// The answer is cleaned of rounding and certified by evaluating all deviations; `iterations`
/// counts pivots. Memory: profiles * deviations doubles. Deterministic.
/// Errors: as `validate`; dimension_mismatch or not_finite for weights; unsupported beyond
/// `max_entries` (use `regret_dynamics` there).
[[nodiscard]] inline CorrelatedSolution correlated_equilibrium(
    const GameTable& game, const CorrelatedEquilibriumOptions& options = {}) {
  validate(game);
  const Deadline deadline(options.stop, options.time_limit, "correlated_equilibrium");
  const std::size_t players = game.player_count();
  const std::size_t profiles = game.profile_count();
  const OptionRules rules("correlated_equilibrium");
  rules.not_negative("tolerance", options.tolerance);
  rules.not_negative("max_pivots", options.max_pivots);
  require(options.weights.empty() || !options.egalitarian, Errc::invalid_argument,
          "correlated_equilibrium: weights or egalitarian, not both");
  require(options.weights.empty() || options.weights.size() == players, Errc::dimension_mismatch,
          "correlated_equilibrium: needs one weight a player or none, got ", options.weights.size(),
          " for ", players, " players");
  const bool coarse = options.kind == RegretKind::external;
  std::size_t rows = 1;
  for (const std::size_t size : game.sizes) {
    rows += coarse ? size : size * (size - 1);
  }
  const std::size_t columns = profiles + (options.egalitarian ? 1 : 0);
  rows += options.egalitarian ? players : 0;
  require(profiles <= options.max_entries / rows, Errc::unsupported,
          "correlated_equilibrium: ", profiles, " profiles times ", rows,
          " deviations are more than ", options.max_entries,
          " entries; use regret_dynamics, or raise max_entries");

  // Costs between one and two: the objective, shifted and scaled. Payoffs around zero over a power
  // of two for each player, so that neither their offsets nor their scales cost digits.
  std::vector<double> costs(profiles, 0.0);
  std::vector<int> exponents(players);
  int top = std::numeric_limits<int>::min();
  for (std::size_t i = 0; i < players; ++i) {
    const double weight = options.weights.empty() ? 1.0 : options.weights[i];
    require(std::isfinite(weight), Errc::not_finite, "correlated_equilibrium: a weight is ",
            weight);
    exponents[i] = detail::payoff_exponent(std::span<const double>(game.payoffs[i]));
    const int size = weight != 0.0 ? exponents[i] + std::ilogb(weight) : top;
    top = size > top ? size : top;
  }
  for (std::size_t i = 0; i < players; ++i) {
    const double weight = options.weights.empty() ? 1.0 : options.weights[i];
    const detail::PayoffExtent extent = detail::payoff_extent(game.payoffs[i]);
    const double middle = 0.5 * extent.low + 0.5 * extent.high;
    for (std::size_t s = 0; weight != 0.0 && s < profiles; ++s) {
      // Both parts of the exponent in turn: their sum may be beyond a double's.
      const double unit = std::ldexp(0.5 * game.payoffs[i][s] - 0.5 * middle, -exponents[i]);
      costs[s] += std::ldexp(std::ldexp(weight, -std::ilogb(weight)) * unit,
                             exponents[i] + std::ilogb(weight) - top);
    }
  }
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const double cost : costs) {
    low = cost < low ? cost : low;
    high = cost > high ? cost : high;
  }
  for (double& cost : costs) {
    cost = high > low ? 1.0 + (cost - low) / (high - low) : 1.0;
  }

  std::vector<double> matrix(rows * columns, 0.0);
  std::vector<double> right_sides(rows, 0.0);
  std::size_t row = 0;
  for (std::size_t i = 0; i < players; ++i) {
    const std::size_t stride = profile_stride(game.sizes, i);
    const std::vector<double>& payoffs = game.payoffs[i];
    const detail::PayoffExtent extent = detail::payoff_extent(payoffs);
    const double half_range = 0.5 * extent.high - 0.5 * extent.low;
    for (std::size_t a = 0; a < (coarse ? 1 : game.sizes[i]); ++a) {
      for (std::size_t b = 0; b < game.sizes[i]; ++b) {
        if (!coarse && a == b) {
          continue;
        }
        for (std::size_t s = 0; s < profiles; ++s) {
          const std::size_t own = s / stride % game.sizes[i];
          if (coarse || own == a) {
            const double deviated = payoffs[s - own * stride + b * stride];
            matrix[row * columns + s] =
                half_range > 0 ? (0.5 * deviated - 0.5 * payoffs[s]) / half_range : 0.0;
          }
        }
        ++row;
      }
    }
  }
  for (std::size_t s = 0; s < profiles; ++s) {
    matrix[row * columns + s] = 1.0;
  }
  right_sides[row] = 1.0;
  if (options.egalitarian) {
    costs.assign(columns, 0.0);
    costs[profiles] = 1.0;
    double least = std::numeric_limits<double>::infinity();
    double most = -least;
    for (const std::vector<double>& payoffs : game.payoffs) {
      const detail::PayoffExtent extent = detail::payoff_extent(payoffs);
      least = extent.low < least ? extent.low : least;
      most = extent.high > most ? extent.high : most;
    }
    const double half = 0.5 * most - 0.5 * least;
    for (std::size_t i = 0; i < players; ++i) {
      ++row;
      for (std::size_t s = 0; s < profiles; ++s) {
        // Between 1 and 2, so that to play always pays: the optimum has sum 1.
        matrix[row * columns + s] =
            -1.0 - (half > 0 ? (0.5 * game.payoffs[i][s] - 0.5 * least) / half : 0.0);
      }
      matrix[row * columns + profiles] = 1.0;
    }
  }

  const std::int64_t limit = options.max_pivots > 0
                                 ? options.max_pivots
                                 : 100 * static_cast<std::int64_t>(rows + profiles) + 10000;
  detail::SimplexMethod<double> tableau(matrix, rows, columns, right_sides, costs);
  tableau.stop_at(deadline);
  const bool optimal = tableau.solve(limit);
  CorrelatedSolution solution;
  solution.joint.assign(columns, 0.0);
  std::vector<double> duals(rows, 0.0);
  tableau.read_off(duals, solution.joint);
  solution.joint.resize(profiles);
  double sum = 0.0;
  for (double& probability : solution.joint) {
    probability = probability > 1e-13 ? probability : 0.0;
    sum += probability;
  }
  if (sum > 0.0) {
    for (double& probability : solution.joint) {
      probability /= sum;
    }
  } else {  // stopped at the origin
    solution.joint.assign(profiles, 1.0 / static_cast<double>(profiles));
  }
  solution.certificate = certify_joint(game, solution.joint, options.kind, &deadline);
  solution.gap = coarse ? solution.certificate.coarse_gap : solution.certificate.correlated_gap;
  for (std::size_t i = 0; i < players; ++i) {
    const detail::PayoffExtent extent = detail::payoff_extent(game.payoffs[i]);
    const double half_range = 0.5 * extent.high - 0.5 * extent.low;
    const double regret = coarse ? solution.certificate.external_regrets[i]
                          : std::isnan(solution.gap)
                              ? 2 * half_range  // cut short: what always holds
                              : solution.certificate.swap_regrets[i];
    const double relative = half_range > 0 ? 0.5 * regret / half_range : 0.0;
    solution.relative_gap = relative > solution.relative_gap ? relative : solution.relative_gap;
  }
  if (std::isnan(solution.gap)) {
    solution.gap = payoff_range(game);
  }
  solution.iterations = tableau.pivots();
  const bool met = optimal && solution.relative_gap <= options.tolerance;
  solution.status = deadline.ending(met, !optimal);
  return solution;
}

}  // namespace dag
