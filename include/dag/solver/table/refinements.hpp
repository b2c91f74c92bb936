// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/integer.hpp>
#include <dag/solver/table/detail/ray_enumeration.hpp>
#include <dag/solver/table/detail/small_program.hpp>
#include <dag/solver/table/polynomial_equilibria.hpp>
#include <dag/solver/table/proper_equilibrium.hpp>
#include <dag/solver/table/proper_many_players.hpp>

namespace dag {

/// Which refinements an equilibrium passes.
struct RefinementReport {
  Refinement perfect;  ///< trembling-hand perfect in the normal form (Selten 1975)
  Refinement proper;   ///< Myerson 1978
  friend bool operator==(const RefinementReport&, const RefinementReport&) = default;
};

namespace detail {

class RefinementTest {
 public:
  static constexpr std::string_view dominated = "a strategy is weakly dominated";

  RefinementTest(const GameTable& game, const MixedProfile& profile,
                 const RefinementOptions& options)
      : game_(game), profile_(profile), options_(options) {
    supports_ = supports_of(profile, options.support);
    for (std::size_t i = 0; i < game.player_count(); ++i) {
      payoffs_.push_back(integer_payoffs(game, i).entries);
      mixed_ = mixed_ && supports_[i].size() == game.sizes[i];
      pure_ = pure_ && supports_[i].size() == 1;
      played_.push_back(supports_[i][0]);
    }
  }

  [[nodiscard]] RefinementReport run() {
    const Refinement everything{Decision::yes, "completely mixed"};
    const Refinement sharp{Decision::yes, "strict"};
    if (mixed_) {
      return {everything, everything};
    }
    if (pure_ && find_ties()) {
      return {sharp, sharp};
    }
    RefinementReport report;
    report.perfect = perfect();
    report.proper = report.perfect.verdict == Decision::no ? Refinement{Decision::no, "not perfect"}
                    : game_.player_count() == 2
                        ? ProperTest(game_, profile_, payoffs_, supports_, options_).run()
                        : proper(report.perfect);
    if (report.proper.verdict == Decision::yes) {
      report.perfect = report.perfect.verdict == Decision::yes
                           ? report.perfect
                           : Refinement{Decision::yes, "proper"};
    }
    return report;
  }

 private:
  using Row = std::vector<Integer>;
  static constexpr std::string_view regular =
      "regular: strict but for what is played, not singular";

  /// What player i earns with each strategy where the pure others play on.
  [[nodiscard]] const Integer& pure_payoff(std::size_t player, std::size_t own, std::size_t other,
                                           std::size_t others) const {
    std::vector<std::size_t> profile;
    for (std::size_t i = 0; i < game_.player_count(); ++i) {
      profile.push_back(i == player ? own : i == other ? others : supports_[i][0]);
    }
    return payoffs_[player][profile_index(game_.sizes, profile)];
  }

  /// Of a pure equilibrium: what else is a best reply; true if nothing is.
  bool find_ties() {
    ties_.assign(game_.player_count(), {});
    bool strict = true;
    for (std::size_t i = 0; i < game_.player_count(); ++i) {
      const std::size_t played = supports_[i][0];
      for (std::size_t s = 0; s < game_.sizes[i]; ++s) {
        if (s != played && compare(pure_payoff(i, s, i, 0), pure_payoff(i, played, i, 0)) == 0) {
          ties_[i].push_back(s);
          strict = false;
        }
      }
    }
    return strict;
  }

  /// Whether all that player i plays is a best reply to one belief about the others, correlated
  /// where there are several, that leaves nothing out: otherwise a mixture dominates it weakly.
  [[nodiscard]] Decision undominated(std::size_t player) const {
    const std::size_t stride = profile_stride(game_.sizes, player);
    const std::size_t size = game_.sizes[player];
    std::vector<Row> rows;
    std::size_t columns = 0;
    for (const std::size_t played : supports_[player]) {
      for (std::size_t s = 0; s < size; ++s) {
        if (s == played) {
          continue;
        }
        Row row;
        for (std::size_t at = 0; at < payoffs_[player].size(); ++at) {
          if (at / stride % size == 0) {
            row.push_back(payoffs_[player][at + stride * s] -
                          payoffs_[player][at + stride * played]);
          }
        }
        columns = row.size();
        rows.push_back(std::move(row));
      }
    }
    if (rows.empty()) {
      return Decision::yes;
    }
    if (columns > options_.max_rays) {
      return Decision::undecided;
    }
    RayEnumeration rays(columns, std::move(rows));
    if (!rays.run(options_.max_rays, Deadline({}, std::numeric_limits<double>::infinity(), ""))) {
      return Decision::undecided;
    }
    std::vector<bool> believed(columns, false);
    rays.each([&](const Row& ray) {
      for (std::size_t j = 0; j < columns; ++j) {
        believed[j] = believed[j] || ray[j].sign() > 0;
      }
    });
    return std::find(believed.begin(), believed.end(), false) == believed.end() ? Decision::yes
                                                                                : Decision::no;
  }

  [[nodiscard]] Refinement perfect() const {
    bool all = true;
    for (std::size_t i = 0; i < game_.player_count(); ++i) {
      const Decision own = undominated(i);
      if (own == Decision::no) {
        return {Decision::no, dominated};
      }
      all = all && own == Decision::yes;
    }
    if (game_.player_count() == 2) {
      return all ? Refinement{Decision::yes, "two players, undominated"}
                 : Refinement{Decision::undecided, "too many beliefs to look at"};
    }
    if (pure_ && orders().beaten(false)) {
      return {Decision::no, "another best reply is better against all small trembles"};
    }
    if (pure_ && small_trembles()) {
      return {Decision::yes, "best replies to small trembles of the others"};
    }
    if (!pure_ && is_regular(game_, profile_, supports_)) {
      return {Decision::yes, regular};
    }
    return {};
  }

  /// Of more than two players.
  [[nodiscard]] Refinement proper(const Refinement& perfect) const {
    if (perfect.reason == regular) {
      return perfect;
    }
    bool one = true;
    for (std::size_t i = 0; i < supports_.size(); ++i) {
      one = one && supports_[i].size() + 1 >= game_.sizes[i];
    }
    if (one && perfect.verdict == Decision::yes) {
      return {Decision::yes, "perfect, and no player has two mistakes to compare"};
    }
    if (!pure_) {
      return {Decision::undecided, "mixed and not regular"};
    }
    if (orders().beaten(true)) {
      return {Decision::no, "another best reply is better against all mistakes in their order"};
    }
    if (orders().answered(options_.max_orders)) {
      return {Decision::yes, "orders of mistakes that answer each other"};
    }
    return {Decision::undecided, "the orders of mistakes that were tried do not answer each other"};
  }

  [[nodiscard]] MistakeOrders orders() const { return {game_, payoffs_, played_}; }

  /// Of a pure equilibrium of any number of players: trembles of the others, one at a time (to
  /// first order they add up), against which what is played is better than all that ties with it.
  /// max m over trembles of mass at most 1 a player; m > 1e-6 of the payoff range is far above the
  /// rounding of the program, and small trembles to all else leave it positive.
  [[nodiscard]] bool small_trembles() const {
    std::vector<std::size_t> first{0};
    for (const std::size_t size : game_.sizes) {
      first.push_back(first.back() + size);
    }
    const std::size_t columns = first.back() + 1;
    std::vector<double> matrix;
    std::vector<double> right_sides;
    const auto row = [&]() -> double* {
      matrix.resize(matrix.size() + columns, 0.0);
      return matrix.data() + matrix.size() - columns;
    };
    for (std::size_t i = 0; i < game_.player_count(); ++i) {
      const auto [low, high] =
          std::minmax_element(payoffs_[i].begin(), payoffs_[i].end(),
                              [](const Integer& a, const Integer& b) { return compare(a, b) < 0; });
      const double range = (*high - *low).nearest();
      for (const std::size_t s : ties_[i]) {
        double* entries = row();
        right_sides.push_back(0.0);
        entries[columns - 1] = 1.0;
        for (std::size_t j = 0; j < game_.player_count(); ++j) {
          for (std::size_t t = 0; j != i && t < game_.sizes[j]; ++t) {
            const Integer gain = pure_payoff(i, supports_[i][0], j, t) - pure_payoff(i, s, j, t);
            entries[first[j] + t] = range > 0 ? -gain.nearest() / range : 0.0;
          }
        }
      }
    }
    for (std::size_t j = 0; j < game_.player_count(); ++j) {
      double* entries = row();
      right_sides.push_back(1.0);
      for (std::size_t t = 0; t < game_.sizes[j]; ++t) {
        entries[first[j] + t] = 1.0;
      }
    }
    std::vector<double> costs(columns, 0.0);
    costs.back() = 1.0;
    const std::vector<double> best = program(matrix, right_sides, costs);
    return !best.empty() && best.back() > 1e-6;
  }

  const GameTable& game_;
  const MixedProfile& profile_;
  const RefinementOptions& options_;
  std::vector<std::vector<Integer>> payoffs_;
  std::vector<std::vector<std::size_t>> supports_;
  std::vector<std::vector<std::size_t>> ties_;
  std::vector<std::size_t> played_;  ///< the first of each player's support
  bool mixed_ = true;
  bool pure_ = true;
};

/// What is undecided, from the fact that every game has a proper equilibrium (Myerson 1978): yes if
/// every other one fails. Looks for the others in small games only.
inline void decide_by_existence(const GameTable& game, const MixedProfile& profile,
                                const RefinementOptions& options, RefinementReport& report) {
  double choices = 1.0;
  for (const std::size_t size : game.sizes) {
    choices *= std::ldexp(1.0, static_cast<int>(std::min<std::size_t>(size, 20))) - 1.0;
  }
  if (choices > 3000.0) {
    return;
  }
  const PolynomialEquilibria all = polynomial_equilibria(game, {.max_cells = 2000});
  if (!all.complete) {
    return;
  }
  const Supports supports = supports_of(profile, options.support);
  std::size_t same = 0;
  Refinement* const verdicts[] = {&report.perfect, &report.proper};
  bool alone[] = {true, true};
  for (const EnclosedEquilibrium& one : all.equilibria) {
    const Supports played = supports_of(one.profile, options.support);
    if (played == supports) {  // alone with these supports, then it is the one
      ++same;
      if (one.dimension > 0) {
        return;
      }
      continue;
    }
    const RefinementReport other = RefinementTest(game, one.profile, options).run();
    const bool all_of_set = one.dimension == 0 || other.perfect.reason == RefinementTest::dominated;
    alone[0] = alone[0] && all_of_set && other.perfect.verdict == Decision::no;
    alone[1] = alone[1] && all_of_set && other.proper.verdict == Decision::no;
  }
  for (std::size_t k = 0; k < 2 && same == 1; ++k) {
    if (alone[k] && verdicts[k]->verdict == Decision::undecided) {
      *verdicts[k] = {Decision::yes, "every game has one, and all other equilibria fail"};
    }
  }
}

}  // namespace detail

/// Whether a given equilibrium of a small game is trembling-hand perfect (Selten 1975,
/// doi:10.1007/BF01766400) and proper (Myerson 1978, doi:10.1007/BF01753236), in the normal form.
/// Payoffs are taken as written, in whole numbers; of the profile only which strategies are played.
///
/// - Completely mixed and strict equilibria are both.
/// - Perfect, two players: exactly those whose strategies are undominated (van Damme 1991, theorem
///   3.2.2), decided by the extreme rays of the beliefs to which what is played is a best reply.
/// - Perfect, more players: not if a strategy is weakly dominated, nor, of a pure equilibrium, if
///   another best reply is better against all small trembles; yes, for a pure equilibrium, if
///   small trembles make it the only best reply of each (a linear program: to first order the
///   trembles of the others add up), and for a regular one (`detail::is_regular`). Else undecided.
/// - Proper: not if not perfect. Two players: decided, see `detail::ProperTest`; undecided only
///   beyond `max_orders` or `max_rays`, and where the supports do not determine the strategies and
///   the numbers given are no equilibrium without rounding (1/3 is no double). More players:
///   yes for regular equilibria (van Damme 1991, section 2.5), for perfect ones where nobody
///   has two unplayed strategies (there is nothing to put in order), and for pure ones where
///   powers of epsilon are mistakes in the order of their costs; no for pure ones where another
///   best reply is better against all mistakes in that order (`detail::MistakeOrders`). Else,
///   in small games, yes where every other equilibrium fails, since there is a proper one (Myerson
///   1978); undecided otherwise.
///
/// Errors: as `validate`, for game and profile; invalid_argument (options). Cost: exponential in
/// the strategies that tie; capped.
[[nodiscard]] inline RefinementReport test_refinements(const GameTable& game,
                                                       const MixedProfile& profile,
                                                       const RefinementOptions& options = {}) {
  validate(game);
  validate(game, profile);
  const OptionRules rules("test_refinements");
  rules.not_negative("tolerance", options.tolerance);
  rules.not_negative("support", options.support);
  const RegretReport report = certify(game, profile);
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    const auto [low, high] = std::minmax_element(game.payoffs[i].begin(), game.payoffs[i].end());
    if (!(report.regrets[i] <= options.tolerance * (*high - *low))) {
      const Refinement no{Decision::no, "not an equilibrium"};
      return {no, no};
    }
  }
  RefinementReport verdicts = detail::RefinementTest(game, profile, options).run();
  if (game.player_count() > 2 && verdicts.proper.verdict == Decision::undecided) {
    detail::decide_by_existence(game, profile, options, verdicts);
  }
  return verdicts;
}

}  // namespace dag
