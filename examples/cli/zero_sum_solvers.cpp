// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "zero_sum_solvers.hpp"

#include <array>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/eigen.hpp>
#include <dag/game/bilinear.hpp>
#include <dag/game/matrix.hpp>
#include <dag/game/regularized_matrix.hpp>
#include <dag/geometry/sets.hpp>
#include <dag/solver/mirror_prox.hpp>

namespace cli {
namespace {

using Options = dag::SolverOptions<double>;
using Matrix = dag::eigen::matrix<double>;
using Plain = dag::MatrixGame<double, dag::eigen>;
using Pulled = dag::RegularizedMatrixGame<double, dag::eigen>;
using Simplex = dag::ProbabilitySimplex<double>;
using Projected = dag::BilinearGame<double, dag::eigen, Simplex, Simplex>;

constexpr std::array solvers{
    SolverEntry{"auto", "extragradient with an adaptive step; mirror_prox where tau > 0"},
    SolverEntry{"extragradient", "two projected steps a round, Euclidean, adaptive step"},
    SolverEntry{"mirror_prox", "two multiplicative steps a round"},
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

Projected projected(const ZeroSumGame& game) {
  return Projected(matrix_of(game), Simplex(game.rows), Simplex(game.columns));
}

Found extragradient(std::string_view name, const ZeroSumGame& game, Options options) {
  options.step = dag::Step<double>::adaptive();
  return plain_data(name, dag::mirror_prox(projected(game), options));
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
  if (solver == "auto" || solver == "mirror_prox") {
    return plain_data("mirror_prox", dag::mirror_prox(regularized, options));
  }
  dag::fail(dag::Errc::unsupported, solver,
            " works under the Euclidean map, which cannot hold the entropy pull of --tau; use "
            "mirror_prox");
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
  if (solver == "mirror_prox") {
    return plain_data(solver, dag::mirror_prox(Plain(matrix_of(game)), options));
  }
  dag::fail(dag::Errc::invalid_argument, "no solver is called '", solver, "'");
}

}  // namespace cli
