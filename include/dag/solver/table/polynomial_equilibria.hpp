// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/core/watcher.hpp>
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/detail/indifference.hpp>
#include <dag/solver/table/detail/support_cells.hpp>
#include <dag/solver/table/exact_equilibria.hpp>
#include <dag/solver/table/pure_equilibria.hpp>
#include <dag/solver/table/set_shape.hpp>

namespace dag {

/// One equilibrium of a game of any number of players, or one of a connected set of them.
struct EnclosedEquilibrium {
  MixedProfile profile;
  ExactProfile fractions;     ///< proved an equilibrium in whole numbers; empty: not rational, or
                              ///< with denominators above a million
  double radius = 0.0;        ///< isolated: an equilibrium is within it, in each probability
  std::size_t dimension = 0;  ///< of the set of equilibria around it; 0: isolated in its supports
  SetShape shape = SetShape::point;  ///< of that set
  MixedProfile low;                  ///< a box that holds that set, in its supports; empty: a point
  MixedProfile high;
  double max_regret = 0.0;  ///< of `profile`, in units of payoff
  friend bool operator==(const EnclosedEquilibrium&, const EnclosedEquilibrium&) = default;
};

/// Equilibria of a game of many players, and whether these are all.
struct PolynomialEquilibria {
  Status status = Status::stalled;
  std::vector<EnclosedEquilibrium> equilibria;
  bool complete = false;    ///< there are no others, but for those of the listed components
  bool degenerate = false;  ///< a component, or a strategy that is unplayed and a best reply
  std::int64_t supports = 0;
  std::int64_t cells = 0;
  friend bool operator==(const PolynomialEquilibria&, const PolynomialEquilibria&) = default;
};

/// Options of `polynomial_equilibria`.
struct PolynomialEquilibriaOptions {
  std::int64_t max_supports = 200'000;  ///< refuse games with more choices of supports
  std::int64_t max_cells = 200'000;     ///< cells for one choice of supports; beyond: not complete
  /// Sees the list as it grows: the last one is new.
  WatcherRef<PolynomialEquilibria> observer = {};
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
};

/// True if no player gains by any deviation from a profile of fractions, on the payoffs as written,
/// without rounding. Errors: as `validate`; dimension_mismatch where the profile does not fit.
[[nodiscard]] inline bool is_exact_equilibrium(const GameTable& game, const ExactProfile& profile) {
  validate(game);
  require(profile.size() == game.player_count(), Errc::dimension_mismatch,
          "is_exact_equilibrium: the game has ", game.player_count(), " players, got ",
          profile.size(), " strategies");
  for (std::size_t i = 0; i < profile.size(); ++i) {
    require(profile[i].size() == game.sizes[i], Errc::dimension_mismatch,
            "is_exact_equilibrium: player ", i + 1, " has ", game.sizes[i], " strategies, got ",
            profile[i].size());
    Fraction sum;
    for (const Fraction& probability : profile[i]) {
      if (probability.numerator().sign() < 0) {
        return false;
      }
      sum = sum + probability;
    }
    if (!(sum == Fraction(Integer(1), Integer(1)))) {
      return false;
    }
  }
  for (std::size_t i = 0; i < profile.size(); ++i) {
    const IntegerPayoffs payoffs = integer_payoffs(game, i);
    std::vector<Fraction> earned(game.sizes[i]);
    std::vector<std::size_t> choices(profile.size(), 0);
    std::size_t at = 0;
    do {
      Fraction weight(Integer(1), Integer(1));
      for (std::size_t j = 0; j < profile.size() && !weight.numerator().is_zero(); ++j) {
        weight = j == i ? weight : weight * profile[j][choices[j]];
      }
      if (!weight.numerator().is_zero()) {
        earned[choices[i]] =
            earned[choices[i]] + weight * Fraction(payoffs.entries[at], Integer(1));
      }
      ++at;
    } while (next_profile(game.sizes, choices));
    const Fraction* best = &earned[0];
    for (const Fraction& payoff : earned) {
      best = compare(*best, payoff) < 0 ? &payoff : best;
    }
    for (std::size_t s = 0; s < earned.size(); ++s) {
      if (!profile[i][s].numerator().is_zero() && compare(earned[s], *best) < 0) {
        return false;
      }
    }
  }
  return true;
}

namespace detail {

/// The fraction of least denominator, up to a million, within `within` of a probability.
[[nodiscard]] inline std::optional<Fraction> near_fraction(double value, double within) {
  std::int64_t p0 = 0;
  std::int64_t q0 = 1;
  std::int64_t p1 = 1;
  std::int64_t q1 = 0;
  double rest = value;
  for (int term = 0; term < 40; ++term) {
    const double whole = std::floor(rest);
    if (!(whole < 1e6)) {
      return {};
    }
    const auto a = static_cast<std::int64_t>(whole);
    p0 = std::exchange(p1, a * p1 + p0);
    q0 = std::exchange(q1, a * q1 + q0);
    if (q1 > 1'000'000) {
      return {};
    }
    if (std::abs(static_cast<double>(p1) / static_cast<double>(q1) - value) <= within) {
      return Fraction(Integer(p1), Integer(q1));
    }
    rest = 1.0 / (rest - whole);
  }
  return {};
}

/// The profile in fractions, if it is rational with small denominators and an equilibrium.
[[nodiscard]] inline ExactProfile proved_fractions(const GameTable& game,
                                                   const MixedProfile& profile, double within) {
  ExactProfile exact;
  for (const std::vector<double>& strategy : profile) {
    exact.emplace_back();
    for (const double probability : strategy) {
      const std::optional<Fraction> fraction = near_fraction(probability, within);
      if (!fraction) {
        return {};
      }
      exact.back().push_back(*fraction);
    }
  }
  return is_exact_equilibrium(game, exact) ? exact : ExactProfile{};
}

/// Every choice of one nonempty support a player: small totals first, then balanced ones.
[[nodiscard]] inline std::vector<std::vector<std::uint32_t>> support_choices(
    const std::vector<std::size_t>& sizes) {
  std::vector<std::vector<std::uint32_t>> choices;
  std::vector<std::size_t> counts;
  counts.reserve(sizes.size());
  for (const std::size_t size : sizes) {
    counts.push_back((std::size_t{1} << size) - 1);
  }
  std::vector<std::size_t> digits(sizes.size(), 0);
  do {
    std::vector<std::uint32_t>& choice = choices.emplace_back();
    for (const std::size_t digit : digits) {
      choice.push_back(static_cast<std::uint32_t>(digit + 1));
    }
  } while (next_profile(counts, digits));
  const auto order = [](const std::vector<std::uint32_t>& choice) {
    int total = 0;
    int least = 64;
    int most = 0;
    for (const std::uint32_t support : choice) {
      int size = 0;
      for (std::uint32_t rest = support; rest != 0; rest &= rest - 1) {
        ++size;
      }
      total += size;
      least = std::min(least, size);
      most = std::max(most, size);
    }
    return std::pair(total, most - least);
  };
  std::stable_sort(choices.begin(), choices.end(),
                   [&](const auto& a, const auto& b) { return order(a) < order(b); });
  return choices;
}

}  // namespace detail

/// All Nash equilibria of a small game of any number of players: about 3 x 3 x 3 x 3 or 5 x 4 x 3.
///
/// Every choice of supports, by size and balance, as in Porter, Nudelman and Shoham (2008),
/// doi:10.1016/j.geb.2006.03.015; of each, all roots of the polynomials that make its strategies
/// equally good, by subdivision in Bernstein form with Krawczyk's operator (Moore, Kearfott and
/// Cloud 2009, doi:10.1137/1.9780898717716): see `detail::SupportCells`. Supports with a strategy
/// that another one dominates, the others keeping to theirs, end at their first cell. Pure
/// equilibria are decided on the payoffs as written, and mixed ones in whole numbers where they are
/// rational with denominators up to a million; the others have an enclosing radius. The polynomials
/// are first split into factors, which gives whole faces of the simplices and straight pieces as
/// such (`detail::ChartReduction`). A set of equilibria of positive dimension is listed by one of
/// its points with the set's dimension, shape and a box that holds it (set apart from others in the
/// same supports by more than 1/8; sets that meet where several factors are 0 are listed each); at
/// its ends, equilibria of smaller supports are listed too. `complete`: nothing was left undecided,
/// each equilibrium is listed or has the supports of a listed set and lies in its box. Payoff
/// differences below 1e-10 of the range count as ties at roots that are not rational. Two players:
/// `vertex_enumeration` is exact and faster. Status: converged; iteration_limit where a choice of
/// supports took `max_cells`; time_limit; stopped. Deterministic. Errors: as `validate`;
/// unsupported beyond `max_supports` or 20 strategies a player.
[[nodiscard]] inline PolynomialEquilibria polynomial_equilibria(
    const GameTable& game, const PolynomialEquilibriaOptions& options = {}) {
  validate(game);
  const Deadline deadline(options.stop, options.time_limit, "polynomial_equilibria");
  require(options.max_cells >= 1, Errc::invalid_argument,
          "polynomial_equilibria: max_cells must be >= 1, got ", options.max_cells);
  double choices = 1.0;
  for (const std::size_t size : game.sizes) {
    require(size <= 20, Errc::unsupported,
            "polynomial_equilibria: takes up to 20 strategies a player, got ", size);
    choices *= std::ldexp(1.0, static_cast<int>(size)) - 1.0;
  }
  require(choices <= static_cast<double>(options.max_supports), Errc::unsupported,
          "polynomial_equilibria: the game has ", choices, " choices of supports (max_supports is ",
          options.max_supports, "); use logit_branch for one equilibrium");
  const std::vector<std::vector<double>> units = detail::unit_payoffs(game);
  PolynomialEquilibria found;
  found.complete = true;
  bool stopped = false;
  const auto add = [&](EnclosedEquilibrium one) {
    one.max_regret = max_regret(game, one.profile);
    found.degenerate = found.degenerate || one.dimension > 0;
    found.equilibria.push_back(std::move(one));
    stopped = !options.observer(found) || stopped;
  };
  for (const std::vector<std::size_t>& pure : pure_equilibria(game)) {
    EnclosedEquilibrium one;
    one.profile = pure_profile(game.sizes, pure);
    for (const std::vector<double>& strategy : one.profile) {
      one.fractions.emplace_back();
      for (const double probability : strategy) {
        one.fractions.back().emplace_back(Integer(probability > 0.0 ? 1 : 0), Integer(1));
      }
    }
    const std::size_t at = profile_index(game.sizes, pure);
    for (std::size_t i = 0; i < pure.size(); ++i) {
      const std::size_t stride = profile_stride(game.sizes, i);
      for (std::size_t s = 0; s < game.sizes[i]; ++s) {
        const std::size_t other = at - stride * pure[i] + stride * s;
        found.degenerate =
            found.degenerate || (s != pure[i] && compare(written_payoff(game, i, other).exact(),
                                                         written_payoff(game, i, at).exact()) == 0);
      }
    }
    add(std::move(one));
  }
  for (const std::vector<std::uint32_t>& choice : detail::support_choices(game.sizes)) {
    ++found.supports;
    std::vector<std::vector<std::size_t>> supports(choice.size());
    bool pure = true;
    for (std::size_t i = 0; i < choice.size(); ++i) {
      for (std::size_t s = 0; s < game.sizes[i]; ++s) {
        if ((choice[i] >> s & 1U) != 0) {
          supports[i].push_back(s);
        }
      }
      pure = pure && supports[i].size() == 1;
    }
    if (pure) {
      continue;
    }
    if (stopped || deadline.passed()) {
      found.complete = false;
      break;
    }
    std::vector<detail::SupportRoot> roots;
    std::int64_t looked = 0;
    const bool whole = detail::support_roots(detail::SupportChart(game.sizes, units, supports),
                                             roots, looked, options.max_cells, deadline);
    found.complete = found.complete && whole;
    found.cells += looked;
    for (const detail::SupportRoot& root : roots) {
      EnclosedEquilibrium one;
      const auto spread = [&](const std::vector<double>& weights) {
        MixedProfile profile;
        std::size_t next = 0;
        for (std::size_t i = 0; i < supports.size() && !weights.empty(); ++i) {
          std::vector<double>& strategy = profile.emplace_back(game.sizes[i], 0.0);
          for (const std::size_t s : supports[i]) {
            strategy[s] = weights[next++];
          }
        }
        return profile;
      };
      one.profile = spread(root.weights);
      one.low = spread(root.low);
      one.high = spread(root.high);
      one.shape = root.shape;
      one.radius = root.radius;
      one.dimension = root.dimension;
      one.fractions = detail::proved_fractions(game, one.profile, 1e-13);
      if (one.dimension > 0 && one.fractions.empty()) {  // a simpler point of the set, close by
        one.fractions = detail::proved_fractions(game, one.profile, 1e-9);
        for (std::size_t i = 0; i < one.fractions.size(); ++i) {
          for (std::size_t s = 0; s < one.fractions[i].size(); ++s) {
            one.profile[i][s] = one.fractions[i][s].nearest();
          }
        }
      }
      found.degenerate = found.degenerate || root.slack <= 1e-10;
      add(std::move(one));
    }
  }
  found.status = stopped             ? Status::stopped
                 : deadline.passed() ? deadline.status()
                 : found.complete    ? Status::converged
                                     : Status::iteration_limit;
  return found;
}

}  // namespace dag
