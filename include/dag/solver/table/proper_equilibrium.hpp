// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/regret.hpp>
#include <dag/game/table.hpp>
#include <dag/numeric/integer.hpp>
#include <dag/solver/detail/exact_mix.hpp>
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

/// Options of `refinements`.
struct RefinementOptions {
  double tolerance = 1e-9;          ///< regret / payoff range up to which it is an equilibrium
  double support = 1e-9;            ///< probabilities up to it count as 0
  std::size_t max_rays = 20'000;    ///< of a cone of beliefs; beyond it undecided
  std::size_t max_orders = 10'000;  ///< proper: pairs of orders of mistakes that are tried
};

namespace detail {

using Supports = std::vector<std::vector<std::size_t>>;

/// What each player plays: probabilities above `least`.
[[nodiscard]] inline Supports supports_of(const MixedProfile& profile, double least) {
  Supports supports;
  for (const std::vector<double>& strategy : profile) {
    supports.emplace_back();
    for (std::size_t s = 0; s < strategy.size(); ++s) {
      if (strategy[s] > least) {
        supports.back().push_back(s);
      }
    }
  }
  return supports;
}

/// Whether an equilibrium of two players is proper, decided in whole numbers.
///
/// It is exactly if there are levels of both players' strategies, those of a level infinitely less
/// likely than those before, the first of them what is played, and lexicographic beliefs of each
/// about the other's, such that whatever is better stands at an earlier level (Blume, Brandenburger
/// and Dekel 1991, doi:10.2307/2938241, proposition 5; powers of epsilon are then
/// epsilon-proper profiles). All levels are tried that payoffs against the equilibrium leave open:
/// one pair where no two unplayed strategies tie. The beliefs of a pair of levels are found one
/// after the other: each lies in a cone, whose extreme rays are enumerated, and is taken from its
/// inside, which parts most of the strategies that tied before and so leaves the next one most
/// freedom.
class ProperTest {
 public:
  using Row = std::vector<Integer>;

  /// `payoffs`: of each player, whole, in the table's order.
  ProperTest(const GameTable& game, const MixedProfile& profile, const std::vector<Row>& payoffs,
             const Supports& supports, const RefinementOptions& options)
      : game_(game), profile_(profile), payoffs_(payoffs), supports_(supports), options_(options) {}

  [[nodiscard]] Refinement run() const {
    const std::vector<Row> weights = exact_weights();
    if (weights.empty()) {
      return {Decision::undecided, "what is played does not tell how likely, nor do the numbers"};
    }
    const Refinement many{Decision::undecided, "too many orders of mistakes to try"};
    std::vector<Levels> levels[2];
    for (std::size_t i = 0; i < 2; ++i) {
      if (!all_levels(i, weights[1 - i], options_.max_orders, levels[i])) {
        return many;
      }
    }
    if (levels[0].size() > options_.max_orders / levels[1].size()) {
      return many;
    }
    bool sure = true;
    for (const Levels& first : levels[0]) {
      for (const Levels& second : levels[1]) {
        Decision both = answers(0, first, second, weights[1]);
        both = both == Decision::yes ? answers(1, second, first, weights[0]) : both;
        if (both == Decision::yes) {
          return {Decision::yes, "orders of mistakes that answer each other"};
        }
        sure = sure && both == Decision::no;
      }
    }
    return sure ? Refinement{Decision::no, "no orders of mistakes answer each other"}
                : Refinement{Decision::undecided, "too many beliefs to look at"};
  }

 private:
  /// A player's strategies by how likely mistakes are: those played, then sets of strategies each
  /// infinitely less likely than the set before.
  using Levels = std::vector<std::vector<std::size_t>>;

  /// What the strategy earns against weights on those of the other (two players).
  [[nodiscard]] Integer earns(std::size_t player, std::size_t own, const Row& other) const {
    Integer sum;
    for (std::size_t t = 0; t < other.size(); ++t) {
      if (other[t].sign() != 0) {
        const std::size_t at = player == 0 ? own + game_.sizes[0] * t : t + game_.sizes[0] * own;
        sum = sum + payoffs_[player][at] * other[t];
      }
    }
    return sum;
  }

  /// Two players' weights without rounding: those that the supports leave no choice of, else those
  /// given, if they are an equilibrium as they are. Else empty.
  [[nodiscard]] std::vector<Row> exact_weights() const {
    std::vector<Row> weights;
    ExactSystem system;
    ExactMix mix;
    for (std::size_t i = 0; i < 2; ++i) {
      IntegerPayoffs other;
      other.entries = payoffs_[1 - i];
      if (supports_[0].size() != supports_[1].size() ||
          !exact_mix(integer_matrix(game_, other), game_.sizes[0], game_.sizes[1], supports_[0],
                     supports_[1], i == 0, system, mix)) {
        return weights_as_given();
      }
      weights.push_back(mix.weights);
    }
    return are_equilibrium(weights) ? weights : weights_as_given();
  }
  [[nodiscard]] std::vector<Row> weights_as_given() const {
    std::vector<Row> weights;
    for (std::size_t i = 0; i < 2; ++i) {
      Row& row = weights.emplace_back(game_.sizes[i]);
      int least = 0;
      for (const std::size_t s : supports_[i]) {
        int exponent = 0;
        (void)Integer::mantissa(profile_[i][s], exponent);
        least = std::min(least, exponent);
      }
      for (const std::size_t s : supports_[i]) {
        int exponent = 0;
        row[s] = Integer::mantissa(profile_[i][s], exponent);
        row[s] = row[s].shifted_left(static_cast<std::size_t>(exponent - least));
      }
    }
    return are_equilibrium(weights) ? weights : std::vector<Row>{};
  }
  /// All that is supposed to be played is, and is best.
  [[nodiscard]] bool are_equilibrium(const std::vector<Row>& weights) const {
    for (std::size_t i = 0; i < 2; ++i) {
      const Integer best = earns(i, supports_[i][0], weights[1 - i]);
      for (const std::size_t s : supports_[i]) {
        if (weights[i][s].sign() <= 0 || compare(earns(i, s, weights[1 - i]), best) != 0) {
          return false;
        }
      }
      for (std::size_t s = 0; s < game_.sizes[i]; ++s) {
        if (compare(earns(i, s, weights[1 - i]), best) > 0) {
          return false;
        }
      }
    }
    return true;
  }

  /// Appends the set in all its orders, ties allowed, to each of `all`; false beyond `most`.
  [[nodiscard]] static bool append_orders(std::vector<Levels>& all,
                                          const std::vector<std::size_t>& set, std::size_t most) {
    std::vector<Levels> orders{{}};
    for (const std::size_t s : set) {
      std::vector<Levels> longer;
      for (const Levels& order : orders) {
        for (std::size_t k = 0; k < order.size(); ++k) {
          longer.push_back(order);
          longer.back()[k].push_back(s);
        }
        for (std::size_t k = 0; k <= order.size(); ++k) {
          longer.push_back(order);
          longer.back().insert(longer.back().begin() + static_cast<std::ptrdiff_t>(k), {s});
        }
        if (longer.size() > most) {
          return false;
        }
      }
      orders = std::move(longer);
    }
    std::vector<Levels> joined;
    for (const Levels& before : all) {
      for (const Levels& order : orders) {
        joined.push_back(before);
        joined.back().insert(joined.back().end(), order.begin(), order.end());
      }
      if (joined.size() > most) {
        return false;
      }
    }
    all = std::move(joined);
    return true;
  }
  /// All levels that put better before worse against what the other plays; false beyond `most`.
  [[nodiscard]] bool all_levels(std::size_t player, const Row& other, std::size_t most,
                                std::vector<Levels>& all) const {
    std::vector<std::pair<Integer, std::size_t>> unplayed;
    for (std::size_t s = 0; s < game_.sizes[player]; ++s) {
      if (std::find(supports_[player].begin(), supports_[player].end(), s) ==
          supports_[player].end()) {
        unplayed.emplace_back(earns(player, s, other), s);
      }
    }
    std::stable_sort(unplayed.begin(), unplayed.end(),
                     [](const auto& a, const auto& b) { return compare(a.first, b.first) > 0; });
    all = {{supports_[player]}};
    for (std::size_t k = 0; k < unplayed.size();) {
      std::vector<std::size_t> tied;
      const std::size_t first = k;
      for (; k < unplayed.size() && compare(unplayed[k].first, unplayed[first].first) == 0; ++k) {
        tied.push_back(unplayed[k].second);
      }
      if (!append_orders(all, tied, most)) {
        return false;
      }
    }
    return true;
  }

  /// Whether some beliefs of the player, one for each of the other's levels and each counting only
  /// where those before tie, give all of the other's strategies weight at their level first, and
  /// make nothing of the player's better than what stands before it or beside it. Each belief is
  /// from the inside of all that fit, which parts as many levels as can be.
  [[nodiscard]] Decision answers(std::size_t player, const Levels& own, const Levels& other,
                                 const Row& played) const {
    std::vector<bool> apart(own.size(), false);  // level k and the next one
    std::vector<std::size_t> columns;
    for (std::size_t level = 0; level < other.size(); ++level) {
      columns.insert(columns.end(), other[level].begin(), other[level].end());
      Row belief = played;
      if (level > 0) {
        std::vector<Row> rows;  // must be <= 0
        const auto no_better = [&](std::size_t after, std::size_t before) {
          Row& row = rows.emplace_back();
          for (const std::size_t t : columns) {
            Row one(game_.sizes[1 - player]);
            one[t] = Integer(1);
            row.push_back(earns(player, after, one) - earns(player, before, one));
          }
        };
        for (std::size_t k = 0; k < own.size(); ++k) {
          for (std::size_t m = 1; m < own[k].size(); ++m) {
            no_better(own[k][m], own[k][0]);
            no_better(own[k][0], own[k][m]);
          }
          if (k + 1 < own.size() && !apart[k]) {
            no_better(own[k + 1][0], own[k][0]);
          }
        }
        RayEnumeration rays(columns.size(), std::move(rows));
        if (!rays.run(options_.max_rays,
                      Deadline({}, std::numeric_limits<double>::infinity(), ""))) {
          return Decision::undecided;
        }
        belief.assign(game_.sizes[1 - player], Integer());
        rays.each([&](const Row& ray) {
          for (std::size_t j = 0; j < columns.size(); ++j) {
            belief[columns[j]] = belief[columns[j]] + ray[j];
          }
        });
        for (const std::size_t t : other[level]) {
          if (belief[t].sign() == 0) {
            return Decision::no;
          }
        }
      }
      for (std::size_t k = 0; k + 1 < own.size(); ++k) {
        apart[k] = apart[k] || compare(earns(player, own[k][0], belief),
                                       earns(player, own[k + 1][0], belief)) > 0;
      }
    }
    return Decision::yes;
  }

  const GameTable& game_;
  const MixedProfile& profile_;
  const std::vector<Row>& payoffs_;
  const Supports& supports_;
  const RefinementOptions& options_;
};

}  // namespace detail
}  // namespace dag
