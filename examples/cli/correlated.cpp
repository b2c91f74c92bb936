// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag correlated: the best correlated equilibrium for an objective, or all extreme ones.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/numeric/number.hpp>
#include <dag/solver/table/choose_equilibrium.hpp>
#include <dag/solver/table/correlated_equilibrium.hpp>
#include <dag/solver/table/correlated_extremes.hpp>

#include "certified.hpp"
#include "commands.hpp"
#include "game_input.hpp"
#include "output.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

struct CorrelatedOptions {
  Common common;
  std::string game;
  std::string objective = "welfare";
  bool coarse = false;
  bool extremes = false;
  std::size_t max_rays = dag::CorrelatedExtremesOptions{}.max_rays;
};

/// welfare, egalitarian, payoff:PLAYER as of --select; else one weight a player.
dag::CorrelatedEquilibriumOptions objective_of(const std::string& words, std::size_t players) {
  dag::CorrelatedEquilibriumOptions own;
  own.egalitarian = words == "egalitarian";
  if (words == "welfare" || own.egalitarian) {
    return own;
  }
  if (words.starts_with("payoff:")) {
    own.weights.assign(players, 0.0);
    own.weights[dag::equilibrium_rule(words, players).player] = 1;
    return own;
  }
  for (const std::string& word : CLI::detail::split(words, ',')) {
    double weight = 0;
    const char* wrong = dag::detail::number_value(word, weight);
    dag::require(wrong == nullptr, dag::Errc::invalid_argument,
                 "--objective: expected welfare, egalitarian, payoff:PLAYER or one weight a player "
                 "with commas between, got '",
                 words, "'");
    own.weights.push_back(weight);
  }
  dag::require(own.weights.size() == players, dag::Errc::invalid_argument,
               "--objective: needs one weight for each of ", players, " players, got ",
               own.weights.size());
  return own;
}

std::string profile_name(const dag::GameTable& table, std::size_t at) {
  std::string name;
  for (std::size_t i = 0; i < table.player_count(); ++i) {
    const std::size_t s = at % table.sizes[i];
    at /= table.sizes[i];
    name +=
        (i == 0 ? "" : ", ") + (table.labels.empty() ? std::to_string(s + 1) : table.labels[i][s]);
  }
  return '(' + name + ')';
}

std::string numbers_text(const std::vector<double>& numbers) {
  std::string text;
  for (const double number : numbers) {
    text += fmt::format("{}{:.8g}", text.empty() ? "" : ", ", number + 0.0);
  }
  return '(' + text + ')';
}

int extremes(const CorrelatedOptions& options, const Problem& problem) {
  dag::CorrelatedExtremesOptions own;
  own.kind = options.coarse ? dag::RegretKind::external : dag::RegretKind::internal;
  own.max_rays = options.max_rays;
  own.stop = interrupt;
  const dag::CorrelatedExtremes found = dag::correlated_extremes(problem.table, own);
  if (!options.common.json.empty()) {
    Json json;
    json["game"] = options.game;
    json["kind"] = options.coarse ? "coarse" : "correlated";
    json["complete"] = found.complete;
    json["extremes"] = Json::array();
    for (const dag::CorrelatedExtreme& point : found.points) {
      Json fractions = Json::array();
      for (const dag::Fraction& fraction : point.fractions) {
        fractions.push_back(fraction.text());
      }
      json["extremes"].push_back({{"fractions", fractions},
                                  {"joint", point.joint},
                                  {"payoffs", point.payoffs},
                                  {"nash", point.nash}});
    }
    Outputs outputs;
    outputs.add(options.common.json, json_text(json));
    outputs.write();
  }
  if (options.common.talks()) {
    std::string text =
        found.complete
            ? fmt::format("{}: {} extreme {} equilibri{}\n", options.game, found.points.size(),
                          options.coarse ? "coarse correlated" : "correlated",
                          found.points.size() == 1 ? "um" : "a")
            : fmt::format(
                  "{}: not complete: more than {} rays on the way, or interrupted; no point "
                  "is known to be extreme (--max-rays)\n",
                  options.game, options.max_rays);
    for (const dag::CorrelatedExtreme& point : found.points) {
      text +=
          fmt::format("\npayoffs {}{}\n", numbers_text(point.payoffs), point.nash ? "   Nash" : "");
      for (std::size_t s = 0; s < point.joint.size(); ++s) {
        if (point.fractions[s].numerator().sign() != 0) {
          text +=
              fmt::format("  {}  {}\n", point.fractions[s].text(), profile_name(problem.table, s));
        }
      }
    }
    say(text);
  }
  return found.complete ? exit_done : exit_not_converged;
}

int correlated(const CorrelatedOptions& options) {
  require_distinct(game_files(options.game), {{"--json", options.common.json}});
  const Problem problem = read_problem(options.game, options.common.seed);
  if (options.extremes) {
    return extremes(options, problem);
  }
  dag::CorrelatedEquilibriumOptions own =
      objective_of(options.objective, problem.table.player_count());
  own.kind = options.coarse ? dag::RegretKind::external : dag::RegretKind::internal;
  own.stop = interrupt;
  std::optional<Problem> moved = centred(problem);
  std::size_t lowest = 0;  // the player from whom least is taken
  for (std::size_t i = 1; moved && i < problem.table.player_count(); ++i) {
    lowest = taken_beyond(problem, i, lowest) < 0 ? i : lowest;
  }
  // Who earns least depends on what the constants differ by.
  for (std::size_t i = 0; moved && own.egalitarian && i < problem.table.player_count(); ++i) {
    const double more = taken_beyond(problem, i, lowest);
    for (double& payoff : moved->table.payoffs[i]) {
      payoff += more;
    }
  }
  const dag::CorrelatedSolution found =
      dag::correlated_equilibrium(moved ? moved->table : problem.table, own);
  std::vector<double> payoffs = found.certificate.payoffs;
  for (std::size_t i = 0; moved && i < payoffs.size(); ++i) {
    payoffs[i] += taken_from(problem, own.egalitarian ? lowest : i);
  }
  if (!options.common.json.empty()) {
    Json json;
    json["game"] = options.game;
    json["kind"] = options.coarse ? "coarse" : "correlated";
    json["objective"] = options.objective;
    json["status"] = dag::to_string(found.status);
    json["joint"] = found.joint;
    json["payoffs"] = payoffs;
    json["gap"] = found.gap;
    json["relative_gap"] = found.relative_gap;
    Outputs outputs;
    outputs.add(options.common.json, json_text(json));
    outputs.write();
  }
  if (options.common.talks()) {
    std::string text =
        fmt::format("{}: {} equilibrium best for {}\npayoffs {}   gap {:.3g}\n", options.game,
                    options.coarse ? "coarse correlated" : "correlated", options.objective,
                    numbers_text(payoffs), found.gap);
    for (std::size_t s = 0; s < found.joint.size(); ++s) {
      if (found.joint[s] > 0) {
        text += fmt::format("  {:<12.8g}  {}\n", found.joint[s], profile_name(problem.table, s));
      }
    }
    say(text);
  }
  return found.status == dag::Status::converged ? exit_done : exit_not_converged;
}

}  // namespace

Command add_correlated(CLI::App& app) {
  const auto options = std::make_shared<CorrelatedOptions>();
  CLI::App* command = app.add_subcommand(
      "correlated", "The best correlated equilibrium for an objective, or all extreme ones");
  command->add_option("GAME", options->game, "A game as of 'dag solve'")->required();
  command
      ->add_option("--objective", options->objective,
                   "welfare, egalitarian (the least payoff), payoff:PLAYER, or a weight for each "
                   "player (negative: the worst), W1,W2,...")
      ->type_name("WHAT")
      ->capture_default_str();
  command->add_flag("--coarse", options->coarse,
                    "Coarse: whoever deviates does so before the recommendation");
  command->add_flag("--extremes", options->extremes,
                    "All extreme points, in exact fractions (small games)");
  command->add_option("--max-rays", options->max_rays, "Of --extremes: stop where more are held")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_common(*command, options->common);
  command->footer(
      "Example:\n  dag correlated chicken\n  dag correlated chicken --objective payoff:1\n"
      "  dag correlated game.nfg --objective=-1,-1\n  dag correlated chicken --extremes --json -");
  return [options] { return correlated(*options); };
}

}  // namespace cli
