// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <dag/backend/eigen_backend.hpp>
#include <dag/game/normal_form.hpp>
#include <dag/solver/first_order.hpp>

#include "table_solvers.hpp"
#include "walking_solvers.hpp"

namespace cli {

std::optional<Found> normal_form_walks(std::string_view name, const dag::GameTable& table,
                                       const Settings& settings) {
  const dag::NormalFormGame<double, dag::eigen> game(table);
  return walk<dag::Room::first_order, dag::kinds::general>(name, game, settings);
}

}  // namespace cli
