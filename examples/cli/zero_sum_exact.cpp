// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <dag/backend/eigen_backend.hpp>
#include <dag/solver/matrix/zero_sum.hpp>

#include "solver_parts.hpp"
#include "zero_sum_solvers.hpp"

namespace cli {
namespace {

/// The linear program from both sides of the interface: no start, no average, no feedback.
void require_plain(std::string_view name, const dag::SolverOptions<double>& options) {
  dag::require(options.start.empty() && options.average == dag::Average::automatic &&
                   options.feedback == dag::Feedback<double>{},
               dag::Errc::invalid_argument, name,
               ": it has no start, no average and needs the full field");
}

Found simplex(const PlainGame& game, const dag::SolverOptions<double>& options) {
  require_plain("linear_program", options);
  const dag::Stopwatch watch;
  const auto& payoff = game.payoff();
  dag::LinearProgramOptions own;
  own.tolerance = options.tolerance;
  const auto rows = static_cast<std::size_t>(payoff.rows());
  const auto columns = static_cast<std::size_t>(payoff.cols());
  const auto usual = 100 * static_cast<std::int64_t>(rows + columns) + 10'000;
  own.max_pivots = std::max<std::int64_t>(1, std::min(usual, options.max_iterations));
  own.time_limit = options.time_limit;
  own.stop = options.stop;
  const dag::MatrixEquilibrium vertex = dag::linear_program(
      std::span<const double>(payoff.data(), rows * columns), rows, columns, own);
  Found found;
  found.solver = "linear_program";
  found.status = vertex.status;
  found.iterate = "last";
  found.iterations = vertex.pivots;
  found.products = 1;
  found.seconds = watch.seconds();
  found.value = vertex.value;
  found.gap = vertex.gap;
  found.relative_gap = vertex.relative_gap;
  found.residual = vertex.relative_gap;
  found.strategies = {vertex.row, vertex.column};
  options.observer(dag::Record{found.iterations, found.products, found.seconds, found.value,
                               found.gap, found.relative_gap, found.residual, 0.0});
  return found;
}

}  // namespace

std::optional<Found> exact_solver(std::string_view name, const PlainGame& game,
                                  const Settings& settings) {
  const dag::SolverOptions<double>& options = settings.options;
  if (name == "auto") {
    const dag::ZeroSumSolution solution = dag::solve_zero_sum(game, options);
    const std::string_view method = solution.method == dag::ZeroSumMethod::first_order
                                        ? "primal_dual_hybrid_gradient"
                                        : dag::to_string(solution.method);
    return plain_data(method, solution);
  }
  if (name == "interior_point") {
    return plain_data(name, dag::interior_point(game, options));
  }
  if (name == "linear_program") {
    return simplex(game, options);
  }
  return {};
}

}  // namespace cli
