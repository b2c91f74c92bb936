// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/solver/options.hpp>
#include <dag/solver/response/detail/regret_rounds.hpp>
#include <dag/solver/solution.hpp>

namespace dag {

/// Regret matching plus: negative regrets are forgotten at once.
///
/// Source: Tammelin (2014), arXiv:1407.5042. Update: R_i = max(R_i + g_i - <g, z>, 0), z
/// proportional to R. Rate, simultaneous with uniform weights: gap(mean of z) <= sum_b range
/// sqrt(size_b / T); in practice near 1/T with alternating turns and linear weights. Defaults:
/// alternating, average linear. Cost, memory, errors: those of `regret_matching`.
template <SimplexGame Game>
[[nodiscard]] Solution<Game> regret_matching_plus(const Game& game,
                                                  const SolverOptions<scalar_t<Game>>& options = {},
                                                  const RegretMatchingOptions& own = {}) {
  return detail::match_regrets(game, options, own, true, false, Average::linear,
                               "regret_matching_plus");
}

}  // namespace dag
