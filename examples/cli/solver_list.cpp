// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "solver_list.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <dag/core/error.hpp>

#include "table_solvers.hpp"
#include "zero_sum_solvers.hpp"

namespace cli {
namespace {

constexpr auto zero = static_cast<unsigned>(GameKind::zero_sum);
constexpr auto general =
    static_cast<unsigned>(GameKind::bimatrix) | static_cast<unsigned>(GameKind::many);
constexpr auto two = zero | static_cast<unsigned>(GameKind::bimatrix);
constexpr auto every = zero | general;
constexpr auto two_general = static_cast<unsigned>(GameKind::bimatrix);

constexpr std::array entries{
    SolverEntry{"auto", every, 0, "chooses by kind, size and tolerance"},
    SolverEntry{"gradient_descent_ascent", zero, zero,
                "projected gradient steps: the baseline that cycles"},
    SolverEntry{"mirror_descent", every, every,
                "multiplicative weights with a decaying step, averaged"},
    SolverEntry{"hedge", every, every, "multiplicative weights on the sum of all payoffs"},
    SolverEntry{"extragradient", zero, zero, "two projected steps a round, adaptive step"},
    SolverEntry{"anchored_extragradient", zero, zero, "extragradient pulled back to its start"},
    SolverEntry{"mirror_prox", every, every, "two multiplicative steps a round"},
    SolverEntry{"optimistic_mirror_descent", every, every,
                "one multiplicative step that looks ahead"},
    SolverEntry{"magnetic_mirror_descent", every, every,
                "multiplicative steps with a pull to a moving point"},
    SolverEntry{"primal_dual_hybrid_gradient", zero, zero, "restarted, projected steps in turn"},
    SolverEntry{"regret_matching", every, every, "plays in proportion to positive regrets"},
    SolverEntry{"regret_matching_plus", every, every, "the same, negative regrets are forgotten"},
    SolverEntry{"predictive_regret_matching_plus", every, every,
                "the same, expecting the last payoffs once more"},
    SolverEntry{"fictitious_play", every, every, "best responses to the mean of past play"},
    SolverEntry{"alternating_fictitious_play", every, every,
                "the same, each player sees the moves before it"},
    SolverEntry{"smooth_fictitious_play", every, every,
                "entropy-smoothed responses to the mean of past play"},
    SolverEntry{"frank_wolfe", every, every, "best responses, later ones weigh more"},
    SolverEntry{"best_response_dynamics", every, every,
                "best responses to the last move: converges with --tau"},
    SolverEntry{"replicator", every, every, "the replicator dynamics: no solver, circles"},
    SolverEntry{"interior_point", zero, zero, "path following, support polishing"},
    SolverEntry{"linear_program", zero, zero, "the simplex method, exact supports"},
    SolverEntry{"newton", zero, 0, "quantal response equilibria: with --tau or --select"},
    SolverEntry{"vertex_enumeration", two, two_general, "all (extreme) equilibria, fast"},
    SolverEntry{"support_enumeration", two, two_general, "the same, by trying all supports"},
    SolverEntry{"lemke_howson", two, two_general, "one equilibrium by complementary pivoting"},
    SolverEntry{"lemke_howson_all", two, two_general, "those at the ends of all labels' paths"},
    SolverEntry{"pure_equilibria", every, general, "all pure equilibria"},
    SolverEntry{"iterated_dominance", every, general, "removes strictly dominated strategies"},
    SolverEntry{"logit_branch", every, general,
                "quantal response equilibria from uniform play to a Nash equilibrium"},
    SolverEntry{"external_regret_dynamics", every, general,
                "mean play tends to the coarse correlated equilibria"},
    SolverEntry{"internal_regret_dynamics", every, general,
                "mean play tends to the correlated equilibria"},
    SolverEntry{"correlated_equilibrium", every, general,
                "the correlated equilibrium of largest welfare, by a linear program"},
    SolverEntry{"coarse_correlated_equilibrium", every, general, "the same, coarse"},
};

const char* in_words(GameKind kind) {
  switch (kind) {
    case GameKind::zero_sum: return "two-player zero-sum games";
    case GameKind::bimatrix: return "two-player games that are not zero-sum";
    case GameKind::many: return "games of one, three or more players";
  }
  return "these games";
}

}  // namespace

std::span<const SolverEntry> solver_list() { return entries; }

std::vector<std::string> solver_names(const std::string& words, GameKind kind) {
  const auto bit = static_cast<unsigned>(kind);
  std::vector<std::string> names;
  std::string known;
  for (const SolverEntry& entry : entries) {
    if ((entry.kinds & bit) != 0) {
      known += (known.empty() ? "" : ", ") + std::string(entry.name);
    }
  }
  std::string name;
  for (const char c : words + ",") {
    if (c != ',') {
      name += c == '-' ? '_' : c;
      continue;
    }
    if (name == "all") {
      for (const SolverEntry& entry : entries) {
        if ((entry.all & bit) != 0) {
          names.emplace_back(entry.name);
        }
      }
      name.clear();
      continue;
    }
    const auto* entry = std::find_if(entries.begin(), entries.end(),
                                     [&](const SolverEntry& e) { return e.name == name; });
    dag::require(entry != entries.end(), dag::Errc::invalid_argument,
                 "--solver: no solver is called '", name, "'; for ", in_words(kind), " there are ",
                 known, ", and all");
    dag::require((entry->kinds & bit) != 0, dag::Errc::unsupported, "--solver: ", name,
                 " does not solve ", in_words(kind), "; there are ", known, ", and all");
    names.push_back(name);
    name.clear();
  }
  return names;
}

bool walks(std::string_view name) {
  // The list has first the first-order solvers, then interior_point and the exact ones.
  const auto* end = std::find_if(entries.begin(), entries.end(), [](const SolverEntry& entry) {
    return entry.name == "interior_point";
  });
  return std::any_of(entries.begin() + 1, end,
                     [&](const SolverEntry& entry) { return entry.name == name; });
}

Found solve_game(std::string_view solver, const Problem& problem, const Settings& settings) {
  const dag::GameTable& table = problem.table;
  const bool full = settings.options.feedback == dag::Feedback<double>{};
  dag::require(settings.select.empty() || problem.kind == GameKind::zero_sum,
               dag::Errc::unsupported, problem.name,
               ": --select needs a two-player zero-sum game: elsewhere nothing is promised of it");
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
  dag::require(settings.tau == 0, dag::Errc::unsupported, solver,
               ": for games that are not zero-sum, --tau is solved by logit_branch (or auto)");
  const std::string_view name = solver == "auto" ? "regret_matching" : solver;
  if (auto found = normal_form_entropic(name, table, settings)) {
    return *std::move(found);
  }
  if (auto found = normal_form_responses(name, table, settings)) {
    return *std::move(found);
  }
  dag::fail(dag::Errc::invalid_argument, "no solver is called '", solver, "'");
}

}  // namespace cli
