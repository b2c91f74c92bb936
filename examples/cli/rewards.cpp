// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/answers/answer_equilibrium.hpp>
#include <dag/answers/counts.hpp>
#include <dag/answers/group.hpp>
#include <dag/answers/statistics.hpp>
#include <dag/core/error.hpp>
#include <dag/io/rollout_file.hpp>
#include <dag/text/extractor.hpp>
#include <dag/utility/coherence.hpp>

#include "checked_options.hpp"
#include "commands.hpp"
#include "output.hpp"
#include "part.hpp"
#include "reward_files.hpp"
#include "reward_plan.hpp"
#include "reward_terms.hpp"
#include "row_options.hpp"
#include "verdict.hpp"

namespace cli {
namespace {

struct RewardsOptions {
  Common common;
  RewardRequest request;
  std::string rollouts;
  std::string out;
  std::string extract;
  std::string betas;
  bool verdict = false;
  bool verdict_alone = false;  ///< no utility was named
  std::string complete;
  std::string part;
  Part own;  ///< what `part` says
  RowOptions rows;
  ReadingOptions reading;
  bool allow_singletons = false;
  std::string missing = "null";
};

/// Groups of one sample each yield no signal from their fellows: mostly a file whose lines are
/// single samples, which must be grouped. Utilities that compare contexts can do with one sample in
/// each.
void require_company(const dag::GroupReport& report, const std::vector<RewardPlan>& plans,
                     bool only_terms, const RewardsOptions& options) {
  if (options.allow_singletons || plans[0].advantage == dag::Advantage::raw) {
    return;
  }
  bool compares_contexts = !only_terms && report.contexts > 1;
  for (const RewardPlan& plan : plans) {
    const dag::UtilityFamily family = plan.utility.family;
    compares_contexts =
        compares_contexts &&
        (options.verdict_alone ||  // pools a question's contexts
         family == dag::UtilityFamily::consensus || family == dag::UtilityFamily::pairwise ||
         family == dag::UtilityFamily::frozen);
  }
  const std::size_t lonely = compares_contexts ? report.duplicate_groups : report.singleton_groups;
  const bool few = report.singleton_groups < 4;  // a few lines by hand are no dump
  dag::require(few || 2 * lonely <= report.groups || 2 * report.singleton_groups <= report.groups,
               dag::Errc::invalid_argument, options.rollouts, ": ", report.singleton_groups, " of ",
               report.groups,
               " groups have one sample, whose advantage is 0 and whose answer stands alone. If "
               "lines are samples, group them: --group-by question_id (or another field, or "
               "--format). If it is meant, --allow-singletons");
}

/// "4x16": every question has 4 contexts of 16 samples.
void require_complete(const dag::AnswerGroups& groups, const std::string& text) {
  const std::size_t cross = text.find('x');
  const std::string_view view = text;
  const auto contexts = whole_number(view.substr(0, cross));
  const auto samples = whole_number(view.substr(std::min(cross, view.size() - 1) + 1));
  dag::require(contexts.value_or(0) > 0 && samples.value_or(0) > 0, dag::Errc::invalid_argument,
               "--complete: expected CONTEXTSxSAMPLES, got '", text, "'");
  groups.require(*contexts, *samples);
}

std::vector<double> parse_betas(const std::string& text) {
  std::vector<double> betas = number_list("--betas", text);
  for (const double beta : betas) {
    dag::require(beta > 0, dag::Errc::invalid_argument, "--betas: '", beta, "' is no number > 0");
  }
  return betas;
}

/// The coherence game of the estimated distributions, with the pool of the utility.
dag::AnswerEquilibrium equilibrium_at(const dag::AnswerGroups& groups, PoolKind pool, double beta,
                                      double smoothing) {
  switch (pool) {
    case PoolKind::geometric:
      return dag::answer_equilibrium(groups, dag::GeometricCoherence<double>{}, beta, smoothing);
    case PoolKind::euclidean:
      return dag::answer_equilibrium(groups, dag::EuclideanCoherence<double>{}, beta, smoothing);
    default:
      return dag::answer_equilibrium(groups, dag::ArithmeticCoherence<double>{}, beta, smoothing);
  }
}

template <class Value>
nlohmann::ordered_json maybe(const std::optional<Value>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

std::string shown(const std::optional<double>& value) {
  return value ? fmt::format("{:.4f}", *value) : "not known";
}

/// What is settled by all questions at once cannot be had of a part of them.
void require_separable(const std::vector<RewardPlan>& plans) {
  for (const RewardPlan& plan : plans) {
    dag::require(!dag::needs_batch(plan.advantage), dag::Errc::unsupported, "--part: advantages ",
                 dag::to_string(plan.advantage), " look at all questions at once");
    const bool settled = !plan.request.mixture.empty() || !plan.request.multipliers.empty();
    dag::require(settled || (plan.name != "robust_reward" && plan.name != "moment_constraints"),
                 dag::Errc::unsupported, "--part: the Target of ", plan.name,
                 " plays against all questions at once; give its strategy (--mixture or "
                 "--multipliers)");
  }
}

int rewards(const RewardsOptions& options) {
  require_distinct({{"ROLLOUTS.jsonl", options.rollouts},
                    {"--target", options.request.target},
                    {"--values", options.request.values},
                    {"--reference", options.request.reference}},
                   {{"--out", options.out}, {"--json", options.common.json}});
  const RewardRun run = plan_run(options.request);
  if (!options.part.empty()) {
    require_separable(run.plans);
  }
  const RewardRequest& request = run.request;
  const SampleTerms& terms = run.terms;
  const std::vector<RewardPlan>& plans = run.plans;
  const RewardPlan& plan = plans[0];
  const std::string utility = terms.any() || plans.size() > 1 ? options.request.utility : plan.name;
  dag::require(options.missing == "null" || options.missing == "wrong", dag::Errc::invalid_argument,
               "--missing must be null or wrong, got '", options.missing, "'");
  const std::vector<double> betas = parse_betas(options.betas);
  const std::optional<dag::Extractor> extractor =
      options.extract.empty() ? std::nullopt : std::optional<dag::Extractor>(options.extract);
  Progress progress(!options.common.quiet);
  progress.show(0, "reading " + options.rollouts);
  dag::require(options.out.empty() || !is_standard_output(options.out) ||
                   !is_standard_output(options.common.json),
               dag::Errc::invalid_argument, "--out and --json are both standard output");
  dag::RolloutFileOptions reading{.format = row_format(options.rows),
                                  .reading = read_options(options.reading),
                                  .extract = extractor,
                                  .strict = options.rows.strict,
                                  .part = options.own.rank,
                                  .parts = options.own.size};
  if (!options.out.empty()) {
    reading.keep_for = options.out;
  }
  dag::RolloutFile file(options.rollouts, reading);
  reading.keep_for.reset();
  name_bad_lines("rewards", file.lines);
  dag::sort_answers(file.groups);  // nothing depends on the order of lines and samples
  const dag::AnswerGroups& groups = file.groups;
  const dag::ExtractionReport& extraction = file.extraction;
  progress.show(0.3, fmt::format("rewards of {} samples", groups.samples()));
  if (!options.complete.empty()) {
    require_complete(groups, options.complete);
  }
  const dag::GroupReport report = dag::describe(groups);
  const dag::RolloutStatistics s = dag::rollout_statistics(groups);
  require_company(report, plans, run.only_terms, options);
  Rewards found = run_rewards(run, groups, file.own_reward, file.own_verdict,
                              options.missing == "null", [&](const std::string& path) {
                                dag::RolloutFile other(path, reading);
                                dag::sort_answers(other.groups);
                                return std::move(other.groups);
                              });
  const bool has_consensus =
      plan.consensus.pool == dag::Pool::arithmetic || plan.consensus.smoothing > 0;
  const std::optional<double> consensus =
      has_consensus ? dag::consensus_accuracy(groups, plan.consensus) : std::nullopt;
  constexpr std::string_view pools[] = {"arithmetic", "geometric", "euclidean"};
  const PoolKind pool_kind = pool_of(plans);
  const std::string_view pool = pools[static_cast<int>(pool_kind)];
  const double smoothing = options.request.smoothing > 0 ? options.request.smoothing : 0.5;
  std::vector<dag::AnswerEquilibrium> equilibria;
  for (const double beta : betas) {
    progress.show(
        0.4 + 0.6 * static_cast<double>(equilibria.size()) / static_cast<double>(betas.size()),
        fmt::format("equilibrium at beta {:g}", beta));
    equilibria.push_back(equilibrium_at(groups, pool_kind, beta, smoothing));
  }
  progress.clear();

  std::optional<dag::Verdict> foreseen;
  if (options.verdict) {
    foreseen = dag::verdict(groups, betas.empty() ? verdict_betas(options.request.weight) : betas,
                            options.request.weight);
  }
  for (double& advantage : found.advantage) {
    advantage += 0.0;  // -0 is written as 0
  }
  dag::Mean mean_reward;
  for (const double reward : found.reward) {
    if (!std::isnan(reward)) {
      mean_reward.add(reward);
    }
  }
  const std::optional<double> mean = mean_reward.get();
  std::optional<std::string> best;
  if (s.best_context) {
    best = std::string(groups.contexts[*s.best_context]);
  }

  Outputs outputs;
  if (!options.common.json.empty()) {
    nlohmann::ordered_json json;
    json["file"] = std::filesystem::path(options.rollouts).filename().string();
    json["bytes"] = file.lines.bytes;
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
    json["majority_share"] = maybe(s.majority_share);
    json["acc_consensus"] = maybe(consensus);
    json["utility"] = utility;
    json["estimator"] = dag::to_string(plan.estimator);
    json["advantage"] = dag::to_string(plan.advantage);
    if (!request.shaping.empty()) {
      json["shaping"] = request.shaping;
    }
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
    if (!found.value_means.empty()) {
      json["value_means"] = found.value_means;
      json["target_strategy"] = found.strategy;
    }
    json["bad_lines"] = file.lines.bad;
    json["lone_surrogates"] = file.lines.lone_surrogates;
    json["audit"] = audit_json(file.audit);
    if (extractor) {
      for (std::size_t i = 0; i < extraction.outcomes.size(); ++i) {
        json["extraction"][std::string(dag::extract_outcome_names[i])] = extraction.outcomes[i];
      }
    }
    for (const auto& e : equilibria) {
      nlohmann::ordered_json one;
      one["pool"] = pool;
      one["beta"] = e.beta;
      one["smoothing"] = smoothing;
      one["acc_sampled"] = maybe(e.acc_sampled);
      one["acc_greedy"] = maybe(e.acc_greedy);
      one["acc_consensus"] = maybe(e.acc_consensus);
      one["mean_gain"] = e.mean_gain;
      one["mean_residual_of_rollouts"] = e.mean_residual;
      one["worst_residual"] = e.worst_residual;
      one["unconverged"] = e.unconverged;
      json["equilibrium"].push_back(std::move(one));
    }
    if (foreseen) {
      json["verdict"] = verdict_json(groups, *foreseen);
    }
    outputs.add(options.common.json, json_text(json));
  }
  outputs.write([&] {
    if (!options.out.empty()) {
      file.write(options.out, found.reward, found.advantage, terms.own > 0);
    }
  });

  if (options.common.talks() && !is_standard_output(options.out)) {
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
    add("share of a group's majority answer", shown(s.majority_share));
    add("agreement between contexts", shown(s.cross_context_agreement));
    add("mean reward", shown(mean));
    for (std::size_t m = 0; m < found.value_means.size(); ++m) {
      add(fmt::format("mean of value {}", m + 1).c_str(),
          fmt::format("{:.4f}", found.value_means[m]) +
              (found.strategy.empty() ? "" : fmt::format(", weight {:.4g}", found.strategy[m])));
    }
    add("samples without a reward", fmt::format("{}", found.advantages.unscored_samples));
    add("dead groups (all rewards equal)",
        fmt::format("{}", found.advantages.zero_variance_groups));
    add("singleton groups (no baseline)", fmt::format("{}", report.singleton_groups));
    add("groups without an answer", fmt::format("{}", report.unanswered_groups));
    if (extractor) {
      add("answers read from texts",
          fmt::format("{}", extraction.count(dag::ExtractOutcome::found)));
      add("texts without a readable answer", fmt::format("{}", extraction.unparseable()));
    }
    add("golds not understood", fmt::format("{} of {}", file.audit.golds_unread, file.audit.golds));
    if (file.lines.bad > 0) {
      add("bad lines left out", fmt::format("{}", file.lines.bad));
    }
    for (const auto& e : equilibria) {
      add("equilibrium of the game", fmt::format("{} pool, beta {:g}", pool, e.beta));
      add("  accuracy of a sample, of the best answer",
          shown(e.acc_sampled) + ", " + shown(e.acc_greedy));
      add("  gain, residual of the rollouts",
          fmt::format("{:.4f}, {:.4f}", e.mean_gain, e.mean_residual));
    }
    say(table.text() + "answers: " + audit_line(file.audit) + '\n' +
        fmt::format(
            "{} ({} estimate{}), advantages {}{}\n", utility, dag::to_string(plan.estimator),
            plan.consensus.smoothing > 0 ? fmt::format(", smoothing {:g}", plan.consensus.smoothing)
                                         : "",
            dag::to_string(plan.advantage),
            options.out.empty() ? "" : "; written to " + options.out) +
        (foreseen ? verdict_text(*foreseen) : std::string()));
  }
  return exit_done;
}

}  // namespace

Command add_rewards(CLI::App& app) {
  const auto options = std::make_shared<RewardsOptions>();
  CLI::App* command =
      app.add_subcommand("rewards", "Rewards and advantages of sampled answers, and their summary");
  command
      ->add_option("ROLLOUTS.jsonl|-", options->rollouts,
                   "One group a line: question_id, context_id, prompt, gold, samples; or rows of "
                   "other shapes, see --format and --group-by. May be packed by gzip")
      ->type_name("")
      ->required();
  command
      ->add_option("--utility", options->request.utility,
                   "One of the utilities below, or a sum: coherence+0.1*entropy+own")
      ->type_name("U");
  command
      ->add_option(
          "--estimator", options->request.estimator,
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
  command->add_option("--advantage", options->request.advantage, conventions)
      ->type_name("A")
      ->capture_default_str();
  command
      ->add_option("--shaping", options->request.shaping,
                   "Favour rare right answers as published: uniqueness[:ALPHA] (advantages over "
                   "how many gave the answer, to the power ALPHA), dra (rewards over similarity to "
                   "the group, --ground), gapo, ucpo[:TAU], differential_smoothing[:S]")
      ->type_name("S");
  command
      ->add_option("--out", options->out,
                   "Write the rollouts with reward and advantage added to each sample")
      ->type_name("OUT.jsonl");
  command
      ->add_option("--complete", options->complete,
                   "Refuse a question that has not X contexts of K samples each")
      ->type_name("XxK");
  add_part_option(*command, options->part, "the questions");
  command->add_option("--weight", options->request.weight, "Weight of the utility")
      ->type_name("TAU")
      ->capture_default_str();
  command
      ->add_option("--k", options->request.k,
                   "Tries of pass_at_k and max_at_k, votes of maj_at_k (default 4)")
      ->type_name("K");
  command
      ->add_option("--smoothing", options->request.smoothing,
                   "Samples added to every answer of a question before contexts are compared "
                   "(default 0; 0.5 for coherence_geometric and pairwise_kl, which need it)")
      ->type_name("S")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--vote-of", options->request.vote_of,
                   "Of majority_vote: whose vote a sample is compared with: all contexts of the "
                   "question (default), the others, or its own")
      ->type_name("WHO")
      ->check(CLI::IsMember({"all", "others", "own"}));
  command
      ->add_option(
          "--order", options->request.order,
          "Order of tsallis, > 1 (default 3), alpha (default 0.5) or power_sharpening (default 2)")
      ->type_name("A");
  command->add_option("--terms", options->request.terms, "Terms of max_rl's series (default 8)")
      ->type_name("T");
  command
      ->add_option("--event-q", options->request.q, "q of event_q_logarithm, 0 to 1 (default 0.5)")
      ->type_name("Q");
  command
      ->add_option("--target", options->request.target,
                   "Of the divergences: uniform over the answers given, or a file, one object a "
                   "line: question_id, target (weights by answer)")
      ->type_name("P.jsonl")
      ->capture_default_str();
  command
      ->add_option("--values", options->request.values,
                   "Rewards or features of answers, one object a line: question_id, values (a "
                   "number or several by answer), perhaps default and context_id")
      ->type_name("V.jsonl");
  command
      ->add_option("--mixture", options->request.mixture,
                   "Of robust_reward: weights of the rewards (default: all on the worst)")
      ->type_name("Q,Q,..");
  command
      ->add_option("--multipliers", options->request.multipliers,
                   "Of moment_constraints: one a feature")
      ->type_name("L,L,..");
  command
      ->add_option("--bounds", options->request.bounds,
                   "Of constraints, one a feature: 0.1 (at most), >=0.1, =0.1")
      ->type_name("C,C,..");
  command
      ->add_option("--penalty", options->request.penalty,
                   "Of moment_constraints: multipliers are this times what is beyond the bounds")
      ->type_name("W");
  command
      ->add_option("--ground", options->request.ground,
                   "Between answers, for mmd and transport: discrete, number or number:SCALE "
                   "(distance of numbers), or a file, one object a line: question_id, pairs "
                   "(lists of answer, answer, number: a kernel for mmd, a cost for transport)")
      ->type_name("G")
      ->capture_default_str();
  command
      ->add_option("--epsilon", options->request.epsilon,
                   "Of transport: weight of the entropy, in units of the cost (default 0.1)")
      ->type_name("E");
  command
      ->add_option("--reference", options->request.reference,
                   "Rollouts whose consensus the frozen utilities agree with")
      ->type_name("REF.jsonl");
  command
      ->add_option("--extract", options->extract,
                   "Read missing answers from the texts: boxed, hash, answer-is, number, tag:NAME, "
                   "phrase:WORDS, after:MARK, X>number or regex:PATTERN, tried in order if "
                   "separated by commas")
      ->type_name("HOW");
  command
      ->add_option("--betas", options->betas,
                   "Solve the coherence game of the estimated distributions at each beta, with the "
                   "pool of the utility (else arithmetic) and the smoothing (0.5 if none is given)")
      ->type_name("B,B,..");
  command->add_flag(
      "--verdict", options->verdict,
      "Foresee label-free alignment (agreement as a reward, s = --weight): the margin "
      "s/beta at which each question's majority locks in, how many are right, the "
      "accuracy at --betas; the utility is then collision unless one is given");
  add_row_options(*command, options->rows, true);
  add_reading_options(*command, options->reading);
  command
      ->add_option("--missing", options->missing,
                   "Reward of a sample without an answer or verdict: null (none, advantage 0), or "
                   "wrong: what a wrong one gets from the utilities of right and wrong")
      ->type_name("null|wrong")
      ->capture_default_str();
  command->add_flag("--allow-singletons", options->allow_singletons,
                    "More than half of the groups may have one sample");
  add_common(*command, options->common);
  command->footer(
      "Utilities:" + utility_list() + term_list() +
      "\n\nA sample without an answer (or, where right and wrong matter, without an answer "
      "or a verdict) has no reward (null) and advantage 0; see --missing.\n\n"
      "Example:\n  dag rewards rollouts.jsonl --utility coherence --out rewarded.jsonl");
  return [options] {
    RewardRequest& request = options->request;
    options->own = part_of(options->part);
    const auto named = [&](const char* option, const std::string& path) {
      return name_of_part(option, path, options->part, options->own);
    };
    options->out = named("--out", options->out);
    options->common.json = named("--json", options->common.json);
    request.reading = read_options(options->reading);
    options->verdict_alone = options->verdict && request.utility.empty();
    request.utility = options->verdict_alone ? "collision" : request.utility;
    dag::require(!request.utility.empty(), dag::Errc::invalid_argument, "--utility is required");
    return rewards(*options);
  };
}

}  // namespace cli
