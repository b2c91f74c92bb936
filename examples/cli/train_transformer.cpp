// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag-train-torch: `dag train` where the model is a transformer. dag becomes this program
// (become_transformer_trainer) with its own options, so that messages speak of dag train.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/train/frozen_consensus.hpp>
#include <dag/train/train_options.hpp>

#include "../reasoning/evaluate.hpp"
#include "../reasoning/policy.hpp"
#include "../reasoning/pretrain.hpp"
#include "../reasoning/task.hpp"
#include "commands.hpp"
#include "train_command.hpp"

namespace cli {
namespace {

using reasoning::Json;
using reasoning::Policy;
using reasoning::Tokens;

/// The first questions of a list, at most `count`.
template <class Question>
std::vector<Question> head(const std::vector<Question>& all, std::size_t count) {
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(count, all.size()))};
}

std::vector<Tokens> prompts_of(const reasoning::Sum& sum) {
  std::vector<Tokens> out;
  for (std::size_t form = 0; form < reasoning::form_count; ++form) {
    out.push_back(reasoning::prompt(sum, form));
  }
  return out;
}
std::vector<Tokens> prompts_of(const reasoning::Pair& pair) { return {reasoning::prompt(pair)}; }

/// Questions of the configured task: what is asked in training, and what an evaluation reports.
class Task {
 public:
  explicit Task(const TrainTask& task) : sums_(task.name == "sums"), samples_(task.samples) {
    const reasoning::Split& all = reasoning::split();
    pool_sums_ = head(all.pool_sums, task.pool);
    pool_pairs_ = head(all.pool_pairs, task.pool);
    sums_of_ = {head(all.validation_sums, task.validation), head(all.test_sums, task.test)};
    pairs_of_ = {head(all.validation_pairs, task.validation), head(all.test_pairs, task.test)};
  }
  [[nodiscard]] std::vector<dag::Question<Tokens>> questions() const {
    std::vector<dag::Question<Tokens>> out;
    if (sums_) {
      for (const auto& sum : pool_sums_) {
        out.push_back({prompts_of(sum)});
      }
    } else {
      for (const auto& pair : pool_pairs_) {
        out.push_back({prompts_of(pair)});
      }
    }
    return out;
  }
  [[nodiscard]] std::int32_t answer(const Tokens& trace) const {
    return sums_ ? reasoning::sum_answer(trace) : reasoning::pair_answer(trace);
  }
  [[nodiscard]] bool right(const dag::AnswerAt& at) const {
    const auto answer = static_cast<std::int32_t>(at.answer);
    return sums_ ? reasoning::right(pool_sums_[at.question], answer)
                 : reasoning::right(pool_pairs_[at.question], answer);
  }
  enum Part : std::size_t { validation, test };
  [[nodiscard]] Json evaluate(const Policy& policy, const Policy& base, Part part) const {
    const std::uint64_t seed = part == validation ? 5 : 6;
    return sums_ ? reasoning::evaluate_sums(policy, base, sums_of_[part], samples_, seed)
                 : reasoning::evaluate_pairs(policy, base, pairs_of_[part], samples_, seed);
  }

 private:
  bool sums_;
  std::size_t samples_;
  std::vector<reasoning::Sum> pool_sums_;
  std::vector<reasoning::Pair> pool_pairs_;
  std::array<std::vector<reasoning::Sum>, 2> sums_of_;
  std::array<std::vector<reasoning::Pair>, 2> pairs_of_;
};

/// The base's own answers on the training questions, sampled once and pooled.
dag::QuestionConsensus base_consensus(const Task& task, const Policy& base, bool geometric) {
  constexpr std::size_t samples = 32;
  const dag::FrozenConsensusOptions options{.samples = samples, .geometric = geometric};
  std::vector<Tokens> prompts;
  const auto questions = task.questions();
  for (const auto& question : questions) {
    for (const Tokens& prompt : question.contexts) {
      prompts.insert(prompts.end(), samples, prompt);
    }
  }
  const std::vector<Tokens> traces = base.sample(prompts, 77);
  std::vector<std::int32_t> answers;
  for (const Tokens& trace : traces) {
    answers.push_back(task.answer(trace));
  }
  dag::QuestionConsensus pooled;
  for (std::size_t q = 0, next = 0; q < questions.size(); ++q) {
    const std::size_t contexts = questions[q].contexts.size(), size = contexts * samples;
    pooled.add({std::span<const std::int32_t>(answers).subspan(next, size), contexts, samples, q},
               options);
    next += size;
  }
  return pooled;
}

AnswerSource task_answers(const Task& task, const Policy& base) {
  AnswerSource source;
  source.correct = [&task](const TrainPart&) -> dag::AnswerFunction {
    return [&task](const dag::AnswerAt& at) { return task.right(at) ? 1.0 : 0.0; };
  };
  source.reward = source.correct;
  source.consensus = [&task, &base](dag::Pool kind) -> dag::AnswerFunction {
    const auto pooled = std::make_shared<const dag::QuestionConsensus>(
        base_consensus(task, base, kind == dag::Pool::geometric));
    // Under the logarithm, an answer that the base never gave is as rare as one in a hundred.
    const double floor = kind == dag::Pool::arithmetic ? 0.01 : 0.0;
    return [pooled, floor](const dag::AnswerAt& at) { return std::max((*pooled)(at), floor); };
  };
  source.constrained = [&task](const TrainConstraint& c, const dag::AnswerAt& at) {
    return c.answer_class == "correct"     ? task.right(at)
           : c.answer_class == "forbidden" ? reasoning::forbidden(static_cast<int>(at.answer))
                                           : listed(c, at.answer);
  };
  return source;
}

struct Outcome {
  reasoning::Supervised supervised;
  bool stopped = false;
  std::int64_t steps = 0;
  dag::TargetReport target;
  double seconds = 0;
  Json before, after;  ///< test questions; null if the run was stopped
};

Outcome run(const TrainFlags& flags, const TrainConfig& config, const Task& task, Policy& policy) {
  const auto questions = task.questions();
  const dag::TrainOptions options = train_options_of(flags, config);
  dag::detail::validate(options, std::span<const dag::Question<Tokens>>(questions));
  RunFiles files;  // after all that can be refused
  open_files(flags, files);

  const dag::Stopwatch watch;
  Outcome outcome;
  Progress progress(!flags.common.quiet);
  const TrainSupervised& phase = config.supervised;
  reasoning::BaseRecipe recipe;
  recipe.name = "supervised reference";
  std::copy_n(phase.forms.begin(), recipe.mix.forms.size(), recipe.mix.forms.begin());
  recipe.mix.pairs = phase.pairs;
  recipe.seed = config.model_seed;
  recipe.target = phase.target;
  recipe.most_steps = phase.steps;
  recipe.look_every = phase.look_every;
  recipe.batch = phase.batch;
  recipe.rate = phase.learning_rate;
  const std::string kept = flags.checkpoint.empty() ? "" : flags.checkpoint + ".supervised";
  outcome.supervised = reasoning::supervise(
      policy, recipe, kept,
      [&](double done, const std::string& what) { progress.show(done, what); }, interrupt);
  outcome.stopped = outcome.supervised.stopped;
  const Policy base(policy);
  if (!outcome.stopped) {
    dag::AnyObjective objective = make_objective(config, task_answers(task, base));
    outcome.stopped =
        policy.train(
            base, questions, objective,
            [&](const Tokens&, const Tokens& trace) { return task.answer(trace); }, options,
            [&](const dag::TrainRecord& record) {
              if (files.log) {
                files.log->write(record);
              }
              outcome.steps = record.step;
              outcome.target = record.target;
              progress.show(static_cast<double>(record.step) / static_cast<double>(options.steps),
                            fmt::format("step {}  answer entropy {:.3f}  KL {:.3f}", record.step,
                                        record.answer_entropy, record.kl));
            },
            [&](dag::TrainRecord& record) {
              const Json found = task.evaluate(policy, base, Task::validation);
              for (const auto& [key, value] : found.items()) {
                if (value.is_number()) {
                  record.extra.emplace_back("validation_" + key, value.get<double>());
                }
              }
            },
            config.optimizer == "sgd") == dag::Status::stopped;
  }
  if (!outcome.stopped) {
    progress.show(1, "test questions");
    outcome.before = task.evaluate(base, base, Task::test);
    outcome.after = task.evaluate(policy, base, Task::test);
  }
  outcome.seconds = watch.seconds();
  return outcome;
}

Json report(const TrainFlags& flags, const TrainConfig& config, const Policy& policy,
            const Outcome& outcome) {
  Json json{{"objective", config.name()},
            {"model", config.model},
            {"task", config.task.name},
            {"parameters", policy.parameter_count()},
            {"status", outcome.stopped ? "stopped" : "done"},
            {"supervised",
             {{"steps", outcome.supervised.steps}, {"accuracy", outcome.supervised.accuracy}}},
            {"steps", outcome.steps},
            {"contexts", config.contexts},
            {"questions_per_step", config.train.questions_per_step},
            {"group_size", config.train.group_size},
            {"samples", static_cast<std::size_t>(outcome.steps) * config.contexts *
                            config.train.questions_per_step * config.train.group_size},
            {"before", outcome.before},
            {"after", outcome.after}};
  if (!outcome.target.strategy.empty()) {
    json["target"] = outcome.target.strategy;
    json["violation"] = outcome.target.violation;
  }
  json["seed"] = flags.common.seed;
  json["seconds"] = outcome.seconds;
  return json;
}

void print(const TrainConfig& config, const Policy& policy, const Outcome& outcome) {
  say(
      fmt::format("{} on {}: a transformer of {} parameters, {} contexts a question\n"
                  "{} supervised steps, {:.3f} of samples right at the last look\n"
                  "{} steps of {} questions, {} samples a context\n",
                  config.name(), config.task.name, policy.parameter_count(), config.contexts,
                  outcome.supervised.steps, outcome.supervised.accuracy, outcome.steps,
                  config.train.questions_per_step, config.train.group_size));
  if (outcome.stopped) {
    return;
  }
  Table table({"test questions", "before", "after"});
  for (const auto& [key, value] : outcome.after.items()) {
    if (value.is_number()) {
      table.add({key, fmt::format("{:.4f}", outcome.before[key].get<double>()),
                 fmt::format("{:.4f}", value.get<double>())});
    }
  }
  say(table.text());
  for (std::size_t k = 0; k < outcome.target.strategy.size(); ++k) {
    say(fmt::format("multiplier {}: {:.4f}\n", k, outcome.target.strategy[k]));
  }
}

int train(const TrainFlags& flags) {
  const TrainConfig config = train_config_of(flags);
  dag::require(config.is_transformer(), dag::Errc::invalid_argument,
               "dag-train-torch runs the transformer only; use dag train");
  reasoning::use_threads(config.transformer.threads);
  const Task task(config.task);
  Policy policy({.width = config.transformer.width,
                 .heads = config.transformer.heads,
                 .layers = config.transformer.layers,
                 .batch = config.transformer.batch,
                 .device = config.transformer.device},
                config.model_seed);
  const Outcome outcome = run(flags, config, task, policy);
  Outputs outputs;
  if (!flags.common.json.empty()) {
    outputs.add(flags.common.json, json_text(report(flags, config, policy, outcome)));
  }
  outputs.write();
  if (flags.common.talks()) {
    print(config, policy, outcome);
  }
  return outcome.stopped ? exit_not_converged : exit_done;
}

}  // namespace
}  // namespace cli

int main(int argc, char** argv) {
  return cli::run_train_program(
      argc, argv, "dag-train-torch: what dag train becomes where the model is a transformer.",
      /*speaks=*/true, cli::train);
}
