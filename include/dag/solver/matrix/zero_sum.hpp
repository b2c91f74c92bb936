// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/status.hpp>
#include <dag/game/matrix.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/first_order/primal_dual_hybrid_gradient.hpp>
#include <dag/solver/matrix/interior_point.hpp>
#include <dag/solver/matrix/linear_program.hpp>
#include <dag/solver/matrix/support_polish.hpp>
#include <dag/solver/options.hpp>
#include <dag/solver/solution.hpp>
#include <dag/solver/standard.hpp>

namespace dag {

/// What `solve_zero_sum` is made of.
enum class ZeroSumMethod {
  linear_program,  ///< the simplex method, exact supports
  interior_point,  ///< started near the equilibrium by a first-order method, polished
  first_order,     ///< primal_dual_hybrid_gradient, then support polishing where it helps
};

[[nodiscard]] constexpr std::string_view to_string(ZeroSumMethod method) noexcept {
  switch (method) {
    case ZeroSumMethod::linear_program: return "linear_program";
    case ZeroSumMethod::interior_point: return "interior_point";
    case ZeroSumMethod::first_order: return "first_order";
  }
  return "unknown";
}

/// A solution and the method that found it. `iterations` counts pivots and rounds of all methods
/// that were tried.
struct ZeroSumSolution : Solution<MatrixGame<double, eigen>> {
  ZeroSumMethod method = ZeroSumMethod::linear_program;
};

/// Where solve_zero_sum changes its method. Ratios of processor time measured on an AMD EPYC
/// (AVX-512, one thread) on random uniform games drawn as in benchmarks/zero_sum_peers.cpp, means
/// of three seeds: good to about a third.
struct ZeroSumCutoffs {
  /// Up to this many payoffs, or this many strategies of the smaller player, the simplex method is
  /// faster than the warm interior point; its time over that one's to 1e-6 (2026-11-24): 100 x 100
  /// 0.15, 200 x 200 0.28, 300 x 300 0.63, 400 x 400 0.88, 500 x 500 0.98, 600 x 600 1.36; 60 x
  /// 2000 0.35, 100 x 4000 0.64, 130 x 4000 0.75, 200 x 1000 0.83.
  std::size_t simplex_payoffs = 160'000;
  std::size_t simplex_side = 130;
  /// The same below `polish_tolerance`, where the interior point has to polish; to 1e-12: 500 x 500
  /// 0.44, 1000 x 1000 0.41, 1200 x 1200 0.57; 300 x 3000 0.72. Beyond, the tableau of floats
  /// misses now and then and that of doubles takes its place: 1500 x 1500 0.65, or 3 where it did.
  std::size_t exact_payoffs = 1'000'000;
  /// From this tolerance up a first-order method is faster than anything with a factorisation: to
  /// 1e-3 at 1000 x 1000 21 ms to 353 (ratio 0.06), to 1e-4 88 to 445 (0.20).
  double first_order_tolerance = 1e-4;
  /// Where the interior point takes over from the first-order method. Time of both to 1e-6, over
  /// that from 1e-3: from 4e-3 1.75 at 1000 x 1000 and 1.36 at 500 x 500, from 2e-3 1.06 and 1.31,
  /// from 5e-4 0.98 and 1.05.
  double warm_start = 1e-3;
  /// Down to this tolerance the path itself is faster than tries to polish: 0.73 at 1000 x 1000.
  double polish_tolerance = 1e-7;
};

namespace detail {

/// One call of solve_zero_sum: tries methods in turn and keeps the best point. A template so that a
/// program that includes this header and does not call it compiles none of the solvers.
template <std::same_as<double> Real>
class ZeroSumSolve {
 public:
  using Game = MatrixGame<Real, eigen>;

  ZeroSumSolve(const Game& game, const SolverOptions<double>& options,
               const ZeroSumCutoffs& cutoffs)
      : given_(game),
        standard_(game, options),
        game_(standard_.game()),
        options_(options),
        cutoffs_(cutoffs) {
    rows_ = game.players().blocks().size(0);
    columns_ = game.players().blocks().size(1);
    best_.gap = best_.relative_gap = std::numeric_limits<double>::infinity();
  }

  [[nodiscard]] ZeroSumSolution solve() {
    const bool exact = options_.tolerance < cutoffs_.polish_tolerance;
    const bool few_payoffs =
        rows_ * columns_ <= (exact ? cutoffs_.exact_payoffs : cutoffs_.simplex_payoffs) ||
        std::min(rows_, columns_) <= cutoffs_.simplex_side;
    const bool loose = options_.tolerance >= cutoffs_.first_order_tolerance;
    if (options_.max_iterations == 0) {
      first_order(options_.tolerance, 0);
    } else if (few_payoffs) {
      simplex() || interior() || first_order(options_.tolerance, left());
    } else if (loose) {
      first_order(options_.tolerance, left()) || interior() || simplex();
    } else {
      interior() || simplex() || first_order(options_.tolerance, left());
    }
    best_.iterations = iterations_;
    best_.products = products_;
    best_.seconds = watch_.seconds();
    return std::move(best_);
  }

 private:
  /// Adds what was spent before to what a method reports.
  struct Continued {
    const ObserverRef& observer;
    std::int64_t iterations;
    std::int64_t products;
    double seconds;
    bool operator()(Record record) const {
      record.iteration += iterations;
      record.products += products;
      record.seconds += seconds;
      return observer(record);
    }
  };

  [[nodiscard]] std::int64_t left() const { return options_.max_iterations - iterations_; }

  /// Runs one iterative method under what is left of the limits.
  template <class Method>
  Solution<Game> part(double tolerance, std::int64_t rounds, Method&& method) {
    SolverOptions<double> own = options_;
    own.tolerance = tolerance;
    own.max_iterations = std::max<std::int64_t>(0, rounds);
    own.time_limit = std::max(0.0, options_.time_limit - watch_.seconds());
    const Continued continued{options_.observer, iterations_, products_, watch_.seconds()};
    own.observer = continued;
    return method(own);
  }

  /// Takes what was found if it is better. True if there is nothing more to do.
  bool take(Solution<Game>&& found, ZeroSumMethod method) {
    iterations_ += found.iterations;
    products_ += found.products;
    const Status ended = found.status;
    const bool good = gap_meets(game_, tolerance_or_rounding(options_.tolerance), found);
    if (found.gap < best_.gap || good) {
      static_cast<Solution<Game>&>(best_) = std::move(found);
      best_.method = method;
    }
    const bool cut = ended == Status::stopped || ended == Status::time_limit || left() <= 0 ||
                     watch_.seconds() >= options_.time_limit;
    best_.status = good                                                      ? Status::converged
                   : ended == Status::stopped || ended == Status::time_limit ? ended
                   : left() <= 0 ? Status::iteration_limit
                                 : Status::stalled;
    return good || cut;
  }

  /// The simplex method on the game with no more rows than columns: a tableau of few long rows.
  bool simplex() {
    const auto& a = given_.payoff();
    const bool swapped = rows_ > columns_;
    eigen::matrix<double> turned;
    if (swapped) {
      turned = game_.backend().transposed(a);
      for (Eigen::Index k = 0; k < turned.size(); ++k) {
        turned.data()[k] = -turned.data()[k];
      }
    }
    const std::size_t entries = rows_ * columns_;
    const std::span<const double> payoff(swapped ? turned.data() : a.data(), entries);
    const auto usual = 100 * static_cast<std::int64_t>(rows_ + columns_) + 10000;
    const MatrixEquilibrium vertex =
        linear_program(payoff, std::min(rows_, columns_), std::max(rows_, columns_),
                       {.tolerance = options_.tolerance,
                        .max_pivots = std::min(usual, left()),
                        .refine = false,
                        .time_limit = std::max(0.0, options_.time_limit - watch_.seconds()),
                        .stop = options_.stop});
    Solution<Game> found;
    found.blocks = game_.players().blocks();
    found.state = State<eigen, double>(game_.backend(), rows_ + columns_);
    const auto point = found.state.view().point;
    const auto& row = swapped ? vertex.column : vertex.row;
    const auto& column = swapped ? vertex.row : vertex.column;
    std::copy(row.begin(), row.end(), point.begin());
    std::copy(column.begin(), column.end(), point.begin() + static_cast<std::ptrdiff_t>(rows_));
    game_.players().enter(game_.backend(), found.state.view());
    found.value = swapped ? -vertex.value : vertex.value;
    found.gap = vertex.gap;
    found.relative_gap = vertex.relative_gap;
    found.residual = certify(game_, std::as_const(found.state).view()).residual;
    found.iterations = vertex.pivots;
    found.products = 2;  // its own certificate and the residual
    found.status = vertex.status;
    const bool go_on =
        options_.observer(Record{iterations_ + found.iterations, products_ + found.products,
                                 watch_.seconds(), found.value, found.gap, found.relative_gap,
                                 found.residual, 0.0}) &&
        !options_.stop.stop_requested();
    if (!go_on && found.status != Status::converged) {
      found.status = Status::stopped;
    }
    return take(std::move(found), ZeroSumMethod::linear_program);
  }

  /// First-order to a gap that a start may have, then the interior point; from the centre if the
  /// start did not help.
  bool interior() {
    if (!(best_.relative_gap <= cutoffs_.warm_start) &&
        first_order(cutoffs_.warm_start, std::min<std::int64_t>(2000, left()))) {
      return true;
    }
    const InteriorPointOptions<double> own = {.polish =
                                                  options_.tolerance < cutoffs_.polish_tolerance};
    std::vector<double> start(rows_ + columns_);
    const auto point = std::as_const(best_.state).view().point;
    std::copy(point.begin(), point.end(), start.begin());
    const auto run = [&](std::span<const double> from) {
      auto found = part(options_.tolerance, std::min<std::int64_t>(100, left()),
                        [&](SolverOptions<double> options) {
                          options.start = from;
                          return interior_point(game_, options, own);
                        });
      return take(std::move(found), ZeroSumMethod::interior_point);
    };
    return run(start) || run({});
  }

  bool first_order(double tolerance, std::int64_t rounds) {
    auto found = part(tolerance, rounds, [&](const SolverOptions<double>& options) {
      return primal_dual_hybrid_gradient(game_, options);
    });
    if (found.relative_gap > tolerance && found.relative_gap <= cutoffs_.warm_start) {
      found = support_polish(game_, std::move(found));
    }
    return take(std::move(found), ZeroSumMethod::first_order);
  }

  const Game& given_;
  Standard<Game> standard_;
  const Game& game_;  ///< what the iterative methods walk through
  const SolverOptions<double>& options_;
  ZeroSumCutoffs cutoffs_;
  Stopwatch watch_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::int64_t iterations_ = 0;
  std::int64_t products_ = 0;
  ZeroSumSolution best_;
};

}  // namespace detail

/// An equilibrium of a dense zero-sum game by whatever is fastest for its size and tolerance
/// (includes more of Eigen).
///
/// Small games: `linear_program`. Large games to a loose tolerance: `primal_dual_hybrid_gradient`.
/// Else `interior_point`, started where a short first-order run ends, with support polishing for
/// tight tolerances. A method that fails is followed by the next one. The cut-offs and their
/// measurements stand in `ZeroSumCutoffs`. The certificate is always computed from the game
/// and the strategies returned; converged means relative gap <= tolerance, rounding included
/// (`gap_meets`; a tolerance of 0 asks for 64 roundings of the payoff range). Options used:
/// tolerance, limits (pivots and rounds count alike), observer, stop; start, step and average are
/// refused, and so is a measure other than the gap. Memory: up to five matrices of the game's size.
/// Deterministic. Errors: invalid_argument (options).
template <std::same_as<double> Real>
[[nodiscard]] ZeroSumSolution solve_zero_sum(
    const MatrixGame<Real, eigen>& game,
    const std::type_identity_t<SolverOptions<Real>>& options = {},
    const ZeroSumCutoffs& cutoffs = {}) {
  detail::validate(options, "solve_zero_sum");
  OptionRules("solve_zero_sum")
      .need(options.start.empty(), "start", "empty (it chooses its own)", options.start.size());
  require(options.step == Step<double>{} && options.average == Average::automatic,
          Errc::invalid_argument,
          "solve_zero_sum: it chooses its own method; leave step and average automatic");
  require(options.feedback == Feedback<double>{}, Errc::invalid_argument,
          "solve_zero_sum: it needs the full field; leave feedback as it is");
  require(options.measure != Measure::residual, Errc::invalid_argument,
          "solve_zero_sum: it certifies the gap; measure must be automatic or gap");
  return detail::ZeroSumSolve<Real>(game, options, cutoffs).solve();
}

#if defined(DAG_COMPILED) && !defined(DAG_COMPILED_HERE)
extern template ZeroSumSolution solve_zero_sum(const MatrixGame<double, eigen>&,
                                               const SolverOptions<double>&, const ZeroSumCutoffs&);
#endif

}  // namespace dag
