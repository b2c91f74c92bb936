// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <dag/backend/eigen_backend.hpp>
#include <dag/solver/response.hpp>

#include "replicator_run.hpp"
#include "walking_solvers.hpp"
#include "zero_sum_solvers.hpp"

namespace cli {

std::optional<Found> response_solver(std::string_view name, const PlainGame& game,
                                     const Settings& settings) {
  if (name == "replicator") {
    return replicator_run(game, settings);
  }
  return walk<dag::Room::response, dag::kinds::zero_sum>(name, game, settings);
}

}  // namespace cli
