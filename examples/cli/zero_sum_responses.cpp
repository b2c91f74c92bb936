// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <dag/backend/eigen_backend.hpp>

#include "response_solvers.hpp"
#include "zero_sum_solvers.hpp"

namespace cli {

std::optional<Found> response_solver(std::string_view name, const PlainGame& game,
                                     const Settings& settings) {
  return responses(name, game, settings);
}

}  // namespace cli
