// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/answers/reward.hpp>
#include <dag/answers/reward_set.hpp>
#include <dag/answers/rollout_batch.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/policy/advantage.hpp>
#include <dag/policy/policy_loss.hpp>
#include <dag/policy/policy_loss_fields.hpp>
#include <dag/policy/policy_loss_presets.hpp>
#include <dag/policy/trainer_presets.hpp>
#include <dag/text/answer_key.hpp>
#include <dag/text/extractor.hpp>
#include <dag/utility/registry.hpp>

#include "module.hpp"
#include "report.hpp"

namespace dag_python {
namespace {

template <class Scalar>
nb::dict table_rewards(const Array& ids, const std::string& estimator, double scale,
                       const std::string& advantage, Writable& reward, Writable& out) {
  std::vector<std::int32_t> narrow;
  const auto answer = view_ids(ids, narrow, "table_rewards: ids");
  dag::require(ids.ndim() == 2, dag::Errc::dimension_mismatch,
               "table_rewards: ids must have two dimensions (groups x samples), got ", ids.ndim());
  const auto r = room<Scalar>(reward, answer.size(), "table_rewards: the rewards' out");
  const auto a = room<Scalar>(out, answer.size(), "table_rewards: the advantages' out");
  dag::AdvantageReport report;
  {
    const nb::gil_scoped_release free;
    const auto begin = dag::uniform_offsets<std::int64_t>(ids.shape(0), ids.shape(1));
    const dag::RewardTables<Scalar> tables(
        answer, begin, dag::RewardTableBuilder{dag::estimator_kind(estimator), {}, scale});
    report = dag::table_rewards<Scalar>(answer, begin, tables, dag::advantage_kind(advantage), r, a);
  }
  return report_of(report);
}

template <class Scalar>
nb::dict fill_advantages(const Array& rewards, const Array& offsets, const std::string& kind,
                         const std::optional<Array>& lengths, Writable& out) {
  const auto reward = view<Scalar>(rewards, "advantages: rewards");
  const auto begin = view<std::int64_t>(offsets, "advantages: offsets");
  const auto length = view<Scalar>(lengths, "advantages: lengths");
  const auto a = room<Scalar>(out, reward.size(), "advantages: out");
  dag::AdvantageReport report;
  {
    const nb::gil_scoped_release free;
    report = dag::advantages<Scalar>(dag::advantage_kind(kind), reward, begin, a, length);
  }
  nb::dict d = report_of(report);
  d["scale"] = report.scale;
  return d;
}

/// The names that `each_field` gives with an enum.
template <class Names>
const Names& first_of(const Names& names) {
  return names;
}

/// The options of a preset with changes by keyword.
dag::PolicyLossOptions loss_options(const std::string& preset, const nb::dict& changes) {
  dag::PolicyLossOptions options = dag::loss_of_preset(preset);
  std::vector<Field> fields;
  dag::each_field(options, [&]<class T>(std::string_view name, T& value, const auto&... names) {
    if constexpr (std::is_enum_v<T>) {
      fields.push_back({name, [&value, name, &names...](nb::handle given) {
                          const auto word = nb::cast<std::string>(given);
                          std::size_t i = 0;
                          std::string known;
                          bool found = false;
                          for (const std::string_view one : first_of(names...)) {
                            if (one == word) {
                              value = static_cast<T>(i);
                              found = true;
                            }
                            known += (i++ == 0 ? "" : ", ") + std::string(one);
                          }
                          dag::require(found, dag::Errc::invalid_argument, "policy_loss: ", name,
                                       " must be one of ", known, ", got '", word, "'");
                        }});
    } else {
      fields.push_back(Field::into(name, value));
    }
  });
  read_fields(changes, "policy_loss", fields);
  return options;
}

/// Every field of the options that is not the default of `PolicyLossOptions`.
nb::dict fields_of(dag::PolicyLossOptions options) {
  nb::dict d;
  dag::PolicyLossOptions plain;
  std::vector<nb::object> defaults;
  const auto value_of = []<class T>(const T& value, const auto&... names) -> nb::object {
    if constexpr (std::is_enum_v<T>) {
      return nb::cast(std::string(first_of(names...)[static_cast<std::size_t>(value)]));
    } else {
      return nb::cast(value);
    }
  };
  dag::each_field(plain, [&](std::string_view, const auto& value, const auto&... names) {
    defaults.push_back(value_of(value, names...));
  });
  std::size_t i = 0;
  dag::each_field(options, [&](std::string_view name, const auto& value, const auto&... names) {
    nb::object own = value_of(value, names...);
    if (!own.equal(defaults[i++])) {
      d[nb::str(name.data(), name.size())] = own;
    }
  });
  return d;
}

nb::list trainer_presets() {
  nb::list all;
  for (const dag::TrainerPreset& row : dag::trainer_presets) {
    nb::dict d;
    d["peer"] = std::string(row.peer);
    d["version"] = std::string(row.version);
    d["name"] = std::string(row.name);
    d["advantage"] = std::string(to_string(row.advantage));
    d["normalize_then_sum"] = row.normalize_then_sum;
    d["loss"] = fields_of(row.loss);
    d["setting"] = std::string(row.setting);
    d["advantage_formula"] = dag::advantage_formula(row.advantage);
    d["loss_formula"] = dag::loss_formula(row.loss);
    all.append(d);
  }
  return all;
}

/// rewards x samples; GDPO.
void gdpo(const Array& rewards, const Array& weights, const Array& offsets, Writable& out) {
  const auto reward = view<double>(rewards, "gdpo: rewards");
  const auto weight = view<double>(weights, "gdpo: weights");
  const auto begin = view<std::int64_t>(offsets, "gdpo: offsets");
  const std::size_t samples = out.size();
  dag::require(reward.size() == weight.size() * samples, dag::Errc::dimension_mismatch, "gdpo: ",
               weight.size(), " weights and ", samples, " samples, but ", reward.size(),
               " rewards");
  const auto a = room<double>(out, samples, "gdpo: out");
  const nb::gil_scoped_release free;
  std::vector<std::string> names;
  for (std::size_t k = 0; k < weight.size(); ++k) {
    names.push_back(std::to_string(k));
  }
  std::vector<dag::WeightedReward> set;
  for (std::size_t k = 0; k < weight.size(); ++k) {
    set.push_back({names[k], reward.subspan(k * samples, samples), weight[k]});
  }
  dag::normalized_sum_advantages(set, begin, a);
}

template <class Scalar>
nb::tuple policy_loss(const std::string& preset, const Array& log_prob, const Array& advantage,
                      const std::optional<Array>& mask, const std::optional<Array>& old,
                      const std::optional<Array>& reference, const std::optional<Array>& sampler,
                      const std::optional<Array>& entropy, const std::optional<Array>& group,
                      const nb::dict& changes) {
  dag::require(log_prob.ndim() == 2, dag::Errc::dimension_mismatch,
               "policy_loss: log_prob must have two dimensions (sequences x tokens), got ",
               log_prob.ndim());
  const std::size_t sequences = log_prob.shape(0);
  const std::size_t tokens = log_prob.shape(1);
  const auto offsets = dag::uniform_offsets<std::size_t>(sequences, tokens);
  dag::BasicTokenBatch<Scalar> batch{
      .offsets = offsets, .log_prob = view<Scalar>(log_prob, "policy_loss: log_prob")};
  batch.advantage = view<Scalar>(advantage, "policy_loss: advantage");
  batch.old_log_prob = view<Scalar>(old, "policy_loss: old_log_prob");
  batch.reference_log_prob = view<Scalar>(reference, "policy_loss: reference_log_prob");
  batch.sampler_log_prob = view<Scalar>(sampler, "policy_loss: sampler_log_prob");
  batch.entropy = view<Scalar>(entropy, "policy_loss: entropy");
  batch.mask = view<std::uint8_t>(mask, "policy_loss: mask");
  std::vector<std::size_t> numbers;  // of groups, as they appear
  std::map<std::int64_t, std::size_t> known;
  for (const std::int64_t id : view<std::int64_t>(group, "policy_loss: group")) {
    numbers.push_back(known.emplace(id, known.size()).first->second);
  }
  batch.group = numbers;
  const dag::PolicyLossOptions options = loss_options(preset, changes);
  std::vector<Scalar> gradient(sequences * tokens);
  std::vector<Scalar> by_entropy(options.entropy_coef > 0 ? gradient.size() : 0);
  dag::PolicyLossSum sum;
  {
    const nb::gil_scoped_release free;
    sum = dag::policy_loss(batch, options, gradient, by_entropy);
  }
  nb::dict d;
  d["loss"] = sum.value();
  d["kl"] = sum.mean_kl();
  d["ratio"] = sum.mean_ratio();
  d["clipped_low"] = sum.clipped_low;
  d["clipped_high"] = sum.clipped_high;
  d["chosen"] = sum.chosen;
  d["effective_sample_size"] = sum.effective_sample_size();
  if (!by_entropy.empty()) {
    d["entropy"] = sum.mean_entropy();
    d["entropy_gradient"] = give(std::move(by_entropy), {sequences, tokens});
  }
  return nb::make_tuple(give(std::move(gradient), {sequences, tokens}), d);
}

nb::dict reward_table(std::size_t size, const std::string& kind) {
  const dag::RewardTable& table = dag::reward_table(dag::estimator_kind(kind), size);
  nb::dict d;
  d["table"] = give(std::vector<double>(table.table));
  d["sup_bias"] = table.sup_bias;
  d["integrated_variance"] = table.integrated_variance;
  d["max_variance"] = table.max_variance;
  d["slack"] = table.slack;
  d["sound"] = table.sound;
  return d;
}

/// Names of the utilities, with what they are and the estimators that they take.
nb::list utilities() {
  nb::list all;
  for (const dag::UtilityEntry& entry : dag::utility_registry()) {
    nb::dict d;
    nb::list aliases;
    nb::list estimators;
    for (const dag::UtilityAlias& alias : entry.aliases) {
      aliases.append(std::string(alias.name));
    }
    for (const dag::EstimatorKind kind : entry.estimators) {
      estimators.append(std::string(to_string(kind)));
    }
    d["name"] = std::string(entry.name);
    d["aliases"] = aliases;
    d["help"] = std::string(entry.help);
    d["formula"] = std::string(entry.formula);
    d["estimators"] = estimators;
    all.append(d);
  }
  return all;
}

/// The answers of texts. A tuple: nobody takes its texts away while the lock is released.
nb::list extract(const nb::tuple& texts, const std::string& how) {
  std::vector<std::string_view> views;
  views.reserve(texts.size());
  for (nb::handle text : texts) {
    views.push_back(utf8(text, "extract: a text"));
  }
  std::vector<std::optional<std::string>> found(views.size());
  {
    const nb::gil_scoped_release free;
    const dag::Extractor extractor(how);
    for (std::size_t i = 0; i < views.size(); ++i) {
      auto one = extractor(views[i]);
      if (one.found()) {
        found[i] = std::move(one.answer);
      }
    }
  }
  nb::list out;
  for (const auto& answer : found) {
    out.append(answer ? nb::object(nb::str(answer->data(), answer->size())) : nb::none());
  }
  return out;
}

}  // namespace

void add_functions(nb::module_& m) {
  m.def("table_rewards32", &table_rewards<float>);
  m.def("table_rewards64", &table_rewards<double>);
  m.def("advantages32", &fill_advantages<float>, nb::arg(), nb::arg(), nb::arg(), nb::arg().none(),
        nb::arg());
  m.def("advantages64", &fill_advantages<double>, nb::arg(), nb::arg(), nb::arg(),
        nb::arg().none(), nb::arg());
  const auto loss = [&](const char* name, auto function) {
    m.def(name, function, nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg().none(),
          nb::arg().none(), nb::arg().none(), nb::arg().none(), nb::arg().none(), nb::arg());
  };
  m.def("trainer_presets", &trainer_presets);
  m.def("gdpo", &gdpo);
  loss("policy_loss32", &policy_loss<float>);
  loss("policy_loss64", &policy_loss<double>);
  m.def("policy_presets", [] {
    std::vector<std::string> names;
    for (const dag::PolicyPreset& preset : dag::policy_presets) {
      names.emplace_back(preset.name);
    }
    return names;
  });
  m.def("advantage_names", [] {
    std::vector<std::string> names;
    for (const auto& [name, kind] : dag::advantage_names) {
      names.emplace_back(name);
    }
    return names;
  });
  m.def("reward_table", &reward_table);
  m.def("utilities", &utilities);
  m.def("extract", &extract);
  m.def("canonical", [](const nb::str& answer) { return dag::answer_key(utf8(answer, "answer")); });
  m.def("equal", [](const nb::str& a, const nb::str& b) {
    const dag::Equality found = dag::equal_answers(utf8(a, "answer"), utf8(b, "answer"));
    return nb::make_tuple(found.equal, std::string(found.rule));
  });
}

}  // namespace dag_python
