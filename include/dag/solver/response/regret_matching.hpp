// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/solver/options.hpp>
#include <dag/solver/response/detail/regret_rounds.hpp>
#include <dag/solver/solution.hpp>

namespace dag {

/// Regret matching: every player mixes in proportion to its positive regrets.
///
/// Source: Hart and Mas-Colell (2000), doi:10.1111/1468-0262.00153. Update: R_i += g_i - <g, z>,
/// z_i proportional to max(R_i, 0), unchanged where no regret is positive. Rate, simultaneous:
/// gap(mean of z) <= sum_b range sqrt(size_b / T). Defaults: alternating turns, average uniform; no
/// step to choose, and the scale of the payoffs cancels. Cost a round: one field (two products of
/// one side each when alternating). Memory: six stacked vectors; nothing is allocated after the
/// first round. Deterministic. Errors: invalid_argument (options), dimension_mismatch or
/// not_a_distribution (start), not_finite.
template <SimplexGame Game>
[[nodiscard]] Solution<Game> regret_matching(const Game& game,
                                             const SolverOptions<scalar_t<Game>>& options = {},
                                             const RegretMatchingOptions& own = {}) {
  return detail::match_regrets(game, options, own, false, false, Average::uniform,
                               "regret_matching");
}

}  // namespace dag
