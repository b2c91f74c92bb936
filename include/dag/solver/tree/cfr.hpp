// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/tree/counterfactual_regret.hpp>

namespace dag {

/// Counterfactual regret minimisation: regret matching at every information set, on payoffs that
/// leave out the own probability of coming there. Any number of players.
///
/// Source: Zinkevich, Johanson, Bowling, Piccione (2007). Update at set I of the player to move:
/// r_a = v_a - <p, v>, R += r, p proportional to max(R, 0), uniform if none is positive. Rate
/// (simultaneous turns, two-player zero-sum): NashConv of the uniform mean <= sum over sets of D_I
/// sqrt(actions of I / t), D_I the spread of what can be earned below I. With N players or general
/// payoffs the means tend to coarse correlated play only, and the certificate says how far they are
/// from an equilibrium. Defaults: alternating turns, average uniform. Every rule of
/// `CounterfactualOptions` can be taken; the functions below name the usual ones.
///
/// Cost a round: one pass over the payoffs, one bottom-up and one top-down over flat arrays; memory
/// five stacked vectors; nothing is allocated after the first round. One product counts the field
/// of all players once. Deterministic. Errors: invalid_argument (options), dimension_mismatch or
/// not_a_distribution (start).
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] Solution<Game> cfr(const Game& game,
                                 const SolverOptions<scalar_t<Game>>& options = {},
                                 CounterfactualOptions<scalar_t<Game>> own = {}) {
  own.rule = RegretRule::plain;
  return detail::counterfactual(game, options, own, Average::uniform, "cfr");
}

/// CFR+: regrets are cut at zero, strategies of round t weigh t. Source: Tammelin (2014),
/// arXiv:1407.5042; the averages of alternating turns: Burch, Moravcik, Schmid (2019),
/// arXiv:1810.11542. Rate as CFR. Defaults: alternating, average linear.
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] Solution<Game> cfr_plus(const Game& game,
                                      const SolverOptions<scalar_t<Game>>& options = {},
                                      CounterfactualOptions<scalar_t<Game>> own = {}) {
  own.rule = RegretRule::plus;
  return detail::counterfactual(game, options, own, Average::linear, "cfr_plus");
}

/// Linear CFR: discounted CFR with alpha = beta = gamma = 1. Source: Brown and Sandholm (2019),
/// arXiv:1809.04040.
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] Solution<Game> linear_cfr(const Game& game,
                                        const SolverOptions<scalar_t<Game>>& options = {},
                                        CounterfactualOptions<scalar_t<Game>> own = {}) {
  own.rule = RegretRule::discounted;
  own.alpha = own.beta = own.gamma = 1;
  return detail::counterfactual(game, options, own, Average::uniform, "linear_cfr");
}

/// Discounted CFR, by default alpha 3/2, beta 0, gamma 2. Source: Brown and Sandholm (2019),
/// arXiv:1809.04040.
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] Solution<Game> discounted_cfr(const Game& game,
                                            const SolverOptions<scalar_t<Game>>& options = {},
                                            CounterfactualOptions<scalar_t<Game>> own = {}) {
  own.rule = RegretRule::discounted;
  return detail::counterfactual(game, options, own, Average::uniform, "discounted_cfr");
}

/// Predictive CFR+: the last regret is expected to come again. Source: Farina, Kroer, Sandholm
/// (2021), arXiv:2007.14358. Defaults: alternating, average quadratic.
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] Solution<Game> predictive_cfr_plus(const Game& game,
                                                 const SolverOptions<scalar_t<Game>>& options = {},
                                                 CounterfactualOptions<scalar_t<Game>> own = {}) {
  own.rule = RegretRule::predictive;
  return detail::counterfactual(game, options, own, Average::quadratic, "predictive_cfr_plus");
}

/// Asymmetric predictive CFR+ with a fixed asymmetry: the prediction counts for 1 / (1 + asymmetry)
/// of a regret, so that a wrong one costs less. Source: Meng et al. (2025), arXiv:2503.12770, its
/// simple form (SAPCFR+; asymmetry 2 there, 5 in its first version and here). Defaults:
/// alternating, average quadratic.
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] Solution<Game> asymmetric_predictive_cfr_plus(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    CounterfactualOptions<scalar_t<Game>> own = {.asymmetry = 5}) {
  own.rule = RegretRule::predictive;
  return detail::counterfactual(game, options, own, Average::quadratic,
                                "asymmetric_predictive_cfr_plus");
}

/// Asymmetric predictive CFR+ (APCFR+): each set learns its asymmetry from its own past, sqrt(sum
/// |r
/// - r before|^2 / sum |R after - R|^2), at most `asymmetry` (5), so that predictions count where
/// they have come true. Source: Meng et al. (2025), arXiv:2503.12770, equation 3. Regret of a set
/// at most sqrt(sum |r - r before|^2 / (1 + alpha) + alpha |R after - R|^2). Three stacked vectors
/// more than CFR. Defaults: alternating, average quadratic.
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] Solution<Game> adaptive_predictive_cfr_plus(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    CounterfactualOptions<scalar_t<Game>> own = {.asymmetry = 5}) {
  own.rule = RegretRule::adaptive;
  return detail::counterfactual(game, options, own, Average::quadratic,
                                "adaptive_predictive_cfr_plus");
}

/// Restarted CFR+: CFR+ on payoffs pulled to a reference (0.02 payoff ranges, dilated Euclidean),
/// which jumps to the current play every `period` rounds (100): a sequence of strongly monotone
/// games, whose solutions tend to an equilibrium, so that the last iterate converges where that of
/// CFR+ does not. Source: Meng et al. (2023), arXiv:2308.11256. Defaults: alternating, average
/// last.
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] Solution<Game> restarted_cfr_plus(const Game& game,
                                                const SolverOptions<scalar_t<Game>>& options = {},
                                                CounterfactualOptions<scalar_t<Game>> own = {
                                                    .pull = scalar_t<Game>(0.02)}) {
  own.rule = RegretRule::plus;
  return detail::counterfactual(game, options, own, Average::last, "restarted_cfr_plus");
}

}  // namespace dag
