// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <dag/backend/eigen_backend.hpp>
#include <dag/solver/first_order/anchored_extragradient.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/gradient_descent_ascent.hpp>
#include <dag/solver/first_order/primal_dual_hybrid_gradient.hpp>

#include "solver_parts.hpp"
#include "zero_sum_solvers.hpp"

namespace cli {

std::optional<Found> euclidean_solver(std::string_view name, const PlainGame& game,
                                      const Settings& settings) {
  dag::SolverOptions<double> options = settings.options;
  if (name == "gradient_descent_ascent") {
    return plain_data(name, dag::gradient_descent_ascent(dag::euclidean(game), options));
  }
  if (name == "extragradient") {
    if (options.feedback == dag::Feedback<double>{}) {
      options.step = dag::Step<double>::adaptive();
    }
    return plain_data(name, dag::extragradient(dag::euclidean(game), options));
  }
  if (name == "anchored_extragradient") {
    return plain_data(name, dag::anchored_extragradient(dag::euclidean(game), options));
  }
  if (name == "primal_dual_hybrid_gradient") {
    return plain_data(
        name, dag::primal_dual_hybrid_gradient(game, options, {.scaling = settings.scaling}));
  }
  return {};
}

}  // namespace cli
