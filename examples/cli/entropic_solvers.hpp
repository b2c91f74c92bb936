// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/solver/first_order/magnetic_mirror_descent.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/response/hedge.hpp>

#include "solver_parts.hpp"

namespace cli {

/// The gradient methods under the entropy map, for any game on simplices.
template <class Game>
std::optional<Found> entropic(std::string_view name, const Game& game, const Settings& settings) {
  const dag::SolverOptions<double>& options = settings.options;
  if (name == "mirror_descent") {
    return plain_data(name, dag::mirror_descent(game, options));
  }
  if (name == "mirror_prox") {
    return plain_data(name, dag::mirror_prox(game, options));
  }
  if (name == "optimistic_mirror_descent") {
    return plain_data(name, dag::optimistic_mirror_descent(game, options));
  }
  if constexpr (!dag::Regularized<Game>) {
    if (name == "hedge") {
      return plain_data(name, dag::hedge(game, options));
    }
    if (name == "magnetic_mirror_descent") {
      dag::MagneticOptions<double> own;
      if (!settings.select.empty()) {
        own.magnet = dag::Magnet::annealed;
        own.select =
            settings.select == "reference" ? dag::Select::reference : dag::Select::max_entropy;
      }
      return plain_data(name, dag::magnetic_mirror_descent(game, options, own));
    }
  }
  return {};
}

}  // namespace cli
