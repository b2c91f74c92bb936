// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/model/contextual.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/train/metrics_log.hpp>
#include <dag/train/trainer.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "part.hpp"
#include "train_command.hpp"

namespace cli {
namespace {

using Model = dag::LayeredModel<double>;
using Contexts = dag::ContextualModel<Model>;
using Rows = std::vector<std::vector<double>>;

/// Answer probabilities, a row a context.
Rows answers_of(const Contexts& model) {
  Rows rows(model.context_count());
  for (std::size_t x = 0; x < rows.size(); ++x) {
    rows[x].resize(model.answer_count(x));
    model.answer_log_probs(x, std::span<double>(rows[x]));
    for (double& entry : rows[x]) {
      entry = std::exp(entry);
    }
  }
  return rows;
}

/// Mean over contexts; NaN without an exact equilibrium.
double total_variation(const Rows& rows, const std::vector<double>& target) {
  if (target.empty()) {
    return std::nan("");
  }
  double sum = 0;
  std::size_t next = 0;
  for (const auto& row : rows) {
    for (const double p : row) {
      sum += std::abs(p - target[next++]) / 2;
    }
  }
  return sum / static_cast<double>(rows.size());
}

/// Largest violation of the constraints by exact answers.
double violation(const TrainConfig& config, const Rows& rows) {
  double worst = 0;
  for (const TrainConstraint& c : config.constraints) {
    double mean = 0;
    for (std::size_t x = 0; x < rows.size(); ++x) {
      for (std::size_t z = 0; z < rows[x].size(); ++z) {
        mean += listed(c, z) ? rows[x][z] * constraint_feature(c, rows.size(), x) /
                                   static_cast<double>(rows.size())
                             : 0.0;
      }
    }
    const double excess = mean - c.bound;
    worst = std::fmax(worst, c.rule == "at_least"                       ? -excess
                             : c.rule == "equal" || !c.equal_to.empty() ? std::abs(excess)
                                                                        : excess);
  }
  return worst;
}

/// Probability of the right answers, exact, mean over contexts.
double label_accuracy(const TrainConfig& config, const Rows& rows) {
  double sum = 0;
  for (const auto& row : rows) {
    for (const std::size_t z : config.labels) {
      sum += row[z];
    }
  }
  return sum / static_cast<double>(rows.size());
}

struct Outcome {
  dag::Status status = dag::Status::done;
  std::int64_t steps = 0;
  std::vector<double> target;  ///< multipliers and mixtures at the end
  std::int64_t collapse = 0;   ///< the first step at which the answers had collapsed; 0: none
  double beta = 0;             ///< of the last step
  double seconds = 0;
};

using Talk = dag::detail::Conversation<TrainRanks>;

template <class Optimiser>
Outcome run(const TrainFlags& flags, const TrainConfig& config, const TrainRanks& ranks, Talk& talk,
            const Contexts& reference, Contexts& policy, const TrainEquilibrium& exact,
            Optimiser optimiser) {
  dag::Question<std::size_t> question;
  for (std::size_t x = 0; x < config.contexts; ++x) {
    question.contexts.push_back(x);
  }
  const std::vector<dag::Question<std::size_t>> questions{question};
  const auto answer = [&](std::size_t x, const Contexts::trace_type& trace) {
    return reference.answer(x, trace);
  };
  AnswerSource source = layered_answers(answers_of(reference));
  source.generic = [&](const TrainPart& part) { return make_generic(config, part); };
  dag::AnyObjective objective = make_objective(config, source);
  dag::TrainOptions options = train_options_of(flags, config);
  if (!config.labels.empty()) {
    options.collapse.label = [&](std::size_t, std::int32_t z) {
      return std::count(config.labels.begin(), config.labels.end(), static_cast<std::size_t>(z)) > 0
                 ? 1
                 : 0;
    };
  }
  if (!exact.nu.empty()) {
    options.collapse.predicted = [&](std::size_t, std::size_t context, std::int32_t z) {
      return exact.nu[context * config.answers + static_cast<std::size_t>(z)];
    };
  }
  dag::detail::validate(options, std::span<const dag::Question<std::size_t>>(questions));
  RunFiles files;  // after all that can be refused
  if (ranks.own == 0) {
    open_files(flags, files);
  }
  (void)talk.any(false, {});  // else nobody begins
  Progress progress(!flags.common.quiet && ranks.own == 0);
  Outcome outcome;
  const dag::Stopwatch watch;
  outcome.status = dag::train(
      ranks, policy, reference, questions, objective, answer, optimiser, options,
      [&](const dag::TrainRecord& record) {
        if (files.log) {
          files.log->write(record);
        }
        outcome.steps = record.step;
        if (record.collapse && outcome.collapse == 0) {
          outcome.collapse = record.step;
        }
        outcome.beta = record.beta;
        outcome.target = record.target.strategy;
        progress.show(static_cast<double>(record.step) / static_cast<double>(options.steps),
                      fmt::format("step {}  answer entropy {:.3f}  KL {:.3f}", record.step,
                                  record.answer_entropy, record.kl));
      },
      [&](const Contexts& model, dag::TrainRecord& record) {
        if (ranks.own == 0) {
          record.extra.emplace_back("total_variation",
                                    total_variation(answers_of(model), exact.nu));
        }
      });
  outcome.seconds = watch.seconds();
  return outcome;
}

dag::Status train(const TrainFlags& flags, const TrainConfig& config, const TrainRanks& ranks,
                  Talk& talk) {
  // Two models, gradient and the optimiser's means; the group's traces and what is known of them.
  const auto number = [](std::size_t n) { return static_cast<double>(n); };
  const double parameters =
      number(config.contexts) * number(config.states) *
      (number(config.layers) * number(config.states) + number(config.answers));
  const double samples = number(config.contexts) * number(config.train.group_size);
  require_memory(8 * (6 * parameters + samples * (number(config.layers) + 16)),
                 "a run of " + config.name() + " with these sizes");
  std::vector<Model> models;
  for (std::size_t x = 0; x < config.contexts; ++x) {
    models.push_back(dag::random_layered_model<double>(config.layers, config.states, config.answers,
                                                       config.model_seed + x));
  }
  const Contexts reference(std::move(models));
  const TrainEquilibrium exact =
      ranks.own == 0 ? exact_equilibrium(config, answers_of(reference)) : TrainEquilibrium{};
  Contexts policy = reference;
  const Outcome outcome =
      config.optimizer == "sgd"
          ? run(flags, config, ranks, talk, reference, policy, exact, dag::Sgd())
          : run(flags, config, ranks, talk, reference, policy, exact, dag::Adam());
  if (ranks.own > 0) {
    return outcome.status;
  }
  const double before = total_variation(answers_of(reference), exact.nu);
  const double after = total_variation(answers_of(policy), exact.nu);
  const double infeasible = violation(config, answers_of(policy));

  Outputs outputs;
  if (!flags.common.json.empty()) {
    nlohmann::ordered_json json;
    json["objective"] = config.name();
    json["status"] = dag::to_string(outcome.status);
    json["steps"] = outcome.steps;
    json["contexts"] = config.contexts;
    json["group_size"] = config.train.group_size;
    json["samples"] =
        static_cast<std::size_t>(outcome.steps) * config.contexts * config.train.group_size;
    if (config.train.collapse.rule) {
      json["collapse"] = outcome.collapse > 0 ? nlohmann::ordered_json(outcome.collapse) : nullptr;
      json["beta"] = outcome.beta;
    }
    if (!config.labels.empty()) {
      json["label_accuracy_before"] = label_accuracy(config, answers_of(reference));
      json["label_accuracy"] = label_accuracy(config, answers_of(policy));
    }
    json["total_variation_before"] = before;  // NaN is written as null
    json["total_variation"] = after;
    if (!outcome.target.empty()) {
      json["target"] = outcome.target;
      json["exact_target"] = exact.target;
    }
    if (!config.constraints.empty()) {
      json["violation"] = infeasible;
    }
    json["seed"] = flags.common.seed;
    json["seconds"] = outcome.seconds;
    outputs.add(flags.common.json, json_text(json));
  }
  outputs.write();
  if (flags.common.talks()) {
    say(
        fmt::format("{}: {} contexts, {}^{} traces each, {} answers\n"
                    "{} steps of {} samples a context\n",
                    config.name(), config.contexts, config.states, config.layers, config.answers,
                    outcome.steps, config.train.group_size));
    say(std::isnan(after)
            ? std::string("no exact equilibrium for this game\n")
            : fmt::format("total variation to the exact equilibrium: {:.4f} before, {:.4f} after\n",
                          before, after));
    if (outcome.collapse > 0) {
      say(fmt::format("the answers had collapsed at step {}; beta {:g} at the end\n",
                      outcome.collapse, outcome.beta));
    }
    for (std::size_t k = 0; k < outcome.target.size(); ++k) {
      say(fmt::format("{} {}: {:.4f}{}\n",
                      config.constraints.empty() ? "weight of reward" : "multiplier", k,
                      outcome.target[k],
                      k < exact.target.size() ? fmt::format(", exactly {:.4f}", exact.target[k])
                                              : std::string()));
    }
    if (!config.constraints.empty()) {
      say(fmt::format("largest violation of a constraint: {:.4f}\n", infeasible));
    }
  }
  return outcome.status;
}

}  // namespace

int train_layered(const TrainFlags& flags, const std::function<TrainConfig()>& config,
                  const TrainRanks& ranks) {
  Talk talk(ranks);
  return talk.whole([&] {
    install_termination();
    const dag::Status status = train(flags, config(), ranks, talk);
    (void)talk.any(false, {});  // all is written
    return status == dag::Status::stopped ? exit_not_converged : exit_done;
  });
}

Command add_train(CLI::App& app) {
  auto flags = std::make_shared<TrainFlags>();
  CLI::App* sub = app.add_subcommand(
      "train",
      "Train a layered policy on sampled answers, the exact game as referee, or a transformer");
  add_train_options(*sub, *flags);
  sub->footer("Example:\n  dag train --preset diversity_grpo --metrics run.jsonl");
  return [flags] {
    if (const Part launched = launched_part(); launched.size > 1) {
      return become_rank(*flags, launched);
    }
    const TrainConfig config = train_config_of(*flags);
    if (config.is_transformer()) {
      become_transformer_trainer(*flags, config);
    }
    return train_layered(*flags, [&] { return config; });
  };
}

}  // namespace cli
