// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "zero_sum_solvers.hpp"

#include <array>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/eigen.hpp>
#include <dag/game/matrix.hpp>
#include <dag/game/regularized_matrix.hpp>
#include <dag/solver/best_response_dynamics.hpp>
#include <dag/solver/extragradient.hpp>
#include <dag/solver/fictitious_play.hpp>
#include <dag/solver/gradient_descent_ascent.hpp>
#include <dag/solver/mirror_descent.hpp>
#include <dag/solver/mirror_prox.hpp>
#include <dag/solver/optimistic_mirror_descent.hpp>
#include <dag/solver/smooth_fictitious_play.hpp>

namespace cli {
namespace {

using Options = dag::SolverOptions<double>;
using Matrix = dag::eigen::matrix<double>;
using Plain = dag::MatrixGame<double, dag::eigen>;
using Pulled = dag::RegularizedMatrixGame<double, dag::eigen>;

constexpr std::array solvers{
    SolverEntry{"auto", "extragradient, then a hundredth of the tolerance; mirror_prox with --tau"},
    SolverEntry{"gradient_descent_ascent", "projected gradient steps: the baseline that cycles"},
    SolverEntry{"mirror_descent", "multiplicative weights with a decaying step, averaged"},
    SolverEntry{"extragradient", "two projected steps a round, adaptive step"},
    SolverEntry{"mirror_prox", "two multiplicative steps a round"},
    SolverEntry{"optimistic_mirror_descent", "one multiplicative step that looks ahead"},
    SolverEntry{"fictitious_play", "best responses to the mean of past play"},
    SolverEntry{"alternating_fictitious_play", "the same, the column player sees the row's move"},
    SolverEntry{"smooth_fictitious_play", "entropy-smoothed responses to the mean of past play"},
    SolverEntry{"best_response_dynamics", "best responses to the last move: converges with --tau"},
};

std::string_view name_of(dag::Average average) {
  switch (average) {
    case dag::Average::automatic: return "automatic";
    case dag::Average::last: return "last";
    case dag::Average::uniform: return "uniform";
    case dag::Average::linear: return "linear";
    case dag::Average::quadratic: return "quadratic";
    case dag::Average::best: return "best";
  }
  return "unknown";
}

Matrix matrix_of(const ZeroSumGame& game) {
  Matrix matrix(static_cast<Eigen::Index>(game.rows), static_cast<Eigen::Index>(game.columns));
  for (std::size_t i = 0; i < game.rows; ++i) {
    for (std::size_t j = 0; j < game.columns; ++j) {
      matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
          game.payoff[i * game.columns + j];
    }
  }
  return matrix;
}

template <class Game>
Found plain_data(std::string_view solver, const dag::Solution<Game>& solution) {
  Found found;
  found.solver = solver;
  found.status = solution.status;
  found.iterate = name_of(solution.iterate);
  found.iterations = solution.iterations;
  found.products = solution.products;
  found.seconds = solution.seconds;
  found.value = solution.value;
  found.gap = solution.gap;
  found.relative_gap = solution.relative_gap;
  found.residual = solution.residual;
  for (std::size_t b = 0; b < solution.blocks.count(); ++b) {
    const auto strategy = solution.strategy(b);
    found.strategies.emplace_back(strategy.data(), strategy.data() + strategy.size());
  }
  return found;
}

Found extragradient(std::string_view name, const ZeroSumGame& game, Options options) {
  options.step = dag::Step<double>::adaptive();
  return plain_data(name, dag::extragradient(dag::euclidean(Plain(matrix_of(game))), options));
}

/// The solvers that work under the entropy map, with or without a pull.
template <class Game>
Found entropic(std::string_view name, const Game& game, const Options& options) {
  constexpr auto alternating = dag::Turns::alternating;
  if (name == "mirror_descent") {
    return plain_data(name, dag::mirror_descent(game, options));
  }
  if (name == "mirror_prox") {
    return plain_data(name, dag::mirror_prox(game, options));
  }
  if (name == "optimistic_mirror_descent") {
    return plain_data(name, dag::optimistic_mirror_descent(game, options));
  }
  if (name == "fictitious_play") {
    return plain_data(name, dag::fictitious_play(game, options));
  }
  if (name == "alternating_fictitious_play") {
    return plain_data(name, dag::fictitious_play(game, options, {.turns = alternating}));
  }
  if (name == "smooth_fictitious_play") {
    return plain_data(name, dag::smooth_fictitious_play(game, options));
  }
  if (name == "best_response_dynamics") {
    return plain_data(name, dag::best_response_dynamics(game, options));
  }
  dag::fail(dag::Errc::invalid_argument, "no solver is called '", name, "'");
}

/// A solver's view of a game that keeps its own record of time and rounds over two solves.
struct Continued {
  const dag::ObserverRef& observer;
  dag::Record before;
  bool operator()(dag::Record record) const {
    record.iteration += before.iteration;
    record.products += before.products;
    record.seconds += before.seconds;
    return observer(record);
  }
};

/// Reaches the tolerance, then a hundredth of it if that costs no more rounds than the first part:
/// the value's error is at most the gap, and linear convergence makes the rest cheap.
Found automatic(const ZeroSumGame& game, const Options& options) {
  Found found = extragradient("extragradient", game, options);
  if (found.status != dag::Status::converged || !(found.gap > 0)) {
    return found;
  }
  std::vector<double> start = found.strategies[0];
  start.insert(start.end(), found.strategies[1].begin(), found.strategies[1].end());
  Options further = options;
  further.start = start;
  further.tolerance = options.tolerance / 100;
  further.max_iterations = found.iterations + 20;
  further.time_limit = options.time_limit - found.seconds;
  Continued observer{options.observer, {found.iterations, found.products, found.seconds}};
  further.observer = observer;
  if (!(further.time_limit > 0)) {
    return found;
  }
  Found better = extragradient("extragradient", game, further);
  better.iterations += found.iterations;
  better.products += found.products;
  better.seconds += found.seconds;
  better.status = dag::Status::converged;
  return better.gap < found.gap ? better : found;
}

Found pulled(std::string_view solver, const ZeroSumGame& game, const Options& options) {
  const Pulled regularized(Plain(matrix_of(game)), game.tau, game.tau);
  if (solver == "gradient_descent_ascent") {
    return plain_data(solver, dag::gradient_descent_ascent(regularized, options));
  }
  dag::require(solver != "extragradient", dag::Errc::unsupported,
               "extragradient works under the Euclidean map, which cannot hold the entropy pull of "
               "--tau; use mirror_prox");
  return entropic(solver == "auto" ? "mirror_prox" : solver, regularized, options);
}

}  // namespace

std::span<const SolverEntry> zero_sum_solvers() { return solvers; }

Found solve_zero_sum(std::string_view solver, const ZeroSumGame& game, const Options& options) {
  if (game.tau > 0) {
    return pulled(solver, game, options);
  }
  if (solver == "auto") {
    return automatic(game, options);
  }
  if (solver == "extragradient") {
    return extragradient(solver, game, options);
  }
  const Plain plain(matrix_of(game));
  if (solver == "gradient_descent_ascent") {
    return plain_data(solver, dag::gradient_descent_ascent(dag::euclidean(plain), options));
  }
  return entropic(solver, plain, options);
}

}  // namespace cli
