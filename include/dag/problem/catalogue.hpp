// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/problem/blotto.hpp>
#include <dag/problem/classic_games.hpp>
#include <dag/problem/detail/game_arguments.hpp>
#include <dag/problem/economic_games.hpp>
#include <dag/problem/hard_games.hpp>
#include <dag/problem/known_game.hpp>
#include <dag/problem/kuhn_poker.hpp>
#include <dag/problem/random_games.hpp>

namespace dag {

/// A family of named games.
struct CatalogueEntry {
  std::string_view name;     ///< up to the first colon
  std::string_view usage;    ///< the form of the whole name
  std::string_view example;  ///< a name that works
  std::string_view description;
  std::string_view equilibrium;  ///< what is known: value, equilibria
  std::string_view source;
  KnownGame (*build)(const detail::GameArguments&);
};

/// All named games, in the order in which they are best shown.
[[nodiscard]] inline const std::vector<CatalogueEntry>& catalogue() {
  using Arguments = detail::GameArguments;
  static const std::vector<CatalogueEntry> entries = {
      {"rps", "rps[:N]", "rps",
       "Rock-paper-scissors; with N (odd): each strategy beats (N-1)/2 others",
       "value 0, uniform, unique", "folklore",
       [](const Arguments& a) {
         a.expect(0, 1);
         const std::size_t n = a.count() == 0 ? 3 : a.side(0);
         require(n % 2 == 1, Errc::invalid_argument, "named_game: rps needs an odd N, got ", n);
         return cyclic_rps(n);
       }},
      {"biased-rps", "biased-rps[:ROCK:PAPER:SCISSORS]", "biased-rps",
       "Rock-paper-scissors with stakes, by default 2, 1 and 3 for a win with each",
       "value 0, (SCISSORS, ROCK, PAPER)/sum, unique; by default (1/2, 1/3, 1/6)",
       "kernel of a skew-symmetric 3x3 matrix",
       [](const Arguments& a) {
         a.expect(a.count() == 0 ? 0 : 3, 3);
         return a.count() == 0 ? weighted_rps(2, 1, 3)
                               : weighted_rps(a.real(0), a.real(1), a.real(2));
       }},
      {"matching-pennies", "matching-pennies", "matching-pennies", "Row wins if the coins match",
       "value 0, (1/2, 1/2), unique", "von Neumann and Morgenstern (1944)",
       [](const Arguments& a) {
         a.expect(0, 0);
         return pennies(1, -1, -1, 1);
       }},
      {"biased-pennies", "biased-pennies", "biased-pennies",
       "Matching pennies with stakes 3, 1, 2, 1",
       "value 1/7, (3/7, 4/7) against (2/7, 5/7), unique", "von Neumann and Morgenstern (1944)",
       [](const Arguments& a) {
         a.expect(0, 0);
         return pennies(3, -1, -2, 1);
       }},
      {"morra", "morra", "morra", "Two-finger Morra, 4x4",
       "value 0, from (0, 3/5, 2/5, 0) to (0, 4/7, 3/7, 0)", "Dantzig (1963)",
       [](const Arguments& a) {
         a.expect(0, 0);
         return two_finger_morra();
       }},
      {"kuhn-poker", "kuhn-poker", "kuhn-poker", "Kuhn's three-card poker in normal form, 64x64",
       "value -1/18, a family of equilibria", "Kuhn (1950)",
       [](const Arguments& a) {
         a.expect(0, 0);
         return kuhn_poker();
       }},
      {"blotto", "blotto[:ARMY:ARMY:FIELDS]", "blotto:4:3:2",
       "Colonel Blotto; by default 5 against 5 soldiers on 3 fields", "value 0 for equal armies",
       "Borel (1921); Hart (2008), doi:10.1007/s00182-007-0099-9",
       [](const Arguments& a) {
         a.expect(a.count() == 0 ? 0 : 3, 3);
         return a.count() == 0 ? blotto(5, 5, 3) : blotto(a.natural(0), a.natural(1), a.natural(2));
       }},
      {"prisoners-dilemma", "prisoners-dilemma", "prisoners-dilemma", "Defection dominates",
       "both defect, unique", "Axelrod (1984)",
       [](const Arguments& a) {
         a.expect(0, 0);
         return prisoners_dilemma();
       }},
      {"battle-of-the-sexes", "battle-of-the-sexes", "battle-of-the-sexes",
       "Together, but where? Two pure equilibria and a mixed one", "mixed (2/3, 1/3), (1/3, 2/3)",
       "Luce and Raiffa (1957)",
       [](const Arguments& a) {
         a.expect(0, 0);
         return battle_of_the_sexes();
       }},
      {"chicken", "chicken", "chicken", "Dare or yield", "two pure, mixed (2/3, 1/3) for both",
       "Aumann (1974), doi:10.1016/0304-4068(74)90037-8",
       [](const Arguments& a) {
         a.expect(0, 0);
         return chicken();
       }},
      {"stag-hunt", "stag-hunt", "stag-hunt", "The better equilibrium is the riskier one",
       "two pure, mixed (3/4, 1/4) for both", "Rousseau (1755); Skyrms (2004)",
       [](const Arguments& a) {
         a.expect(0, 0);
         return stag_hunt();
       }},
      {"shapley", "shapley", "shapley", "3x3, general-sum: fictitious play cycles",
       "uniform, unique", "Shapley (1964), Some topics in two-person games",
       [](const Arguments& a) {
         a.expect(0, 0);
         return shapley();
       }},
      {"jordan", "jordan", "jordan", "Three-player matching pennies: learning cycles",
       "uniform, unique", "Jordan (1993), doi:10.1006/game.1993.1022",
       [](const Arguments& a) {
         a.expect(0, 0);
         return jordan();
       }},
      {"slow-last-iterate", "slow-last-iterate[:DELTA]", "slow-last-iterate:0.01",
       "2x2: the last iterate of optimistic multiplicative weights is slow as DELTA -> 0",
       "value (1/2 + D)/(1 + D), closed form, unique", "Cai et al. (2024), arXiv:2406.10631",
       [](const Arguments& a) {
         a.expect(0, 1);
         return slow_last_iterate(a.count() == 0 ? 0.01 : a.real(0));
       }},
      {"unstable-rm", "unstable-rm", "unstable-rm",
       "3x3: the last iterates of regret matching+ do not converge",
       "value -1/4, (1, 1, 10)/12 against (4, 5, 3)/12, unique",
       "Farina et al. (2023), arXiv:2305.14709",
       [](const Arguments& a) {
         a.expect(0, 0);
         return unstable_regret_matching();
       }},
      {"diagonal", "diagonal:N:CONDITION", "diagonal:5:1000", "Ill-conditioned diagonal game",
       "value 1/sum(1/d), play proportional to 1/d, unique", "folklore",
       [](const Arguments& a) {
         a.expect(2, 2);
         return diagonal_game(a.side(0), a.real(1));
       }},
      {"random", "random:ROWSxCOLS:SEED", "random:10x20:1", "Entries uniform on [-1, 1)", "unknown",
       "dag::RandomStream",
       [](const Arguments& a) {
         a.expect(2, 2);
         const auto sizes = a.sizes(0, 2, 2);
         return random_uniform_game(sizes[0], sizes[1], a.natural(1));
       }},
      {"gaussian", "gaussian:ROWSxCOLS:SEED", "gaussian:10x20:1", "Entries standard normal",
       "unknown", "dag::RandomStream",
       [](const Arguments& a) {
         a.expect(2, 2);
         const auto sizes = a.sizes(0, 2, 2);
         return random_gaussian_game(sizes[0], sizes[1], a.natural(1));
       }},
      {"low-rank", "low-rank:ROWSxCOLS:RANK:SEED", "low-rank:20x30:2:1",
       "A sum of RANK products of normal vectors", "unknown", "dag::RandomStream",
       [](const Arguments& a) {
         a.expect(3, 3);
         const auto sizes = a.sizes(0, 2, 2);
         return random_low_rank_game(sizes[0], sizes[1], a.natural(1), a.natural(2));
       }},
      {"sparse", "sparse:ROWSxCOLS:DENSITY:SEED", "sparse:20x30:0.1:1",
       "Uniform entries, each kept with probability DENSITY, else 0", "unknown",
       "dag::RandomStream",
       [](const Arguments& a) {
         a.expect(3, 3);
         const auto sizes = a.sizes(0, 2, 2);
         return random_sparse_game(sizes[0], sizes[1], a.real(1), a.natural(2));
       }},
      {"integer", "integer:ROWSxCOLS:BOUND:SEED", "integer:10x10:3:1",
       "Integers between -BOUND and BOUND: ties", "unknown", "dag::RandomStream",
       [](const Arguments& a) {
         a.expect(3, 3);
         const auto sizes = a.sizes(0, 2, 2);
         return random_integer_game(sizes[0], sizes[1], a.natural(1), a.natural(2));
       }},
      {"cyclic", "cyclic:N:SEED", "cyclic:9:1", "Circulant, first row uniform on [-1, 1)",
       "value the mean of the first row, uniform play", "dag::RandomStream",
       [](const Arguments& a) {
         a.expect(2, 2);
         return random_cyclic_game(a.side(0), a.natural(1));
       }},
      {"symmetric", "symmetric:N:SEED", "symmetric:9:1", "Skew-symmetric, normal entries",
       "value 0", "dag::RandomStream",
       [](const Arguments& a) {
         a.expect(2, 2);
         return random_symmetric_game(a.side(0), a.natural(1));
       }},
      {"general", "general:SIZESxOFxPLAYERS:SEED", "general:3x4x2:1",
       "General-sum, any number of players, payoffs uniform on [-1, 1)", "unknown",
       "dag::RandomStream",
       [](const Arguments& a) {
         a.expect(2, 2);
         return random_general_game(a.sizes(0, 1, 30), a.natural(1));
       }},
      {"covariant", "covariant:SIZESxOFxPLAYERS:RHO:SEED", "covariant:3x3x3:-0.3:1",
       "Normal payoffs, correlation RHO between the players of a profile",
       "unknown; RHO = -1 is zero-sum, RHO = 1 common interest",
       "Rinott and Scarsini (2000), doi:10.1006/game.2000.0775",
       [](const Arguments& a) {
         a.expect(3, 3);
         return covariant_game(a.sizes(0, 2, 30), a.real(1), a.natural(2));
       }},
      {"congestion", "congestion:PLAYERS:FACILITIES:SEED", "congestion:3:2:1",
       "Players use sets of facilities, which give less the more users they have",
       "an exact potential: pure equilibria at its maxima",
       "Rosenthal (1973), doi:10.1007/BF01737559",
       [](const Arguments& a) {
         a.expect(3, 3);
         return congestion_game(a.natural(0), a.natural(1), a.natural(2));
       }},
      {"travellers-dilemma", "travellers-dilemma[:LOW:HIGH:REWARD]", "travellers-dilemma:2:10:2",
       "Both get the lower claim, REWARD more for it and less for the higher; by default 2:100:2",
       "both claim LOW, unique", "Basu (1994)",
       [](const Arguments& a) {
         a.expect(a.count() == 0 ? 0 : 3, 3);
         return a.count() == 0 ? travellers_dilemma(2, 100, 2)
                               : travellers_dilemma(a.natural(0), a.natural(1), a.real(2));
       }},
      {"bertrand", "bertrand:PLAYERS:PRICES:COST", "bertrand:3:5:2",
       "The cheapest sellers share the demand", "all at COST, all at COST + 1", "Bertrand (1883)",
       [](const Arguments& a) {
         a.expect(3, 3);
         return bertrand(a.natural(0), a.natural(1), a.natural(2));
       }},
      {"war-of-attrition", "war-of-attrition:TIMES:SEED", "war-of-attrition:8:1",
       "Who waits longer wins; both pay for the shorter wait",
       "one gives up at once, two pure; mixed ones",
       "Maynard Smith (1974), doi:10.1016/0022-5193(74)90110-6",
       [](const Arguments& a) {
         a.expect(2, 2);
         return war_of_attrition(a.natural(0), a.natural(1));
       }},
      {"dispersion", "dispersion:PLAYERS:ACTIONS", "dispersion:4:3",
       "Each would rather be where few are",
       "the pure ones: spread evenly, counts that differ by at most one",
       "Grenager, Powers and Shoham (2002), AAAI",
       [](const Arguments& a) {
         a.expect(2, 2);
         return dispersion_game(a.natural(0), a.natural(1));
       }},
      {"minimum-effort", "minimum-effort:PLAYERS:EFFORTS:BENEFIT:COST", "minimum-effort:3:4:2:1",
       "The least effort counts, one's own costs", "the pure ones: equal effort",
       "Van Huyck, Battalio and Beil (1990)",
       [](const Arguments& a) {
         a.expect(4, 4);
         return minimum_effort(a.natural(0), a.natural(1), a.real(2), a.real(3));
       }},
      {"polymatrix", "polymatrix:PLAYERS:ACTIONS:SEED", "polymatrix:3:3:1",
       "A random game of two on each pair of players, one strategy against all", "unknown",
       "Janovskaja (1968)",
       [](const Arguments& a) {
         a.expect(3, 3);
         return polymatrix_table(a.natural(0), a.natural(1), a.natural(2));
       }},
      {"location", "location:PRICES:A:B:LENGTH:COST", "location:14:1:1:8:1",
       "Hotelling's street: two shops, A and B from its ends, set prices",
       "COST (LENGTH +- (A - B)/3) where shops are far apart",
       "Hotelling (1929), doi:10.2307/2224214",
       [](const Arguments& a) {
         a.expect(5, 5);
         return location_game(a.natural(0), a.real(1), a.real(2), a.real(3), a.real(4));
       }},
  };
  return entries;
}

/// A game of the catalogue with what is known about it. Errc::invalid_argument for an unknown name
/// (the message suggests the nearest and lists all) or one that does not follow its form. Same
/// name, same game, on every machine.
[[nodiscard]] inline KnownGame known_game(std::string_view name) {
  const std::string_view family = name.substr(0, name.find(':'));
  const CatalogueEntry* nearest = nullptr;
  std::size_t distance = 0;
  std::string names;
  for (const CatalogueEntry& entry : catalogue()) {
    if (entry.name == family) {
      KnownGame game = entry.build({name, entry.usage, name.substr(family.size())});
      game.table.title = name;
      return game;
    }
    const std::size_t d = detail::edit_distance(family.substr(0, 60), entry.name);
    if (nearest == nullptr || d < distance) {
      nearest = &entry;
      distance = d;
    }
    names += names.empty() ? "" : ", ";
    names += entry.name;
  }
  const std::string suggestion =
      distance <= 3 ? "; did you mean " + std::string(nearest->usage) + "?" : std::string();
  fail(Errc::invalid_argument, "named_game: no game is called '", name.substr(0, 60), "'",
       suggestion, " Known: ", names);
}

/// The payoffs of a game of the catalogue; see `known_game`.
[[nodiscard]] inline GameTable named_game(std::string_view name) { return known_game(name).table; }

}  // namespace dag
