// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/integer.hpp>
#include <dag/solver/detail/exact_mix.hpp>

namespace dag {

/// One equilibrium without rounding: a list of fractions a player.
using ExactProfile = std::vector<std::vector<Fraction>>;

/// What an exact solver found. Every equilibrium is certified against the game's payoffs.
struct EquilibriumSet {
  Status status = Status::stalled;  ///< converged: as many as the solver promises
  std::vector<MixedProfile> equilibria;
  std::vector<ExactProfile> fractions;  ///< the same without rounding, where asked for
  /// Every equilibrium was proved one by whole numbers, from the payoffs as written (the doubles
  /// beside are their nearest). False: `unverified`, certified by its regret alone.
  bool exact = false;
  /// Exact arithmetic says that these are all (extreme) equilibria.
  bool complete = false;
  std::vector<double> regrets;  ///< max_regret of each, in units of payoff
  double max_regret = 0.0;      ///< the largest of them
  bool degenerate = false;      ///< see the solver
  std::int64_t steps = 0;       ///< pivots, or pairs of supports tried
  friend bool operator==(const EquilibriumSet&, const EquilibriumSet&) = default;
};

/// What every player expects at a profile, without rounding, on the payoffs as written.
[[nodiscard]] inline std::vector<Fraction> exact_payoffs(const GameTable& game,
                                                         const ExactProfile& profile) {
  std::vector<Fraction> expected;
  for (std::size_t player = 0; player < game.player_count(); ++player) {
    const IntegerPayoffs payoffs = integer_payoffs(game, player);
    Fraction entries;
    std::vector<std::size_t> choices(game.player_count(), 0);
    std::size_t at = 0;
    do {
      bool played = true;
      for (std::size_t i = 0; i < choices.size() && played; ++i) {
        played = !profile[i][choices[i]].numerator().is_zero();
      }
      if (played) {
        Fraction weight(payoffs.entries[at], Integer(1));
        for (std::size_t i = 0; i < choices.size(); ++i) {
          weight = weight * profile[i][choices[i]];
        }
        entries = entries + weight;
      }
      ++at;
    } while (next_profile(game.sizes, choices));
    expected.push_back(payoffs.low + payoffs.unit * entries);
  }
  return expected;
}

namespace detail {

inline void require_bimatrix(const GameTable& game, const char* solver) {
  validate(game);
  require(game.player_count() == 2, Errc::unsupported, solver, ": needs a two-player game, got ",
          game.player_count(), " players");
}

inline void add_equilibrium(const GameTable& game, MixedProfile profile, EquilibriumSet& found) {
  const double regret = max_regret(game, profile);
  found.regrets.push_back(regret);
  found.max_regret = regret > found.max_regret ? regret : found.max_regret;
  found.equilibria.push_back(std::move(profile));
}

/// Adds a pair that is an equilibrium without rounding.
inline void add_exact(const GameTable& game, const ExactMix& x, const ExactMix& y, bool fractions,
                      EquilibriumSet& found) {
  if (fractions) {
    found.fractions.push_back({x.fractions(), y.fractions()});
  }
  add_equilibrium(game, {x.strategy(), y.strategy()}, found);
}

}  // namespace detail
}  // namespace dag
