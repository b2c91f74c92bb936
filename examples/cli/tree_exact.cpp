// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Exact solvers of game trees: linear programming on the sequence form, and the solvers of tables
// on the reduced normal form.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/game/behavior.hpp>
#include <dag/game/matrix_certificate.hpp>
#include <dag/game/player_regrets.hpp>
#include <dag/game/reduced_normal_form.hpp>
#include <dag/solver/tree/agent_logit_branch.hpp>
#include <dag/solver/tree/cfr.hpp>
#include <dag/solver/tree/sequence_form_interior_point.hpp>
#include <dag/solver/tree/sequence_form_program.hpp>

#include "solver_list.hpp"
#include "tree_solvers.hpp"

namespace cli {
namespace {

void require_plain(const Settings& settings, std::string_view name) {
  dag::require(settings.tau == 0 && settings.options.feedback == dag::Feedback<double>{} &&
                   settings.options.average == dag::Average::automatic,
               dag::Errc::unsupported, name,
               ": an exact solver; leave --tau, --feedback and --average out");
}

/// One plan a player.
dag::MixedProfile parts_of(const TreeProblem& problem, const std::vector<double>& plan) {
  return dag::unstacked(problem.form.shape.blocks, plan);
}

/// The record of a solver that certifies once.
void record(const Settings& settings, const Found& found) {
  settings.options.observer(dag::Record{found.iterations, found.products, found.seconds,
                                        found.value, found.gap, found.relative_gap, found.residual,
                                        0.0});
}

/// From here on a tableau takes many seconds.
constexpr std::size_t large_tableau = 6'000'000;
/// Below, a tableau is done before sparse factors would be.
constexpr std::size_t small_tableau = 4'000;

Found exact_data(std::string_view solver, const TreeProblem& problem,
                 const dag::TreeEquilibrium& solved) {
  Found found;
  found.solver = solver;
  found.status = solved.status;
  found.iterations = solved.pivots;
  found.value = solved.value;
  found.gap = solved.gap;
  found.relative_gap = solved.relative_gap;
  found.strategies = parts_of(problem, solved.plan);
  return found;
}

/// Rows times columns of the tableau: actions of one player and sets of the other.
std::size_t tableau_entries(const dag::SequenceForm& form) {
  const std::size_t own = form.shape.begin[1];
  return (form.shape.blocks.size(1) + own) *
         (form.shape.blocks.size(0) + form.shape.set_count() - own);
}

Found program(const TreeProblem& problem, const Settings& settings) {
  require_plain(settings, "sequence_form_program");
  const dag::Stopwatch watch;
  Found found = exact_data("sequence_form_program", problem,
                           dag::sequence_form_program(problem.game, problem.form,
                                                      {.tolerance = settings.options.tolerance,
                                                       .max_entries = large_tableau,
                                                       .time_limit = settings.options.time_limit,
                                                       .stop = settings.options.stop}));
  found.seconds = watch.seconds();
  record(settings, found);
  return found;
}

Found interior_point(const TreeProblem& problem, const Settings& settings) {
  require_plain(settings, "sequence_form_interior_point");
  const dag::Stopwatch watch;
  Found found =
      exact_data("sequence_form_interior_point", problem,
                 dag::sequence_form_interior_point(
                     problem.game, problem.form,
                     {.tolerance = std::min(settings.options.tolerance, 1e-12),
                      .max_rounds = std::min(settings.options.max_iterations, std::int64_t{200}),
                      .time_limit = settings.options.time_limit,
                      .stop = settings.options.stop,
                      .observer = settings.options.observer}));
  found.seconds = watch.seconds();
  if (found.relative_gap <= settings.options.tolerance) {
    found.status = dag::Status::converged;
  }
  return found;
}

/// The best answer to chance: all there is to know in a game of one player.
Found best_response(const TreeProblem& problem, const Settings& settings) {
  require_plain(settings, "best_response");
  dag::require(problem.game.player_count() == 1, dag::Errc::unsupported,
               "best_response: solves games of one player; dag evaluate answers a given profile");
  const dag::Stopwatch watch;
  const auto report = dag::certify(problem.game, problem.form, dag::uniform_behavior(problem.game));
  Found found;
  found.solver = "best_response";
  found.status = dag::Status::converged;
  found.iterations = 1;
  found.value = report.best_payoffs[0];
  found.gap = found.relative_gap = 0;
  found.strategies = parts_of(problem, dag::plan_of(problem.form, report.best_responses));
  found.seconds = watch.seconds();
  record(settings, found);
  return found;
}

/// The branch of agent quantal responses: to the tolerance, or to lambda = 1 / tau.
Found agents(const TreeProblem& problem, const Settings& settings) {
  dag::require(settings.options.feedback == dag::Feedback<double>{} &&
                   settings.options.average == dag::Average::automatic,
               dag::Errc::unsupported,
               "agent_logit_branch: a path; leave --feedback and --average out");
  const dag::Stopwatch watch;
  const dag::LogitBranchOptions options{
      .tolerance = settings.options.tolerance,
      .max_steps = std::min(settings.options.max_iterations, std::int64_t{10'000}),
      .time_limit = settings.options.time_limit,
      .stop = settings.options.stop};
  const dag::AgentLogitBranch branch =
      settings.tau > 0
          ? dag::agent_logit_equilibrium(problem.game, problem.form, settings.tau, options)
          : dag::agent_logit_branch(problem.game, problem.form, options);
  const dag::AgentLogitPoint& last = branch.points.back();
  const std::vector<double> plan = dag::plan_of(problem.form, last.profile);
  const auto report = dag::certify(problem.game, problem.form, std::span<const double>(plan));
  Found found;
  found.solver = "agent_logit_branch";
  found.status = branch.status;
  found.iterations = branch.steps;
  found.value = report.regret.payoffs[0];
  found.gap = report.regret.nash_conv;
  found.relative_gap = settings.tau > 0 ? 0.0 : last.relative;
  found.strategies = parts_of(problem, plan);
  found.note = fmt::format("agent quantal response at lambda = {:.10g}", last.lambda);
  found.seconds = watch.seconds();
  record(settings, found);
  return found;
}

/// A solver of tables on the reduced normal form.
Found by_table(std::string_view name, const TreeProblem& problem, const Settings& settings) {
  dag::require(
      settings.tau == 0, dag::Errc::unsupported, name,
      ": --tau pulls at every information set, which the normal form does not know; name a "
      "first-order solver, such as mirror_prox");
  const dag::Deadline deadline(settings.options.stop, settings.options.time_limit,
                               "reduced_normal_form");
  dag::SequenceForm form =
      problem.form;  // without the constants, which would cost the table digits
  std::fill(form.shift.begin(), form.shift.end(), 0.0);
  const dag::ReducedNormalForm normal =
      dag::reduced_normal_form(problem.game, form, 4'000'000, deadline);
  Problem table;
  table.name = problem.name;
  table.table = normal.table;
  table.kind = problem.game.player_count() == 2 ? GameKind::bimatrix : GameKind::many;
  table.range = problem.form.range();
  Settings rest = settings;
  rest.options.time_limit = deadline.left();
  Found found = solve_game(name, table, rest);
  found.seconds = deadline.spent();
  for (dag::MixedProfile& profile : found.equilibria) {
    profile = parts_of(problem, dag::plan_of(problem.form, normal, profile));
  }
  if (!found.strategies.empty()) {
    const std::vector<double> plan = dag::plan_of(problem.form, normal, found.strategies);
    const auto report = dag::certify(problem.game, problem.form, std::span<const double>(plan));
    found.strategies = parts_of(problem, plan);
    found.value = report.regret.payoffs[0];
    found.gap = report.regret.nash_conv;
    found.relative_gap = report.regret.relative;
    if (found.status == dag::Status::converged &&
        !(found.relative_gap <= dag::tolerance_or_rounding(settings.options.tolerance))) {
      found.status = dag::Status::stalled;  // what the rounding of the table's payoffs did
    }
  }
  return found;
}

/// Predictive CFR+ in what the attempts before it left of the time.
Found by_regrets(const TreeProblem& problem, const Settings& settings,
                 const dag::Stopwatch& watch) {
  const TreeGame game(problem.form);
  dag::SolverOptions<double> rest = settings.options;
  rest.time_limit = std::max(rest.time_limit - watch.seconds(), 0.0);
  return plain_data("predictive_cfr_plus", dag::predictive_cfr_plus(game, rest));
}

/// The exact solver of the game's kind; where it does not fit into memory, predictive CFR+.
Found automatic(const TreeProblem& problem, const Settings& settings) {
  const dag::Stopwatch watch;
  if (settings.tau == 0 && settings.options.feedback == dag::Feedback<double>{} &&
      settings.options.average == dag::Average::automatic) {
    try {
      if (problem.game.player_count() == 1) {
        return best_response(problem, settings);
      }
      if (problem.kind == GameKind::zero_sum) {
        const std::size_t entries = tableau_entries(problem.form);
        if (entries <= small_tableau) {
          return program(problem, settings);
        }
        Found found = interior_point(problem, settings);
        if (found.status != dag::Status::stalled) {
          return found;
        }
        if (entries <= large_tableau / 4) {
          return program(problem, settings);
        }
        Found other = by_regrets(problem, settings, watch);
        return other.relative_gap < found.relative_gap ? other : found;
      }
      if (problem.kind == GameKind::bimatrix) {
        // Reduced forms are degenerate, so that listing all equilibria may take very long.
        Found found = by_table("lemke_howson", problem, settings);
        return found.status == dag::Status::converged ? found
                                                      : by_table("logit_branch", problem, settings);
      }
      return by_table("auto", problem, settings);
    } catch (const dag::Error& error) {
      if (error.code() != dag::Errc::unsupported) {
        throw;
      }
    }
  }
  dag::require(settings.tau == 0, dag::Errc::unsupported,
               "auto: for --tau name a first-order solver, such as mirror_prox");
  return by_regrets(problem, settings, watch);
}

}  // namespace

Found solve_tree_game(std::string_view solver, const TreeProblem& problem,
                      const Settings& settings) {
  if (solver == "auto") {
    return automatic(problem, settings);
  }
  if (solver == "sequence_form_program") {
    return program(problem, settings);
  }
  if (solver == "sequence_form_interior_point") {
    return interior_point(problem, settings);
  }
  if (solver == "agent_logit_branch") {
    return agents(problem, settings);
  }
  if (solver == "best_response") {
    return best_response(problem, settings);
  }
  const dag::SolverInfo* row = dag::find_solver(solver);
  if (row != nullptr && row->room == dag::Room::table) {
    return by_table(solver, problem, settings);
  }
  auto found = tree_walks(solver, problem, settings);
  if (!found) {
    found = tree_regrets(solver, problem, settings);
  }
  dag::require(found.has_value(), dag::Errc::invalid_argument,
               "no solver of game trees is called '", solver, "'");
  return *std::move(found);
}

}  // namespace cli
