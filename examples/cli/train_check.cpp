// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// What does not fit together in a configuration of `dag train`.
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string_view>
#include <variant>

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

bool has_field(const TrainPart& part, std::string_view field) {
  return part.utility().entry->field(field) != nullptr;
}

/// Rules of an objective on any model.
void check_part(const TrainConfig& config, const TrainPart& part) {
  const dag::UtilityChoice choice = part.utility();
  const bool compares = choice.entry->family == dag::UtilityFamily::consensus ||
                        choice.entry->family == dag::UtilityFamily::pairwise;
  need(part.data.weight > 0 && std::isfinite(part.data.weight), "tau must be > 0 and finite, got ",
       part.data.weight);
  need(!compares || config.contexts >= 2, part.name, " needs at least 2 contexts, got ",
       config.contexts);
  need(!has_field(part, "k") || (part.data.k >= 1 && part.data.k == std::floor(part.data.k) &&
                                 part.data.k <= static_cast<double>(config.train.group_size)),
       "k must be an integer from 1 to group_size, got ", part.data.k);
  for (const dag::UtilityField& field : choice.entry->fields) {
    if (const auto* number = std::get_if<double dag::UtilityData::*>(&field.member);
        number != nullptr && part.was_given(field.name) && field.name != "weight") {
      field.check(part.data.*(*number), "");
    }
  }
  need(part.vote.trained <= config.train.group_size, "trained_samples must be at most group_size, ",
       config.train.group_size, ", got ", part.vote.trained);
  need(part.data.rule == "at_most" || part.data.rule == "at_least" || part.data.rule == "equal",
       "\"rule\" must be at_most, at_least or equal, got '", part.data.rule, "'");
}

/// Refuses keys that the part's utility does not have.
void check_keys(const TrainPart& part) {
  const dag::UtilityChoice choice = part.utility();
  for (const std::string& key : part.given) {
    need(part_uses(choice, key), "\"", key, "\": ", part.name, " does not use it");
  }
  need(has_field(part, "weight") || (part.weight.from == 1 && part.weight.to == 1), part.name,
       " is a hard constraint and has no weight");
}

/// What an objective has to be told by answer on the layered model.
void check_layered(const TrainConfig& config, const TrainPart& part) {
  const std::size_t n = config.answers;
  const auto by_answer = [&](const char* key, const std::vector<double>& values) {
    need(!has_field(part, key) || values.size() == n, "\"", key, "\" needs one number an answer (",
         n, "), got ", values.size());
  };
  by_answer("reward", part.data.reward);
  by_answer("feature", part.data.feature);
  by_answer("target", part.data.target);
  if (has_field(part, "correct")) {
    need(!part.correct.empty(), part.name, " needs \"correct\", a list of answers");
    below(part.correct, n, "correct answer");
  }
  if (has_field(part, "target")) {
    double total = 0;
    for (const double p : part.data.target) {
      need(p > 0, "\"target\" must be > 0 everywhere, got ", p);
      total += p;
    }
    need(std::abs(total - 1) < 1e-8, "\"target\" must sum to 1, got ", total);
  }
  const auto square = [&](const char* key, const std::vector<std::vector<double>>& matrix) {
    bool fits = matrix.size() == n;
    for (const auto& row : matrix) {
      fits = fits && row.size() == n;
    }
    need(!has_field(part, key) || fits, "\"", key, "\" needs ", n, " rows of ", n, " numbers");
  };
  square("kernel", part.data.kernel);
  square("cost", part.data.cost);
  if (has_field(part, "rewards")) {
    need(!part.data.rewards.empty(), part.name, " needs \"rewards\", a row a model");
    for (const auto& row : part.data.rewards) {
      need(row.size() == n, "a row of \"rewards\" needs one number an answer (", n, "), got ",
           row.size());
    }
  }
}

/// On a task the labels are the task's, and answers are too many to list.
void check_task_part(const TrainPart& part) {
  bool listed = is_generic(part.made(0, 0));
  for (const char* key : {"target", "feature", "rewards", "kernel", "cost"}) {
    listed = listed || has_field(part, key);
  }
  need(!listed, "objective ", part.name,
       " needs numbers by answer, which a task of the transformer does not have; there are reward, "
       "log_likelihood, pass_at_k, entropies, coherence and frozen ones");
  need(part.data.reward.empty() && part.correct.empty(),
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
    check_keys(part);
  }
  need(config.labels.empty() || !config.is_transformer(),
       "\"labels\" belong to the layered model; a task brings its own");
  below(config.labels, config.answers, "right answer of \"labels\"");
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
