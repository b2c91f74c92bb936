// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
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
#include <dag/solver/table/commitment.hpp>
#include <dag/solver/table/detail/ray_enumeration.hpp>

namespace dag {

/// What a test says: `undecided` where its proofs reach neither answer.
enum class Decision { yes, no, undecided };

[[nodiscard]] constexpr std::string_view to_string(Decision verdict) noexcept {
  return verdict == Decision::yes ? "yes" : verdict == Decision::no ? "no" : "undecided";
}

/// A verdict, and what proves it.
struct Refinement {
  Decision verdict = Decision::undecided;
  std::string_view reason = "no proof either way";
  friend bool operator==(const Refinement&, const Refinement&) = default;
};

struct RefinementReport {
  Refinement perfect;  ///< trembling-hand perfect in the normal form (Selten 1975)
  Refinement proper;   ///< Myerson 1978
  friend bool operator==(const RefinementReport&, const RefinementReport&) = default;
};

struct RefinementOptions {
  double tolerance = 1e-9;         ///< regret / payoff range up to which it is an equilibrium
  double support = 1e-9;           ///< probabilities up to it count as 0
  std::size_t max_rays = 20'000;   ///< of a cone of beliefs; beyond it undecided
  std::size_t max_strategies = 8;  ///< proper: orders of so many strategies are tried
};

namespace detail {

class RefinementTest {
 public:
  RefinementTest(const GameTable& game, const MixedProfile& profile,
                 const RefinementOptions& options)
      : game_(game), options_(options) {
    for (std::size_t i = 0; i < game.player_count(); ++i) {
      payoffs_.push_back(integer_payoffs(game, i).entries);
      supports_.emplace_back();
      for (std::size_t s = 0; s < profile[i].size(); ++s) {
        if (profile[i][s] > options.support) {
          supports_[i].push_back(s);
        }
      }
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
    report.proper =
        report.perfect.verdict == Decision::no ? Refinement{Decision::no, "not perfect"} : proper();
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
    std::size_t at = 0;
    std::size_t stride = 1;
    for (std::size_t i = 0; i < game_.player_count(); ++i) {
      const std::size_t s = i == player ? own : i == other ? others : supports_[i][0];
      at += stride * s;
      stride *= game_.sizes[i];
    }
    return payoffs_[player][at];
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
    const std::size_t stride = profile_stride_of(player);
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
  [[nodiscard]] std::size_t profile_stride_of(std::size_t player) const {
    std::size_t stride = 1;
    for (std::size_t i = 0; i < player; ++i) {
      stride *= game_.sizes[i];
    }
    return stride;
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

  /// Two players' strategies in order, those played first.
  using Order = std::vector<std::size_t>;

  /// Against `order` of the other player, each element infinitely less likely than the one before.
  [[nodiscard]] int lexicographic(std::size_t player, std::size_t a, std::size_t b,
                                  const Order& order) const {
    for (const std::size_t other : order) {
      const int sign = compare(pure_payoff(player, a, 1 - player, other),
                               pure_payoff(player, b, 1 - player, other));
      if (sign != 0) {
        return sign;
      }
    }
    return 0;
  }
  /// The player's strategies, the played one first, then the better before the worse.
  [[nodiscard]] Order sorted(std::size_t player, const Order& other) const {
    Order order;
    for (std::size_t s = 0; s < game_.sizes[player]; ++s) {
      if (s != supports_[player][0]) {
        order.push_back(s);
      }
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return lexicographic(player, a, b, other) > 0;
    });
    order.insert(order.begin(), supports_[player][0]);
    return order;
  }
  [[nodiscard]] bool in_order(std::size_t player, const Order& own, const Order& other) const {
    for (std::size_t k = 0; k + 1 < own.size(); ++k) {
      if (lexicographic(player, own[k], own[k + 1], other) < 0) {
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] Refinement proper() const {
    if (!pure_ || game_.player_count() != 2) {
      return {};
    }
    for (std::size_t i = 0; i < 2; ++i) {
      // Where no two unplayed strategies of the other earn the same, their order is forced.
      const std::size_t other = 1 - i;
      const Order played{supports_[i][0]};
      const Order order = sorted(other, played);
      bool forced = true;
      for (std::size_t k = 1; k + 1 < order.size(); ++k) {
        forced = forced && lexicographic(other, order[k], order[k + 1], played) != 0;
      }
      for (const std::size_t s : ties_[i]) {
        if (forced && lexicographic(i, s, supports_[i][0], order) > 0) {
          return {Decision::no, "a best reply is better against the order of the other's mistakes"};
        }
      }
    }
    const std::size_t walked = game_.sizes[0] <= game_.sizes[1] ? 0 : 1;
    if (game_.sizes[walked] > options_.max_strategies) {
      return {Decision::undecided, "too many orders of mistakes to try"};
    }
    Order order;
    for (std::size_t s = 0; s < game_.sizes[walked]; ++s) {
      if (s != supports_[walked][0]) {
        order.push_back(s);
      }
    }
    do {
      Order own = order;
      own.insert(own.begin(), supports_[walked][0]);
      const Order answer = sorted(1 - walked, own);
      if (in_order(1 - walked, answer, own) && in_order(walked, own, answer)) {
        return {Decision::yes, "orders of mistakes that answer each other"};
      }
    } while (std::next_permutation(order.begin(), order.end()));
    return {};
  }

  const GameTable& game_;
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
/// - Proper: not if not perfect. Pure equilibria of two players: yes if there are orders of both
///   players' strategies, each infinitely less likely than the one before, in which nothing better
///   comes after something worse (powers of epsilon are then epsilon-proper); no if the order of
///   one's mistakes is forced and the other has a better reply to it. Else undecided.
///
/// Errors: as `validate`, for game and profile; invalid_argument (options). Cost: exponential in
/// the strategies; capped.
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
