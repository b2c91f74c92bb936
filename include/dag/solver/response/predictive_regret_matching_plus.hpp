// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/solver/options.hpp>
#include <dag/solver/response/detail/regret_rounds.hpp>
#include <dag/solver/solution.hpp>

namespace dag {

/// Predictive regret matching plus: regret matching plus that expects the last field once more.
///
/// Source: Farina, Kroer and Sandholm (2021), arXiv:2007.14358. Update: r = g - <g, z>, R = max(R +
/// r, 0), z proportional to max(R + r, 0). Rate, simultaneous: O(1/sqrt T) averaged, better where
/// fields change slowly; in practice the fastest regret method on matrix games with alternating
/// turns and quadratic weights. Defaults: alternating, average quadratic. Cost, memory, errors:
/// those of `regret_matching`.
template <SimplexGame Game>
[[nodiscard]] Solution<Game> predictive_regret_matching_plus(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    const RegretMatchingOptions& own = {}) {
  return detail::match_regrets(game, options, own, true, true, Average::quadratic,
                               "predictive_regret_matching_plus");
}

}  // namespace dag
