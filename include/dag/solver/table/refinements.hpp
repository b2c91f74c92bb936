// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/integer.hpp>
#include <dag/solver/table/commitment.hpp>
#include <dag/solver/table/detail/ray_enumeration.hpp>
#include <dag/solver/table/proper_equilibrium.hpp>

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
  RefinementTest(const GameTable& game, const MixedProfile& profile,
                 const RefinementOptions& options)
      : game_(game), profile_(profile), options_(options) {
    supports_ = supports_of(profile, options.support);
    for (std::size_t i = 0; i < game.player_count(); ++i) {
      payoffs_.push_back(integer_payoffs(game, i).entries);
      mixed_ = mixed_ && supports_[i].size() == game.sizes[i];
      pure_ = pure_ && supports_[i].size() == 1;
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
                        : Refinement{};
    if (report.proper.verdict == Decision::yes) {
      report.perfect = report.perfect.verdict == Decision::yes
                           ? report.perfect
                           : Refinement{Decision::yes, "proper"};
    }
    return report;
  }

 private:
  using Row = std::vector<Integer>;

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
        return {Decision::no, "a strategy is weakly dominated"};
      }
      all = all && own == Decision::yes;
    }
    if (game_.player_count() == 2) {
      return all ? Refinement{Decision::yes, "two players, undominated"}
                 : Refinement{Decision::undecided, "too many beliefs to look at"};
    }
    if (pure_ && beaten()) {
      return {Decision::no, "another best reply is better against all small trembles"};
    }
    if (pure_ && small_trembles()) {
      return {Decision::yes, "best replies to small trembles of the others"};
    }
    return {};
  }

  /// True if a best reply that is not played gains on the played one by every single tremble of
  /// every other player: then it is better against all small trembles, whatever their sizes, since
  /// several at once are rarer than each alone.
  [[nodiscard]] bool beaten() const {
    for (std::size_t i = 0; i < game_.player_count(); ++i) {
      for (const std::size_t s : ties_[i]) {
        bool better = true;
        for (std::size_t j = 0; j < game_.player_count(); ++j) {
          for (std::size_t t = 0; j != i && t < game_.sizes[j]; ++t) {
            better = better &&
                     (t == supports_[j][0] ||
                      compare(pure_payoff(i, s, j, t), pure_payoff(i, supports_[i][0], j, t)) > 0);
          }
        }
        if (better) {
          return true;
        }
      }
    }
    return false;
  }

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
  bool mixed_ = true;
  bool pure_ = true;
};

}  // namespace detail

/// Whether a given equilibrium of a small game is trembling-hand perfect (Selten 1975,
/// doi:10.1007/BF01766400) and proper (Myerson 1978, doi:10.1007/BF01753236), in the normal form.
/// Payoffs are taken as written, in whole numbers; of the profile only which strategies are played.
///
/// - Completely mixed and strict equilibria are both.
/// - Perfect, two players: exactly those whose strategies are undominated (van Damme 1991, theorem
///   3.2.2), decided by the extreme rays of the beliefs to which what is played is a best reply.
/// - Perfect, more players: not if a strategy is weakly dominated, nor, of a pure equilibrium, if
///   another best reply gains by every single tremble; yes, for a pure equilibrium, if
///   small trembles make it the only best reply of each (a linear program: to first order the
///   trembles of the others add up). Else undecided.
/// - Proper: not if not perfect. Two players: decided, see `detail::ProperTest`; undecided only
///   beyond `max_orders` or `max_rays`, and where the supports do not determine the strategies and
///   the numbers given are no equilibrium without rounding (1/3 is no double). More players:
///   undecided, unless completely mixed, strict, or not perfect.
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
  return detail::RefinementTest(game, profile, options).run();
}

}  // namespace dag
