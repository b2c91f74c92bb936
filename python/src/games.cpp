// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/io/preference_problem.hpp>

#include "game_input.hpp"
#include "module.hpp"
#include "solve_report.hpp"
#include "solve_run.hpp"
#include "solver_list.hpp"
#include "tree_input.hpp"
#include "tree_report.hpp"
#include "tree_solvers.hpp"

namespace dag_python {
namespace {

cli::SolveOptions solve_options(const std::string& game, const std::string& solver,
                                const nb::dict& fields) {
  cli::SolveOptions options;
  options.game = game;
  options.solver = solver;
  options.common.quiet = true;
  read_fields(fields, "solve",
              {Field::into("tolerance", options.tolerance),
               Field::into("absolute_tolerance", options.absolute_tolerance),
               Field::into("exact", options.exact),
               Field::into("max_iterations", options.max_iterations),
               Field::into("time_limit", options.time_limit),
               Field::into("average", options.average), Field::into("tau", options.tau),
               Field::into("select", options.select), Field::into("start", options.start),
               Field::into("feedback", options.feedback),
               Field::into("seed", options.common.seed)});
  dag::require(options.tolerance >= 0, dag::Errc::invalid_argument,
               "solve: tolerance must be >= 0, got ", options.tolerance);
  return options;
}

/// `dag solve --json` of a normal form.
std::string solve_table(const cli::Problem& problem, const cli::SolveOptions& options) {
  const auto names = cli::solver_names(options.solver, problem.kind);
  return cli::solve_json(cli::run_solvers(names, problem, options), problem, options);
}

/// And of a game tree.
std::string solve_tree(const cli::SolveOptions& options) {
  dag::require(options.start.empty() && options.select.empty() && !options.exact &&
                   std::isinf(options.absolute_tolerance),
               dag::Errc::unsupported,
               "solve: start, select, exact and absolute_tolerance are not offered for game trees");
  const cli::TreeProblem problem = cli::read_tree(options.game, options.common.seed);
  const auto solvers = cli::solver_names(options.solver, problem.kind, true);
  std::vector<cli::SolverRuns> all;
  for (const std::string& solver : solvers) {
    cli::SolverRuns runs{solver, {}};
    runs.runs.push_back(cli::run_watched(
        runs.name, options, options.common.seed, solvers.size() > 1, {},
        [&](const cli::Settings& settings) {
          return cli::solve_tree_game(solver, problem, settings);
        }));
    all.push_back(std::move(runs));
  }
  return cli::tree_json(all, problem, options);
}

std::string solve_word(const std::string& game, const std::string& solver, const nb::dict& fields) {
  const cli::SolveOptions options = solve_options(game, solver, fields);
  const nb::gil_scoped_release free;
  cli::check(options);
  return cli::is_tree(game)
             ? solve_tree(options)
             : solve_table(cli::read_problem(game, options.common.seed), options);
}

/// payoffs[player]: profiles with the first player's strategy fastest.
std::string solve_arrays(const std::vector<std::size_t>& sizes, const std::vector<Array>& payoffs,
                         const std::string& solver, const nb::dict& fields) {
  const cli::SolveOptions options = solve_options("payoffs", solver, fields);
  dag::GameTable table;
  table.sizes = sizes;
  for (const Array& payoff : payoffs) {
    const auto values = view<double>(payoff, "solve: payoffs");
    table.payoffs.emplace_back(values.begin(), values.end());
    table.players.push_back("player " + std::to_string(table.payoffs.size()));
  }
  const nb::gil_scoped_release free;
  cli::check(options);
  return solve_table(cli::problem_of("payoffs", std::move(table)), options);
}

}  // namespace

void add_games(nb::module_& m) {
  m.def("solve_word", &solve_word);
  m.def("solve_arrays", &solve_arrays);
  m.def("align_json", [](const std::string& line) {
    const nb::gil_scoped_release free;
    return dag::solve_any_problem_line(line).dump();
  });
}

}  // namespace dag_python
