// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "solver_list.hpp"

#include <array>
#include <utility>

#include <dag/core/error.hpp>

#include "table_solvers.hpp"
#include "zero_sum_solvers.hpp"

namespace cli {
namespace {

const char* in_words(GameKind kind) {
  switch (kind) {
    case GameKind::zero_sum: return "two-player zero-sum games";
    case GameKind::bimatrix: return "two-player games that are not zero-sum";
    case GameKind::many: return "games of one, three or more players";
  }
  return "these games";
}

}  // namespace

std::string kinds_text(unsigned kinds) {
  return kinds == dag::kinds::all           ? "all"
         : kinds == dag::kinds::two_players ? "two players"
         : kinds == dag::kinds::zero_sum    ? "zero-sum"
         : kinds == dag::kinds::general     ? "general"
         : kinds == dag::kinds::bimatrix    ? "two players, general"
         : kinds == dag::kinds::many        ? "one player"
                                            : "-";
}

std::string knobs_text(unsigned knobs) {
  constexpr std::array<std::pair<unsigned, const char*>, 7> names{
      {{dag::knobs::start, "start"},
       {dag::knobs::average, "average"},
       {dag::knobs::feedback, "feedback"},
       {dag::knobs::pull, "tau"},
       {dag::knobs::select, "select"},
       {dag::knobs::scaling, "scaling"},
       {dag::knobs::seed, "seed"}}};
  std::string text;
  for (const auto& [bit, name] : names) {
    if ((knobs & bit) != 0) {
      text += (text.empty() ? "" : ", ") + std::string(name);
    }
  }
  return text;
}

std::vector<std::string> solver_names(const std::string& words, GameKind kind, bool trees) {
  const auto bit = static_cast<unsigned>(kind);
  const auto solves = [&](const dag::SolverInfo& row) {
    return ((trees ? row.trees.kinds : row.kinds) & bit) != 0;
  };
  const auto compared = [&](const dag::SolverInfo& row) {
    return ((trees ? row.trees.compared : row.compared) & bit) != 0;
  };
  const std::string games =
      trees ? std::string("game trees of this kind (") + in_words(kind) + ")" : in_words(kind);
  std::vector<std::string> names;
  std::string known = "auto";
  for (const dag::SolverInfo& row : dag::solver_list) {
    if (solves(row)) {
      known += ", " + std::string(row.name);
    }
  }
  std::string name;
  for (const char c : words + ",") {
    if (c != ',') {
      name += c == '-' ? '_' : c;
      continue;
    }
    if (name == "all") {
      for (const dag::SolverInfo& row : dag::solver_list) {
        if (compared(row)) {
          names.emplace_back(row.name);
        }
      }
      name.clear();
      continue;
    }
    const dag::SolverInfo* row = dag::find_solver(name);
    dag::require((row != nullptr && (!trees || row->trees.kinds != 0)) || name == "auto",
                 dag::Errc::invalid_argument, "--solver: no solver", trees ? " of game trees" : "",
                 " is called '", name, "'; for ", games, " there are ", known, ", and all");
    dag::require(row == nullptr || solves(*row), dag::Errc::unsupported, "--solver: ", name,
                 " does not solve ", games, "; there are ", known, ", and all");
    names.push_back(name);
    name.clear();
  }
  return names;
}

bool walks(std::string_view name) {
  const dag::SolverInfo* row = dag::find_solver(name);
  return row != nullptr &&
         (row->room == dag::Room::first_order || row->room == dag::Room::response);
}

Found solve_game(std::string_view solver, const Problem& problem, const Settings& settings) {
  const dag::GameTable& table = problem.table;
  const bool full = settings.options.feedback == dag::Feedback<double>{};
  if (!settings.select.empty() && settings.select != "max_entropy" &&
      settings.select != "reference") {
    return selected_equilibrium(solver, table, settings);
  }
  dag::require(settings.select.empty() || problem.kind == GameKind::zero_sum,
               dag::Errc::unsupported, problem.name, ": --select ", settings.select,
               " needs a two-player zero-sum game: elsewhere nothing is promised of it");
  if (auto found = table_solver(solver, table, settings)) {
    return *std::move(found);
  }
  if (problem.kind == GameKind::zero_sum) {
    const ZeroSumGame game{table.sizes[0], table.sizes[1], dag::row_major(table, 0)};
    return solve_zero_sum(solver, game, settings);
  }
  if (solver == "auto" && full) {
    return problem.kind == GameKind::bimatrix ? automatic_bimatrix(table, settings)
                                              : automatic_many(table, settings);
  }
  const dag::SolverInfo* row = dag::find_solver(solver);
  dag::require(settings.tau == 0 || (row != nullptr && (row->knobs & dag::knobs::pull) != 0),
               dag::Errc::unsupported, solver,
               ": it has no pull; --tau is for logit_branch (or auto) and the solvers whose row of "
               "'dag solvers' takes tau");
  const std::string_view name = solver == "auto" ? "regret_matching" : solver;
  if (auto found = normal_form_walks(name, table, settings)) {
    return *std::move(found);
  }
  if (auto found = normal_form_responses(name, table, settings)) {
    return *std::move(found);
  }
  dag::fail(dag::Errc::invalid_argument, "no solver is called '", solver, "'");
}

}  // namespace cli
