// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <dag/backend/eigen_backend.hpp>

#include "entropic_solvers.hpp"
#include "zero_sum_solvers.hpp"

namespace cli {

std::optional<Found> entropic_solver(std::string_view name, const PlainGame& game,
                                     const Settings& settings) {
  return entropic(name, game, settings);
}

}  // namespace cli
