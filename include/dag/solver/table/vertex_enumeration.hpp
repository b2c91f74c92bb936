// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/status.hpp>
#include <dag/core/watcher.hpp>
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/symmetric.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/detail/exact_mix.hpp>
#include <dag/solver/detail/indifference.hpp>
#include <dag/solver/detail/integer_dictionary.hpp>
#include <dag/solver/table/detail/vertex_walk.hpp>
#include <dag/solver/table/exact_equilibria.hpp>

namespace dag {

/// Options of `vertex_enumeration`.
struct VertexEnumerationOptions {
  std::size_t max_equilibria = 1'000'000;  ///< stop (iteration_limit) once so many are found
  /// Stop (iteration_limit) after so many vertices; one walked in whole numbers counts 50 times.
  /// About 50 bytes each.
  std::int64_t max_vertices = 10'000'000;
  bool exact = false;      ///< whole numbers from the start
  bool fractions = false;  ///< fill `EquilibriumSet::fractions` as well
  bool symmetric = false;  ///< only those in which both play the same; the game is to be symmetric
  WatcherRef<EquilibriumSet> observer = {};  ///< sees the set as it grows: the last one is new
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
};

/// A maximal Nash subset: every mix of `first` against every mix of `second` (indices into the
/// distinct strategies below) is an equilibrium.
struct NashSubset {
  std::vector<std::size_t> first;
  std::vector<std::size_t> second;
  friend bool operator==(const NashSubset&, const NashSubset&) = default;
};

/// The maximal convex sets of equilibria, by their extreme strategies.
struct NashSubsets {
  std::vector<std::vector<double>> first;   ///< distinct extreme strategies of player 1
  std::vector<std::vector<double>> second;  ///< and of player 2
  std::vector<NashSubset> subsets;
};

namespace detail {

/// A vertex without rounding; its labels as words, 64 a word, set where a strategy of either player
/// is unplayed or a best reply.
struct ExactVertex {
  ExactMix mix;
  std::vector<std::uint64_t> labels;
};

class VertexEnumeration {
 public:
  VertexEnumeration(const GameTable& game, const VertexEnumerationOptions& options)
      : game_(game),
        options_(options),
        deadline_(options.stop, options.time_limit, "vertex_enumeration"),
        rows_(game.sizes[0]),
        columns_(game.sizes[1]) {}

  [[nodiscard]] EquilibriumSet solve() {
    found_.exact = true;
    if ((options_.exact || !in_doubles()) && !cut()) {
      in_whole_numbers();
    }
    found_.complete = !cut();
    found_.status = stopped_ ? Status::stopped : deadline_.ending(!cut(), true);
    return std::move(found_);
  }

 private:
  /// A player's payoffs in whole numbers, when they are first needed: of millions they take
  /// seconds.
  const std::vector<Integer>& whole(std::size_t player) {
    if (whole_[player].empty()) {
      whole_[player] = integer_matrix(game_, integer_payoffs(game_, player));
    }
    return whole_[player];
  }
  [[nodiscard]] bool cut() const {
    return stopped_ || deadline_.passed() || found_.equilibria.size() >= options_.max_equilibria ||
           work_ > options_.max_vertices;
  }

  /// The vertices of the player with fewer strategies, and to each the other's strategy that
  /// completes it. False if rounding leaves something undecided.
  bool in_doubles() {
    const bool row_walks = rows_ <= columns_;
    const std::vector<double> unit[2] = {unit_payoffs(row_major(game_, 0)),
                                         unit_payoffs(row_major(game_, 1))};
    const std::size_t own = row_walks ? rows_ : columns_;
    const std::size_t other = row_walks ? columns_ : rows_;
    std::vector<double> matrix(own * other);  // other x own: what the opponent earns, in [1, 2]
    for (std::size_t j = 0; j < other; ++j) {
      for (std::size_t i = 0; i < own; ++i) {
        matrix[j * own + i] =
            1 + (row_walks ? unit[1][i * columns_ + j] : unit[0][j * columns_ + i]);
      }
    }
    VertexWalk walk(std::move(matrix), other, own);
    IndifferenceSystem doubles;
    std::vector<std::size_t> support, tight;
    bool late = false;
    const bool complete = walk.walk([&](const WalkedVertex& vertex) {
      ++found_.steps;
      ++work_;
      late = stopped_ || ((found_.steps % 16 == 0 || own * other > 10'000) && cut());
      support.assign(vertex.support.begin(), vertex.support.end());
      tight.assign(vertex.tight.begin(), vertex.tight.end());
      std::sort(support.begin(), support.end());
      std::sort(tight.begin(), tight.end());
      if (options_.symmetric) {
        return !late && (support != tight || answer_itself(support));
      }
      const auto& row_support = row_walks ? support : tight;
      const auto& column_support = row_walks ? tight : support;
      // The opponent's mix over the best replies that makes the vertex's support indifferent.
      return !late && (clearly_infeasible(unit[row_walks ? 0 : 1], columns_, row_support,
                                          column_support, !row_walks, doubles) ||
                       complete_exactly(row_support, column_support, row_walks));
    });
    return complete || late;
  }

  /// Decides a vertex of the walk in whole numbers: adds the equilibrium if it is part of one.
  /// False if the other's strategy is not the only one, or degenerate.
  bool complete_exactly(std::span<const std::size_t> row_support,
                        std::span<const std::size_t> column_support, bool row_walks) {
    const auto& payoff = whole(row_walks ? 0 : 1);
    if (!system_.solve(payoff, columns_, row_support, column_support, !row_walks)) {
      return false;
    }
    bool negative = false;
    bool zero = false;
    for (std::size_t k = 0; k < row_support.size(); ++k) {
      negative = negative || system_.weight(k).sign() < 0;
      zero = zero || system_.weight(k).is_zero();
    }
    if (negative || zero) {
      return negative;
    }
    ExactMix mixes[2];
    ExactMix& answer = mixes[row_walks ? 1 : 0];
    if (!exact_mix(payoff, rows_, columns_, row_support, column_support, !row_walks, system_,
                   answer)) {
      return true;  // somebody has a better reply
    }
    std::size_t ties = 0;
    for (const Integer& shortfall : answer.shortfalls) {
      ties += shortfall.is_zero() ? 1U : 0U;
    }
    if (ties > row_support.size() ||
        !exact_mix(whole(row_walks ? 1 : 0), rows_, columns_, row_support, column_support,
                   row_walks, system_, mixes[row_walks ? 0 : 1])) {
      return false;
    }
    add(mixes[0], mixes[1]);
    known_.insert(supports(mixes[0], mixes[1]));
    return true;
  }
  /// The same in a symmetric game for a vertex whose best replies are what it plays.
  bool answer_itself(std::span<const std::size_t> support) {
    ExactMix mix;
    if (!exact_mix(whole(1), rows_, columns_, support, support, true, system_, mix)) {
      return false;
    }
    add(mix, mix);
    known_.insert(supports(mix, mix));
    return true;
  }

  void add(const ExactMix& x, const ExactMix& y) {
    add_exact(game_, x, y, options_.fractions, found_);
    stopped_ = !options_.observer(found_) || stopped_;
  }
  /// What both play.
  [[nodiscard]] static std::vector<bool> supports(const ExactMix& x, const ExactMix& y) {
    std::vector<bool> played;
    for (const ExactMix* mix : {&x, &y}) {
      for (const Integer& weight : mix->weights) {
        played.push_back(!weight.is_zero());
      }
    }
    return played;
  }

  /// All vertices of both players' polytopes; those that complete each other. What doubles have
  /// found before they gave up stays: of such an equilibrium no other has the supports.
  void in_whole_numbers() {
    const auto add_new = [&](const ExactMix& x, const ExactMix& y) {
      if (!cut() && (known_.empty() || known_.count(supports(x, y)) == 0)) {
        add(x, y);
      }
    };
    std::vector<ExactVertex> first;
    walk_exactly(0, [&](ExactVertex&& x) {
      if (!options_.symmetric) {
        first.push_back(std::move(x));
      } else if (complementary(x.mix, x.mix)) {
        add_new(x.mix, x.mix);
      }
    });
    if (options_.symmetric || cut()) {
      return;
    }
    walk_exactly(1, [&](const ExactVertex& y) {
      for (const ExactVertex& x : first) {
        if (all_labels(x, y)) {
          add_new(x.mix, y.mix);
        }
      }
    });
  }
  [[nodiscard]] bool all_labels(const ExactVertex& x, const ExactVertex& y) const {
    const std::size_t labels = rows_ + columns_;
    for (std::size_t w = 0; w < x.labels.size(); ++w) {
      const std::size_t rest = labels - 64 * w;
      const std::uint64_t all = rest >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << rest) - 1;
      if ((x.labels[w] | y.labels[w]) != all) {
        return false;
      }
    }
    return true;
  }

  /// Depth first over the lexicographic bases of one player's polytope; visit(ExactVertex&&) at
  /// every vertex but 0, once.
  template <class Visit>
  void walk_exactly(std::size_t player, Visit&& visit) {
    const bool row_plays = player == 0;
    const std::size_t own = row_plays ? rows_ : columns_;
    const std::size_t other = row_plays ? columns_ : rows_;
    std::vector<Integer> matrix;
    for (std::size_t j = 0; j < other; ++j) {
      for (std::size_t i = 0; i < own; ++i) {
        matrix.push_back((row_plays ? whole(1)[i * columns_ + j] : whole(0)[j * columns_ + i]) +
                         Integer(1));
      }
    }
    IntegerDictionary side(std::move(matrix), other, own, row_plays ? 0 : rows_,
                           row_plays ? rows_ : 0);
    std::set<std::vector<std::uint64_t>> seen;  // several bases may be one vertex
    struct Level {
      std::size_t next = 0;  ///< of the nonbasic columns
      std::size_t row = 0;   ///< of the pivot that led to the level above, and its label
      std::size_t left = 0;
    };
    BasisNames names(rows_ + columns_);
    for (const std::size_t label : side.cobasis()) {
      names.toggle(label);
    }
    names.enter();
    std::vector<Level> path(1);
    while (!path.empty() && !cut()) {
      Level& level = path.back();
      if (level.next == side.cobasis().size()) {
        path.pop_back();
        if (!path.empty()) {
          Level& below = path.back();
          names.toggle(below.left);
          names.toggle(side.basis()[below.row]);
          (void)side.pivot(below.row, below.left);
          ++below.next;
        }
        continue;
      }
      const std::size_t entering = side.cobasis()[level.next];
      level.row = side.leaving_row(entering);
      level.left = side.basis()[level.row];
      if (!names.enter(entering, level.left)) {
        ++level.next;
        continue;
      }
      (void)side.pivot(level.row, entering);
      names.toggle(entering);
      names.toggle(level.left);
      ++found_.steps;
      work_ += 50;
      ExactVertex vertex = vertex_of(side, row_plays);
      if (!vertex.mix.total.is_zero() && seen.insert(vertex.labels).second) {
        std::size_t labels = 0;
        for (const std::uint64_t word : vertex.labels) {
          labels += static_cast<std::size_t>(std::popcount(word));
        }
        found_.degenerate = found_.degenerate || labels > own;
        visit(std::move(vertex));
      }
      path.push_back({});
    }
  }
  [[nodiscard]] ExactVertex vertex_of(const IntegerDictionary& side, bool row_plays) const {
    ExactVertex vertex;
    vertex.labels.assign((rows_ + columns_ + 63) / 64, 0);
    for (std::size_t label = 0; label < rows_ + columns_; ++label) {
      Integer value = side.value(label);
      vertex.labels[label / 64] |= std::uint64_t{value.is_zero()} << label % 64;
      const bool own = (label < rows_) == row_plays;
      vertex.mix.total = own ? vertex.mix.total + value : vertex.mix.total;
      (own ? vertex.mix.weights : vertex.mix.shortfalls).push_back(std::move(value));
    }
    return vertex;
  }

  const GameTable& game_;
  const VertexEnumerationOptions& options_;
  Deadline deadline_;
  std::size_t rows_;
  std::size_t columns_;
  std::vector<Integer> whole_[2];
  ExactSystem system_;
  std::set<std::vector<bool>> known_;  ///< supports of what doubles have found
  std::int64_t work_ = 0;
  bool stopped_ = false;  ///< by the observer
  EquilibriumSet found_;
};

}  // namespace detail

/// All extreme Nash equilibria of a two-player game by the vertices of the players' best-reply
/// polytopes; in a nondegenerate game these are all equilibria. The same set as
/// `support_enumeration` gives, which stays as the independent check, and much faster.
///
/// Each player's polytope, {x >= 0, B'x <= 1} with payoffs mapped above zero, has a vertex for
/// every strategy at which as many conditions hold as there are strategies; two vertices of which
/// every label (a strategy unplayed, or a best reply) is covered are an equilibrium: Mangasarian
/// (1964), doi:10.1137/0112064; von Stengel (2002), doi:10.1016/S1574-0005(02)03008-4; vertices by
/// pivoting along the edges as in Avis and others (2010), doi:10.1007/s00199-009-0449-x, but
/// remembering where it has been. First in doubles over the polytope of the player with fewer
/// strategies, each vertex proved by a bound on its rounding (`VertexWalk`); the other player's
/// strategy that completes it is unique and is decided in whole numbers. Where a vertex or an end
/// is degenerate, or too nearly so, both polytopes are walked in whole numbers by lexicographic
/// pivots. Either way the equilibria and `complete` are exact, on the payoffs as written.
/// `degenerate`: some vertex met has more labels than its player strategies; then the set of
/// equilibria is the union of the mixes of `maximal_nash_subsets`. Order: as they are met, and so
/// does `observer` see them. `symmetric`: the vertices of one polytope whose best replies are all
/// that they play; the extreme points of the set of symmetric equilibria, and much faster still.
/// Status: converged; time_limit, stopped or iteration_limit with
/// those found so far. Cost: a few microseconds a vertex; random n x n games have about 1.7^n.
/// Memory: 16 bytes and a table entry a vertex. Deterministic. Errors: unsupported unless there are
/// two players; invalid_argument for `symmetric` and a game that is not (`is_symmetric`).
[[nodiscard]] inline EquilibriumSet vertex_enumeration(
    const GameTable& game, const VertexEnumerationOptions& options = {}) {
  detail::require_bimatrix(game, "vertex_enumeration");
  const OptionRules rules("vertex_enumeration");
  rules.positive("max_equilibria", options.max_equilibria);
  rules.positive("max_vertices", options.max_vertices);
  require(!options.symmetric || is_symmetric(game), Errc::invalid_argument,
          "vertex_enumeration: symmetric equilibria are those of symmetric games; in this one of ",
          game.sizes[0], " x ", game.sizes[1], " strategies seats matter");
  return detail::VertexEnumeration(game, options).solve();
}

/// The maximal Nash subsets of a set of extreme equilibria (of `vertex_enumeration` or
/// `support_enumeration`): the maximal groups of strategies of both players that may be
/// interchanged. Every equilibrium of the game is a mix within one of them (Jansen 1981,
/// doi:10.1002/nav.3800280407). One subset an equilibrium in nondegenerate games. Cost: the number
/// of subsets times that of distinct strategies; at most `most` subsets (Errc::unsupported).
[[nodiscard]] inline NashSubsets maximal_nash_subsets(const EquilibriumSet& set,
                                                      std::size_t most = 100'000) {
  NashSubsets result;
  std::vector<std::vector<std::size_t>> answers;  // of each strategy of player 1, ascending
  const auto index = [](std::vector<std::vector<double>>& known, const std::vector<double>& x) {
    const auto at = std::find(known.begin(), known.end(), x);
    if (at == known.end()) {
      known.push_back(x);
      return known.size() - 1;
    }
    return static_cast<std::size_t>(at - known.begin());
  };
  for (const MixedProfile& profile : set.equilibria) {
    const std::size_t x = index(result.first, profile[0]);
    const std::size_t y = index(result.second, profile[1]);
    answers.resize(result.first.size());
    answers[x].push_back(y);
  }
  std::vector<std::vector<std::size_t>> closed;  // all intersections of the lists of answers
  for (std::vector<std::size_t>& list : answers) {
    std::sort(list.begin(), list.end());
    const std::size_t before = closed.size();
    closed.push_back(list);
    for (std::size_t k = 0; k < before; ++k) {
      std::vector<std::size_t> common;
      std::set_intersection(closed[k].begin(), closed[k].end(), list.begin(), list.end(),
                            std::back_inserter(common));
      if (!common.empty()) {
        closed.push_back(std::move(common));
      }
    }
    std::sort(closed.begin(), closed.end());
    closed.erase(std::unique(closed.begin(), closed.end()), closed.end());
    require(closed.size() <= most, Errc::unsupported, "maximal_nash_subsets: more than ", most,
            " subsets");
  }
  for (const std::vector<std::size_t>& second : closed) {
    NashSubset subset;
    for (std::size_t x = 0; x < answers.size(); ++x) {
      if (std::includes(answers[x].begin(), answers[x].end(), second.begin(), second.end())) {
        subset.first.push_back(x);
      }
    }
    subset.second = second;
    result.subsets.push_back(std::move(subset));
  }
  return result;
}

}  // namespace dag
