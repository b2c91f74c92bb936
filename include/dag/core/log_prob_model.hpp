// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include <dag/core/error.hpp>
#include <dag/core/random.hpp>

namespace dag {

/// The prompt of a model that answers one fixed question.
struct NoPrompt {
  friend constexpr bool operator==(NoPrompt, NoPrompt) = default;
};

/// Atom: `scalar_type` (floating point), `prompt_type` and `trace_type` are members; the last two
/// are whatever the model likes.
template <class Model>
concept NamesModelTypes = requires {
  typename Model::scalar_type;
  typename Model::prompt_type;
  typename Model::trace_type;
}
&&std::floating_point<typename Model::scalar_type>;

/// Atom: `model.sample(prompt, stream)` draws a trace y ~ pi(.|prompt) and advances the stream.
template <class Model>
concept SamplesTraces = NamesModelTypes<Model> &&
    requires(const Model& model, const typename Model::prompt_type& prompt, RandomStream& stream) {
  { model.sample(prompt, stream) } -> std::convertible_to<typename Model::trace_type>;
};

/// Atom: `model.log_prob(prompt, trace)` is log pi(trace|prompt) in nats; -inf is legal.
template <class Model>
concept GivesLogProb = NamesModelTypes<Model> &&
    requires(const Model& model, const typename Model::prompt_type& prompt,
             const typename Model::trace_type& trace) {
  { model.log_prob(prompt, trace) } -> std::convertible_to<typename Model::scalar_type>;
};

/// Atom: `model.parameter_count()` is the length of a gradient.
template <class Model>
concept CountsParameters = requires(const Model& model) {
  { model.parameter_count() } -> std::convertible_to<std::size_t>;
};

/// Atom: `model.accumulate_score(prompt, trace, weight, gradient)` adds
/// weight * d log pi(trace|prompt) / d parameters to `gradient` (parameter_count() entries).
template <class Model>
concept AccumulatesScore = NamesModelTypes<Model> &&
    requires(const Model& model, const typename Model::prompt_type& prompt,
             const typename Model::trace_type& trace, typename Model::scalar_type weight,
             std::span<typename Model::scalar_type> gradient) {
  model.accumulate_score(prompt, trace, weight, gradient);
};

/// Anything that has log-probabilities: what answer-level alignment asks of a policy. A sampled
/// trace needs only its own log-probability and its own score, so nothing here enumerates traces.
/// `examples/smallest_model.cpp` shows a model that satisfies it in about 20 lines.
template <class Model>
concept LogProbModel = NamesModelTypes<Model> && SamplesTraces<Model> && GivesLogProb<Model> &&
    CountsParameters<Model> && AccumulatesScore<Model>;

/// Optional: parameters that a training loop reads and writes as one flat vector (copied, so that a
/// model may keep them scattered or on a device).
template <class Model>
concept ParameterizedModel = LogProbModel<Model> &&
    requires(const Model& model, Model& mutable_model, std::span<typename Model::scalar_type> out,
             std::span<const typename Model::scalar_type> in) {
  model.copy_parameters(out);
  mutable_model.set_parameters(in);
};

/// Optional: a model whose answers are known exactly. `answer(prompt, trace)` is the answer id in
/// 0..answer_count(prompt)-1, `answer_log_probs(prompt, out)` writes log nu.
template <class Model>
concept ExactAnswerModel = LogProbModel<Model> &&
    requires(const Model& model, const typename Model::prompt_type& prompt,
             const typename Model::trace_type& trace, std::span<typename Model::scalar_type> out) {
  { model.answer(prompt, trace) } -> std::convertible_to<std::size_t>;
  { model.answer_count(prompt) } -> std::convertible_to<std::size_t>;
  model.answer_log_probs(prompt, out);
};

/// Draws traces[i] ~ pi(.|prompts[i]). Takes exactly one draw from `stream`, whose bits seed one
/// stream per item: item i is the same trace whatever its neighbours or the number of threads.
/// A member `sample_batch(prompts, stream, traces)` of the model is used where it exists.
/// Throws dimension_mismatch unless both spans have the same length.
template <SamplesTraces Model>
void sample_batch(const Model& model, std::span<const typename Model::prompt_type> prompts,
                  RandomStream& stream, std::span<typename Model::trace_type> traces) {
  require(prompts.size() == traces.size(), Errc::dimension_mismatch,
          "sample_batch: one trace per prompt, got ", prompts.size(), " prompts and ",
          traces.size(), " traces");
  if constexpr (requires { model.sample_batch(prompts, stream, traces); }) {
    model.sample_batch(prompts, stream, traces);
  } else {
    const auto seed = stream();
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      RandomStream own(seed, i);
      traces[i] = model.sample(prompts[i], own);
    }
  }
}

/// out[i] = log pi(traces[i]|prompts[i]). A member `log_prob_batch(prompts, traces, out)` is used
/// where it exists. Throws dimension_mismatch unless the three spans have the same length.
template <LogProbModel Model>
void log_prob_batch(const Model& model, std::span<const typename Model::prompt_type> prompts,
                    std::span<const typename Model::trace_type> traces,
                    std::span<typename Model::scalar_type> out) {
  require(prompts.size() == traces.size() && out.size() == traces.size(), Errc::dimension_mismatch,
          "log_prob_batch: one prompt and one result per trace, got ", prompts.size(), " prompts, ",
          traces.size(), " traces and ", out.size(), " results");
  if constexpr (requires { model.log_prob_batch(prompts, traces, out); }) {
    model.log_prob_batch(prompts, traces, out);
  } else {
    for (std::size_t i = 0; i < traces.size(); ++i) {
      out[i] = model.log_prob(prompts[i], traces[i]);
    }
  }
}

/// gradient += sum_i weights[i] * grad log pi(traces[i]|prompts[i]), in the order of the items
/// unless a member `accumulate_score_batch(prompts, traces, weights, gradient)` does it. Throws
/// dimension_mismatch unless lengths agree and gradient has parameter_count() entries.
template <LogProbModel Model>
void accumulate_score_batch(const Model& model,
                            std::span<const typename Model::prompt_type> prompts,
                            std::span<const typename Model::trace_type> traces,
                            std::span<const typename Model::scalar_type> weights,
                            std::span<typename Model::scalar_type> gradient) {
  require(prompts.size() == traces.size() && weights.size() == traces.size(),
          Errc::dimension_mismatch,
          "accumulate_score_batch: one prompt and one weight per trace, got ", prompts.size(),
          " prompts, ", traces.size(), " traces and ", weights.size(), " weights");
  require(gradient.size() == static_cast<std::size_t>(model.parameter_count()),
          Errc::dimension_mismatch, "accumulate_score_batch: gradient must have ",
          static_cast<std::size_t>(model.parameter_count()), " entries, got ", gradient.size());
  if constexpr (requires { model.accumulate_score_batch(prompts, traces, weights, gradient); }) {
    model.accumulate_score_batch(prompts, traces, weights, gradient);
  } else {
    for (std::size_t i = 0; i < traces.size(); ++i) {
      model.accumulate_score(prompts[i], traces[i], weights[i], gradient);
    }
  }
}

}  // namespace dag
