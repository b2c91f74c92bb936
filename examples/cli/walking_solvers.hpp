// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <utility>
#include <vector>

#include <dag/game/regularized_game.hpp>
#include <dag/solver/list.hpp>

#include "solver_parts.hpp"

/// The solvers of the list that have a call, for any game on simplices: instantiated in files of
/// their own, one for each room and type of game.
namespace cli {

/// The game with the pull of --tau to --reference.
template <class Game>
dag::RegularizedGame<Game> pulled_game(Game game, const Settings& settings) {
  if (settings.reference.empty()) {
    return {std::move(game), settings.tau};
  }
  std::vector<double> tau(game.players().blocks().count(), settings.tau);
  return {std::move(game), std::move(tau), std::span<const double>(settings.reference)};
}

/// Runs the row of the list that has this name, if it is in the room, takes one of these kinds of
/// games and has these knobs.
template <dag::Room room, unsigned kinds, unsigned knobs = 0, class Game>
std::optional<Found> walk(std::string_view name, const Game& game, const Settings& settings) {
  std::optional<Found> found;
  dag::for_each_call(
      [](const dag::SolverInfo& row) {
        return row.room == room && (row.kinds & kinds) != 0 && (row.knobs & knobs) == knobs;
      },
      [&](const auto& solver) {
        if (solver.info.name != name) {
          return;
        }
        dag::SolverOptions<double> options = settings.options;
        if ((solver.info.knobs & dag::knobs::adaptive) != 0 &&
            options.feedback == dag::Feedback<double>{}) {
          options.step = dag::Step<double>::adaptive();
        }
        found = plain_data(name, solver(game, options));
      });
  return found;
}

}  // namespace cli
