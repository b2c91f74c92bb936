// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/game/alignment.hpp>
#include <dag/io/text_file.hpp>
#include <dag/model/contextual.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/solver/equilibrium.hpp>
#include <dag/train/trainer.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/shannon_entropy.hpp>

#include "commands.hpp"
#include "output.hpp"

namespace cli {
namespace {

using Json = nlohmann::json;
using Model = dag::LayeredModel<double>;
using Contexts = dag::ContextualModel<Model>;

struct TrainFlags {
  Common common;
  std::string config;
  std::string preset;
  std::string metrics;
  std::string checkpoint;
};

struct Config {
  std::string objective = "gini";  ///< gini, shannon, reward, coherence-euclidean, coherence
  std::string estimator = "aqp";
  double tau = 1;
  std::size_t layers = 20, states = 8, answers = 10, contexts = 1;
  std::uint64_t model_seed = 7;
  dag::TrainOptions train{.steps = 1000,
                          .group_size = 32,
                          .beta = 0.5,
                          .learning_rate = {.peak = 0.03, .warm_up = 20, .total = 1000}};
};

Config preset(const std::string& name) {
  Config config;
  if (name == "diversity-gini") {
    return config;
  }
  if (name == "diversity-shannon") {
    config.objective = "shannon";
    return config;
  }
  if (name == "correctness") {
    config.objective = "reward";
    return config;
  }
  if (name == "coherence-euclidean" || name == "coherence") {
    config.objective = name;
    config.contexts = 3;
    config.layers = 8;
    config.states = 4;
    config.answers = 6;
    config.train.beta = 0.1;
    return config;
  }
  dag::fail(dag::Errc::invalid_argument,
            "--preset must be diversity-gini, diversity-shannon, "
            "correctness, coherence or coherence-euclidean, got '",
            std::string_view(name), "'");
}

/// Reads a configuration over the defaults. Errors: parse, naming the key.
Config read_config(const std::string& path) {
  Config config;
  Json json;
  try {
    json = Json::parse(dag::read_text_file(path));
  } catch (const Json::exception& error) {
    dag::fail(dag::Errc::parse, path, ": ", std::string_view(error.what()));
  }
  dag::require(json.is_object(), dag::Errc::parse, path, ": the configuration must be an object");
  const auto take = [&](const char* key, auto& value) {
    if (!json.contains(key)) {
      return;
    }
    using Value = std::remove_reference_t<decltype(value)>;
    const Json& found = json[key];
    const bool fits = std::is_same_v<Value, std::string> ? found.is_string()
                      : std::is_integral_v<Value>        ? found.is_number_unsigned()
                                                         : found.is_number();
    dag::require(fits, dag::Errc::parse, path, ": \"", key,
                 "\" has the wrong type: ", found.dump());
    value = found.get<Value>();
    json.erase(key);
  };
  take("objective", config.objective);
  take("estimator", config.estimator);
  take("tau", config.tau);
  take("layers", config.layers);
  take("states", config.states);
  take("answers", config.answers);
  take("contexts", config.contexts);
  take("model_seed", config.model_seed);
  std::size_t steps = static_cast<std::size_t>(config.train.steps);
  std::size_t warm_up = static_cast<std::size_t>(config.train.learning_rate.warm_up);
  take("steps", steps);
  take("warm_up", warm_up);
  take("group_size", config.train.group_size);
  take("beta", config.train.beta);
  take("learning_rate", config.train.learning_rate.peak);
  take("clip_norm", config.train.clip_norm);
  std::size_t every = static_cast<std::size_t>(config.train.checkpoint_every);
  take("checkpoint_every", every);
  config.train.checkpoint_every = static_cast<std::int64_t>(every);
  config.train.steps = static_cast<std::int64_t>(steps);
  config.train.learning_rate.total = config.train.steps;
  config.train.learning_rate.warm_up = static_cast<std::int64_t>(warm_up);
  dag::require(
      json.empty(), dag::Errc::parse, path, ": unknown key \"",
      json.empty() ? std::string_view() : std::string_view(json.begin().key()),
      "\"; known: objective, estimator, tau, layers, states, answers, contexts, model_seed, "
      "steps, warm_up, group_size, beta, learning_rate, clip_norm, checkpoint_every");
  return config;
}

std::vector<double> answers_of(const Contexts& model) {
  std::vector<double> stacked;
  for (std::size_t x = 0; x < model.context_count(); ++x) {
    std::vector<double> log_nu(model.answer_count(x));
    model.answer_log_probs(x, std::span<double>(log_nu));
    for (const double entry : log_nu) {
      stacked.push_back(std::exp(entry));
    }
  }
  return stacked;
}

/// The exact equilibrium of the game that the run plays, stacked by context.
template <class Utility>
std::vector<double> exact(const Contexts& reference, const Config& config, Utility utility) {
  const std::vector<double> nu0 = answers_of(reference);
  std::vector<std::vector<double>> rows;
  for (std::size_t x = 0; x < config.contexts; ++x) {
    const auto first = nu0.begin() + static_cast<std::ptrdiff_t>(x * config.answers);
    rows.emplace_back(first, first + static_cast<std::ptrdiff_t>(config.answers));
  }
  const dag::AlignmentGame<Utility, dag::no_backend> game(
      std::move(utility), dag::Contexts<double>(rows), config.train.beta);
  std::vector<double> nu = dag::equilibrium(game).log_nu;
  for (double& entry : nu) {
    entry = std::exp(entry);
  }
  return nu;
}

double total_variation(const std::vector<double>& p, const std::vector<double>& q,
                       std::size_t contexts) {
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    sum += std::abs(p[i] - q[i]) / 2;
  }
  return sum / static_cast<double>(contexts);
}

struct Outcome {
  dag::Status status = dag::Status::iteration_limit;
  double before = 0, after = 0;
  std::int64_t steps = 0;
};

template <class Objective>
Outcome run(const TrainFlags& flags, const Config& config, const Contexts& reference,
            const std::vector<double>& target, Objective objective, std::string& metrics) {
  Contexts policy = reference;
  dag::Adam adam;
  dag::Question<std::size_t> question;
  for (std::size_t x = 0; x < config.contexts; ++x) {
    question.contexts.push_back(x);
  }
  const std::vector<dag::Question<std::size_t>> questions{question};
  const auto answer = [&](std::size_t x, const Contexts::trace_type& trace) {
    return reference.answer(x, trace);
  };
  Progress progress(!flags.common.quiet);
  Outcome outcome;
  outcome.before = total_variation(answers_of(reference), target, config.contexts);
  outcome.status = dag::train(
      policy, reference, std::span(questions), objective, answer, adam, config.train,
      [&](const dag::TrainRecord& record) {
        metrics += dag::to_json(record) + '\n';
        outcome.steps = record.step;
        progress.show(static_cast<double>(record.step) / static_cast<double>(config.train.steps),
                      fmt::format("step {}  answer entropy {:.3f}  KL {:.3f}", record.step,
                                  record.answer_entropy, record.kl));
      });
  outcome.after = total_variation(answers_of(policy), target, config.contexts);
  return outcome;
}

int train(const TrainFlags& flags) {
  dag::require(flags.config.empty() != flags.preset.empty(), dag::Errc::invalid_argument,
               "give either a configuration file or --preset NAME");
  Config config = flags.config.empty() ? preset(flags.preset) : read_config(flags.config);
  config.train.seed = flags.common.seed;
  config.train.checkpoint = flags.checkpoint;
  config.train.stop = interrupt;
  dag::require(config.contexts >= 1, dag::Errc::invalid_argument, "contexts must be >= 1");

  std::vector<Model> models;
  for (std::size_t x = 0; x < config.contexts; ++x) {
    models.push_back(dag::random_layered_model<double>(config.layers, config.states, config.answers,
                                                       config.model_seed + x));
  }
  const Contexts reference(std::move(models));
  const dag::EstimatorKind estimator = dag::estimator_kind(config.estimator);
  std::string metrics;
  Outcome outcome;
  if (config.objective == "gini") {
    outcome = run(flags, config, reference, exact(reference, config, dag::Gini<double>{config.tau}),
                  dag::TableObjective(dag::EstimatorKind::u_statistic,
                                      dag::RewardFunction::power(1), -2 * config.tau),
                  metrics);
  } else if (config.objective == "shannon") {
    outcome = run(
        flags, config, reference, exact(reference, config, dag::ShannonEntropy<double>{config.tau}),
        dag::TableObjective(estimator, dag::RewardFunction::logarithm(), -config.tau), metrics);
  } else if (config.objective == "reward") {
    std::vector<double> reward(config.answers * config.contexts);
    for (std::size_t i = 0; i < reward.size(); ++i) {
      reward[i] = i % config.answers % 3 == 0 ? config.tau : 0.0;
    }
    outcome =
        run(flags, config, reference, exact(reference, config, dag::ExpectedReward<double>{reward}),
            dag::AnswerReward([reward](std::size_t, std::size_t z) { return reward[z]; }), metrics);
  } else if (config.objective == "coherence" || config.objective == "coherence-euclidean") {
    const bool euclidean = config.objective == "coherence-euclidean";
    const dag::CoherenceObjective objective(
        euclidean ? dag::CoherencePool::euclidean : dag::CoherencePool::arithmetic, estimator);
    const std::vector<double> target =
        euclidean ? exact(reference, config, dag::EuclideanCoherence<double>{})
                  : exact(reference, config, dag::ArithmeticCoherence<double>{});
    outcome = run(flags, config, reference, target, objective, metrics);
  } else {
    dag::fail(dag::Errc::invalid_argument,
              "objective must be gini, shannon, reward, coherence or coherence-euclidean, got '",
              std::string_view(config.objective), "'");
  }

  Outputs outputs;
  if (!flags.metrics.empty()) {
    outputs.add(flags.metrics, metrics);
  }
  if (!flags.common.json.empty()) {
    nlohmann::ordered_json json;
    json["objective"] = config.objective;
    json["status"] = outcome.status == dag::Status::stopped ? "stopped" : "done";
    json["steps"] = outcome.steps;
    json["samples"] =
        static_cast<std::size_t>(outcome.steps) * config.contexts * config.train.group_size;
    json["total_variation_before"] = outcome.before;
    json["total_variation"] = outcome.after;
    json["seed"] = config.train.seed;
    outputs.add(flags.common.json, json.dump(2) + '\n');
  }
  outputs.write();
  if (flags.common.talks()) {
    say(
        fmt::format("{}: {} contexts, {}^{} traces each, {} answers\n"
                    "{} steps of {} samples a context\n"
                    "total variation to the exact equilibrium: {:.4f} before, {:.4f} after\n",
                    config.objective, config.contexts, config.states, config.layers, config.answers,
                    outcome.steps, config.train.group_size, outcome.before, outcome.after));
  }
  return outcome.status == dag::Status::stopped ? exit_not_converged : exit_done;
}

}  // namespace

Command add_train(CLI::App& app) {
  auto options = std::make_shared<TrainFlags>();
  CLI::App* sub = app.add_subcommand(
      "train", "Train a layered policy on sampled answers, the exact game as referee");
  sub->add_option("CONFIG", options->config, "A configuration file (JSON; see docs/cli.md)");
  sub->add_option("--preset", options->preset,
                  "diversity-gini, diversity-shannon, correctness, coherence, coherence-euclidean")
      ->type_name("NAME");
  sub->add_option("--metrics", options->metrics, "Write a line of JSON per step")
      ->type_name("FILE.jsonl");
  sub->add_option("--checkpoint", options->checkpoint,
                  "Go on from this file if it is there; write it on the way")
      ->type_name("FILE");
  add_common(*sub, options->common);
  sub->footer("Example:\n  dag train --preset diversity-gini --metrics run.jsonl");
  return [options] { return train(*options); };
}

}  // namespace cli
