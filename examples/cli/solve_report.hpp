// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include <dag/game/regret.hpp>

#include "game_input.hpp"
#include "solve_run.hpp"

namespace cli {

/// What a report says of its game, a table or a tree.
struct GameFacts {
  std::size_t players;
  GameKind kind;
  double constant;    ///< zero_sum: what the two payoffs of a profile add up to
  double range;       ///< of the payoffs
  std::string sizes;  ///< "3 x 4 strategies"
  std::string note;
  bool tree = false;
};

/// The report of games of every kind, their fields listed once. `strategies` and `more` add what is
/// a game's own to the JSON of an answer; `body` is the text below its head. Fields of answers that
/// these leave null and `written` names, in their order, are JSON as it stands there, with
/// `answer_indent` spaces before the field.
using Written = std::vector<std::pair<std::string, std::string>>;  ///< field and its text
using AddFields = std::function<void(nlohmann::ordered_json&, const Found&)>;
std::string report_json(const std::vector<SolverRuns>& all, const GameFacts& game,
                        const SolveOptions& options, const AddFields& strategies,
                        const AddFields& more, const Written& written = {});
std::size_t answer_indent(const std::vector<SolverRuns>& all, const SolveOptions& options);
std::string report_text(const std::vector<SolverRuns>& all, const GameFacts& game,
                        const SolveOptions& options,
                        const std::function<std::string(const Found&)>& body);
/// A value and its gap, where `zero_sum`, else payoffs and regrets.
std::string gap_text(const Found& found, bool zero_sum, const dag::RegretReport& report);

/// The result of `dag solve` for people.
std::string solve_text(const std::vector<SolverRuns>& all, const Problem& problem,
                       const SolveOptions& options);
/// The same as JSON: an object, or with several solvers one with the array `results`.
std::string solve_json(const std::vector<SolverRuns>& all, const Problem& problem,
                       const SolveOptions& options);
/// All traces, as CSV below one header or as a JSON array, by the file's name (.csv or .json).
std::string solve_trace(const std::vector<SolverRuns>& all, const SolveOptions& options);
/// Throws dag::Error unless the name of a trace ends in .csv or .json.
void check_trace_name(const std::string& path);

}  // namespace cli
