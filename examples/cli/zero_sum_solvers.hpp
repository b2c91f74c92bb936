// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/game/matrix.hpp>
#include <dag/solver/options.hpp>

#include "found.hpp"

namespace cli {

/// A two-player zero-sum game as plain data: the row player maximises the row-major payoff.
struct ZeroSumGame {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> payoff;
};

/// Runs a solver of matrix games by its name. Throws dag::Error for an unknown name or options that
/// the solver refuses.
Found solve_zero_sum(std::string_view solver, const ZeroSumGame& game, const Settings& settings);
/// Without a pull or a selection.
Found solve_zero_sum(std::string_view solver, const ZeroSumGame& game,
                     const dag::SolverOptions<double>& options);

/// The parts, one file each; nothing if the name is not one of theirs.
using PlainGame = dag::MatrixGame<double, dag::eigen>;
std::optional<Found> first_order_solver(std::string_view name, const PlainGame& game,
                                        const Settings& settings);
std::optional<Found> response_solver(std::string_view name, const PlainGame& game,
                                     const Settings& settings);
std::optional<Found> exact_solver(std::string_view name, const PlainGame& game,
                                  const Settings& settings);
/// With a pull of weight settings.tau to uniform play.
Found pulled_solver(std::string_view name, const PlainGame& game, const Settings& settings);
/// The equilibrium that `settings.select` names, along the path of quantal response equilibria.
Found selected_equilibrium(const PlainGame& game, const Settings& settings);

}  // namespace cli
