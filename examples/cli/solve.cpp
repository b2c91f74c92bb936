// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/payoff_sum.hpp>
#include <dag/game/table.hpp>
#include <dag/io/trace.hpp>
#include <dag/solver/trace.hpp>

#include "commands.hpp"
#include "game_input.hpp"
#include "output.hpp"
#include "plot.hpp"
#include "rates.hpp"
#include "zero_sum_solvers.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

struct SolveOptions {
  Common common;
  std::string game;
  std::string solver = "auto";
  double tolerance = 1e-6;
  std::int64_t max_iterations = -1;  // -1: the default of the mode
  double time_limit = -1;
  std::string average = "auto";
  double tau = 0;
  std::string trace;
  std::string plot;
};

/// One solver's run, or why it refused.
struct Run {
  Found found;
  dag::Trace trace;
  std::string refused;
};

/// The game as the solvers take it, with what must be said about it.
struct Problem {
  dag::GameTable table;
  ZeroSumGame game;
  double constant = 0;  ///< what the two payoffs of a profile add up to
  std::string note;
};

constexpr std::array<std::pair<const char*, dag::Average>, 6> averages{
    {{"auto", dag::Average::automatic},
     {"last", dag::Average::last},
     {"uniform", dag::Average::uniform},
     {"linear", dag::Average::linear},
     {"quadratic", dag::Average::quadratic},
     {"best", dag::Average::best}}};

std::vector<std::string> average_names() {
  std::vector<std::string> names;
  for (const auto& [name, average] : averages) {
    names.emplace_back(name);
  }
  return names;
}

dag::Average average_of(const std::string& name) {
  for (const auto& [known, average] : averages) {
    if (name == known) {
      return average;
    }
  }
  return dag::Average::automatic;
}

Problem read_problem(const SolveOptions& options) {
  Problem problem;
  problem.table = load_game(options.game, options.common.seed);
  const dag::GameTable& table = problem.table;
  constexpr const char* scope = "this version solves two-player zero-sum and constant-sum games; ";
  dag::require(table.player_count() == 2, dag::Errc::unsupported, options.game, ": ", scope,
               "this one has ", table.player_count(),
               table.player_count() == 1 ? " player" : " players");
  const dag::PayoffSum sum = dag::payoff_sum(table);
  dag::require(sum.kind != dag::SumKind::general, dag::Errc::unsupported, options.game, ": ", scope,
               "in this one the players' payoffs do not add up to a constant (the sums differ by ",
               sum.spread, ")");
  problem.constant = sum.kind == dag::SumKind::zero ? 0.0 : sum.constant;
  if (sum.kind == dag::SumKind::constant) {
    problem.note = fmt::format(
        "The payoffs add up to {0:.10g}: solved as the zero-sum game of player 1's payoffs; "
        "player 2 receives {0:.10g} minus the value.\n",
        sum.constant);
  } else if (sum.kind == dag::SumKind::rounded_constant) {
    problem.note = fmt::format(
        "The payoffs add up to {:.10g} up to the rounding of their decimals (the sums differ by "
        "{:.3g}): solved as the zero-sum game of player 1's payoffs.\n",
        sum.constant, sum.spread);
  }
  problem.game.rows = table.sizes[0];
  problem.game.columns = table.sizes[1];
  problem.game.payoff = dag::row_major(table, 0);
  problem.game.tau = options.tau;
  return problem;
}

std::vector<std::string> solver_names(const SolveOptions& options) {
  std::vector<std::string> names;
  std::string name;
  for (const char c : options.solver + ",") {
    if (c != ',') {
      name += c == '-' ? '_' : c;
      continue;
    }
    if (name == "all") {
      for (const SolverEntry& entry : zero_sum_solvers().subspan(1)) {  // auto is one of them
        names.emplace_back(entry.name);
      }
    } else {
      const auto known = zero_sum_solvers();
      if (std::none_of(known.begin(), known.end(),
                       [&](const SolverEntry& entry) { return entry.name == name; })) {
        std::string all;
        for (const SolverEntry& entry : known) {
          all += (all.empty() ? "" : ", ") + std::string(entry.name);
        }
        dag::fail(dag::Errc::invalid_argument, "--solver: no solver is called '", name,
                  "'; there are ", all, ", and all");
      }
      names.push_back(name);
    }
    name.clear();
  }
  return names;
}

/// Collects a trace and shows progress.
class Watcher {
 public:
  Watcher(std::string name, double tolerance, bool wanted)
      : name_(std::move(name)), tolerance_(tolerance), progress_(wanted) {}
  void operator()(const dag::Record& record) {
    trace(record);
    if (!progress_.due()) {
      return;
    }
    const double first = trace.records().front().relative_gap;
    const double fraction =
        first > record.relative_gap && tolerance_ > 0
            ? std::log(first / record.relative_gap) / std::log(first / tolerance_)
            : 0.0;
    progress_.show(fraction,
                   fmt::format("{}  round {}  relative gap {:.2e} -> {:.0e}  {:.0f} s", name_,
                               record.iteration, record.relative_gap, tolerance_, record.seconds));
  }
  dag::Trace trace;

 private:
  std::string name_;
  double tolerance_;
  Progress progress_;
};

Run run_solver(const std::string& name, const Problem& problem, const SolveOptions& options,
               bool several) {
  Run run;
  Watcher watcher(name, options.tolerance, !options.common.quiet);
  dag::SolverOptions<double> own;
  own.tolerance = options.tolerance;
  own.max_iterations = options.max_iterations >= 0 ? options.max_iterations
                       : several                   ? 100'000
                                                   : 10'000'000;
  own.time_limit = options.time_limit >= 0 ? options.time_limit
                   : several               ? 5.0
                                           : std::numeric_limits<double>::infinity();
  own.average = average_of(options.average);
  own.stop = interrupt;
  own.observer = watcher;
  try {
    run.found = solve_zero_sum(name, problem.game, own);
  } catch (const dag::Error& error) {
    if (!several ||
        (error.code() != dag::Errc::unsupported && error.code() != dag::Errc::invalid_argument)) {
      throw;
    }
    run.found.solver = name;
    run.refused = error.what();
  }
  run.trace = std::move(watcher.trace);
  return run;
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json to_json(const Run& run, const Problem& problem, const SolveOptions& options) {
  Json out;
  const Found& found = run.found;
  out["game"] = options.game;
  out["players"] = problem.table.player_count();
  out["solver"] = found.solver;
  if (!run.refused.empty()) {
    out["status"] = "refused";
    out["message"] = run.refused;
    return out;
  }
  out["status"] = dag::to_string(found.status);
  out["iterations"] = found.iterations;
  out["seconds"] = found.seconds;
  out["value"] = number(found.value);
  out["duality_gap"] = number(found.gap);
  out["relative_gap"] = number(found.relative_gap);
  out["strategies"] = found.strategies;
  out["values"] = {found.value, problem.constant - found.value};
  out["constant_sum"] = problem.constant;
  out["tau"] = options.tau;
  out["tolerance"] = options.tolerance;
  out["iterate"] = found.iterate;
  out["products"] = found.products;
  out["residual"] = number(found.residual);
  return out;
}

std::string strategy_text(const Problem& problem, const Found& found) {
  constexpr std::size_t most = 20;
  std::string out;
  for (std::size_t player = 0; player < found.strategies.size(); ++player) {
    const auto& strategy = found.strategies[player];
    std::vector<std::size_t> order(strategy.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    out += fmt::format("\nPlayer {}: {}, {} strategies\n", player + 1,
                       problem.table.players[player], strategy.size());
    std::size_t shown = strategy.size();
    if (strategy.size() > most) {
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return strategy[a] > strategy[b]; });
      shown = most;
    }
    for (std::size_t i = 0; i < shown; ++i) {
      const std::size_t s = order[i];
      const std::string label =
          problem.table.labels.empty() ? "" : "  " + problem.table.labels[player][s];
      out += fmt::format("  {:>5}  {:.10f}{}\n", s + 1, strategy[s], label);
    }
    if (shown < strategy.size()) {
      double rest = 0;
      for (std::size_t i = shown; i < order.size(); ++i) {
        rest += strategy[order[i]];
      }
      out += fmt::format("  {} others with {:.3g} together\n", strategy.size() - shown, rest);
    }
  }
  return out;
}

std::string summary(const std::vector<Run>& runs, const Problem& problem,
                    const SolveOptions& options) {
  std::string out = fmt::format(
      "{}: {} x {} strategies{}\n{}", options.game, problem.game.rows, problem.game.columns,
      options.tau > 0 ? fmt::format(", tau {:g}", options.tau) : "", problem.note);
  if (runs.size() == 1 && runs[0].refused.empty()) {
    const Found& found = runs[0].found;
    out += fmt::format(
        "{} ({}): {} after {} rounds, {:.3g} s\n"
        "value {:.12g}   duality gap {:.3g}   relative gap {:.3g}\n",
        options.solver == found.solver ? found.solver : options.solver + " = " + found.solver,
        found.iterate, dag::to_string(found.status), found.iterations, found.seconds, found.value,
        found.gap, found.relative_gap);
    return out + strategy_text(problem, found);
  }
  Table table({"solver", "status", "rounds", "products", "seconds", "value", "relative gap",
               "point", "fitted rate", "theory"});
  std::string refusals;
  for (const Run& run : runs) {
    const Found& found = run.found;
    if (!run.refused.empty()) {
      table.add({found.solver, "refused"});
      refusals += "refused: " + run.refused + "\n";
      continue;
    }
    table.add({found.solver, std::string(dag::to_string(found.status)),
               fmt::format("{}", found.iterations), fmt::format("{}", found.products),
               fmt::format("{:.3g}", found.seconds), fmt::format("{:.10g}", found.value),
               fmt::format("{:.2e}", found.relative_gap), found.iterate, fitted_rate(run.trace),
               options.tau > 0 ? "-" : promised_rate(found)});
  }
  return out + '\n' + table.text() + refusals;
}

/// All traces below one header, with the solver's name in the first column.
std::string trace_csv(const std::vector<Run>& runs) {
  std::string out;
  for (const Run& run : runs) {
    const std::string text = dag::format_trace_csv(run.trace);
    std::size_t begin = text.find('\n') + 1;
    if (out.empty()) {
      out = "solver," + text.substr(0, begin);
    }
    for (std::size_t end = 0; begin < text.size(); begin = end) {
      end = text.find('\n', begin) + 1;
      out += run.found.solver + ',' + text.substr(begin, end - begin);
    }
  }
  return out;
}

dag::Plot gap_plot(const std::vector<Run>& runs, const SolveOptions& options) {
  dag::Plot plot;
  plot.title = "Distance from equilibrium: " + options.game.substr(options.game.rfind('/') + 1);
  plot.x_label = "rounds";
  plot.y_label = "duality gap / payoff range";
  plot.log_x = true;
  plot.log_y = true;
  plot.legend_below = runs.size() > 1;
  for (const Run& run : runs) {
    if (!run.refused.empty()) {
      continue;
    }
    dag::PlotSeries series{run.found.solver, {}, {}};
    for (const dag::Record& record : run.trace.records()) {
      series.x.push_back(static_cast<double>(record.iteration));
      series.y.push_back(record.relative_gap);
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

int solve(const SolveOptions& options) {
  dag::require(options.tau >= 0 && std::isfinite(options.tau), dag::Errc::invalid_argument,
               "--tau must be >= 0 and finite, got ", options.tau);
  dag::PlotFormat format = dag::PlotFormat::svg;
  if (!options.plot.empty()) {
    format = plot_format(options.plot);
    require_gnuplot();
  }
  const std::vector<std::string> names = solver_names(options);
  const bool several = names.size() > 1;
  const Problem problem = read_problem(options);

  std::vector<Run> runs;
  for (const std::string& name : names) {
    runs.push_back(run_solver(name, problem, options, several));
    if (interrupt.stop_requested()) {
      break;
    }
  }
  const bool converged = std::any_of(runs.begin(), runs.end(), [](const Run& run) {
    return run.refused.empty() && run.found.status == dag::Status::converged;
  });

  Outputs outputs;
  if (!options.trace.empty()) {
    outputs.add(options.trace, trace_csv(runs));
  }
  if (!options.plot.empty()) {
    outputs.add(options.plot, draw(gap_plot(runs, options), format));
  }
  if (!options.common.json.empty()) {
    Json json;
    if (several) {
      json["game"] = options.game;
      json["players"] = problem.table.player_count();
      json["solver"] = options.solver;
      json["results"] = Json::array();
      for (const Run& run : runs) {
        json["results"].push_back(to_json(run, problem, options));
      }
    } else {
      json = to_json(runs[0], problem, options);
    }
    outputs.add(options.common.json, json.dump(2) + '\n');
  }
  outputs.write();
  if (options.common.talks()) {
    say(summary(runs, problem, options));
  }
  return converged ? exit_done : exit_not_converged;
}

}  // namespace

Command add_solve(CLI::App& app) {
  const auto options = std::make_shared<SolveOptions>();
  CLI::App* command = app.add_subcommand("solve", "Equilibrium of a two-player zero-sum game");
  command
      ->add_option("GAME", options->game,
                   "A .nfg file, a .csv payoff matrix (rows maximise), or a name: rps, "
                   "matching-pennies, biased-rps, random:ROWSxCOLS:SEED")
      ->required();
  std::string names;
  for (const SolverEntry& entry : zero_sum_solvers()) {
    names += fmt::format("\n  {}: {}", entry.name, entry.summary);
  }
  command
      ->add_option("--solver", options->solver,
                   "One of the solvers below, several with commas between, or all")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--tolerance", options->tolerance, "On the duality gap / payoff range")
      ->type_name("T")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option("--max-iterations", options->max_iterations,
                   "Rounds at most (default 10000000; 100000 for several solvers)")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--time-limit", options->time_limit,
                   "Seconds at most for each solver (default none; 5 for several)")
      ->type_name("S")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--average", options->average,
                   "The point that counts: auto (the solver's own), last, uniform, linear, "
                   "quadratic, or best (of last and uniform)")
      ->type_name("A")
      ->check(CLI::IsMember(average_names()))
      ->option_text("A=auto");
  command
      ->add_option("--tau", options->tau,
                   "Weight of a pull to the uniform strategies, in units of the payoff: the "
                   "quantal response equilibrium")
      ->type_name("T");
  command->add_option("--trace", options->trace, "Write a line per check")->type_name("FILE.csv");
  command->add_option("--plot", options->plot, "Draw gap against rounds (needs gnuplot)")
      ->type_name("FILE.svg|.png");
  add_common(*command, options->common);
  command->footer("Solvers:" + names +
                  "\n\nExample:\n  dag solve biased-rps --solver all --plot gap.svg\n"
                  "  dag solve game.nfg --tolerance 1e-8 --json -");
  return [options] { return solve(*options); };
}

}  // namespace cli
