// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <dag/backend/eigen_backend.hpp>
#include <dag/solver/first_order.hpp>

#include "walking_solvers.hpp"
#include "zero_sum_solvers.hpp"

namespace cli {

std::optional<Found> first_order_solver(std::string_view name, const PlainGame& game,
                                        const Settings& settings) {
  if (name == "magnetic_mirror_descent" && !settings.select.empty()) {
    dag::MagneticOptions<double> own;
    own.magnet = dag::Magnet::annealed;
    own.select = settings.select == "reference" ? dag::Select::reference : dag::Select::max_entropy;
    return plain_data(name, dag::magnetic_mirror_descent(game, settings.options, own));
  }
  if (name == "primal_dual_hybrid_gradient" && settings.scaling != dag::Scaling::none) {
    return plain_data(name, dag::primal_dual_hybrid_gradient(game, settings.options,
                                                             {.scaling = settings.scaling}));
  }
  return walk<dag::Room::first_order, dag::kinds::zero_sum>(name, game, settings);
}

}  // namespace cli
