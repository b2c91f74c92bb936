// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag evaluate: what a given profile earns in a game, and what deviations would gain.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/behavior.hpp>
#include <dag/game/regret.hpp>
#include <dag/io/json_text.hpp>
#include <dag/solver/table/refinements.hpp>

#include "commands.hpp"
#include "game_input.hpp"
#include "output.hpp"
#include "tree_input.hpp"
#include "tree_report.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

struct EvaluateOptions {
  Common common;
  std::string game;
  std::string profile;
  double tolerance = -1;
  bool refine = false;
};

/// The `strategies` of a profile file: of the object itself, of the first entry of `results` that
/// has some, or the whole text if it is an array.
nlohmann::json strategies_of(const std::string& path) {
  nlohmann::json json = dag::read_json(path);
  if (json.is_array()) {
    return json;
  }
  dag::require(json.is_object(), dag::Errc::parse, path,
               ": expected an object with `strategies`, or an array of strategies");
  if (const auto found = json.find("strategies"); found != json.end()) {
    return *found;
  }
  if (const auto results = json.find("results"); results != json.end() && results->is_array()) {
    for (const auto& result : *results) {
      if (result.is_object() && result.contains("strategies")) {
        return result["strategies"];
      }
    }
  }
  dag::fail(dag::Errc::parse, path,
            ": expected an object with `strategies`, as dag solve --json "
            "writes it");
}

dag::MixedProfile mixed_of(const nlohmann::json& strategies, const dag::GameTable& table,
                           const std::string& where) {
  dag::require(strategies.is_array() && strategies.size() == table.player_count(), dag::Errc::parse,
               where,
               ": strategies: expected an array with one strategy for "
               "each of ",
               table.player_count(), " players");
  dag::MixedProfile profile;
  for (std::size_t i = 0; i < strategies.size(); ++i) {
    const auto& strategy = strategies[i];
    dag::require(strategy.is_array() && strategy.size() == table.sizes[i] &&
                     std::all_of(strategy.begin(), strategy.end(),
                                 [](const nlohmann::json& p) { return p.is_number(); }),
                 dag::Errc::parse, where, ": strategies: player ", i + 1, " needs an array of ",
                 table.sizes[i], " probabilities");
    profile.push_back(strategy.get<std::vector<double>>());
  }
  dag::validate(table, profile, 1e-6);
  for (std::vector<double>& strategy : profile) {
    bring_to_one(strategy);
  }
  return profile;
}

struct Evaluation {
  std::string kind;
  std::vector<std::string> players;
  double range = 0;
  double constant = 0;
  bool zero_sum = false;
  dag::RegretReport report;
  std::vector<double> best_payoffs;
  Json best_responses;
  std::optional<dag::RefinementReport> refinements;
  Json strategies;  ///< as evaluated: with sums of one
};

Evaluation evaluate_tree(const TreeProblem& problem, const nlohmann::json& strategies,
                         const std::string& where) {
  const dag::BehaviorProfile profile = behavior_from_json(problem.game, strategies, where);
  dag::TreeReport report = dag::certify(problem.game, problem.form, profile);
  return {to_string(problem.kind),
          problem.game.players,
          problem.form.range(),
          problem.constant,
          problem.kind == GameKind::zero_sum,
          std::move(report.regret),
          std::move(report.best_payoffs),
          behavior_json(problem.game, report.best_responses),
          std::nullopt,
          behavior_json(problem.game, profile)};
}

Evaluation evaluate_table(const Problem& problem, const nlohmann::json& strategies,
                          const std::string& where, bool refine) {
  const dag::MixedProfile profile = mixed_of(strategies, problem.table, where);
  Evaluation out{to_string(problem.kind),
                 problem.table.players,
                 problem.range,
                 problem.constant,
                 problem.kind == GameKind::zero_sum,
                 dag::certify(problem.table, profile),
                 {},
                 Json::array(),
                 std::nullopt,
                 profile};
  if (refine) {
    out.refinements = dag::test_refinements(problem.table, profile);
  }
  for (std::size_t i = 0; i < profile.size(); ++i) {
    const std::vector<double> payoffs = dag::deviation_payoffs(problem.table, profile, i);
    const double best = *std::max_element(payoffs.begin(), payoffs.end());
    out.best_payoffs.push_back(best);
    Json responses = Json::array();
    for (std::size_t s = 0; s < payoffs.size(); ++s) {
      if (payoffs[s] == best) {
        Json response = {{"strategy", s}};
        if (!problem.table.labels.empty()) {
          response["label"] = problem.table.labels[i][s];
        }
        responses.push_back(std::move(response));
      }
    }
    out.best_responses.push_back(std::move(responses));
  }
  return out;
}

std::string text_of(const Evaluation& found, const EvaluateOptions& options) {
  Table table({"player", "payoff", "best response earns", "regret"});
  for (std::size_t i = 0; i < found.players.size(); ++i) {
    table.add({fmt::format("{} {}", i + 1, found.players[i]),
               fmt::format("{:.12g}", found.report.payoffs[i] + 0.0),
               fmt::format("{:.12g}", found.best_payoffs[i] + 0.0),
               fmt::format("{:.3g}", found.report.regrets[i])});
  }
  return fmt::format("{} under {}\n{}max regret {:.3g}   NashConv {:.3g}   relative {:.3g}\n",
                     options.game, options.profile, table.text(), found.report.max_regret,
                     found.report.nash_conv,
                     found.range > 0 ? found.report.nash_conv / found.range : 0.0) +
         (found.refinements ? fmt::format("perfect: {} ({})   proper: {} ({})\n",
                                          dag::to_string(found.refinements->perfect.verdict),
                                          found.refinements->perfect.reason,
                                          dag::to_string(found.refinements->proper.verdict),
                                          found.refinements->proper.reason)
                            : std::string());
}

int evaluate(const EvaluateOptions& options) {
  std::vector<NamedPath> inputs = game_files(options.game);
  inputs.push_back({"PROFILE", options.profile});
  require_distinct(inputs, {{"--json", options.common.json}});
  dag::require(!options.refine || !is_tree(options.game), dag::Errc::unsupported, options.game,
               ": --refine tests equilibria of the normal form; write the tree as .nfg first");
  const nlohmann::json strategies = strategies_of(options.profile);
  const Evaluation found =
      is_tree(options.game)
          ? evaluate_tree(read_tree(options.game, options.common.seed), strategies, options.profile)
          : evaluate_table(read_problem(options.game, options.common.seed), strategies,
                           options.profile, options.refine);
  const double relative = found.range > 0 ? found.report.nash_conv / found.range : 0.0;
  Outputs outputs;
  if (!options.common.json.empty()) {
    Json json;
    json["game"] = options.game;
    json["profile"] = options.profile;
    json["players"] = found.players.size();
    json["kind"] = found.kind;
    json["strategies"] = found.strategies;
    json["payoffs"] = found.report.payoffs;
    json["regrets"] = found.report.regrets;
    json["max_regret"] = found.report.max_regret;
    json["nash_conv"] = found.report.nash_conv;
    json["exploitability"] = found.report.nash_conv / static_cast<double>(found.players.size());
    json["relative_gap"] = relative;
    json["payoff_range"] = found.range;
    if (found.zero_sum) {
      json["constant_sum"] = found.constant;
    }
    json["best_payoffs"] = found.best_payoffs;
    json["best_responses"] = found.best_responses;
    if (found.refinements) {
      for (const auto& [name, test] : {std::pair("perfect", found.refinements->perfect),
                                       std::pair("proper", found.refinements->proper)}) {
        json[name] = {{"verdict", dag::to_string(test.verdict)}, {"reason", test.reason}};
      }
    }
    outputs.add(options.common.json, json_text(json));
  }
  outputs.write();
  if (options.common.talks()) {
    say(text_of(found, options));
  }
  return options.tolerance >= 0 && relative > options.tolerance ? exit_not_converged : exit_done;
}

}  // namespace

Command add_evaluate(CLI::App& app) {
  const auto options = std::make_shared<EvaluateOptions>();
  CLI::App* command =
      app.add_subcommand("evaluate", "What a given profile earns, and what deviations would gain");
  command
      ->add_option("GAME", options->game,
                   "A .nfg, .csv or .efg file, or a name ('dag games' lists them)")
      ->required();
  command
      ->add_option("PROFILE", options->profile,
                   "A JSON file with `strategies`, as dag solve --json writes it: a player's "
                   "probabilities, for trees by information set")
      ->required();
  command
      ->add_option("--tolerance", options->tolerance,
                   "Exit code 1 if NashConv / payoff range is larger (default: no test)")
      ->type_name("T")
      ->check(CLI::NonNegativeNumber)
      ->option_text("T");
  command->add_flag("--refine", options->refine,
                    "Is it trembling-hand perfect, is it proper? (normal form)");
  add_common(*command, options->common);
  command->footer(
      "Example:\n  dag solve kuhn_poker --json found.json\n"
      "  dag evaluate kuhn_poker found.json --tolerance 1e-6\n"
      "  dag solve game.nfg --json nash.json\n  dag evaluate game.nfg nash.json --json -\n"
      "  dag evaluate game.nfg nash.json --refine");
  return [options] { return evaluate(*options); };
}

}  // namespace cli
