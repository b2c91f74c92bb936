// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/App.hpp>
#include <functional>

/// The program dag. Each subcommand has a file of its own: `add_x` describes its options to the
/// parser and gives back what to run when it was asked for. Exit codes: 0 converged or done, 1 not
/// converged within the limits (or a claim of the demo failed), 2 bad usage or bad input.
namespace cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_not_converged = 1;
inline constexpr int exit_bad_input = 2;

using Command = std::function<int()>;

Command add_align(CLI::App& app);
Command add_answers(CLI::App& app);
Command add_check(CLI::App& app);
Command add_commit(CLI::App& app);
Command add_convert(CLI::App& app);
Command add_demo(CLI::App& app);
Command add_estimators(CLI::App& app);
Command add_evaluate(CLI::App& app);
Command add_correlated(CLI::App& app);
Command add_evolve(CLI::App& app);
Command add_games(CLI::App& app);
Command add_quantal(CLI::App& app);
Command add_rewards(CLI::App& app);
Command add_solve(CLI::App& app);
Command add_solvers(CLI::App& app);
Command add_train(CLI::App& app);
Command add_utilities(CLI::App& app);

}  // namespace cli
