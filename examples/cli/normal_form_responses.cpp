// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <dag/backend/eigen_backend.hpp>
#include <dag/game/normal_form.hpp>
#include <dag/game/regularized_game.hpp>
#include <dag/solver/response.hpp>

#include "replicator_run.hpp"
#include "table_solvers.hpp"
#include "walking_solvers.hpp"

namespace cli {

std::optional<Found> normal_form_responses(std::string_view name, const dag::GameTable& table,
                                           const Settings& settings) {
  using Game = dag::NormalFormGame<double, dag::eigen>;
  if (settings.tau > 0) {
    const dag::RegularizedGame<Game> pulled = pulled_game(Game(table), settings);
    return walk<dag::Room::response, dag::kinds::general, dag::knobs::pull>(name, pulled, settings);
  }
  const Game game(table);
  if (name == "replicator") {
    return replicator_run(game, settings);
  }
  return walk<dag::Room::response, dag::kinds::general>(name, game, settings);
}

}  // namespace cli
