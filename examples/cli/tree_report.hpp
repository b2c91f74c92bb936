// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <dag/game/behavior.hpp>

#include "solve_run.hpp"
#include "tree_input.hpp"

namespace cli {

/// Strategies by information set: one array a player, one object a set with its number, label,
/// actions and their probabilities.
nlohmann::ordered_json behavior_json(const dag::ExtensiveGame& game,
                                     const dag::BehaviorProfile& profile);
/// Reads them back: such objects, or bare arrays of probabilities in the order of the sets. `where`
/// names the file in messages. Throws dag::Error.
dag::BehaviorProfile behavior_from_json(const dag::ExtensiveGame& game,
                                        const nlohmann::json& strategies, const std::string& where);
/// Probabilities as typed, with six digits or so, brought to a sum of one.
void bring_to_one(std::vector<double>& probabilities);
std::string behavior_text(const dag::ExtensiveGame& game, const dag::BehaviorProfile& profile);

/// What was found, for people.
std::string tree_text(const std::vector<SolverRuns>& all, const TreeProblem& problem,
                      const SolveOptions& options);
/// The same as JSON: an object, or with several solvers one with the array `results`.
std::string tree_json(const std::vector<SolverRuns>& all, const TreeProblem& problem,
                      const SolveOptions& options);

}  // namespace cli
