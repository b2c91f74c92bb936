// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/detail/indifference.hpp>
#include <dag/solver/table/exact_equilibria.hpp>

namespace dag {

struct SupportEnumerationOptions {
  std::int64_t max_supports = 3'000'000;  ///< refuse games with more pairs of supports to try
};

namespace detail {

/// A strategy at which as many conditions as there are strategies hold with equality, and which:
/// bit i for "player 1's strategy i is not played, or is a best reply", then the same for player 2.
struct StrategyVertex {
  std::uint64_t labels = 0;
  std::vector<double> strategy;
};

inline constexpr double vertex_zero = 1e-11;  ///< on probabilities, and payoffs of range one

/// The vertex of one pair of supports, if its system has a solution and it is feasible. `payoff` is
/// the opponent's of the player who plays.
inline bool support_vertex(std::span<const double> payoff, std::size_t rows, std::size_t columns,
                           const std::vector<std::size_t>& row_support,
                           const std::vector<std::size_t>& column_support, bool row_plays,
                           IndifferenceSystem& system, StrategyVertex& vertex) {
  if (!system.solve(payoff, columns, row_support, column_support, row_plays)) {
    return false;
  }
  const std::vector<std::size_t>& mine = row_plays ? row_support : column_support;
  for (std::size_t k = 0; k < mine.size(); ++k) {
    if (!(system.probability(k) >= -vertex_zero)) {
      return false;
    }
  }
  const std::size_t own_size = row_plays ? rows : columns;
  const std::size_t their_size = row_plays ? columns : rows;
  const std::size_t own_bit = row_plays ? 0 : rows;
  const std::size_t their_bit = row_plays ? rows : 0;
  vertex.labels = 0;
  vertex.strategy.assign(own_size, 0.0);
  for (std::size_t k = 0; k < mine.size(); ++k) {
    const double probability = system.probability(k);
    vertex.strategy[mine[k]] = probability > vertex_zero ? probability : 0.0;
  }
  for (std::size_t s = 0; s < own_size; ++s) {
    vertex.labels |= std::uint64_t{vertex.strategy[s] == 0.0} << (own_bit + s);
  }
  for (std::size_t s = 0; s < their_size; ++s) {
    double earned = 0.0;
    for (std::size_t k = 0; k < mine.size(); ++k) {
      earned += system.probability(k) *
                (row_plays ? payoff[mine[k] * columns + s] : payoff[s * columns + mine[k]]);
    }
    const double shortfall = system.payoff() - earned;
    if (!(shortfall >= -vertex_zero)) {
      return false;
    }
    vertex.labels |= std::uint64_t{shortfall <= vertex_zero} << (their_bit + s);
  }
  return true;
}

/// The next set of k of n things in lexicographic order; false after the last.
inline bool next_subset(std::vector<std::size_t>& subset, std::size_t n) {
  for (std::size_t i = subset.size(); i-- > 0;) {
    if (subset[i] < n - subset.size() + i) {
      ++subset[i];
      for (std::size_t j = i + 1; j < subset.size(); ++j) {
        subset[j] = subset[j - 1] + 1;
      }
      return true;
    }
  }
  return false;
}

/// C(rows + columns, rows) - 1, the pairs of supports of equal size; at most limit + 1.
[[nodiscard]] inline std::int64_t support_pairs(std::size_t rows, std::size_t columns,
                                                std::int64_t limit) noexcept {
  double pairs = 1.0;
  for (std::size_t i = 1; i <= rows && pairs <= 1e300; ++i) {
    pairs = pairs * static_cast<double>(columns + i) / static_cast<double>(i);
  }
  return pairs - 1.0 > static_cast<double>(limit) ? limit + 1 : std::llround(pairs - 1.0);
}

/// Keeps one vertex of each set of labels (a vertex is where its equalities hold).
inline void sort_unique(std::vector<StrategyVertex>& vertices) {
  const auto before = [](const StrategyVertex& a, const StrategyVertex& b) {
    return a.labels < b.labels;
  };
  const auto same = [](const StrategyVertex& a, const StrategyVertex& b) {
    return a.labels == b.labels;
  };
  std::stable_sort(vertices.begin(), vertices.end(), before);
  vertices.erase(std::unique(vertices.begin(), vertices.end(), same), vertices.end());
}

[[nodiscard]] inline bool more_labels_than(const std::vector<StrategyVertex>& vertices, int count) {
  for (const StrategyVertex& vertex : vertices) {
    int labels = 0;
    for (std::uint64_t rest = vertex.labels; rest != 0; rest &= rest - 1) {
      ++labels;
    }
    if (labels > count) {
      return true;
    }
  }
  return false;
}

}  // namespace detail

/// All extreme Nash equilibria of a two-player game; in a nondegenerate game these are all
/// equilibria.
///
/// For every pair of supports of one size: player 1's mix that makes player 2 indifferent over
/// hers, and the other way round; each that is nonnegative and leaves no better reply is a vertex
/// of that player's best-reply polytope. Every vertex is met so (each has such a basis). Two
/// vertices of the players are an equilibrium if every strategy of both is unplayed or a best
/// reply. Dickhaut and Kaplan (1991); labels: von Stengel (2002),
/// doi:10.1016/S1574-0005(02)03008-4. `degenerate`: some strategy has more best replies than
/// strategies played. Then the set of equilibria is the union of the hulls of those groups of the
/// returned ones that may be interchanged, and supports of different sizes occur; they are found
/// all the same. Order: by player 1's labels. Equality is decided at 1e-11 for probabilities and
/// payoffs scaled to range one. Cost: C(rows + columns, rows) small systems: 12 869 for 8x8, 0.2
/// million for 10x10. Errors: unsupported beyond two players, 62 strategies together, or
/// `max_supports`.
[[nodiscard]] inline EquilibriumSet support_enumeration(
    const GameTable& game, const SupportEnumerationOptions& options = {}) {
  detail::require_bimatrix(game, "support_enumeration");
  const std::size_t rows = game.sizes[0];
  const std::size_t columns = game.sizes[1];
  const std::int64_t pairs = detail::support_pairs(rows, columns, options.max_supports);
  require(pairs <= options.max_supports && rows + columns <= 62, Errc::unsupported,
          "support_enumeration: a ", rows, " x ", columns,
          " game has too many pairs of supports (max_supports is ", options.max_supports,
          "); use lemke_howson for one equilibrium");
  const std::vector<double> first = detail::unit_payoffs(row_major(game, 0));
  const std::vector<double> second = detail::unit_payoffs(row_major(game, 1));
  detail::IndifferenceSystem system;
  detail::StrategyVertex vertex;
  std::vector<detail::StrategyVertex> mixes[2];
  EquilibriumSet found;
  for (std::size_t k = 1; k <= rows && k <= columns; ++k) {
    std::vector<std::size_t> row_support(k);
    for (std::size_t i = 0; i < k; ++i) {
      row_support[i] = i;
    }
    do {
      std::vector<std::size_t> column_support(k);
      for (std::size_t i = 0; i < k; ++i) {
        column_support[i] = i;
      }
      do {
        ++found.steps;
        if (detail::support_vertex(second, rows, columns, row_support, column_support, true, system,
                                   vertex)) {
          mixes[0].push_back(vertex);
        }
        if (detail::support_vertex(first, rows, columns, row_support, column_support, false, system,
                                   vertex)) {
          mixes[1].push_back(vertex);
        }
      } while (detail::next_subset(column_support, columns));
    } while (detail::next_subset(row_support, rows));
  }
  detail::sort_unique(mixes[0]);
  detail::sort_unique(mixes[1]);
  found.degenerate = detail::more_labels_than(mixes[0], static_cast<int>(rows)) ||
                     detail::more_labels_than(mixes[1], static_cast<int>(columns));
  const std::uint64_t all = (std::uint64_t{1} << (rows + columns)) - 1;
  const auto add = [&](const detail::StrategyVertex& x, const detail::StrategyVertex& y) {
    MixedProfile profile{x.strategy, y.strategy};
    detail::clean_strategy(profile[0]);
    detail::clean_strategy(profile[1]);
    detail::add_equilibrium(game, std::move(profile), found);
  };
  for (const detail::StrategyVertex& x : mixes[0]) {
    if (found.degenerate) {
      for (const detail::StrategyVertex& y : mixes[1]) {
        if ((x.labels | y.labels) == all) {
          add(x, y);
        }
      }
      continue;
    }
    const auto before = [](const detail::StrategyVertex& a, std::uint64_t labels) {
      return a.labels < labels;
    };
    const std::uint64_t missing = all & ~x.labels;
    const auto y = std::lower_bound(mixes[1].begin(), mixes[1].end(), missing, before);
    if (y != mixes[1].end() && y->labels == missing) {
      add(x, *y);
    }
  }
  found.status = found.equilibria.empty() ? Status::stalled : Status::converged;
  return found;
}

}  // namespace dag
