// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "train_config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <dag/core/error.hpp>
#include <dag/io/json_text.hpp>
#include <dag/policy/policy_loss_fields.hpp>
#include <dag/policy/trainer_presets.hpp>

namespace cli {
namespace {

using Json = nlohmann::json;

/// An object whose keys are taken one by one; what is left at the end is refused.
class Keys {
 public:
  Keys(Json object, std::string where) : object_(std::move(object)), where_(std::move(where)) {
    dag::require(object_.is_object(), dag::Errc::parse, where_, ": expected an object, got ",
                 object_.dump().substr(0, 100));
  }
  template <class Value>
  void take(const char* key, Value& value) {
    know(key);
    const auto found = object_.find(key);
    if (found == object_.end()) {
      return;
    }
    const bool fits = reads(*found, value);
    dag::require(fits, dag::Errc::parse, where_, ": \"", key,
                 "\" has the wrong type: ", found->dump().substr(0, 100));
    object_.erase(found);
  }
  [[nodiscard]] std::optional<Json> take_any(const char* key) {
    know(key);
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
  [[nodiscard]] bool has(const char* key) const { return object_.contains(key); }
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  void know(const char* key) {
    if ((", " + known_ + ",").find(std::string(", ") + key + ",") == std::string::npos) {
      known_ += (known_.empty() ? "" : ", ") + std::string(key);
    }
  }
  template <class Value>
  static bool reads(const Json& json, Value& value) {
    if constexpr (std::is_same_v<Value, std::string>) {
      if (!json.is_string()) {
        return false;
      }
      value = json.get<std::string>();
    } else if constexpr (std::is_same_v<Value, bool>) {
      if (!json.is_boolean()) {
        return false;
      }
      value = json.get<bool>();
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

/// "weight" of an objective: a number or a schedule.
void take_weight(Keys& keys, TrainPart& part) {
  const auto weight = keys.take_any("weight");
  if (!weight) {
    return;
  }
  part.given.emplace_back("weight");
  if (weight->is_number()) {
    part.weight = {};
    part.weight.from = part.weight.to = weight->get<double>();
    return;
  }
  Keys schedule(*weight, keys.where() + ": weight");
  schedule.take("from", part.weight.from);
  schedule.take("to", part.weight.to);
  schedule.take("begin", part.weight.begin);
  schedule.take("end", part.weight.end);
  schedule.finish();
}

/// The fields of all utilities, and the settings of estimation: `check` refuses what the part's own
/// utility does not have.
void take_part(Keys& keys, TrainPart& part) {
  const auto take = [&](std::string_view key, auto& value) {
    const std::string name(key);
    if (keys.has(name.c_str()) && !part.was_given(key)) {
      part.given.push_back(name);
    }
    keys.take(name.c_str(), value);
  };
  take("estimator", part.estimator);
  take("smoothing", part.smoothing);
  take("step", part.step);
  take("tau", part.data.weight);
  std::string vote_of;
  take("vote_of", vote_of);
  if (!vote_of.empty()) {
    part.vote.of = dag::vote_of(vote_of);
  }
  take("trained_samples", part.vote.trained);
  take("vote_memory", part.vote.memory);
  take("vote_every", part.vote.every);
  take("correct", part.correct);
  for (const dag::UtilityEntry& entry : dag::utility_registry()) {
    for (const dag::UtilityField& field : entry.fields) {
      std::visit(
          [&](const auto member) {
            using Value = std::remove_cvref_t<decltype(part.data.*member)>;
            if constexpr (!std::is_same_v<Value, std::vector<bool>>) {
              if (field.name != "weight") {
                take(field.name, part.data.*member);
              }
            }
          },
          field.member);
    }
  }
  take_weight(keys, part);
}

/// "objective": a name or a sum of names, whose settings stand beside it, or a list of objects,
/// which add up.
void take_parts(Keys& keys, TrainConfig& config) {
  const auto objective = keys.take_any("objective");
  if (objective && objective->is_array()) {
    config.parts.clear();
    for (const Json& entry : *objective) {
      Keys own(entry, keys.where() + ": objective");
      TrainPart part;
      own.take("name", part.name);
      take_part(own, part);
      own.finish();
      config.parts.push_back(std::move(part));
    }
    TrainPart beside;
    take_part(keys, beside);
    dag::require(beside.given.empty(), dag::Errc::parse, keys.where(), ": \"",
                 beside.given.empty() ? std::string() : beside.given[0],
                 "\" belongs into one of the list of objectives");
    return;
  }
  dag::require(!objective || objective->is_string(), dag::Errc::parse, keys.where(),
               ": \"objective\" must be a name or a list, got ",
               objective ? objective->dump().substr(0, 100) : std::string());
  TrainPart part = config.parts.size() == 1 ? config.parts[0] : TrainPart{};
  take_part(keys, part);
  if (!objective) {
    if (config.parts.size() == 1) {
      config.parts[0] = std::move(part);
    }
    return;
  }
  const std::string text = objective->get<std::string>();
  if (text.find_first_of("+*") == std::string::npos) {
    part.name = text;
    config.parts = {std::move(part)};
    return;
  }
  config.parts.clear();
  std::vector<std::string> unused = part.given;
  for (const dag::UtilityChoice& choice : dag::utility_sum(text)) {
    TrainPart own = part;
    own.name = std::string(choice.alias != nullptr ? choice.alias->name : choice.entry->name);
    own.weight.from *= choice.factor;
    own.weight.to *= choice.factor;
    own.given.clear();
    for (const std::string& key : part.given) {
      if (part_uses(choice, key)) {
        own.given.push_back(key);
        unused.erase(std::remove(unused.begin(), unused.end(), key), unused.end());
      }
    }
    config.parts.push_back(std::move(own));
  }
  dag::require(unused.empty(), dag::Errc::invalid_argument, "\"",
               unused.empty() ? std::string() : unused[0], "\": ", text, " does not use it");
}

void take_constraints(Keys& keys, TrainConfig& config) {
  const auto list = keys.take_any("constraints");
  if (!list) {
    return;
  }
  dag::require(list->is_array(), dag::Errc::parse, keys.where(),
               ": \"constraints\" must be a list, got ", list->dump().substr(0, 100));
  config.constraints.clear();
  for (const Json& entry : *list) {
    Keys own(entry, keys.where() + ": constraints");
    TrainConstraint c;
    if (const auto answers = own.take_any("answers"); answers && answers->is_string()) {
      c.answer_class = answers->get<std::string>();
    } else if (answers) {
      Keys ids(Json{{"answers", *answers}}, own.where());
      ids.take("answers", c.answers);
    }
    own.take("contexts", c.contexts);
    own.take("equal_to", c.equal_to);
    int rules = 0;
    for (const char* rule : {"at_most", "at_least", "equal"}) {
      if (const auto bound = own.take_any(rule)) {
        dag::require(bound->is_number(), dag::Errc::parse, own.where(), ": \"", rule,
                     "\" must be a number, got ", bound->dump().substr(0, 100));
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

bool asks_for_transformer(const Json& json) {
  const auto model = json.find("model");
  return model != json.end() && model->is_object() && model->value("kind", Json()) == "transformer";
}

/// "model": {"kind": ..., its sizes}.
void take_model(Keys& keys, TrainConfig& config) {
  const auto object = keys.take_any("model");
  if (object) {
    Keys own(*object, keys.where() + ": model");
    own.take("kind", config.model);
    dag::require(config.model == "layered" || config.is_transformer(), dag::Errc::parse,
                 own.where(), ": \"kind\" must be layered or transformer, got \"", config.model,
                 "\"");
    own.take("seed", config.model_seed);
    if (config.is_transformer()) {
      TrainTransformer& t = config.transformer;
      own.take("width", t.width);
      own.take("heads", t.heads);
      own.take("layers", t.layers);
      own.take("batch", t.batch);
      own.take("device", t.device);
      own.take("threads", t.threads);
    } else {
      own.take("layers", config.layers);
      own.take("states", config.states);
      own.take("answers", config.answers);
      own.take("contexts", config.contexts);
    }
    own.finish();
  }
  if (!config.is_transformer()) {
    keys.take("layers", config.layers);
    keys.take("states", config.states);
    keys.take("answers", config.answers);
    keys.take("contexts", config.contexts);
    keys.take("model_seed", config.model_seed);
  }
}

/// "task" and "supervised" of a transformer.
void take_task(Keys& keys, TrainConfig& config) {
  if (!config.is_transformer()) {
    return;
  }
  TrainTask& task = config.task;
  if (const auto object = keys.take_any("task")) {
    Keys own(*object, keys.where() + ": task");
    own.take("name", task.name);
    own.take("pool", task.pool);
    own.take("validation", task.validation);
    own.take("test", task.test);
    own.take("samples", task.samples);
    own.finish();
  }
  config.contexts = task.name == "sums" ? 4 : 1;
  TrainSupervised& phase = config.supervised;
  if (const auto object = keys.take_any("supervised")) {
    Keys own(*object, keys.where() + ": supervised");
    own.take("target", phase.target);
    own.take("steps", phase.steps);
    own.take("look_every", phase.look_every);
    own.take("batch", phase.batch);
    own.take("learning_rate", phase.learning_rate);
    own.take("forms", phase.forms);
    own.take("pairs", phase.pairs);
    own.finish();
  }
}

/// An enum's value by its name in the order of the enum. Errors: parse, with the list of names.
template <class Value, std::size_t count>
Value one_of(const std::string& where, const char* key, const std::string& name,
             const std::array<std::string_view, count>& known) {
  std::string names;
  for (std::size_t i = 0; i < count; ++i) {
    if (name == known[i]) {
      return static_cast<Value>(i);
    }
    names += (names.empty() ? "" : ", ") + std::string(known[i]);
  }
  dag::fail(dag::Errc::parse, where, ": \"", key, "\" must be one of ", names, ", got \"", name,
            "\"");
}

/// "loss": a trainer's preset, at the level of tokens unless it says otherwise, with changes.
void take_loss(Keys& keys, dag::TrainOptions& options) {
  const auto object = keys.take_any("loss");
  if (!object) {
    return;
  }
  Keys own(*object, keys.where() + ": loss");
  std::string name;
  own.take("preset", name);
  dag::require(!name.empty(), dag::Errc::parse, own.where(),
               ": needs \"preset\", the name of a trainer's loss");
  dag::PolicyLossOptions& loss = options.policy_loss = dag::loss_of_preset(name);
  name = "token";
  own.take("level", name);
  constexpr std::array<std::string_view, 2> levels{"trace", "token"};
  options.loss_level = one_of<dag::LossLevel>(own.where(), "level", name, levels);
  dag::each_field(loss, [&]<class T>(const char* key, T& value, const auto&... names) {
    if constexpr (std::is_enum_v<T>) {
      std::string word;
      own.take(key, word);
      if (!word.empty()) {
        value = one_of<T>(own.where(), key, word, names...);
      }
    } else {
      own.take(key, value);
    }
  });
  own.finish();
}

void take_training(Keys& keys, TrainConfig& config) {
  dag::TrainOptions& o = config.train;
  keys.take("optimizer", config.optimizer);
  keys.take("steps", o.steps);
  keys.take("questions_per_step", o.questions_per_step);
  keys.take("group_size", o.group_size);
  keys.take("parts", o.parts);
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
  keys.take("labels", config.labels);
  if (const auto object = keys.take_any("collapse")) {
    Keys own(*object, keys.where() + ": collapse");
    std::string rule;
    own.take("rule", rule);
    if (!rule.empty()) {
      o.collapse.rule = dag::on_collapse(rule);
    }
    own.take("accuracy_drop", o.collapse.accuracy_drop);
    own.take("entropy_share", o.collapse.entropy_share);
    own.take("first_steps", o.collapse.first_steps);
    own.take("memory", o.collapse.memory);
    own.take("raise", o.collapse.raise);
    own.finish();
  }
  keys.take("refresh_every", o.refresh_every);
  keys.take("refresh_mixup", o.refresh_mixup);
  keys.take("evaluate_every", o.evaluate_every);
  keys.take("noise_every", o.noise_every);
  keys.take("checkpoint_every", o.checkpoint_every);
  std::string name;
  keys.take("policy_loss", name);
  if (!name.empty()) {
    o.policy_loss = dag::loss_of_preset(name);
    o.loss_level = dag::LossLevel::trace;
  }
  take_loss(keys, o);
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

}  // namespace

bool part_uses(const dag::UtilityChoice& choice, std::string_view key) {
  const dag::AnyUtility formula = choice.entry->make(choice.defaults());
  if (key == "estimator") {
    return takes_logarithms(formula);
  }
  if (key == "smoothing") {
    return std::holds_alternative<dag::GeometricCoherence<double>>(formula);
  }
  if (key == "vote_of" || key == "trained_samples" || key == "vote_memory" || key == "vote_every") {
    return std::holds_alternative<dag::MajorityVote<double>>(formula);
  }
  if (key == "step") {
    return std::holds_alternative<dag::RobustReward<double>>(formula);
  }
  return choice.entry->field(key == "tau" ? "weight" : key) != nullptr && !choice.settles(key);
}

bool TrainPart::was_given(std::string_view key) const {
  return std::find(given.begin(), given.end(), key) != given.end();
}

dag::UtilityChoice TrainPart::utility() const {
  const auto found = dag::find_utility(name);
  dag::require(found.has_value(), dag::Errc::invalid_argument, "objective must be one of ",
               dag::utility_names(), " or a sum of them, got '", name, "'");
  return *found;
}

dag::AnyUtility TrainPart::made(std::size_t contexts, std::size_t answers) const {
  const dag::UtilityChoice choice = utility();
  const dag::UtilityData settled = choice.defaults();
  dag::UtilityData out = data;
  out.order = was_given("order") ? out.order : settled.order;
  out.rule = was_given("rule") ? out.rule : settled.rule;
  const auto repeat = [&](std::vector<double>& values) {
    const std::vector<double> once = std::move(values);
    values.clear();
    for (std::size_t x = 0; x < contexts; ++x) {
      values.insert(values.end(), once.begin(), once.end());
    }
  };
  for (auto* values : {&out.reward, &out.target, &out.feature}) {
    repeat(*values);
  }
  for (auto& row : out.rewards) {
    repeat(row);
  }
  for (const dag::UtilityField& field : choice.entry->fields) {
    for (double& f : out.feature) {
      f /= field.averaged ? static_cast<double>(contexts) : 1.0;
    }
  }
  if (!correct.empty()) {
    out.correct.assign(contexts * answers, false);
    for (std::size_t x = 0; x < contexts; ++x) {
      for (const std::size_t z : correct) {
        out.correct[x * answers + z] = true;
      }
    }
  }
  return choice.entry->make(out);
}

std::string TrainConfig::name() const {
  std::string all;
  for (const TrainPart& part : parts) {
    all += (all.empty() ? "" : "+") + part.name;
  }
  return constraints.empty() ? all : (all.empty() ? "constraints" : all + "+constraints");
}

std::string preset_names() {
  return "coherence_grpo, diversity_grpo, correctness, constrained, robust, reasoning";
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
  if (name == "reasoning") {
    part.name = "coherence";
    part.estimator = "plug-in";  // the better table on this task: docs/experiments.md
    config.model = "transformer";
    config.model_seed = 1;
    config.contexts = 4;
    config.train = {.steps = 80,
                    .questions_per_step = 16,
                    .group_size = 8,
                    .beta = 0.05,
                    .learning_rate = {.peak = 1e-4, .warm_up = 5},
                    .clip_norm = 1,
                    .evaluate_every = 20,
                    .checkpoint_every = 20};
    return config;
  }
  const std::vector<double> thirds{1, 0, 0, 1, 0, 0, 1, 0, 0, 1};
  if (name == "correctness") {
    part.name = "reward";
    part.data.reward = thirds;
    part.correct = {0, 3, 6, 9};
    return config;
  }
  if (name == "constrained") {
    part.name = "reward";
    part.data.reward = thirds;
    config.constraints = {{.answers = {0, 3}, .bound = 0.2}};
    config.multipliers = {.integral = 0.05, .proportional = 0.5, .filter = 0.8};
    return config;
  }
  if (name == "robust") {
    part.name = "robust";
    part.data.rewards = {thirds, {0, 1, 0, 0, 1, 0, 0, 1, 0, 0}};
    return config;
  }
  dag::fail(dag::Errc::invalid_argument, "the preset must be one of ", preset_names(), ", got '",
            name, "'");
}

TrainConfig read_train_config(const std::string& path, std::string preset) {
  const Json json = dag::read_json<Json>(path);
  Keys keys(json, path);
  keys.take("preset", preset);
  TrainConfig config;
  if (!preset.empty()) {
    config = train_preset(preset);
  } else if (asks_for_transformer(json)) {
    config = train_preset("reasoning");
  }
  const std::string model = config.model;
  take_model(keys, config);
  dag::require(model == config.model, dag::Errc::parse, path, ": the preset ", preset,
               " is for the ", model, " model, \"kind\" says ", config.model);
  take_task(keys, config);
  take_parts(keys, config);
  take_constraints(keys, config);
  take_multipliers(keys, config.multipliers);
  take_training(keys, config);
  keys.finish();
  return config;
}

}  // namespace cli
