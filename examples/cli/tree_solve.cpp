// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "tree_solve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include <dag/core/error.hpp>

#include "commands.hpp"
#include "plot.hpp"
#include "solve_plots.hpp"
#include "solve_report.hpp"
#include "solver_list.hpp"
#include "tree_report.hpp"
#include "tree_solvers.hpp"

namespace cli {
namespace {

void refuse(bool given, const char* option, const char* why) {
  dag::require(!given, dag::Errc::unsupported, option, ": ", why);
}

}  // namespace

int solve_tree(const SolveOptions& options) {
  refuse(!options.portrait.empty(), "--portrait",
         "the strategies of a game tree have too many dimensions to draw");
  refuse(!options.start.empty(), "--start", "game trees are solved from the uniform behaviour");
  refuse(!options.select.empty(), "--select", "not offered for game trees");
  refuse(options.exact, "--exact", "game trees are solved in doubles");
  refuse(std::isfinite(options.absolute_tolerance), "--absolute-tolerance",
         "not offered for game trees; --tolerance is a share of the payoff range");
  refuse(options.scaling != "none", "--scaling", "not offered for game trees");
  PlotFormat format = PlotFormat::svg;
  if (!options.plot.empty()) {
    format = plot_format(options.plot);
    require_gnuplot();
  }
  dag::require(options.reference.empty(), dag::Errc::unsupported,
               "--reference: on game trees --tau pulls to the uniform behaviour");
  // Kept to the end of the program, which gives memory back at once; a destructor goes from node to
  // node, a fifth of the time between Ctrl-C and the end on a tree of 1e5.
  static const TreeProblem* kept = nullptr;
  kept = new TreeProblem(read_tree(options.game, options.common.seed));
  const TreeProblem& problem = *kept;
  const std::vector<std::string> solvers = solver_names(options.solver, problem.kind, true);
  const bool several = solvers.size() > 1;
  const bool random_game = options.repeats > 1 && tree_depends_on_seed(options.game);
  std::vector<SolverRuns> all;
  bool converged = false;
  for (const std::string& solver : solvers) {
    SolverRuns runs{solver, {}};
    for (std::int64_t k = 0; k < options.repeats && !interrupt.stop_requested(); ++k) {
      const std::uint64_t seed = options.common.seed + static_cast<std::uint64_t>(k);
      runs.runs.push_back(
          run_watched(runs.name, options, seed, several, {}, [&](const Settings& settings) {
            return random_game && k > 0
                       ? solve_tree_game(solver, read_tree(options.game, seed), settings)
                       : solve_tree_game(solver, problem, settings);
          }));
      converged = converged || (runs.runs.back().refused.empty() &&
                                runs.runs.back().found.status == dag::Status::converged);
      if (!runs.runs.back().refused.empty()) {
        break;
      }
    }
    if (!runs.runs.empty()) {
      all.push_back(std::move(runs));
    }
  }
  Outputs outputs;
  if (!options.trace.empty()) {
    outputs.add(options.trace, solve_trace(all, options));
  }
  if (!options.plot.empty()) {
    Problem named;  // all that a plot asks of a problem
    named.name = problem.name;
    named.kind = problem.kind;
    named.range = problem.form.range();
    outputs.add(options.plot, draw(gap_plots(all, named, options), format));
  }
  if (!options.common.json.empty()) {
    outputs.add(options.common.json, tree_json(all, problem, options));
  }
  outputs.write();
  if (options.common.talks()) {
    say(tree_text(all, problem, options));
  }
  return converged ? exit_done : exit_not_converged;
}

std::string tree_solver_help() {
  std::string out =
      "\nOf game trees (.efg files and named trees):\n  auto: sequence_form_program, or on the "
      "reduced normal form lemke_howson or a table's auto; predictive_cfr_plus where these do not "
      "fit";
  for (const dag::SolverInfo& row : dag::solver_list) {
    if (row.trees.kinds != 0) {
      out += fmt::format(
          "\n  {}: {}{}", row.name, row.summary,
          row.trees.kinds == dag::kinds::all ? "" : " (" + kinds_text(row.trees.kinds) + ")");
    }
  }
  return out;
}

}  // namespace cli
