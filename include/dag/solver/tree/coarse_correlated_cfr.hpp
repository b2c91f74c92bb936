// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/status.hpp>
#include <dag/game/sequence_game.hpp>
#include <dag/solver/loop.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/tree/counterfactual_regret.hpp>

namespace dag {

/// The joint play of all rounds, each round as likely as any other, by what can be said of it
/// without keeping it: every player's mean plan, mean payoff, and what the best plan against the
/// others' play would have earned more.
template <class Game>
struct CoarsePlay {
  Status status = Status::iteration_limit;
  std::int64_t iterations = 0;
  double seconds = 0;
  std::vector<double> payoffs;  ///< as given, of the joint play
  std::vector<double> regrets;  ///< as given; a plan kept to from the start, against mean play
  double gap = 0;               ///< the largest regret: 0 at a coarse correlated equilibrium
  double relative_gap = 0;      ///< the largest regret over its player's range
  State<backend_t<Game>, scalar_t<Game>> mean;  ///< the players' mean plans, side by side
};

/// Coarse correlated equilibria of trees of any number of players: everybody runs CFR at once, and
/// the joint play of all rounds is one in the limit (normal-form coarse correlation: who deviates
/// does so before any recommendation, and for the whole game).
///
/// Source: Farina, Bianchi and Sandholm (2020), arXiv:1908.09893 (the notion); Zinkevich et al.
/// (2007) (regrets of CFR are at most the sum of those of the information sets). Certificate: max
/// over players i and plans u of mean_t [u_i(u, x_-i^t) - u_i(x^t)], from the mean of the fields at
/// the rounds' plans, so that it is exact however many rounds; at most sum over sets of D_I
/// sqrt(actions / t), as for `cfr`. Rule: of `own`, plain by default; turns are simultaneous and
/// rounds weigh the same. It says nothing about deviations after a recommendation (extensive-form
/// coarse correlation, a smaller set). Cost a round: two passes over the payoffs. Deterministic.
/// Errors: invalid_argument.
template <class Game>
requires detail::is_sequence_game<Game>
[[nodiscard]] CoarsePlay<Game> coarse_correlated_cfr(
    const Game& game, const SolverOptions<scalar_t<Game>>& options = {},
    CounterfactualOptions<scalar_t<Game>> own = {.rule = RegretRule::plain}) {
  using Real = scalar_t<Game>;
  constexpr std::string_view solver = "coarse_correlated_cfr";
  detail::check_counterfactual(options, own, solver);
  require(options.average == Average::automatic || options.average == Average::uniform,
          Errc::invalid_argument, solver,
          ": its joint play is the uniform mean of the rounds; leave average so");
  own.turns = Turns::simultaneous;
  const Stopwatch watch;
  const Blocks& blocks = game.players().blocks();
  const std::size_t players = blocks.count();
  detail::CounterfactualRounds<Game> rounds(game, options, own, solver);
  std::vector<Real> field(blocks.total());
  std::vector<Real> mean_field(blocks.total(), Real{0});
  std::vector<double> earned(players, 0.0);  // in standard units
  CoarsePlay<Game> found;
  found.mean = State<backend_t<Game>, Real>(game.backend(), blocks.total());
  found.payoffs.resize(players);
  found.regrets.resize(players);
  detail::RoundClock clock(options.stop, options.time_limit);
  std::int64_t next_check = 1;
  for (std::int64_t t = 1;; ++t) {
    rounds.round(t);
    const StateView<const Real> z = rounds.last();
    game.field(z, std::span<Real>(field));
    const Real share = Real{1} / static_cast<Real>(t);
    for (std::size_t s = 0; s < field.size(); ++s) {
      mean_field[s] += share * (field[s] - mean_field[s]);
    }
    game.backend().interpolate(share, z.point, found.mean.view().point);
    for (std::size_t i = 0; i < players; ++i) {
      const double now = static_cast<double>(
          game.backend().dot(blocks.of(std::span<const Real>(field), i), blocks.of(z.point, i)));
      earned[i] += (now - earned[i]) / static_cast<double>(t);
    }
    const bool out_of_time = clock.ends(t, watch);
    const bool last = t >= options.max_iterations || out_of_time;
    if (t < next_check && !last) {
      continue;
    }
    next_check = options.check_every > 0 ? t + options.check_every : t + 1 + t / 20;
    found.gap = found.relative_gap = 0;
    game.players().supports(std::span<const Real>(mean_field), [&](std::size_t i, Real best) {
      const double regret = std::max(static_cast<double>(best) - earned[i], 0.0);
      const double range = static_cast<double>(game.range(i));
      found.payoffs[i] = game.as_given(i, earned[i]);
      found.regrets[i] = game.unit(i) * regret;
      found.gap = std::max(found.gap, found.regrets[i]);
      found.relative_gap = std::max(found.relative_gap, range > 0 ? regret / range : 0.0);
    });
    found.iterations = t;
    found.seconds = watch.seconds();
    const bool met = found.relative_gap <= static_cast<double>(options.tolerance);
    const bool go_on =
        options.observer(Record{t, rounds.products() + t, found.seconds, found.payoffs[0],
                                found.gap, found.relative_gap, found.relative_gap, 0.0});
    if (met || last || !go_on || options.stop.stop_requested()) {
      found.status = met                                       ? Status::converged
                     : !go_on || options.stop.stop_requested() ? Status::stopped
                     : out_of_time                             ? Status::time_limit
                                                               : Status::iteration_limit;
      game.players().enter(game.backend(), found.mean.view());
      return found;
    }
  }
}

}  // namespace dag
