// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <dag/core/error.hpp>

#include "checked_options.hpp"
#include "commands.hpp"
#include "game_input.hpp"
#include "output.hpp"
#include "plot.hpp"
#include "solve_plots.hpp"
#include "solve_report.hpp"
#include "solve_run.hpp"
#include "solve_stream.hpp"
#include "solver_list.hpp"
#include "tree_input.hpp"
#include "tree_solve.hpp"

namespace cli {
namespace {

int solve(const SolveOptions& options) {
  check(options);
  require_distinct(game_files(options.game), {{"--json", options.common.json},
                                              {"--trace", options.trace},
                                              {"--plot", options.plot},
                                              {"--portrait", options.portrait}});
  if (is_tree(options.game)) {
    dag::require(!options.stream, dag::Errc::unsupported,
                 "--stream: of game trees no solver lists equilibria; dag convert makes tables");
    return solve_tree(options);
  }
  PlotFormat format = PlotFormat::svg;
  PlotFormat portrait_format = PlotFormat::svg;
  if (!options.plot.empty()) {
    format = plot_format(options.plot);
    require_gnuplot();
  }
  if (!options.portrait.empty()) {
    portrait_format = plot_format(options.portrait, "--portrait");
    require_gnuplot();
  }
  if (!options.trace.empty()) {
    check_trace_name(options.trace);
  }
  const Problem problem = read_problem(options.game, options.common.seed);
  if (options.stream) {
    return stream_equilibria(options, problem);
  }
  const std::vector<std::string> names = solver_names(options.solver, problem.kind);
  dag::require(options.scaling == "none" || std::find(names.begin(), names.end(),
                                                      "primal_dual_hybrid_gradient") != names.end(),
               dag::Errc::invalid_argument,
               "--scaling: only primal_dual_hybrid_gradient has scaled steps; name it with "
               "--solver");
  if (!options.portrait.empty()) {
    check_portrait(problem, names);
  }
  SolveOptions told = options;
  if (!options.portrait.empty() && names == std::vector<std::string>{"auto"}) {
    static_cast<void>(start_of(options, problem));  // refuses a wrong one
    static_cast<void>(reference_of(options, problem));
    told.start.clear();  // it is for the paths that are drawn: what auto chooses has none
  }
  const std::vector<SolverRuns> all = run_solvers(names, problem, told);
  const bool converged = std::any_of(all.begin(), all.end(), [](const SolverRuns& runs) {
    return std::any_of(runs.runs.begin(), runs.runs.end(), [](const Run& run) {
      return run.refused.empty() && run.found.status == dag::Status::converged;
    });
  });

  Outputs outputs;
  if (!options.trace.empty()) {
    outputs.add(options.trace, solve_trace(all, options));
  }
  if (!options.plot.empty()) {
    outputs.add(options.plot, draw(gap_plots(all, problem, options), format));
  }
  if (!options.portrait.empty()) {
    outputs.add(options.portrait, draw(portrait(names, problem, options), portrait_format));
  }
  if (!options.common.json.empty()) {
    outputs.add(options.common.json, solve_json(all, problem, options));
  }
  outputs.write();
  if (options.common.talks()) {
    say(solve_text(all, problem, options));
  }
  return converged ? exit_done : exit_not_converged;
}

/// The list of solvers, by the games that they solve.
std::string solver_help() {
  std::string any = "Solvers of any game:\n  auto: chooses by kind, size and tolerance";
  std::string matrix = "\nOf two-player zero-sum games only:";
  std::string two = "\nOf two-player games only:";
  for (const dag::SolverInfo& row : dag::solver_list) {
    if (row.kinds == 0) {
      continue;
    }
    std::string& list = (row.kinds & dag::kinds::many) != 0 ? any
                        : row.kinds == dag::kinds::zero_sum ? matrix
                                                            : two;
    list += fmt::format("\n  {}: {}", row.name, row.summary);
  }
  return any + matrix + two + tree_solver_help();
}

}  // namespace

Command add_solve(CLI::App& app) {
  const auto options = std::make_shared<SolveOptions>();
  CLI::App* command =
      app.add_subcommand("solve", "Equilibria of a game: zero-sum, two players, or many");
  command
      ->add_option(
          "GAME", options->game,
          "A .nfg, .efg, .agg, .bagg, .gbt, .gam or .json file, a document of Game Theory "
          "Explorer, an output of GAMUT; a .csv, .tsv or .txt file (payoff matrix, rows maximise; "
          "pairs (3,4) for both players; or list of profiles); - for standard input; or a name: "
          "rps, chicken, random:ROWSxCOLS:SEED, kuhn_poker, ... ('dag games' lists "
          "them)")
      ->required();
  command
      ->add_option("COLUMN", options->column,
                   "The column player's matrix, where GAME has the row player's alone")
      ->check(file_name());
  command
      ->add_option("--solver", options->solver,
                   "One of the solvers below, several with commas between, or all")
      ->type_name("NAME")
      ->capture_default_str();
  command
      ->add_option("--tolerance", options->tolerance,
                   "On the duality gap (NashConv; for correlated play its gap) / payoff range")
      ->type_name("T")
      ->check(number_from_zero())
      ->capture_default_str();
  command
      ->add_option("--absolute-tolerance", options->absolute_tolerance,
                   "On the gap itself as well, in units of payoff: where a few payoffs dwarf the "
                   "others, a share of the range says little")
      ->type_name("T");
  command->add_flag("--exact", options->exact,
                    "Solve in whole numbers, on the payoffs as written, and show fractions: "
                    "zero-sum games by one equilibrium, other two-player games by all extreme ones "
                    "(small games)");
  command->add_flag("--stream", options->stream,
                    "Print each equilibrium as it is found, a JSON object a line, and nothing "
                    "else: of two players by vertex_enumeration, of more by "
                    "polynomial_equilibria");
  command
      ->add_option("--max-iterations", options->max_iterations,
                   "Rounds at most (default 10000000; 100000 for several solvers)")
      ->type_name("N")
      ->check(natural_number());
  command
      ->add_option("--time-limit", options->time_limit,
                   "Seconds at most for each run (default none; 5 for several solvers)")
      ->type_name("S")
      ->check(number_from_zero());
  command
      ->add_option("--average", options->average,
                   "The point that counts: auto (the solver's own), last, uniform, linear, "
                   "quadratic, or best (of last and uniform)")
      ->type_name("A")
      ->check(CLI::IsMember(average_names()))
      ->option_text("A=auto");
  command
      ->add_option("--tau", options->tau,
                   "Weight of a pull to the uniform strategies, or to --reference, in units of the "
                   "payoff: the quantal response equilibrium")
      ->type_name("T")
      ->check(number_from_zero());
  command
      ->add_option("--reference", options->reference,
                   "What --tau pulls to: strategies as --start writes them (default: uniform)")
      ->type_name("P;Q");
  command
      ->add_option("--select", options->select,
                   "Which of all equilibria: welfare, egalitarian, payoff:PLAYER (from 1), "
                   "risk_dominant, symmetric; of a zero-sum game also max_entropy, or reference "
                   "(nearest to --start)")
      ->type_name("RULE");
  command
      ->add_option("--scaling", options->scaling,
                   "Steps of primal_dual_hybrid_gradient by strategy, for badly scaled payoffs: "
                   "none, pock-chambolle, ruiz")
      ->check(CLI::IsMember({"none", "pock-chambolle", "ruiz"}))
      ->option_text("none|pock-chambolle|ruiz");
  command
      ->add_option("--start", options->start,
                   "The first strategies: probabilities with commas, players with semicolons, "
                   "\"0.7,0.3;0.5,0.5\" (default: uniform)")
      ->type_name("P;Q");
  command
      ->add_option("--feedback", options->feedback,
                   "What solvers see of the payoffs: full, sampled (against drawn strategies), "
                   "noisy:SIGMA (normal noise, SIGMA in payoff ranges)")
      ->type_name("F")
      ->capture_default_str();
  command
      ->add_option("--repeats", options->repeats,
                   "Runs with seeds SEED, SEED+1, ...: mean and 95 % interval. The seed draws "
                   "feedback and random games without a seed of their own")
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--trace", options->trace, "Write a line (an object) per check")
      ->type_name("FILE.csv|.json")
      ->check(file_name());
  command->add_option("--plot", options->plot, "Draw gap against rounds (needs gnuplot)")
      ->type_name("FILE.svg|.png")
      ->check(file_name());
  command
      ->add_option("--axes", options->axes,
                   "Of --plot: log-log, semi-log (rounds not logarithmic), or both side by side")
      ->check(CLI::IsMember({"log-log", "semi-log", "both"}))
      ->option_text("log-log|semi-log|both");
  command
      ->add_option("--portrait", options->portrait,
                   "Draw the solvers' paths through the strategies of a 2 x 2 or 3 x 3 game (needs "
                   "gnuplot)")
      ->type_name("FILE.svg|.png")
      ->check(file_name());
  add_common(*command, options->common);
  command->footer(solver_help() +
                  "\n\nExample:\n  dag solve biased-rps --solver all --plot gap.svg\n"
                  "  dag solve game.nfg --tolerance 1e-8 --json -\n"
                  "  dag solve rows.csv columns.csv\n"
                  "  dag solve matching-pennies --portrait paths.svg --plot gap.png --axes both\n"
                  "  dag solve game.nfg --exact\n"
                  "  dag solve battle-of-the-sexes --select payoff:2\n"
                  "  dag solve general:3x3x3:1 --solver polynomial_equilibria\n"
                  "  dag solve general:14x14:1 --stream --time-limit 1\n"
                  "  dag solve jordan --solver logit_branch,correlated_equilibrium\n"
                  "  dag solve leduc_poker --solver cfr,cfr_plus --plot gap.svg");
  return [options] {
    if (!options->column.empty()) {
      options->game += ',' + options->column;
    }
    return solve(*options);
  };
}

}  // namespace cli
