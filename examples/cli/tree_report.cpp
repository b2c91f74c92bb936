// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "tree_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include <dag/core/error.hpp>
#include <dag/game/player_regrets.hpp>

#include "solve_report.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_sets = 24;  ///< of a player, on a screen

dag::TreeReport certified(const TreeProblem& problem, const std::vector<double>& plan) {
  return dag::certify(problem.game, problem.form, std::span<const double>(plan));
}

Json strategies_json(const TreeProblem& problem, const std::vector<double>& plan) {
  return behavior_json(problem.game, dag::behavior_of(problem.game, problem.form, plan));
}

void add_certificate(Json& out, const Found& found, const TreeProblem& problem) {
  if (found.strategies.empty()) {
    for (const char* key : {"max_regret", "nash_conv", "exploitability", "payoffs"}) {
      out[key] = nullptr;
    }
  } else {
    const dag::TreeReport report = certified(problem, dag::stacked(found.strategies));
    out["max_regret"] = report.regret.max_regret;
    out["nash_conv"] = report.regret.nash_conv;
    out["exploitability"] =
        report.regret.nash_conv / static_cast<double>(problem.game.player_count());
    out["payoffs"] = report.regret.payoffs;
    out["regrets"] = report.regret.regrets;
  }
  if (!found.joint_payoffs.empty()) {
    out["coarse_gap"] = found.coarse_gap;
    out["joint_payoffs"] = found.joint_payoffs;
  }
  if (found.lists) {
    out["equilibria_count"] = found.equilibria_count;
    out["complete"] = found.complete;
    out["equilibria"] = Json::array();
    for (const dag::MixedProfile& profile : found.equilibria) {
      const std::vector<double> other = dag::stacked(profile);
      const dag::TreeReport its = certified(problem, other);
      out["equilibria"].push_back({{"strategies", strategies_json(problem, other)},
                                   {"payoffs", its.regret.payoffs},
                                   {"max_regret", its.regret.max_regret}});
    }
  }
}

std::string tree_body(const TreeProblem& problem, const Found& found) {
  std::string out;
  if (found.lists) {
    out += fmt::format("{} equilibri{}; the first:\n", found.equilibria_count,
                       found.equilibria_count == 1 ? "um" : "a");
  }
  if (found.strategies.empty()) {
    return out + "no profile was found\n";
  }
  if (!found.joint_payoffs.empty()) {
    out += fmt::format("coarse correlated gap of the joint play {:.3g}; its payoffs",
                       found.coarse_gap);
    for (const double payoff : found.joint_payoffs) {
      out += fmt::format(" {:.10g}", payoff);
    }
    out += '\n';
  }
  const std::vector<double> plan = dag::stacked(found.strategies);
  return out +
         gap_text(found, problem.kind == GameKind::zero_sum, certified(problem, plan).regret) +
         behavior_text(problem.game, dag::behavior_of(problem.game, problem.form, plan));
}

GameFacts facts_of(const TreeProblem& problem) {
  return {problem.game.player_count(),
          problem.kind,
          problem.constant,
          problem.form.range(),
          tree_sizes(problem.game),
          problem.note,
          true};
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

void bring_to_one(std::vector<double>& probabilities) {
  double sum = 0;
  for (double& p : probabilities) {
    p = std::max(p, 0.0);
    sum += p;
  }
  for (double& p : probabilities) {
    p = std::abs(sum - 1) > 1e-15 ? p / sum : p;
  }
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
  for (auto& sets : profile) {
    std::for_each(sets.begin(), sets.end(), bring_to_one);
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
  return report_text(all, facts_of(problem), options,
                     [&](const Found& found) { return tree_body(problem, found); });
}

namespace {

/// `behavior_json` as text at this depth of a report, without a JSON value for each of what may be
/// many sets.
std::string behavior_dump(const dag::ExtensiveGame& game, const dag::BehaviorProfile& profile,
                          std::size_t indent) {
  std::string out = "[";
  const std::string in(indent, ' ');
  std::size_t room = 0;  // most of a report on a large tree is this: grown, it is copied often
  for (std::size_t i = 0; i < profile.size(); ++i) {
    for (const dag::InformationSet& set : game.sets[i]) {
      room += 160 + 8 * indent + set.label.size();
      for (const std::string& action : set.actions) {
        room += 2 * (indent + 12) + 24 + action.size();
      }
    }
  }
  out.reserve(room);
  const auto list = [&](const char* name, const auto& entries) {
    out += fmt::format("{}      \"{}\": [", in, name);
    for (std::size_t a = 0; a < entries.size(); ++a) {
      out.append(a == 0 ? "\n" : ",\n").append(in).append(8, ' ');
      append_json(out, entries[a]);
    }
    out += entries.empty() ? "]" : '\n' + in + "      ]";
  };
  for (std::size_t i = 0; i < profile.size(); ++i) {
    out.append(i == 0 ? "\n" : ",\n").append(in).append("  [");
    for (std::size_t k = 0; k < profile[i].size(); ++k) {
      const dag::InformationSet& set = game.sets[i][k];
      out += fmt::format("{}{}    {{\n{}      \"information_set\": {},\n{}      \"label\": ",
                         k == 0 ? "\n" : ",\n", in, in, set.number, in);
      append_json(out, set.label);
      out += ",\n";
      list("actions", set.actions);
      out += ",\n";
      list("probabilities", profile[i][k]);
      out += '\n' + in + "    }";
    }
    out += profile[i].empty() ? "]" : '\n' + in + "  ]";
  }
  out += profile.empty() ? "]" : '\n' + in + ']';
  return out;
}

}  // namespace

std::string tree_json(const std::vector<SolverRuns>& all, const TreeProblem& problem,
                      const SolveOptions& options) {
  Written written;
  return report_json(
      all, facts_of(problem), options,
      [&](Json& out, const Found& found) {
        if (found.strategies.empty()) {
          out["strategies"] = Json::array();
          return;
        }
        out["strategies"] = nullptr;
        written.emplace_back("strategies",
                             behavior_dump(problem.game,
                                           dag::behavior_of(problem.game, problem.form,
                                                            dag::stacked(found.strategies)),
                                           answer_indent(all, options)));
      },
      [&](Json& out, const Found& found) { add_certificate(out, found, problem); }, written);
}

}  // namespace cli
