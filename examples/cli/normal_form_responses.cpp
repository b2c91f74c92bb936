// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <dag/backend/eigen_backend.hpp>
#include <dag/game/normal_form.hpp>

#include "response_solvers.hpp"
#include "table_solvers.hpp"

namespace cli {

std::optional<Found> normal_form_responses(std::string_view name, const dag::GameTable& table,
                                           const Settings& settings) {
  const dag::NormalFormGame<double, dag::eigen> game(table);
  return responses(name, game, settings);
}

}  // namespace cli
