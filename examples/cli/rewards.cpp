// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_function.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/io/rewarded.hpp>
#include <dag/io/rollouts.hpp>
#include <dag/rollout/advantage.hpp>
#include <dag/rollout/consensus.hpp>
#include <dag/rollout/consensus_reward.hpp>
#include <dag/rollout/event_reward.hpp>
#include <dag/rollout/group.hpp>
#include <dag/rollout/reward.hpp>
#include <dag/rollout/statistics.hpp>

#include "commands.hpp"
#include "output.hpp"

namespace cli {
namespace {

struct RewardsOptions {
  Common common;
  std::string rollouts;
  std::string utility;
  std::string estimator = "plug-in";
  std::string advantage = "trl-none";
  std::string out;
  double weight = 1;
  int k = 8;
  double smoothing = -1;  // -1: the default of the utility
  bool exact = false;
};

/// What a utility's reward is made of.
enum class Family { answer, event, consensus, pairwise, verdict };

struct UtilityEntry {
  const char* name;
  Family family;
  const char* summary;
};

constexpr std::array utilities{
    UtilityEntry{"expected_reward", Family::verdict, "1 for a right sample, 0 for a wrong one"},
    UtilityEntry{"shannon_entropy", Family::answer, "-log nu(z): diverse answers"},
    UtilityEntry{"gini", Family::answer, "-2 nu(z): diverse answers"},
    UtilityEntry{"tsallis3", Family::answer, "-3/2 nu(z)^2: diverse answers"},
    UtilityEntry{"log_likelihood", Family::event,
                 "1/nu(C) for a right sample, C the right answers"},
    UtilityEntry{"pass_at_k", Family::event, "k (1 - nu(C))^(k-1) for a right sample; see --k"},
    UtilityEntry{"coherence_arithmetic", Family::consensus,
                 "log q(z) - log nu(z), q the mean over the contexts of the question"},
    UtilityEntry{"coherence_geometric", Family::consensus, "q(z)/nu(z), q the geometric mean"},
    UtilityEntry{"coherence_euclidean", Family::consensus, "q(z) - nu(z), q the mean"},
    UtilityEntry{"pairwise_kl", Family::pairwise, "KL to every other context, both ways"},
    UtilityEntry{"pairwise_euclidean", Family::pairwise, "squared distance to every other context"},
};

/// `coherence`, `entropy`, `log-likelihood` and the like.
const UtilityEntry& utility_of(const std::string& word) {
  std::string name;
  for (const char c : word) {
    name += c == '-' ? '_' : c;
  }
  name = name == "coherence"                      ? "coherence_arithmetic"
         : name == "shannon" || name == "entropy" ? "shannon_entropy"
                                                  : name;
  std::string names;
  for (const UtilityEntry& entry : utilities) {
    if (name == entry.name) {
      return entry;
    }
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  dag::fail(dag::Errc::invalid_argument, "--utility: no utility is called '", word, "'; there are ",
            names);
}

dag::Advantage advantage_of(const std::string& name) {
  std::string names;
  for (const auto& [known, kind] : dag::advantage_names) {
    if (name == known) {
      dag::require(!dag::needs_lengths(kind), dag::Errc::unsupported, "--advantage ", name,
                   " weights samples by their lengths in tokens, which a rollout file does not "
                   "hold");
      return kind;
    }
    names += (names.empty() ? "" : ", ") + std::string(known);
  }
  dag::fail(dag::Errc::invalid_argument, "--advantage: no convention is called '", name,
            "'; there are ", names);
}

/// What was asked for, checked.
struct Plan {
  const UtilityEntry& utility;
  dag::EstimatorKind estimator;
  dag::Advantage advantage;
  double weight;
  int k;
  dag::ConsensusOptions consensus;
};

Plan plan_of(const RewardsOptions& options) {
  const UtilityEntry& utility = utility_of(options.utility);
  Plan plan{utility,
            dag::estimator_kind(options.estimator),
            advantage_of(options.advantage),
            options.weight,
            options.k,
            {}};
  dag::require(options.weight > 0 && std::isfinite(options.weight), dag::Errc::invalid_argument,
               "--weight must be > 0 and finite, got ", options.weight);
  dag::require(options.k >= 1, dag::Errc::invalid_argument, "--k must be >= 1, got ", options.k);
  const std::string_view name = utility.name;
  const bool compares = utility.family == Family::consensus || utility.family == Family::pairwise;
  if (compares) {
    dag::require(plan.estimator == dag::EstimatorKind::plug_in ||
                     plan.estimator == dag::EstimatorKind::leave_one_out,
                 dag::Errc::unsupported, "--estimator ", std::string_view(options.estimator),
                 ": utilities that compare contexts take plug-in or leave-one-out");
    plan.consensus.counts = plan.estimator == dag::EstimatorKind::plug_in
                                ? dag::Counts::plug_in
                                : dag::Counts::leave_one_out;
  }
  plan.consensus.pool =
      name == "coherence_geometric" ? dag::Pool::geometric : dag::Pool::arithmetic;
  const bool needs_smoothing = name == "coherence_geometric" || name == "pairwise_kl";
  plan.consensus.smoothing = options.smoothing >= 0 ? options.smoothing
                             : needs_smoothing      ? 0.5
                                                    : 0.0;
  dag::require(!(needs_smoothing && plan.consensus.smoothing == 0), dag::Errc::invalid_argument,
               "--smoothing must be > 0 for ", name,
               ": an answer that one context never gave would have an infinite reward");
  return plan;
}

struct Rewards {
  std::vector<double> reward;
  std::vector<double> advantage;
  dag::AdvantageReport advantages;
  dag::ConsensusReport consensus;
};

/// g(p) of a utility of one answer or of the right set, and its constant.
std::pair<dag::RewardFunction, double> reward_function(const Plan& plan) {
  const std::string_view name = plan.utility.name;
  if (name == "shannon_entropy") {
    return {dag::RewardFunction::logarithm(), -1.0};
  }
  if (name == "gini") {
    return {dag::RewardFunction::power(1), -2.0};
  }
  if (name == "tsallis3") {
    return {dag::RewardFunction::power(2), -1.5};
  }
  if (name == "log_likelihood") {
    return {dag::RewardFunction::inverse(), 1.0};
  }
  return {dag::RewardFunction::pass_at_k(plan.k), 1.0};
}

Rewards compute(const dag::AnswerGroups& groups, const Plan& plan) {
  Rewards out;
  out.reward.resize(groups.samples());
  out.advantage.resize(groups.samples());
  const std::span<double> reward(out.reward);
  const std::span<double> advantage(out.advantage);
  const std::string_view name = plan.utility.name;
  const double tau = plan.weight;
  switch (plan.utility.family) {
    case Family::answer: {
      const auto [function, scale] = reward_function(plan);
      const dag::RewardTables<double> tables(
          groups.answer, groups.begin,
          dag::RewardTableBuilder{plan.estimator, {.function = function}, tau * scale});
      out.advantages = dag::table_rewards<double>(groups.answer, groups.begin, tables,
                                                  plan.advantage, reward, advantage);
      return out;
    }
    case Family::event: {
      const auto [function, scale] = reward_function(plan);
      dag::event_rewards(
          groups, dag::RewardTableBuilder{plan.estimator, {.function = function}, tau * scale},
          reward);
      break;
    }
    case Family::verdict:
      for (std::size_t i = 0; i < groups.samples(); ++i) {
        reward[i] = groups.right[i] < 0 ? std::numeric_limits<double>::quiet_NaN()
                                        : tau * static_cast<double>(groups.right[i]);
      }
      break;
    case Family::consensus:
      out.consensus = dag::consensus_rewards(
          groups, plan.consensus,
          [&](double nu, double q) {
            return tau * (name == "coherence_arithmetic"  ? std::log(q) - std::log(nu)
                          : name == "coherence_geometric" ? q / nu
                                                          : q - nu);
          },
          reward);
      break;
    case Family::pairwise:
      out.consensus = dag::pairwise_rewards(
          groups, plan.consensus,
          [&](double nu, double other) {
            return tau * (name == "pairwise_kl" ? -(std::log(nu / other) + 1 - other / nu)
                                                : 2 * (other - nu));
          },
          reward);
      break;
  }
  out.advantages = dag::advantages<double>(plan.advantage, out.reward, groups.begin, advantage);
  return out;
}

template <class Value>
nlohmann::ordered_json maybe(const std::optional<Value>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

std::string shown(const std::optional<double>& value) {
  return value ? fmt::format("{:.4f}", *value) : "not known";
}

int rewards(const RewardsOptions& options) {
  const Plan plan = plan_of(options);
  Progress progress(!options.common.quiet);
  progress.show(0, "reading " + options.rollouts);
  const dag::AnswerRules rules = options.exact ? dag::exact_answers : dag::AnswerRules{};
  const dag::AnswerGroups groups =
      dag::read_rollouts(options.rollouts, dag::CanonicalAnswer{rules});
  progress.show(0.5, fmt::format("rewards of {} samples", groups.samples()));
  const dag::GroupReport report = dag::describe(groups);
  const dag::RolloutStatistics s = dag::rollout_statistics(groups);
  Rewards found = compute(groups, plan);
  const std::optional<double> consensus = dag::consensus_accuracy(groups, plan.consensus);
  progress.clear();

  for (double& advantage : found.advantage) {
    advantage += 0.0;  // -0 is written as 0
  }
  double sum = 0;
  std::size_t scored = 0;
  for (const double reward : found.reward) {
    if (!std::isnan(reward)) {
      sum += reward;
      ++scored;
    }
  }
  const std::optional<double> mean =
      scored > 0 ? std::optional<double>(sum / static_cast<double>(scored)) : std::nullopt;
  std::optional<std::string> best;
  if (s.best_context) {
    best = std::string(groups.contexts[*s.best_context]);
  }

  Outputs outputs;
  if (!options.common.json.empty()) {
    nlohmann::ordered_json json;
    json["file"] = std::filesystem::path(options.rollouts).filename().string();
    json["bytes"] = std::filesystem::file_size(options.rollouts);
    json["questions"] = s.questions;
    json["contexts"] = s.contexts;
    json["groups"] = s.groups;
    json["contexts_per_question"] = maybe(s.contexts_per_question);
    json["samples_per_group_min"] = s.samples_per_group_min;
    json["samples_per_group_mean"] = maybe(s.samples_per_group_mean);
    json["samples_per_group_max"] = s.samples_per_group_max;
    json["null_answer_rate"] = maybe(s.null_answer_rate);
    json["acc_random_sample"] = maybe(s.acc_random_sample);
    json["acc_majority_in_group"] = maybe(s.acc_majority_in_group);
    json["acc_majority_over_contexts"] = maybe(s.acc_majority_over_contexts);
    json["acc_oracle_in_group"] = maybe(s.acc_oracle_in_group);
    json["acc_oracle_over_contexts"] = maybe(s.acc_oracle_over_contexts);
    json["best_context"] = maybe(best);
    json["acc_best_context"] = maybe(s.acc_best_context);
    json["mean_entropy_in_group_nats"] = maybe(s.mean_entropy_in_group_nats);
    json["mean_entropy_over_contexts_nats"] = maybe(s.mean_entropy_over_contexts_nats);
    json["distinct_answers_per_group"] = maybe(s.distinct_answers_per_group);
    json["distinct_answers_per_question"] = maybe(s.distinct_answers_per_question);
    json["cross_context_agreement"] = maybe(s.cross_context_agreement);
    json["acc_consensus"] = maybe(consensus);
    json["utility"] = plan.utility.name;
    json["estimator"] = dag::to_string(plan.estimator);
    json["advantage"] = dag::to_string(plan.advantage);
    json["smoothing"] = plan.consensus.smoothing;
    json["samples"] = report.samples;
    json["mean_reward"] = maybe(mean);
    json["missing_answers"] = report.missing_answers;
    json["unjudged_samples"] = report.unjudged_samples;
    json["unscored_samples"] = found.advantages.unscored_samples;
    json["singleton_groups"] = report.singleton_groups;
    json["dead_groups"] = found.advantages.zero_variance_groups;
    json["unanswered_groups"] = report.unanswered_groups;
    json["unanimous_groups"] = report.unanimous_groups;
    json["duplicate_groups"] = report.duplicate_groups;
    json["single_context_questions"] = found.consensus.single_context_questions;
    json["floored_samples"] = found.consensus.floored_samples;
    outputs.add(options.common.json, json.dump(2) + '\n');
  }
  outputs.write([&] {
    if (!options.out.empty()) {
      dag::write_rewarded(options.rollouts, options.out, groups, found.reward, found.advantage);
    }
  });

  if (options.common.talks()) {
    Table table({options.rollouts, ""});
    const auto add = [&](const char* what, const std::string& value) { table.add({what, value}); };
    add("questions", fmt::format("{}", s.questions));
    add("contexts", fmt::format("{}", s.contexts));
    add("groups", fmt::format("{}", s.groups));
    add("samples", fmt::format("{}", report.samples));
    add("distinct answers per question", shown(s.distinct_answers_per_question));
    add("missing answers", fmt::format("{}", report.missing_answers));
    add("accuracy of a sample", shown(s.acc_random_sample));
    add("accuracy of the majority of a group", shown(s.acc_majority_in_group));
    add("accuracy of the majority over contexts", shown(s.acc_majority_over_contexts));
    add("accuracy of the consensus", shown(consensus));
    add("mean answer entropy of a group, nats", shown(s.mean_entropy_in_group_nats));
    add("mean answer entropy over contexts, nats", shown(s.mean_entropy_over_contexts_nats));
    add("agreement between contexts", shown(s.cross_context_agreement));
    add("mean reward", shown(mean));
    add("samples without a reward", fmt::format("{}", found.advantages.unscored_samples));
    add("dead groups (all rewards equal)",
        fmt::format("{}", found.advantages.zero_variance_groups));
    add("singleton groups (no baseline)", fmt::format("{}", report.singleton_groups));
    add("groups without an answer", fmt::format("{}", report.unanswered_groups));
    say(table.text() + fmt::format("{} ({} estimate{}), advantages {}{}\n", plan.utility.name,
                                   dag::to_string(plan.estimator),
                                   plan.consensus.smoothing > 0
                                       ? fmt::format(", smoothing {:g}", plan.consensus.smoothing)
                                       : "",
                                   dag::to_string(plan.advantage),
                                   options.out.empty() ? "" : "; written to " + options.out));
  }
  return exit_done;
}

}  // namespace

Command add_rewards(CLI::App& app) {
  const auto options = std::make_shared<RewardsOptions>();
  CLI::App* command =
      app.add_subcommand("rewards", "Rewards and advantages of sampled answers, and their summary");
  command
      ->add_option("ROLLOUTS.jsonl", options->rollouts,
                   "One group a line: question_id, context_id, prompt, gold, samples")
      ->required();
  command->add_option("--utility", options->utility, "One of the utilities below")
      ->type_name("U")
      ->required();
  command
      ->add_option(
          "--estimator", options->estimator,
          "Of nu(z) from the group: plug-in, leave-one-out, u-statistic, digamma, minimax, "
          "aqp")
      ->type_name("E")
      ->capture_default_str();
  std::string conventions;
  for (const auto& [name, kind] : dag::advantage_names) {
    if (!dag::needs_lengths(kind)) {
      conventions += (conventions.empty() ? "" : ", ") + std::string(name);
    }
  }
  command->add_option("--advantage", options->advantage, conventions)
      ->type_name("A")
      ->capture_default_str();
  command
      ->add_option("--out", options->out,
                   "Write the rollouts with reward and advantage added to each sample")
      ->type_name("OUT.jsonl");
  command->add_option("--weight", options->weight, "Weight of the utility")
      ->type_name("TAU")
      ->capture_default_str();
  command->add_option("--k", options->k, "Tries of pass_at_k")
      ->type_name("K")
      ->capture_default_str();
  command
      ->add_option("--smoothing", options->smoothing,
                   "Samples added to every answer of a question before contexts are compared "
                   "(default 0; 0.5 for coherence_geometric and pairwise_kl, which need it)")
      ->type_name("S")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--exact", options->exact,
                    "Answers are the same only byte for byte (0.5 and 1/2 are two answers)");
  add_common(*command, options->common);
  std::string list;
  for (const UtilityEntry& entry : utilities) {
    list += fmt::format("\n  {}: {}", entry.name, entry.summary);
  }
  command->footer(
      "Utilities:" + list +
      "\n\nA sample without an answer has no reward (null) and advantage 0.\n\n"
      "Example:\n  dag rewards rollouts.jsonl --utility coherence --out rewarded.jsonl");
  return [options] { return rewards(*options); };
}

}  // namespace cli
