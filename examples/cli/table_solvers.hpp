// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include <dag/game/table.hpp>

#include "found.hpp"

namespace cli {

/// Runs a solver of games given as tables: exact ones, the logit branch, regret dynamics,
/// correlated equilibria. Nothing if the name is not one of theirs.
std::optional<Found> table_solver(std::string_view name, const dag::GameTable& table,
                                  const Settings& settings);
/// `--select RULE` among all equilibria: those that the rule leaves, the first of them the answer.
Found selected_equilibrium(std::string_view name, const dag::GameTable& table,
                           const Settings& settings);
/// First-order methods on any normal-form game; nothing if the name is not one of theirs.
std::optional<Found> normal_form_walks(std::string_view name, const dag::GameTable& table,
                                       const Settings& settings);
std::optional<Found> normal_form_responses(std::string_view name, const dag::GameTable& table,
                                           const Settings& settings);
/// What `--solver auto` does to two players of general payoffs, and to one or many players.
Found automatic_bimatrix(const dag::GameTable& table, const Settings& settings);
Found automatic_many(const dag::GameTable& table, const Settings& settings);

}  // namespace cli
