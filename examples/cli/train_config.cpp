// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "train_config.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/io/text_file.hpp>
#include <dag/rollout/policy_loss_presets.hpp>
#include <dag/train/presets.hpp>

namespace cli {
namespace {

using Json = nlohmann::json;

/// An object whose keys are taken one by one; what is left at the end is refused.
class Keys {
 public:
  Keys(Json object, std::string where) : object_(std::move(object)), where_(std::move(where)) {
    dag::require(object_.is_object(), dag::Errc::parse, where_, ": expected an object, got ",
                 object_.dump());
  }
  template <class Value>
  void take(const char* key, Value& value) {
    known_ += (known_.empty() ? "" : ", ") + std::string(key);
    const auto found = object_.find(key);
    if (found == object_.end()) {
      return;
    }
    const bool fits = reads(*found, value);
    dag::require(fits, dag::Errc::parse, where_, ": \"", key,
                 "\" has the wrong type: ", found->dump());
    object_.erase(found);
  }
  [[nodiscard]] std::optional<Json> take_any(const char* key) {
    known_ += (known_.empty() ? "" : ", ") + std::string(key);
    const auto found = object_.find(key);
    if (found == object_.end()) {
      return std::nullopt;
    }
    Json value = *found;
    object_.erase(found);
    return value;
  }
  void finish() const {
    dag::require(object_.empty(), dag::Errc::parse, where_, ": unknown key \"",
                 object_.empty() ? std::string() : object_.begin().key(), "\"; known: ", known_);
  }
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  template <class Value>
  static bool reads(const Json& json, Value& value) {
    if constexpr (std::is_same_v<Value, std::string>) {
      if (!json.is_string()) {
        return false;
      }
      value = json.get<std::string>();
    } else if constexpr (std::is_integral_v<Value>) {
      if (!json.is_number_unsigned()) {
        return false;
      }
      value = static_cast<Value>(json.get<std::uint64_t>());
    } else if constexpr (std::is_floating_point_v<Value>) {
      if (!json.is_number()) {
        return false;
      }
      value = json.get<Value>();
    } else {  // a vector
      if (!json.is_array()) {
        return false;
      }
      value.clear();
      for (const Json& entry : json) {
        if (!reads(entry, value.emplace_back())) {
          return false;
        }
      }
    }
    return true;
  }

  Json object_;
  std::string where_, known_;
};

void take_part(Keys& keys, TrainPart& part) {
  keys.take("estimator", part.estimator);
  keys.take("tau", part.tau);
  keys.take("order", part.order);
  keys.take("k", part.k);
  keys.take("smoothing", part.smoothing);
  keys.take("step", part.step);
  keys.take("reward", part.reward);
  keys.take("target", part.target);
  keys.take("correct", part.correct);
  keys.take("rewards", part.rewards);
  keys.take("kernel", part.kernel);
  keys.take("cost", part.cost);
  keys.take("epsilon", part.epsilon);
  keys.take("feature", part.feature);
  keys.take("bound", part.bound);
}

/// "objective": a name, whose settings stand beside it, or a list of objects, which add up.
void take_parts(Keys& keys, TrainConfig& config) {
  const auto objective = keys.take_any("objective");
  if (objective && objective->is_array()) {
    config.parts.clear();
    for (const Json& entry : *objective) {
      Keys own(entry, keys.where() + ": objective");
      TrainPart part;
      own.take("name", part.name);
      take_part(own, part);
      if (const auto weight = own.take_any("weight"); weight && weight->is_number()) {
        part.weight.from = part.weight.to = weight->get<double>();
      } else if (weight) {
        Keys schedule(*weight, own.where() + ": weight");
        schedule.take("from", part.weight.from);
        schedule.take("to", part.weight.to);
        schedule.take("begin", part.weight.begin);
        schedule.take("end", part.weight.end);
        schedule.finish();
      }
      own.finish();
      config.parts.push_back(std::move(part));
    }
  } else if (objective) {
    dag::require(objective->is_string(), dag::Errc::parse, keys.where(),
                 ": \"objective\" must be a name or a list, got ", objective->dump());
    TrainPart part = config.parts.size() == 1 ? config.parts[0] : TrainPart{};
    part.name = objective->get<std::string>();
    config.parts = {std::move(part)};
  }
  TrainPart own = config.parts.size() == 1 ? config.parts[0] : TrainPart{};
  take_part(keys, own);
  if (config.parts.size() == 1) {
    config.parts[0] = std::move(own);
  }
}

void take_constraints(Keys& keys, TrainConfig& config) {
  const auto list = keys.take_any("constraints");
  if (!list) {
    return;
  }
  dag::require(list->is_array(), dag::Errc::parse, keys.where(),
               ": \"constraints\" must be a list, got ", list->dump());
  config.constraints.clear();
  for (const Json& entry : *list) {
    Keys own(entry, keys.where() + ": constraints");
    TrainConstraint c;
    own.take("answers", c.answers);
    own.take("contexts", c.contexts);
    own.take("equal_to", c.equal_to);
    int rules = 0;
    for (const char* rule : {"at_most", "at_least", "equal"}) {
      if (const auto bound = own.take_any(rule)) {
        dag::require(bound->is_number(), dag::Errc::parse, own.where(), ": \"", rule,
                     "\" must be a number, got ", bound->dump());
        c.rule = rule;
        c.bound = bound->get<double>();
        ++rules;
      }
    }
    dag::require(rules == (c.equal_to.empty() ? 1 : 0), dag::Errc::parse, own.where(),
                 ": give one of at_most, at_least, equal and equal_to");
    own.finish();
    config.constraints.push_back(std::move(c));
  }
}

void take_multipliers(Keys& keys, dag::MultiplierOptions& options) {
  if (const auto object = keys.take_any("multipliers")) {
    Keys own(*object, keys.where() + ": multipliers");
    own.take("integral", options.integral);
    own.take("proportional", options.proportional);
    own.take("filter", options.filter);
    own.take("start", options.start);
    own.take("limit", options.limit);
    own.finish();
  }
}

void take_training(Keys& keys, TrainConfig& config) {
  dag::TrainOptions& o = config.train;
  keys.take("optimizer", config.optimizer);
  keys.take("steps", o.steps);
  keys.take("group_size", o.group_size);
  keys.take("beta", o.beta);
  keys.take("epochs", o.epochs);
  keys.take("learning_rate", o.learning_rate.peak);
  keys.take("warm_up", o.learning_rate.warm_up);
  keys.take("final_fraction", o.learning_rate.final_fraction);
  std::string schedule = o.learning_rate.total > 0 ? "cosine" : "constant";
  keys.take("schedule", schedule);
  dag::require(schedule == "cosine" || schedule == "constant", dag::Errc::parse, keys.where(),
               ": \"schedule\" must be cosine or constant, got \"", schedule, "\"");
  o.learning_rate.total = schedule == "cosine" ? o.steps : 0;
  keys.take("clip_norm", o.clip_norm);
  keys.take("refresh_every", o.refresh_every);
  keys.take("refresh_mixup", o.refresh_mixup);
  keys.take("evaluate_every", o.evaluate_every);
  keys.take("noise_every", o.noise_every);
  keys.take("checkpoint_every", o.checkpoint_every);
  std::string name;
  keys.take("policy_loss", name);
  if (!name.empty()) {
    o.policy_loss = dag::policy_preset(name).loss;
  }
  name.clear();
  keys.take("advantage", name);
  if (!name.empty()) {
    o.advantage = dag::advantage_kind(name);
  }
  name = "keep";
  keys.take("dead_group", name);
  const bool known = name == "keep" || name == "mask" || name == "mask_kl" || name == "drop";
  dag::require(known, dag::Errc::parse, keys.where(),
               ": \"dead_group\" must be keep, mask, mask_kl or drop, got \"", name, "\"");
  o.dead_group = name == "keep"   ? dag::DeadGroup::keep
                 : name == "mask" ? dag::DeadGroup::mask
                 : name == "drop" ? dag::DeadGroup::drop
                                  : dag::DeadGroup::mask_kl;
}

dag::AnswerFunction by_answer(std::vector<double> values) {
  return [values = std::move(values)](const dag::AnswerAt& at) { return values[at.answer]; };
}

dag::AnyObjective make_part(const TrainConfig& config, const TrainPart& part,
                            const std::vector<std::vector<double>>& reference) {
  if (is_generic(part.name)) {
    return make_generic(config, part, reference);
  }
  const dag::EstimatorKind estimator = dag::estimator_kind(part.estimator);
  const std::string& name = part.name;
  std::vector<double> marked(reference[0].size());
  for (const std::size_t z : part.correct) {
    marked[z] = 1;
  }
  if (name == "shannon" || name == "gini" || name == "tsallis") {
    const auto measure = name == "shannon" ? dag::Diversity::shannon
                         : name == "gini"  ? dag::Diversity::gini
                                           : dag::Diversity::tsallis;
    return dag::diversity_objective(measure, part.tau, part.order, estimator);
  }
  if (name == "reward") {
    return dag::correctness({.reward = by_answer(part.reward), .tau = part.tau}).objective;
  }
  if (name == "log-likelihood" || name == "pass-at-k") {
    const auto kind = name == "pass-at-k" ? dag::CorrectnessKind::pass_at_k
                                          : dag::CorrectnessKind::log_likelihood;
    return dag::correctness({.kind = kind,
                             .reward = by_answer(marked),
                             .k = static_cast<int>(part.k),
                             .tau = part.tau})
        .objective;
  }
  const std::pair<const char*, dag::TargetDivergence> divergences[] = {
      {"reverse-kl", dag::TargetDivergence::reverse_kl},
      {"forward-kl", dag::TargetDivergence::forward_kl},
      {"chi-square", dag::TargetDivergence::chi_square},
      {"jensen-shannon", dag::TargetDivergence::jensen_shannon}};
  for (const auto& [known, divergence] : divergences) {
    if (name == known) {
      return dag::TargetObjective(divergence, by_answer(part.target), part.tau, estimator);
    }
  }
  if (name == "robust") {
    std::vector<dag::AnswerFunction> models;
    for (std::vector<double> row : part.rewards) {
      for (double& r : row) {
        r *= part.tau;
      }
      models.push_back(by_answer(std::move(row)));
    }
    return dag::robust({.rewards = std::move(models), .step = part.step}).objective;
  }
  dag::CoherenceGrpo settings{.estimator = estimator, .tau = part.tau, .smoothing = part.smoothing};
  const auto ends = [&](std::string_view tail) {
    return name.size() > tail.size() && name.substr(name.size() - tail.size()) == tail;
  };
  settings.pool = ends("-geometric")   ? dag::CoherencePool::geometric
                  : ends("-euclidean") ? dag::CoherencePool::euclidean
                  : ends("-pairwise")  ? dag::CoherencePool::pairwise
                                       : dag::CoherencePool::arithmetic;
  if (name.substr(0, 6) == "frozen") {  // the exact consensus of the reference
    std::vector<double> pool(reference[0].size());
    double total = 0;
    for (std::size_t z = 0; z < pool.size(); ++z) {
      for (const auto& row : reference) {
        const auto x = static_cast<double>(reference.size());
        pool[z] += (ends("-geometric") ? std::log(row[z]) : row[z]) / x;
      }
      pool[z] = ends("-geometric") ? std::exp(pool[z]) : pool[z];
      total += pool[z];
    }
    for (double& p : pool) {
      p /= total;
    }
    settings.frozen = by_answer(std::move(pool));
  }
  return dag::coherence_grpo(std::move(settings)).objective;
}

}  // namespace

std::string TrainConfig::name() const {
  std::string all;
  for (const TrainPart& part : parts) {
    all += (all.empty() ? "" : "+") + part.name;
  }
  return constraints.empty() ? all : (all.empty() ? "constraints" : all + "+constraints");
}

std::string preset_names() {
  return "coherence_grpo, diversity_grpo, correctness, constrained, robust";
}

TrainConfig train_preset(std::string_view name) {
  TrainConfig config;
  TrainPart& part = config.parts[0];
  if (name == "diversity_grpo") {
    return config;
  }
  if (name == "coherence_grpo") {
    part.name = "coherence";
    config.contexts = 3;
    config.train.group_size = 256;  // logarithms of rare answers: see docs/training.md
    config.train.steps = config.train.learning_rate.total = 800;
    return config;
  }
  const std::vector<double> thirds{1, 0, 0, 1, 0, 0, 1, 0, 0, 1};
  if (name == "correctness") {
    part.name = "reward";
    part.reward = thirds;
    part.correct = {0, 3, 6, 9};
    return config;
  }
  if (name == "constrained") {
    part.name = "reward";
    part.reward = thirds;
    config.constraints = {{.answers = {0, 3}, .bound = 0.2}};
    config.multipliers = {.integral = 0.05, .proportional = 0.5, .filter = 0.8};
    return config;
  }
  if (name == "robust") {
    part.name = "robust";
    part.rewards = {thirds, {0, 1, 0, 0, 1, 0, 0, 1, 0, 0}};
    return config;
  }
  dag::fail(dag::Errc::invalid_argument, "the preset must be one of ", preset_names(), ", got '",
            name, "'");
}

TrainConfig read_train_config(const std::string& path, TrainConfig config) {
  Json json;
  try {
    json = Json::parse(dag::read_text_file(path));
  } catch (const Json::exception& error) {
    dag::fail(dag::Errc::parse, path, ": ", std::string_view(error.what()));
  }
  Keys keys(std::move(json), path);
  std::string preset;
  keys.take("preset", preset);
  if (!preset.empty()) {
    config = train_preset(preset);
  }
  take_parts(keys, config);
  take_constraints(keys, config);
  take_multipliers(keys, config.multipliers);
  keys.take("layers", config.layers);
  keys.take("states", config.states);
  keys.take("answers", config.answers);
  keys.take("contexts", config.contexts);
  keys.take("model_seed", config.model_seed);
  take_training(keys, config);
  keys.finish();
  return config;
}

void check(const TrainConfig& config) {
  const auto need = [](bool holds, const auto&... text) {
    dag::require(holds, dag::Errc::invalid_argument, text...);
  };
  const std::size_t n = config.answers;
  need(config.contexts >= 1 && n >= 1, "contexts and answers must be >= 1");
  need(config.optimizer == "adam" || config.optimizer == "sgd",
       "optimizer must be adam or sgd, got '", config.optimizer, "'");
  need(!config.parts.empty() || !config.constraints.empty(), "the list of objectives is empty");
  const auto below = [&](const std::vector<std::size_t>& ids, std::size_t bound, const char* what) {
    for (const std::size_t id : ids) {
      need(id < bound, what, " ", id, " is not below their number, ", bound);
    }
  };
  for (const TrainPart& part : config.parts) {
    const std::string& name = part.name;
    const auto is = [&](std::initializer_list<const char*> names) {
      for (const char* other : names) {
        if (name == other) {
          return true;
        }
      }
      return false;
    };
    const bool needs_target = is(
        {"reverse-kl", "forward-kl", "chi-square", "jensen-shannon", "alpha", "mmd", "transport"});
    const bool needs_correct = is({"log-likelihood", "pass-at-k"});
    const bool coherence =
        is({"coherence", "coherence-geometric", "coherence-euclidean", "coherence-pairwise"});
    need(needs_target || needs_correct || coherence || is_generic(name) ||
             is({"reward", "shannon", "gini", "tsallis", "robust", "frozen", "frozen-geometric",
                 "frozen-euclidean"}),
         "objective must be reward, shannon, gini, tsallis, log-likelihood, pass-at-k, reverse-kl, "
         "forward-kl, chi-square, jensen-shannon, alpha, mmd, transport, log-barrier, "
         "soft-constraint, coherence[-geometric|-euclidean|-pairwise], "
         "frozen[-geometric|-euclidean] or robust, got '",
         name, "'");
    need(part.tau > 0 && std::isfinite(part.tau), "tau must be > 0 and finite, got ", part.tau);
    need(!coherence || config.contexts >= 2, name, " needs at least 2 contexts, got ",
         config.contexts);
    need(name != "reward" || part.reward.size() == n, "\"reward\" needs one number an answer (", n,
         "), got ", part.reward.size());
    need(!needs_correct || !part.correct.empty(), name, " needs \"correct\", a list of answers");
    need(name != "pass-at-k" || (part.k >= 1 && part.k == std::floor(part.k) &&
                                 part.k <= static_cast<double>(config.train.group_size)),
         "k must be an integer from 1 to group_size, got ", part.k);
    below(part.correct, n, "correct answer");
    need(!needs_target || part.target.size() == n, "\"target\" needs one probability an answer (",
         n, "), got ", part.target.size());
    double total = 0;
    for (const double p : part.target) {
      need(p > 0, "\"target\" must be > 0 everywhere, got ", p);
      total += p;
    }
    need(part.target.empty() || std::abs(total - 1) < 1e-8, "\"target\" must sum to 1, got ",
         total);
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
  for (const TrainConstraint& c : config.constraints) {
    need(!c.answers.empty(), "a constraint needs \"answers\"");
    below(c.answers, n, "constrained answer");
    below(c.contexts, config.contexts, "constrained context");
    below(c.equal_to, config.contexts, "constrained context");
  }
}

double constraint_feature(const TrainConstraint& c, std::size_t contexts, std::size_t context,
                          std::size_t answer) {
  const auto has = [](const std::vector<std::size_t>& ids, std::size_t id) {
    for (const std::size_t other : ids) {
      if (other == id) {
        return true;
      }
    }
    return false;
  };
  const auto share = [&](const std::vector<std::size_t>& of) {
    const auto x = static_cast<double>(contexts);
    return of.empty() ? 1.0 : (has(of, context) ? x / static_cast<double>(of.size()) : 0.0);
  };
  if (!has(c.answers, answer)) {
    return 0;
  }
  return share(c.contexts) - (c.equal_to.empty() ? 0.0 : share(c.equal_to));
}

dag::AnyObjective make_objective(const TrainConfig& config,
                                 const std::vector<std::vector<double>>& reference) {
  dag::SumObjective sum;
  for (const TrainPart& part : config.parts) {
    sum.add(make_part(config, part, reference), part.weight);
  }
  std::vector<dag::AnswerConstraint> constraints;
  for (const TrainConstraint& c : config.constraints) {
    const double sign = c.rule == "at_least" ? -1 : 1;
    constraints.push_back({.feature =
                               [c, sign, contexts = config.contexts](const dag::AnswerAt& at) {
                                 return sign *
                                        constraint_feature(c, contexts, at.context, at.answer);
                               },
                           .bound = sign * c.bound,
                           .equality = c.rule == "equal" || !c.equal_to.empty()});
  }
  if (constraints.empty()) {
    return sum;
  }
  return dag::constrained({.constraints = std::move(constraints),
                           .multipliers = config.multipliers,
                           .base = dag::AnyObjective(std::move(sum))})
      .objective;
}

}  // namespace cli
