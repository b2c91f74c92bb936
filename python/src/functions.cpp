// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/answers/reward.hpp>
#include <dag/answers/rollout_batch.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/policy/advantage.hpp>
#include <dag/policy/policy_loss.hpp>
#include <dag/policy/policy_loss_presets.hpp>
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

template <class Scalar>
nb::tuple policy_loss(const std::string& preset, const Array& log_prob, const Array& advantage,
                      const std::optional<Array>& mask, const std::optional<Array>& old,
                      const std::optional<Array>& reference, const std::optional<Array>& sampler,
                      double beta, double fixed_length) {
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
  batch.mask = view<std::uint8_t>(mask, "policy_loss: mask");
  std::vector<Scalar> gradient(sequences * tokens);
  dag::PolicyLossSum sum;
  {
    const nb::gil_scoped_release free;
    dag::PolicyLossOptions options = dag::policy_preset(preset).loss;
    options.beta = beta;
    options.fixed_length = fixed_length;
    sum = dag::policy_loss(batch, options, gradient);
  }
  nb::dict d;
  d["loss"] = sum.value();
  d["kl"] = sum.mean_kl();
  d["ratio"] = sum.mean_ratio();
  d["clipped_low"] = sum.clipped_low;
  d["clipped_high"] = sum.clipped_high;
  d["effective_sample_size"] = sum.effective_sample_size();
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
          nb::arg().none(), nb::arg().none(), nb::arg(), nb::arg());
  };
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
