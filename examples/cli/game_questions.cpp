// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag commit and dag quantal: what a leader and what players with noise make of a game.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/regret.hpp>
#include <dag/io/json_text.hpp>
#include <dag/numeric/number.hpp>
#include <dag/solver/table/commitment.hpp>
#include <dag/solver/table/quantal_path.hpp>
#include <dag/solver/tree/agent_logit_branch.hpp>

#include "certified.hpp"
#include "commands.hpp"
#include "game_input.hpp"
#include "output.hpp"
#include "tree_input.hpp"
#include "tree_report.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* game_text = "A .nfg or .csv file, or a name ('dag games' lists them)";
constexpr const char* any_game_text =
    "A .nfg, .csv or .efg file, or a name ('dag games' lists them)";

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::vector<double> numbers_of(const std::string& words, const char* option) {
  std::vector<double> numbers;
  std::string word;
  for (const char c : words + ",") {
    if (c != ',') {
      word += c;
      continue;
    }
    double value = 0;
    const char* wrong = dag::detail::number_value(word, value);
    dag::require(wrong == nullptr, dag::Errc::invalid_argument, option,
                 ": expected a number, got '", word, "'");
    numbers.push_back(value);
    word.clear();
  }
  return numbers;
}

std::string list_text(const std::vector<double>& numbers) {
  std::string out;
  for (const double entry : numbers) {
    out += fmt::format("{}{:.8g}", out.empty() ? "" : ", ", entry);
  }
  return '(' + out + ')';
}

/// `strategies` of a JSON file, or the whole of it: one list of numbers a player.
dag::MixedProfile lists_of(const std::string& path, const char* what) {
  nlohmann::json json = dag::read_json(path);
  if (json.is_object() && json.contains(what)) {
    json = json[what];
  }
  dag::require(json.is_array(), dag::Errc::parse, path,
               ": expected a list of numbers a player, or "
               "an object with them as `",
               what, "`");
  dag::MixedProfile lists;
  for (const auto& row : json) {
    dag::require(row.is_array(), dag::Errc::parse, path, ": expected a list of numbers a player");
    lists.emplace_back();
    for (const auto& entry : row) {
      dag::require(entry.is_number(), dag::Errc::parse, path, ": expected a number, found ",
                   entry.dump());
      lists.back().push_back(entry.get<double>());
    }
  }
  return lists;
}

struct CommitOptions {
  Common common;
  std::string game;
  int leader = 1;
  std::string ties = "strong";
  double tau = 0;
};

int commit(const CommitOptions& options) {
  require_distinct(game_files(options.game), {{"--json", options.common.json}});
  const Problem problem = read_problem(options.game, options.common.seed);
  dag::require(options.leader == 1 || options.leader == 2, dag::Errc::invalid_argument,
               "--leader must be 1 or 2, got ", options.leader);
  const auto leader = static_cast<std::size_t>(options.leader - 1);
  const std::optional<Problem> moved = centred(problem);
  const dag::GameTable& table = moved ? moved->table : problem.table;
  dag::Commitment found =
      options.tau > 0
          ? dag::quantal_stackelberg(table, options.tau, leader, 20, options.common.seed)
          : dag::stackelberg(table, leader,
                             options.ties == "weak" ? dag::Tie::weak : dag::Tie::strong);
  if (moved) {
    found.leader_payoff += taken_from(problem, leader);
    found.follower_payoff += taken_from(problem, 1 - leader);
  }
  if (!options.common.json.empty()) {
    Json json;
    json["game"] = options.game;
    json["leader"] = options.leader;
    json["ties"] = options.tau > 0 ? "quantal" : options.ties;
    json["tau"] = options.tau;
    json["leader_strategy"] = found.leader;
    json["follower_strategy"] = found.follower;
    json["leader_payoff"] = found.leader_payoff;
    json["follower_payoff"] = found.follower_payoff;
    json["attained"] = found.attained;
    Outputs outputs;
    outputs.add(options.common.json, json_text(json));
    outputs.write();
  }
  if (options.common.talks()) {
    say(fmt::format(
        "{}: player {} ({}) commits to {}\nthe other answers {}\npayoffs {:.12g} of the "
        "leader{}, {:.12g} of the follower\n",
        options.game, options.leader, problem.table.players[leader], list_text(found.leader),
        list_text(found.follower), found.leader_payoff,
        found.attained ? "" : " (a supremum, neared and not attained)", found.follower_payoff));
  }
  return exit_done;
}

struct QuantalOptions {
  Common common;
  std::string game;
  std::string lambda;
  std::string path;
  std::string start;
  std::string fit;
  double max_lambda = 1e4;
};

std::string branch_csv(const dag::GameTable& table,
                       const std::vector<dag::LogitBranchPoint>& points,
                       const dag::MixedProfile& counts) {
  std::string out = "lambda";
  for (std::size_t i = 0; i < table.player_count(); ++i) {
    for (std::size_t s = 0; s < table.sizes[i]; ++s) {
      out += fmt::format(",p{}_{}", i + 1, s + 1);
    }
  }
  for (std::size_t i = 0; i < table.player_count(); ++i) {
    out += fmt::format(",payoff{}", i + 1);
  }
  out += counts.empty() ? ",max_regret\n" : ",max_regret,log_likelihood\n";
  for (const dag::LogitBranchPoint& point : points) {
    out += fmt::format("{:.17g}", point.lambda);
    for (const auto& strategy : point.profile) {
      for (const double probability : strategy) {
        out += fmt::format(",{:.17g}", probability);
      }
    }
    for (const double payoff : dag::certify(table, point.profile).payoffs) {
      out += fmt::format(",{:.17g}", payoff);
    }
    out += fmt::format(",{:.17g}", point.max_regret);
    out += counts.empty() ? "\n"
                          : fmt::format(",{:.17g}\n", dag::log_likelihood(counts, point.profile));
  }
  return out;
}

Json point_json(const dag::GameTable& table, const dag::LogitBranchPoint& point) {
  return {{"lambda", point.lambda},
          {"strategies", point.profile},
          {"payoffs", dag::certify(table, point.profile).payoffs},
          {"max_regret", point.max_regret}};
}

/// What the two kinds of path have to say of themselves.
template <class Branch>
void tell_path(const Branch& path, Json& json, std::string& text) {
  json["turning_points"] = path.turning_points;
  json["bifurcations"] = path.bifurcations;
  json["points"] = path.points.size();
  json["reached"] = path.points.back().lambda;
  text += fmt::format("path: {} points to lambda {:.6g}, {} turning points, bifurcations at {}\n",
                      path.points.size(), path.points.back().lambda, path.turning_points,
                      list_text(path.bifurcations));
}

std::string missed_text(std::size_t missed, std::size_t asked) {
  return missed == 0 ? "" : fmt::format("{} of {} lambda were not reached\n", missed, asked);
}

int finish(const Common& common, Outputs& outputs, const Json& json, const std::string& text,
           bool all) {
  if (!common.json.empty()) {
    outputs.add(common.json, json_text(json));
  }
  outputs.write();
  if (common.talks()) {
    say(text);
  }
  return all ? exit_done : exit_not_converged;
}

std::string agents_csv(const TreeProblem& tree, const std::vector<dag::AgentLogitPoint>& points) {
  std::string out = "lambda";
  for (std::size_t i = 0; i < tree.game.player_count(); ++i) {
    for (std::size_t k = 0; k < tree.game.sets[i].size(); ++k) {
      for (std::size_t a = 0; a < tree.game.sets[i][k].actions.size(); ++a) {
        out += fmt::format(",p{}_{}_{}", i + 1, k + 1, a + 1);
      }
    }
  }
  for (std::size_t i = 0; i < tree.game.player_count(); ++i) {
    out += fmt::format(",payoff{}", i + 1);
  }
  out += ",max_regret\n";
  for (const dag::AgentLogitPoint& point : points) {
    out += fmt::format("{:.17g}", point.lambda);
    for (const auto& sets : point.profile) {
      for (const auto& behavior : sets) {
        for (const double probability : behavior) {
          out += fmt::format(",{:.17g}", probability);
        }
      }
    }
    for (const double payoff : dag::certify(tree.game, tree.form, point.profile).regret.payoffs) {
      out += fmt::format(",{:.17g}", payoff);
    }
    out += fmt::format(",{:.17g}\n", point.max_regret);
  }
  return out;
}

/// To the largest lambda asked for, in units of the payoff range.
dag::LogitBranchOptions branch_options(const QuantalOptions& options, double range) {
  dag::LogitBranchOptions own;
  own.tolerance = 0;
  own.stop = interrupt;
  own.max_lambda = options.max_lambda * (range > 0 ? range : 1.0);
  return own;
}

/// Of a game tree: every information set is a player of its own (agent quantal responses).
int quantal_agents(const QuantalOptions& options) {
  require_distinct(game_files(options.game),
                   {{"--json", options.common.json}, {"--path", options.path}});
  dag::require(options.fit.empty() && options.start.empty(), dag::Errc::unsupported,
               "quantal: --fit and --start are for tables; make one with dag convert ",
               options.game, " table.nfg");
  const TreeProblem tree = read_tree(options.game, options.common.seed);
  const double range = tree.form.range() > 0 ? tree.form.range() : 1.0;
  dag::LogitBranchOptions own = branch_options(options, range);
  Json json;
  json["game"] = options.game;
  std::string text = options.game + '\n';
  bool all = true;
  if (!options.lambda.empty()) {
    const std::vector<double> lambdas = numbers_of(options.lambda, "--lambda");
    for (const double lambda : lambdas) {
      dag::require(lambda >= 0 && std::isfinite(lambda), dag::Errc::invalid_argument,
                   "--lambda: every lambda must be >= 0 and finite, got ", lambda);
    }
    json["equilibria"] = Json::array();
    std::size_t missed = 0;
    for (const double lambda : lambdas) {
      own.max_lambda = lambda > 0 ? 2 * lambda * range : 1.0;
      const dag::AgentLogitBranch branch =
          lambda > 0 ? dag::agent_logit_equilibrium(tree.game, tree.form, 1 / lambda, own)
                     : dag::agent_logit_branch(tree.game, tree.form, own);
      if (lambda > 0 && branch.status != dag::Status::converged) {
        ++missed;
        continue;
      }
      const dag::AgentLogitPoint& point =
          lambda > 0 ? branch.points.back() : branch.points.front();  // uniform
      json["equilibria"].push_back(
          {{"lambda", point.lambda},
           {"strategies", behavior_json(tree.game, point.profile)},
           {"payoffs", dag::certify(tree.game, tree.form, point.profile).regret.payoffs},
           {"max_regret", point.max_regret}});
      text +=
          fmt::format("lambda {:.6g}\n{}", point.lambda, behavior_text(tree.game, point.profile));
    }
    all = missed == 0;
    text += missed_text(missed, lambdas.size());
    own.max_lambda = options.max_lambda * range;
  }
  Outputs outputs;
  if (!options.path.empty() || options.lambda.empty()) {
    const dag::AgentLogitBranch path = dag::agent_logit_branch(tree.game, tree.form, own);
    tell_path(path, json, text);
    if (!options.path.empty()) {
      outputs.add(options.path, agents_csv(tree, path.points));
    }
    all = all && path.status != dag::Status::stalled;
  }
  return finish(options.common, outputs, json, text, all);
}

int quantal(const QuantalOptions& options) {
  dag::require(options.max_lambda > 0 && std::isfinite(options.max_lambda),
               dag::Errc::invalid_argument, "--max-lambda must be > 0 and finite, got ",
               options.max_lambda);
  if (is_tree(options.game)) {
    return quantal_agents(options);
  }
  std::vector<NamedPath> inputs = game_files(options.game);
  if (!options.fit.empty()) {
    inputs.push_back({"--fit", options.fit});
  }
  if (!options.start.empty()) {
    inputs.push_back({"--start", options.start});
  }
  require_distinct(inputs, {{"--json", options.common.json}, {"--path", options.path}});
  const Problem problem = read_problem(options.game, options.common.seed);
  const std::optional<Problem> moved = centred(problem);
  const dag::GameTable& table = moved ? moved->table : problem.table;  // payoffs: of `problem`
  dag::require(options.start.empty() || !options.lambda.empty(), dag::Errc::invalid_argument,
               "--start: name the lambda at which to look, with --lambda");
  dag::MixedProfile counts;
  const dag::LogitBranchOptions own = branch_options(options, problem.range);
  Json json;
  json["game"] = options.game;
  std::string text = options.game + '\n';
  bool all = true;
  if (!options.lambda.empty()) {
    const std::vector<double> lambdas = numbers_of(options.lambda, "--lambda");
    std::vector<dag::LogitBranchPoint> points;
    if (options.start.empty()) {
      points = dag::logit_equilibria(table, lambdas, own);
    } else {
      dag::MixedProfile start = lists_of(options.start, "strategies");
      for (const double lambda : lambdas) {
        if (const auto point = dag::logit_equilibrium_near(table, lambda, start)) {
          points.push_back(*point);
          start = point->profile;  // the same branch, on to the next lambda
        }
      }
    }
    all = points.size() == lambdas.size();
    json["equilibria"] = Json::array();
    for (const dag::LogitBranchPoint& point : points) {
      json["equilibria"].push_back(point_json(problem.table, point));
      text += fmt::format("lambda {:<10.6g}", point.lambda);
      for (const auto& strategy : point.profile) {
        text += ' ' + list_text(strategy);
      }
      text += '\n';
    }
    text += missed_text(lambdas.size() - points.size(), lambdas.size());
  }
  if (!options.fit.empty()) {
    counts = lists_of(options.fit, "counts");
    const dag::QuantalFit fit = dag::fit_quantal(table, counts, own);
    json["fit"] = point_json(problem.table, fit.best);
    json["fit"]["log_likelihood"] = fit.log_likelihood;
    json["fit"]["low"] = fit.low;
    json["fit"]["high"] = number(fit.high);
    text +=
        fmt::format("fit: lambda {:.8g}, 95 % interval [{:.6g}, {:.6g}], log-likelihood {:.8g}\n",
                    fit.best.lambda, fit.low, fit.high, fit.log_likelihood);
  }
  Outputs outputs;
  if (!options.path.empty() || (options.lambda.empty() && options.fit.empty())) {
    const dag::LogitBranch path = dag::logit_branch(table, own);
    tell_path(path, json, text);
    if (!options.path.empty()) {
      outputs.add(options.path, branch_csv(problem.table, path.points, counts));
    }
    all = all && path.status != dag::Status::stalled;
  }
  return finish(options.common, outputs, json, text, all);
}

}  // namespace

Command add_commit(CLI::App& app) {
  const auto options = std::make_shared<CommitOptions>();
  CLI::App* command = app.add_subcommand(
      "commit", "The best strategy to commit to before the other player moves (Stackelberg)");
  command->add_option("GAME", options->game, game_text)->required();
  command->add_option("--leader", options->leader, "The player who commits: 1 or 2")
      ->type_name("PLAYER")
      ->capture_default_str();
  command
      ->add_option("--ties", options->ties,
                   "Of equally good answers: strong (as the leader likes) or weak (as it fears)")
      ->check(CLI::IsMember({"strong", "weak"}))
      ->option_text("strong|weak");
  command
      ->add_option("--tau", options->tau,
                   "Above 0: the follower answers by softmax(payoff / T), T in units of payoff")
      ->type_name("T")
      ->check(CLI::NonNegativeNumber);
  add_common(*command, options->common);
  command->footer("Example:\n  dag commit game.nfg --ties weak\n  dag commit chicken --tau 0.5");
  return [options] { return commit(*options); };
}

Command add_quantal(CLI::App& app) {
  const auto options = std::make_shared<QuantalOptions>();
  CLI::App* command = app.add_subcommand(
      "quantal", "Quantal response equilibria: at a list of lambda, the whole path, a fit to play");
  command->add_option("GAME", options->game, any_game_text)->required();
  command->add_option("--lambda", options->lambda, "Precisions, in units of 1 / payoff")
      ->type_name("L1,L2,...");
  command
      ->add_option("--path", options->path,
                   "Write the principal branch: lambda, strategies, payoffs, regret (with --fit "
                   "the log-likelihood)")
      ->type_name("FILE.csv");
  command
      ->add_option("--start", options->start,
                   "A profile (JSON, as dag solve writes it) near which equilibria of other "
                   "branches are looked for, from the first lambda to the last")
      ->type_name("FILE.json");
  command
      ->add_option("--fit", options->fit,
                   "Counts of observed play (JSON, a list a player): the lambda of largest "
                   "likelihood, with its 95 % interval")
      ->type_name("FILE.json");
  command->add_option("--max-lambda", options->max_lambda, "Where the path ends")
      ->type_name("L")
      ->capture_default_str();
  add_common(*command, options->common);
  command->footer(
      "Example:\n  dag quantal general:3x3:1 --lambda 0.1,1,10\n"
      "  dag quantal chicken --path branch.csv\n  echo '[[30, 10], [20, 20]]' > counts.json; dag "
      "quantal chicken --fit counts.json\n  dag quantal kuhn_poker --lambda 1,10 --path "
      "agents.csv");
  return [options] { return quantal(*options); };
}

}  // namespace cli
