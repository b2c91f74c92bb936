// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "zero_sum_solvers.hpp"

#include <utility>

#include <dag/core/error.hpp>

namespace cli {
namespace {

dag::eigen::matrix<double> matrix_of(const ZeroSumGame& game) {
  dag::eigen::matrix<double> matrix(static_cast<Eigen::Index>(game.rows),
                                    static_cast<Eigen::Index>(game.columns));
  for (std::size_t i = 0; i < game.rows; ++i) {
    for (std::size_t j = 0; j < game.columns; ++j) {
      matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
          game.payoff[i * game.columns + j];
    }
  }
  return matrix;
}

}  // namespace

Found solve_zero_sum(std::string_view solver, const ZeroSumGame& game, const Settings& settings) {
  const PlainGame plain(matrix_of(game));
  const bool full = settings.options.feedback == dag::Feedback<double>{};
  if (!settings.select.empty()) {
    dag::require(settings.tau == 0, dag::Errc::invalid_argument,
                 "--select: it takes the weight of the pull to 0; leave --tau out");
    dag::require(settings.select != "reference" || !settings.options.start.empty(),
                 dag::Errc::invalid_argument,
                 "--select reference: give the reference with --start");
    if (solver == "auto" || solver == "newton") {
      dag::require(full && settings.options.average == dag::Average::automatic,
                   dag::Errc::invalid_argument,
                   "--select: newton needs the full field and has no average; the sampled way is "
                   "--solver magnetic_mirror_descent");
      return selected_equilibrium(plain, settings);
    }
    dag::require(solver == "magnetic_mirror_descent", dag::Errc::unsupported,
                 "--select: only newton (the choice of auto) and magnetic_mirror_descent end in a "
                 "selected equilibrium, ",
                 solver, " does not");
  }
  if (settings.tau > 0) {
    return pulled_solver(!full && solver == "auto" ? "mirror_descent" : solver, plain, settings);
  }
  dag::require(solver != "newton", dag::Errc::unsupported,
               "newton: it solves games with a pull; give --tau, or --select");
  if (!full && solver == "auto") {
    solver = "regret_matching";
  }
  for (const auto part : {&exact_solver, &first_order_solver, &response_solver}) {
    if (auto found = part(solver, plain, settings)) {
      return *std::move(found);
    }
  }
  dag::fail(dag::Errc::invalid_argument, "no solver of zero-sum games is called '", solver, "'");
}

Found solve_zero_sum(std::string_view solver, const ZeroSumGame& game,
                     const dag::SolverOptions<double>& options) {
  Settings settings;
  settings.options = options;
  return solve_zero_sum(solver, game, settings);
}

}  // namespace cli
