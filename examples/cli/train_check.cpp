// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// What does not fit together in a configuration of `dag train`.
#include <algorithm>
#include <cmath>
#include <initializer_list>

#include <dag/core/error.hpp>

#include "train_config.hpp"

namespace cli {
namespace {

template <class... Text>
void need(bool holds, const Text&... text) {
  dag::require(holds, dag::Errc::invalid_argument, text...);
}

bool is(const std::string& name, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void below(const std::vector<std::size_t>& ids, std::size_t bound, const char* what) {
  for (const std::size_t id : ids) {
    need(id < bound, what, " ", id, " is not below their number, ", bound);
  }
}

bool needs_correct(const TrainPart& part) { return is(part.name, {"log-likelihood", "pass-at-k"}); }
bool needs_target(const TrainPart& part) {
  return is(part.name, {"reverse-kl", "forward-kl", "chi-square", "jensen-shannon", "alpha", "mmd",
                        "transport"});
}

/// Rules of an objective on any model.
void check_part(const TrainConfig& config, const TrainPart& part) {
  const std::string& name = part.name;
  const bool coherence =
      is(name, {"coherence", "coherence-geometric", "coherence-euclidean", "coherence-pairwise"});
  need(needs_target(part) || needs_correct(part) || coherence || is_generic(name) ||
           is(name, {"reward", "shannon", "gini", "tsallis", "robust", "frozen", "frozen-geometric",
                     "frozen-euclidean"}),
       "objective must be reward, shannon, gini, tsallis, log-likelihood, pass-at-k, reverse-kl, "
       "forward-kl, chi-square, jensen-shannon, alpha, mmd, transport, log-barrier, "
       "soft-constraint, coherence[-geometric|-euclidean|-pairwise], "
       "frozen[-geometric|-euclidean] or robust, got '",
       name, "'");
  need(part.tau > 0 && std::isfinite(part.tau), "tau must be > 0 and finite, got ", part.tau);
  need(!coherence || config.contexts >= 2, name, " needs at least 2 contexts, got ",
       config.contexts);
  need(name != "pass-at-k" || (part.k >= 1 && part.k == std::floor(part.k) &&
                               part.k <= static_cast<double>(config.train.group_size)),
       "k must be an integer from 1 to group_size, got ", part.k);
}

/// What an objective has to be told by answer on the layered model.
void check_layered(const TrainConfig& config, const TrainPart& part) {
  const std::size_t n = config.answers;
  const std::string& name = part.name;
  need(name != "reward" || part.reward.size() == n, "\"reward\" needs one number an answer (", n,
       "), got ", part.reward.size());
  need(!needs_correct(part) || !part.correct.empty(), name,
       " needs \"correct\", a list of answers");
  below(part.correct, n, "correct answer");
  need(!needs_target(part) || part.target.size() == n,
       "\"target\" needs one probability an answer (", n, "), got ", part.target.size());
  double total = 0;
  for (const double p : part.target) {
    need(p > 0, "\"target\" must be > 0 everywhere, got ", p);
    total += p;
  }
  need(part.target.empty() || std::abs(total - 1) < 1e-8, "\"target\" must sum to 1, got ", total);
  need(name != "soft-constraint" || part.feature.size() == n,
       "\"feature\" needs one number an answer (", n, "), got ", part.feature.size());
  const auto square = [&](const std::vector<std::vector<double>>& matrix, const char* key) {
    bool fits = matrix.size() == n;
    for (const auto& row : matrix) {
      fits = fits && row.size() == n;
    }
    need(fits, "\"", key, "\" needs ", n, " rows of ", n, " numbers");
  };
  if (name == "mmd") {
    square(part.kernel, "kernel");
  }
  if (name == "transport") {
    square(part.cost, "cost");
  }
  need(name != "robust" || !part.rewards.empty(), "robust needs \"rewards\", a row a model");
  for (const auto& row : part.rewards) {
    need(row.size() == n, "a row of \"rewards\" needs one number an answer (", n, "), got ",
         row.size());
  }
}

/// On a task the labels are the task's, and answers are too many to list.
void check_task_part(const TrainPart& part) {
  need(!needs_target(part) && !is_generic(part.name) && part.name != "robust", "objective ",
       part.name,
       " needs numbers by answer, which a task of the transformer does not have; there are reward, "
       "log-likelihood, pass-at-k, shannon, gini, tsallis, coherence and frozen ones");
  need(part.reward.empty() && part.correct.empty(),
       "\"reward\" and \"correct\" belong to the layered model; a task brings its own labels");
}

void check_transformer(const TrainConfig& config) {
  const TrainTransformer& model = config.transformer;
  const auto positive = [](std::int64_t value, const char* key) {
    need(value >= 1, "\"", key, "\" of the transformer must be >= 1, got ", value);
  };
  positive(model.width, "width");
  positive(model.heads, "heads");
  positive(model.layers, "layers");
  positive(model.batch, "batch");
  positive(model.threads, "threads");
  need(model.width % model.heads == 0, "\"heads\" must divide \"width\", got ", model.heads,
       " and ", model.width);
  const TrainTask& task = config.task;
  need(is(task.name, {"sums", "pairs"}), "the task must be sums or pairs, got '", task.name, "'");
  need(task.pool >= 1 && task.validation >= 1 && task.test >= 1 && task.samples >= 1,
       "pool, validation, test and samples of the task must be >= 1");
  const TrainSupervised& phase = config.supervised;
  need(phase.target >= 0 && phase.target <= 1, "supervised: target must be in [0, 1], got ",
       phase.target);
  need(phase.steps >= 1 && phase.look_every >= 1 && phase.batch >= 1,
       "supervised: steps, look_every and batch must be >= 1");
  need(phase.steps >= phase.look_every, "supervised: look_every (", phase.look_every,
       ") must not exceed steps (", phase.steps, ")");
  need(phase.learning_rate > 0 && std::isfinite(phase.learning_rate),
       "supervised: learning_rate must be > 0 and finite, got ", phase.learning_rate);
  double total = 0;
  for (const double share : phase.forms) {
    need(share >= 0, "supervised: forms must be >= 0, got ", share);
    total += share;
  }
  need(phase.forms.size() == 4 && std::abs(total - 1) < 1e-8,
       "supervised: forms needs 4 shares that sum to 1, got ", phase.forms.size(), " with the sum ",
       total);
  need(phase.pairs >= 0 && phase.pairs <= 1, "supervised: pairs must be in [0, 1], got ",
       phase.pairs);
}

}  // namespace

void check(const TrainConfig& config) {
  need(config.contexts >= 1 && config.answers >= 1, "contexts and answers must be >= 1");
  need(config.optimizer == "adam" || config.optimizer == "sgd",
       "optimizer must be adam or sgd, got '", config.optimizer, "'");
  need(!config.parts.empty() || !config.constraints.empty(), "the list of objectives is empty");
  if (config.is_transformer()) {
    check_transformer(config);
  }
  for (const TrainPart& part : config.parts) {
    check_part(config, part);
    if (config.is_transformer()) {
      check_task_part(part);
    } else {
      check_layered(config, part);
    }
  }
  for (const TrainConstraint& c : config.constraints) {
    below(c.contexts, config.contexts, "constrained context");
    below(c.equal_to, config.contexts, "constrained context");
    if (config.is_transformer()) {
      need(c.answer_class == "correct" || c.answer_class == "forbidden" || !c.answers.empty(),
           "a constraint needs \"answers\": a list, \"correct\" or \"forbidden\", got '",
           c.answer_class, "'");
      need(c.answer_class != "forbidden" || config.task.name == "pairs",
           "forbidden answers exist in the task pairs, not in ", config.task.name);
    } else {
      need(c.answer_class.empty(), "\"answers\": \"", c.answer_class,
           "\" needs a task of the transformer; the layered model has a list of numbers");
      need(!c.answers.empty(), "a constraint needs \"answers\"");
      below(c.answers, config.answers, "constrained answer");
    }
  }
}

}  // namespace cli
