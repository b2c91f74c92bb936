// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "tree_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include <dag/core/error.hpp>
#include <dag/game/player_regrets.hpp>

#include "rates.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_sets = 24;  ///< of a player, on a screen

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// The plans stacked; those of the uniform behaviour if the solver found no profile.
std::vector<double> plan_of(const Found& found, const TreeProblem& problem) {
  return found.strategies.empty() ? dag::plan_of(problem.form, dag::uniform_behavior(problem.game))
                                  : dag::stacked(found.strategies);
}

Json run_json(const SolverRuns& runs, const TreeProblem& problem, const SolveOptions& options) {
  const Run& run = runs.first();
  const Found& found = run.found;
  Json out;
  out["game"] = options.game;
  out["players"] = problem.game.player_count();
  out["solver"] = found.solver;
  if (!run.refused.empty()) {
    out["status"] = "refused";
    out["message"] = run.refused;
    return out;
  }
  const bool zero_sum = problem.kind == GameKind::zero_sum;
  out["status"] = dag::to_string(found.status);
  out["iterations"] = found.iterations;
  out["seconds"] = found.seconds;
  const std::vector<double> plan = plan_of(found, problem);
  const dag::TreeReport report =
      dag::certify(problem.game, problem.form, std::span<const double>(plan));
  if (zero_sum) {
    out["value"] = number(found.value);
    out["duality_gap"] = number(found.gap);
  }
  out["relative_gap"] = number(found.relative_gap);
  out["strategies"] =
      behavior_json(problem.game, dag::behavior_of(problem.game, problem.form, plan));
  if (zero_sum) {
    out["values"] = {number(found.value), number(problem.constant - found.value)};
    out["constant_sum"] = problem.constant;
  }
  out["tau"] = options.tau;
  out["tolerance"] = options.tolerance;
  out["iterate"] = found.iterate;
  out["products"] = found.products;
  out["residual"] = number(found.residual);
  out["kind"] = to_string(problem.kind);
  out["form"] = "extensive";
  out["payoff_range"] = problem.form.range();
  out["max_regret"] = report.regret.max_regret;
  out["nash_conv"] = report.regret.nash_conv;
  out["exploitability"] =
      report.regret.nash_conv / static_cast<double>(problem.game.player_count());
  out["payoffs"] = report.regret.payoffs;
  out["regrets"] = report.regret.regrets;
  if (found.lists) {
    out["equilibria_count"] = found.equilibria_count;
    out["complete"] = found.complete;
    out["equilibria"] = Json::array();
    for (const dag::MixedProfile& profile : found.equilibria) {
      const std::vector<double> other = dag::stacked(profile);
      const dag::TreeReport its =
          dag::certify(problem.game, problem.form, std::span<const double>(other));
      out["equilibria"].push_back(
          {{"strategies",
            behavior_json(problem.game, dag::behavior_of(problem.game, problem.form, other))},
           {"payoffs", its.regret.payoffs},
           {"max_regret", its.regret.max_regret}});
    }
  }
  if (!found.note.empty()) {
    out["note"] = found.note;
  }
  if (runs.runs.size() > 1) {
    Json each = Json::array();
    std::vector<double> gaps;
    for (const Run& other : runs.runs) {
      gaps.push_back(other.found.relative_gap);
      each.push_back({{"seed", other.seed},
                      {"status", dag::to_string(other.found.status)},
                      {"iterations", other.found.iterations},
                      {"seconds", other.found.seconds},
                      {"value", number(other.found.value)},
                      {"relative_gap", number(other.found.relative_gap)}});
    }
    const Interval interval = interval_of(gaps);
    out["repeats"] = {{"count", runs.runs.size()},
                      {"relative_gap",
                       {{"mean", number(interval.mean)},
                        {"low", number(interval.low)},
                        {"high", number(interval.high)}}},
                      {"runs", std::move(each)}};
  }
  return out;
}

std::string joined(const std::vector<double>& numbers) {
  std::string out;
  for (const double n : numbers) {
    out += fmt::format("{}{:.8g}", out.empty() ? "" : ", ", n + 0.0);
  }
  return out;
}

std::string one_text(const SolverRuns& runs, const TreeProblem& problem,
                     const SolveOptions& options) {
  const Found& found = runs.first().found;
  const std::vector<double> plan = plan_of(found, problem);
  const dag::TreeReport report =
      dag::certify(problem.game, problem.form, std::span<const double>(plan));
  std::string out = fmt::format(
      "{}{}: {} after {} rounds, {:.3g} s\n",
      options.solver == found.solver ? found.solver : options.solver + " = " + found.solver,
      found.iterate.empty() ? "" : " (" + found.iterate + ")", dag::to_string(found.status),
      found.iterations, found.seconds);
  if (!found.note.empty()) {
    out += found.note + '\n';
  }
  if (found.lists) {
    out += fmt::format("{} equilibri{}; the first:\n", found.equilibria_count,
                       found.equilibria_count == 1 ? "um" : "a");
  }
  if (found.strategies.empty()) {
    return out + "no profile was found\n";
  }
  if (problem.kind == GameKind::zero_sum) {
    out += fmt::format("value {:.12g}   duality gap {:.3g}   relative gap {:.3g}\n", found.value,
                       found.gap, found.relative_gap);
  } else {
    out += fmt::format("payoffs {}   max regret {:.3g}   NashConv {:.3g}   relative {:.3g}\n",
                       joined(report.regret.payoffs), report.regret.max_regret,
                       report.regret.nash_conv, found.relative_gap);
  }
  return out + behavior_text(problem.game, dag::behavior_of(problem.game, problem.form, plan));
}

std::string many_text(const std::vector<SolverRuns>& all, const TreeProblem& problem) {
  const bool zero_sum = problem.kind == GameKind::zero_sum;
  Table table({"solver", "status", "rounds", "products", "seconds", zero_sum ? "value" : "payoff 1",
               "relative gap", "point", "fitted rate"});
  std::string refusals;
  for (const SolverRuns& runs : all) {
    const Run& run = runs.first();
    const Found& found = run.found;
    if (!run.refused.empty()) {
      table.add({found.solver, "refused"});
      refusals += "refused: " + run.refused + "\n";
      continue;
    }
    std::string status(dag::to_string(found.status));
    double gap = found.relative_gap;
    if (runs.runs.size() > 1) {
      std::vector<double> gaps;
      std::size_t converged = 0;
      for (const Run& other : runs.runs) {
        gaps.push_back(other.found.relative_gap);
        converged += other.found.status == dag::Status::converged ? 1U : 0U;
      }
      gap = interval_of(gaps).mean;
      status = fmt::format("{}/{} converged", converged, runs.runs.size());
    }
    table.add({found.solver, status, fmt::format("{}", found.iterations),
               fmt::format("{}", found.products), fmt::format("{:.3g}", found.seconds),
               fmt::format("{:.10g}", found.value), fmt::format("{:.2e}", gap), found.iterate,
               fitted_rate(run.trace)});
  }
  return '\n' + table.text() + refusals;
}

}  // namespace

Json behavior_json(const dag::ExtensiveGame& game, const dag::BehaviorProfile& profile) {
  Json players = Json::array();
  for (std::size_t i = 0; i < profile.size(); ++i) {
    Json sets = Json::array();
    for (std::size_t k = 0; k < profile[i].size(); ++k) {
      const dag::InformationSet& set = game.sets[i][k];
      sets.push_back({{"information_set", set.number},
                      {"label", set.label},
                      {"actions", set.actions},
                      {"probabilities", profile[i][k]}});
    }
    players.push_back(std::move(sets));
  }
  return players;
}

dag::BehaviorProfile behavior_from_json(const dag::ExtensiveGame& game,
                                        const nlohmann::json& strategies,
                                        const std::string& where) {
  const auto fail = [&](const std::string& rule) {
    dag::fail(dag::Errc::parse, where, ": strategies: ", rule);
  };
  if (!strategies.is_array() || strategies.size() != game.player_count()) {
    fail(fmt::format("expected an array with one strategy for each of {} players",
                     game.player_count()));
  }
  dag::BehaviorProfile profile(game.player_count());
  for (std::size_t i = 0; i < profile.size(); ++i) {
    const auto& sets = strategies[i];
    const std::string player = fmt::format("player {}", i + 1);
    if (!sets.is_array() || sets.size() != game.sets[i].size()) {
      fail(fmt::format("{} needs an array of {} information sets", player, game.sets[i].size()));
    }
    std::map<std::size_t, std::size_t> by_number;
    for (std::size_t k = 0; k < game.sets[i].size(); ++k) {
      by_number[game.sets[i][k].number] = k;
    }
    profile[i].resize(game.sets[i].size());
    for (std::size_t at = 0; at < sets.size(); ++at) {
      const nlohmann::json* probabilities = &sets[at];
      std::size_t k = at;
      if (sets[at].is_object()) {
        const auto found = sets[at].find("information_set");
        const auto given = sets[at].find("probabilities");
        if (found == sets[at].end() || !found->is_number_unsigned() || given == sets[at].end()) {
          fail(fmt::format("{}: every set needs its number as information_set and probabilities",
                           player));
        }
        const auto known = by_number.find(found->get<std::size_t>());
        if (known == by_number.end() || !profile[i][known->second].empty()) {
          fail(fmt::format("{}: information set {} does not exist or comes twice", player,
                           found->get<std::size_t>()));
        }
        k = known->second;
        probabilities = &*given;
      }
      const dag::InformationSet& set = game.sets[i][k];
      if (!probabilities->is_array() || probabilities->size() != set.actions.size() ||
          !std::all_of(probabilities->begin(), probabilities->end(),
                       [](const nlohmann::json& p) { return p.is_number(); })) {
        fail(fmt::format("{}, {} needs an array of {} probabilities", player, dag::set_name(set),
                         set.actions.size()));
      }
      profile[i][k] = probabilities->get<std::vector<double>>();
    }
  }
  dag::validate(game, profile, 1e-6);
  for (auto& sets : profile) {  // typed with six digits: brought to a sum of one
    for (auto& behavior : sets) {
      double sum = 0;
      for (double& p : behavior) {
        p = std::max(p, 0.0);
        sum += p;
      }
      for (double& p : behavior) {
        p = std::abs(sum - 1) > 1e-15 ? p / sum : p;
      }
    }
  }
  return profile;
}

std::string behavior_text(const dag::ExtensiveGame& game, const dag::BehaviorProfile& profile) {
  std::string out;
  for (std::size_t i = 0; i < profile.size(); ++i) {
    out += fmt::format("\nPlayer {}: {}, {} information sets\n", i + 1, game.players[i],
                       profile[i].size());
    const std::size_t shown = std::min(profile[i].size(), most_sets);
    for (std::size_t k = 0; k < shown; ++k) {
      const dag::InformationSet& set = game.sets[i][k];
      out += fmt::format("  {:>5} {:<12}", set.number, set.label);
      for (std::size_t a = 0; a < set.actions.size(); ++a) {
        out += fmt::format("  {} {:.8f}", set.actions[a], profile[i][k][a]);
      }
      out += '\n';
    }
    if (shown < profile[i].size()) {
      out += fmt::format("  {} others (--json has them)\n", profile[i].size() - shown);
    }
  }
  return out;
}

std::string tree_text(const std::vector<SolverRuns>& all, const TreeProblem& problem,
                      const SolveOptions& options) {
  const std::size_t players = problem.game.player_count();
  std::string out =
      fmt::format("{}: {}{}{}\n{}", options.game, tree_sizes(problem.game),
                  problem.kind == GameKind::zero_sum
                      ? ""
                      : fmt::format(", {} player{}, general-sum", players, players == 1 ? "" : "s"),
                  options.tau > 0 ? fmt::format(", tau {:g}", options.tau) : "", problem.note);
  const bool single = all.size() == 1 && all[0].runs.size() == 1 && all[0].first().refused.empty();
  return out + (single ? one_text(all[0], problem, options) : many_text(all, problem));
}

std::string tree_json(const std::vector<SolverRuns>& all, const TreeProblem& problem,
                      const SolveOptions& options) {
  if (all.size() == 1 && options.solver.find(',') == std::string::npos && options.solver != "all") {
    return json_text(run_json(all[0], problem, options));
  }
  Json json;
  json["game"] = options.game;
  json["players"] = problem.game.player_count();
  json["kind"] = to_string(problem.kind);
  json["form"] = "extensive";
  json["solver"] = options.solver;
  json["results"] = Json::array();
  for (const SolverRuns& runs : all) {
    json["results"].push_back(run_json(runs, problem, options));
  }
  return json_text(json);
}

}  // namespace cli
