// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <nanobind/stl/string.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/answers/interner.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/text/answer_key.hpp>
#include <dag/train/trainer.hpp>

#include "module.hpp"
#include "objective.hpp"

namespace dag_python {
namespace {

/// A model that is a Python object. Prompts are numbers of a list, traces whatever Python gave.
class PythonModel {
 public:
  using scalar_type = double;
  using prompt_type = std::size_t;
  using trace_type = nb::object;

  PythonModel(nb::object object, nb::list prompts)
      : object_(std::move(object)), prompts_(std::move(prompts)) {}

  [[nodiscard]] nb::object sample(std::size_t prompt, dag::RandomStream& stream) const {
    std::vector<nb::object> one(1);
    sample_batch(std::span(&prompt, 1), stream, std::span(one));
    return one[0];
  }
  void sample_batch(std::span<const std::size_t> prompts, dag::RandomStream& stream,
                    std::span<nb::object> traces) const {
    const std::uint64_t seed = stream() >> 1U;  // fits what NumPy and torch take for a seed
    const nb::object drawn = object_.attr("sample")(list_of(prompts), seed);
    const nb::list found(drawn);
    dag::require(found.size() == traces.size(), Errc::dimension_mismatch,
                 "train: model.sample gave ", found.size(), " traces for ", traces.size(),
                 " prompts");
    for (std::size_t i = 0; i < traces.size(); ++i) {
      traces[i] = nb::borrow(found[i]);
    }
  }
  [[nodiscard]] double log_prob(std::size_t prompt, const nb::object& trace) const {
    double out = 0;
    log_prob_batch(std::span(&prompt, 1), std::span(&trace, 1), std::span(&out, 1));
    return out;
  }
  void log_prob_batch(std::span<const std::size_t> prompts, std::span<const nb::object> traces,
                      std::span<double> out) const {
    const nb::object given = object_.attr("log_prob")(list_of(prompts), list_of(traces));
    const nb::list found(given);
    dag::require(found.size() == out.size(), Errc::dimension_mismatch,
                 "train: model.log_prob gave ", found.size(), " numbers for ", out.size(),
                 " traces");
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = nb::cast<double>(found[i].attr("__float__")());
      dag::require(!(out[i] > 1e-3) && !std::isnan(out[i]), Errc::invalid_argument,
                   "train: model.log_prob gave ", out[i],
                   " for a trace; a log-probability is at most 0");
    }
  }
  [[nodiscard]] std::size_t parameter_count() const { return 0; }
  void accumulate_score(std::size_t, const nb::object&, double, std::span<double>) const {}
  void copy_parameters(std::span<double>) const {}
  void set_parameters(std::span<const double>) {}

  /// One step along sum_i weights[i] grad log pi(traces[i]|prompts[i]): the norm before clipping.
  double ascend(std::span<const std::size_t> prompts, std::span<const nb::object> traces,
                std::span<const double> weights, double rate, double clip_norm) {
    nb::object norm = object_.attr("ascend")(list_of(prompts), list_of(traces),
                                             give(std::vector<double>(weights.begin(), weights.end())),
                                             rate, clip_norm);
    return norm.is_none() ? std::numeric_limits<double>::quiet_NaN()
                          : nb::cast<double>(norm.attr("__float__")());
  }
  [[nodiscard]] nb::object prompt(std::size_t index) const { return prompts_[index]; }

 private:
  using Errc = dag::Errc;

  [[nodiscard]] nb::list list_of(std::span<const std::size_t> prompts) const {
    nb::list out;
    for (const std::size_t index : prompts) {
      out.append(prompts_[index]);
    }
    return out;
  }
  [[nodiscard]] static nb::list list_of(std::span<const nb::object> traces) {
    nb::list out;
    for (const nb::object& trace : traces) {
      out.append(trace);
    }
    return out;
  }

  nb::object object_;
  nb::list prompts_;
};

/// The model moves itself.
struct OwnSteps {
  double ascend(PythonModel& model, std::span<const std::size_t> prompts,
                std::span<const nb::object> traces, std::span<const double> weights, double rate,
                double clip_norm) {
    return model.ascend(prompts, traces, weights, rate, clip_norm);
  }
  [[nodiscard]] std::vector<double> state() const { return {}; }
  void restore(const std::vector<double>&) {}
};

dag::TrainOptions options_of(const nb::dict& fields) {
  dag::TrainOptions options;
  options.learning_rate.peak = 1e-3;
  options.beta = 0;
  read_fields(fields, "train",
              {Field::into("steps", options.steps),
               Field::into("questions_per_step", options.questions_per_step),
               Field::into("samples", options.group_size), Field::into("beta", options.beta),
               Field::into("learning_rate", options.learning_rate.peak),
               Field::into("warm_up", options.learning_rate.warm_up),
               Field::into("clip_norm", options.clip_norm), Field::into("seed", options.seed)});
  return options;
}

/// `dag::train` of a Python object. answer(prompt, trace): a str or None. on_step(record as JSON)
/// -> false stops.
std::string train(const nb::object& model, const nb::object& reference, const nb::list& questions,
                  const std::string& utility, const std::string& estimator, double smoothing,
                  const nb::object& answer, const nb::object& on_step, const nb::dict& fields) {
  const dag::TrainOptions options = options_of(fields);
  nb::list prompts;
  std::vector<dag::Question<std::size_t>> known;
  std::vector<std::size_t> question_of;
  for (nb::handle question : questions) {
    known.emplace_back();
    for (nb::handle prompt : nb::list(nb::borrow(question))) {
      known.back().contexts.push_back(prompts.size());
      question_of.push_back(known.size() - 1);
      prompts.append(prompt);
    }
  }
  dag::AnyObjective objective = objective_of(utility, estimator, smoothing, nullptr);
  PythonModel policy(model, prompts);
  const PythonModel anchor(reference, prompts);
  OwnSteps steps;
  const dag::AnswerKey key;
  std::vector<dag::StringInterner> keys(known.size());
  const auto read = [&](std::size_t prompt, const nb::object& trace) -> std::int32_t {
    const nb::object text = answer(policy.prompt(prompt), trace);
    const auto view = optional_utf8(text, "train: what answer() gives");
    if (!view) {
      return -1;
    }
    std::string canonical;
    key(*view, canonical);
    return keys[question_of[prompt]].intern(canonical);
  };
  const auto status =
      dag::train(policy, anchor, std::span<const dag::Question<std::size_t>>(known), objective,
                 read, steps, options, [&](const dag::TrainRecord& record) {
                   if (PyErr_CheckSignals() != 0) {
                     throw nb::python_error();
                   }
                   const nb::object go_on = on_step(dag::to_json(record));
                   return go_on.is_none() || nb::cast<bool>(nb::bool_(go_on));
                 });
  return std::string(dag::to_string(status));
}

}  // namespace

void add_training(nb::module_& m) { m.def("train", &train); }

}  // namespace dag_python
