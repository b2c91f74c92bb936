// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/deadline.hpp>
#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/game/integer_payoffs.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/detail/exact_mix.hpp>
#include <dag/solver/detail/indifference.hpp>
#include <dag/solver/table/exact_equilibria.hpp>

namespace dag {

/// Options of `support_enumeration`.
struct SupportEnumerationOptions {
  std::int64_t max_supports = 3'000'000;  ///< refuse games with more pairs of supports to try
  bool fractions = false;                 ///< fill `EquilibriumSet::fractions` as well
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds of wall time
  StopRef stop = {};                                            ///< e.g. a named std::stop_token
};

namespace detail {

/// A strategy at which as many conditions as there are strategies hold with equality, and which:
/// bit i for "player 1's strategy i is not played, or is a best reply", then the same for player 2.
struct StrategyVertex {
  std::uint64_t labels = 0;
  ExactMix mix;
};

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

/// The labels of a mix, as above.
[[nodiscard]] inline std::uint64_t label_bits(const ExactMix& mix, bool row_plays) {
  const auto& first = row_plays ? mix.weights : mix.shortfalls;
  const auto& second = row_plays ? mix.shortfalls : mix.weights;
  std::uint64_t labels = 0;
  for (std::size_t s = 0; s < first.size(); ++s) {
    labels |= std::uint64_t{first[s].is_zero()} << s;
  }
  for (std::size_t s = 0; s < second.size(); ++s) {
    labels |= std::uint64_t{second[s].is_zero()} << (first.size() + s);
  }
  return labels;
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
/// all the same. Order: by player 1's labels.
///
/// Doubles only throw out what is clearly infeasible; whatever is left is decided in whole numbers
/// on the payoffs as written, so that the count, `degenerate` and `complete` do not depend on
/// rounding (nor on compiler flags), and a game of any scale or offset gives the same ones. Cost:
/// C(rows + columns, rows) small systems: 12 869 for 8x8, 0.2 million for 10x10; many times that
/// where payoffs differ by more than 1e6 in size, since then all systems are solved exactly.
/// Status: converged, or time_limit / stopped with what was found so far (then not `complete`).
/// Errors: unsupported beyond two players, 62 strategies together, or `max_supports`.
[[nodiscard]] inline EquilibriumSet support_enumeration(
    const GameTable& game, const SupportEnumerationOptions& options = {}) {
  detail::require_bimatrix(game, "support_enumeration");
  const Deadline deadline(options.stop, options.time_limit, "support_enumeration");
  const std::size_t rows = game.sizes[0];
  const std::size_t columns = game.sizes[1];
  const std::int64_t pairs = detail::support_pairs(rows, columns, options.max_supports);
  require(pairs <= options.max_supports && rows + columns <= 62, Errc::unsupported,
          "support_enumeration: a ", rows, " x ", columns,
          " game has too many pairs of supports (max_supports is ", options.max_supports,
          "); use lemke_howson for one equilibrium");
  const std::vector<double> unit[2] = {detail::unit_payoffs(row_major(game, 0)),
                                       detail::unit_payoffs(row_major(game, 1))};
  const std::vector<Integer> whole[2] = {integer_matrix(game, integer_payoffs(game, 0)),
                                         integer_matrix(game, integer_payoffs(game, 1))};
  detail::IndifferenceSystem doubles;
  detail::ExactSystem system;
  detail::ExactMix mix;
  std::vector<detail::StrategyVertex> mixes[2];
  EquilibriumSet found;
  const auto try_supports = [&](const std::vector<std::size_t>& row_support,
                                const std::vector<std::size_t>& column_support) {
    for (std::size_t player = 0; player < 2; ++player) {
      if (!detail::clearly_infeasible(unit[1 - player], columns, row_support, column_support,
                                      player == 0, doubles) &&
          detail::exact_mix(whole[1 - player], rows, columns, row_support, column_support,
                            player == 0, system, mix)) {
        const std::uint64_t labels = detail::label_bits(mix, player == 0);
        mixes[player].push_back({labels, std::move(mix)});
        mix = {};
      }
    }
  };
  bool cut = false;
  for (std::size_t k = 1; k <= rows && k <= columns && !cut; ++k) {
    std::vector<std::size_t> row_support(k);
    std::iota(row_support.begin(), row_support.end(), std::size_t{0});
    do {
      std::vector<std::size_t> column_support(k);
      std::iota(column_support.begin(), column_support.end(), std::size_t{0});
      do {
        ++found.steps;
        try_supports(row_support, column_support);
        cut = deadline.passed();
      } while (!cut && detail::next_subset(column_support, columns));
    } while (!cut && detail::next_subset(row_support, rows));
  }
  detail::sort_unique(mixes[0]);
  detail::sort_unique(mixes[1]);
  found.degenerate = detail::more_labels_than(mixes[0], static_cast<int>(rows)) ||
                     detail::more_labels_than(mixes[1], static_cast<int>(columns));
  const std::uint64_t all = (std::uint64_t{1} << (rows + columns)) - 1;
  for (const detail::StrategyVertex& x : mixes[0]) {
    for (const detail::StrategyVertex& y : mixes[1]) {
      if ((x.labels | y.labels) == all) {
        detail::add_exact(game, x.mix, y.mix, options.fractions, found);
      }
    }
  }
  found.exact = true;
  found.complete = !cut;
  found.status = cut ? deadline.status() : Status::converged;
  return found;
}

}  // namespace dag
