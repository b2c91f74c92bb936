// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/status.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/game/table.hpp>
#include <dag/solver/indifference.hpp>
#include <dag/solver/simplex_tableau.hpp>

namespace dag {

struct LinearProgramOptions {
  double tolerance = 1e-12;     ///< on gap / payoff range
  std::int64_t max_pivots = 0;  ///< 0: 100 (rows + columns) + 10000
  /// False: solve the supports' systems anew only where the tableau's own answer misses the
  /// tolerance.
  bool refine = true;
};

/// The equilibrium of a matrix game with its certificate.
struct MatrixEquilibrium {
  Status status = Status::iteration_limit;
  double value = 0.0;  ///< x' A y
  double gap = 0.0;    ///< max_i (A y)_i - min_j (x' A)_j, computed from A: at least 0
  double relative_gap = 0.0;
  std::int64_t pivots = 0;
  std::vector<double> row;     ///< x, maximises
  std::vector<double> column;  ///< y, minimises
  friend bool operator==(const MatrixEquilibrium&, const MatrixEquilibrium&) = default;
};

namespace detail {

/// Value, gap and relative gap of the strategies in `found`; one pass over A.
inline void certify_matrix(std::span<const double> payoff, std::size_t columns,
                           const PayoffExtent& extent, MatrixEquilibrium& found) {
  std::vector<double> against(columns, 0.0);  // x' A
  double best = -std::numeric_limits<double>::infinity();
  found.value = 0.0;
  for (std::size_t i = 0; i < found.row.size(); ++i) {
    const double* entries = payoff.data() + i * columns;
    const double weight = found.row[i];
    const double earned = dot(entries, found.column.data(), columns);
    for (std::size_t j = 0; weight > 0.0 && j < columns; ++j) {
      against[j] += weight * entries[j];
    }
    best = earned > best ? earned : best;
    found.value += weight * earned;
  }
  double worst = against[0];
  for (const double conceded : against) {
    worst = conceded < worst ? conceded : worst;
  }
  found.gap = best > worst ? best - worst : 0.0;
  found.relative_gap = extent.high > extent.low ? found.gap / (extent.high - extent.low) : 0.0;
}

}  // namespace detail

/// An equilibrium of the zero-sum game with payoffs A (rows x columns, row-major; the row player
/// maximises x' A y) by the simplex method, exact to rounding. One of the vertices of the
/// equilibrium set; which one is determined by A alone.
///
/// Method: with B = 1 + (A mapped to [0, 1]), solve max 1'y subject to B y <= 1, y >= 0 by the
/// primal simplex method on a dense tableau (Dantzig 1951), which starts feasible and yields both
/// players' strategies; steepest-edge pricing, Bland's rule while pivots do not move (so that ties
/// cannot cycle). Then the supports' two indifference systems are solved anew from A with iterative
/// refinement (unless `refine` is false and not needed), and the result is certified against A.
/// Should rounding have misled the tableau, it is built again from the basis and pivoting goes on.
/// Status: converged if the relative gap is at or below the tolerance, or 64 roundings of the
/// largest payoff; else iteration_limit or stalled, with the gap reached. Own code rather than a
/// library: a matrix game needs no presolve, no sparse factors and no bounds, the dense tableau is
/// one vectorised loop, and users of exact solutions need no dependency. Memory: two copies of A.
/// Cost: about rows * columns flops a pivot. Deterministic. Errors: dimension_mismatch, not_finite,
/// invalid_argument.
[[nodiscard]] inline MatrixEquilibrium linear_program(std::span<const double> payoff,
                                                      std::size_t rows, std::size_t columns,
                                                      const LinearProgramOptions& options = {}) {
  require(rows >= 1 && columns >= 1 && payoff.size() == rows * columns, Errc::dimension_mismatch,
          "linear_program: a ", rows, " x ", columns, " game needs ", rows * columns,
          " payoffs (at least one), got ", payoff.size());
  require(options.tolerance >= 0 && options.max_pivots >= 0, Errc::invalid_argument,
          "linear_program: tolerance and max_pivots must be >= 0, got ", options.tolerance, " and ",
          options.max_pivots);
  const detail::PayoffExtent extent = detail::payoff_extent(payoff);
  for (std::size_t k = 0; !extent.finite && k < payoff.size(); ++k) {
    require(std::isfinite(payoff[k]), Errc::not_finite, "linear_program: a payoff is ", payoff[k]);
  }
  const std::int64_t limit = options.max_pivots > 0
                                 ? options.max_pivots
                                 : 100 * static_cast<std::int64_t>(rows + columns) + 10000;
  const detail::UnitMap unit(extent);
  detail::SimplexTableau tableau(payoff, rows, columns, unit);
  std::vector<double> scaled;  // of the supports' systems, made when first needed
  detail::IndifferenceSystem system;
  MatrixEquilibrium best;
  best.gap = std::numeric_limits<double>::infinity();
  for (int attempt = 0; attempt < 4; ++attempt) {
    const bool optimal = tableau.solve(limit);
    for (const bool polished : {options.refine, !options.refine}) {
      MatrixEquilibrium found;
      found.pivots = tableau.pivots();
      found.row.assign(rows, 0.0);
      found.column.assign(columns, 0.0);
      if (polished) {
        if (scaled.empty()) {
          scaled = detail::unit_payoffs(payoff);
        }
        const std::vector<std::size_t> active = tableau.tight_rows();
        const std::vector<std::size_t> played = tableau.basic_columns();
        if (!system.solve(scaled, columns, active, played, false)) {
          continue;
        }
        for (std::size_t k = 0; k < played.size(); ++k) {
          found.column[played[k]] = system.probability(k);
        }
        if (!system.solve(scaled, columns, active, played, true)) {
          continue;
        }
        for (std::size_t k = 0; k < active.size(); ++k) {
          found.row[active[k]] = system.probability(k);
        }
      } else {
        tableau.read_off(found.row, found.column);
      }
      detail::clean_strategy(found.row);
      detail::clean_strategy(found.column);
      detail::certify_matrix(payoff, columns, extent, found);
      const bool exact =
          found.relative_gap <= options.tolerance ||
          found.gap <= 64 * std::numeric_limits<double>::epsilon() * extent.largest();
      found.status = exact     ? Status::converged
                     : optimal ? Status::stalled
                               : Status::iteration_limit;
      if (found.gap < best.gap) {
        best = std::move(found);
      }
      if (!options.refine && best.status == Status::converged) {
        break;
      }
    }
    best.pivots = tableau.pivots();
    if (best.status == Status::converged || !optimal) {
      break;
    }
    tableau.rebuild(payoff, unit);
  }
  return best;
}

/// The same for a two-player table whose payoffs add up to a constant (see `payoff_sum`); the value
/// is player 1's payoff. Errc::unsupported for other games.
[[nodiscard]] inline MatrixEquilibrium linear_program(const GameTable& game,
                                                      const LinearProgramOptions& options = {}) {
  require(game.player_count() == 2 && is_constant_sum(game), Errc::unsupported,
          "linear_program: needs a two-player game whose payoffs add up to a constant; for others "
          "use lemke_howson or support_enumeration");
  return linear_program(row_major(game, 0), game.sizes[0], game.sizes[1], options);
}

}  // namespace dag
