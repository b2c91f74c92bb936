// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>

namespace dag {

/// Atom: `model.token_count(prompt, trace)` is the number of tokens of a trace, >= 1.
template <class Model>
concept CountsTokens = NamesModelTypes<Model> &&
    requires(const Model& model, const typename Model::prompt_type& prompt,
             const typename Model::trace_type& trace) {
  { model.token_count(prompt, trace) } -> std::convertible_to<std::size_t>;
};

/// Atom: `model.token_log_probs(prompt, trace, out)` writes log pi(y_t|prompt, y_<t) in nats for
/// every token; their sum is log_prob(prompt, trace).
template <class Model>
concept GivesTokenLogProbs = NamesModelTypes<Model> &&
    requires(const Model& model, const typename Model::prompt_type& prompt,
             const typename Model::trace_type& trace, std::span<typename Model::scalar_type> out) {
  model.token_log_probs(prompt, trace, out);
};

/// Atom: `model.accumulate_token_score(prompt, trace, weights, gradient)` adds
/// sum_t weights[t] * d log pi(y_t|prompt, y_<t) / d parameters to `gradient`; equal weights are
/// accumulate_score.
template <class Model>
concept AccumulatesTokenScore = NamesModelTypes<Model> &&
    requires(const Model& model, const typename Model::prompt_type& prompt,
             const typename Model::trace_type& trace,
             std::span<const typename Model::scalar_type> weights,
             std::span<typename Model::scalar_type> gradient) {
  model.accumulate_token_score(prompt, trace, weights, gradient);
};

/// Optional: a model whose traces are sequences of tokens, pi(y|x) = prod_t pi(y_t|x, y_<t), and
/// which tells them apart: what policy losses with a ratio a token ask for. Where a trace ends is
/// part of its last token.
template <class Model>
concept TokenLogProbModel = LogProbModel<Model> && CountsTokens<Model> &&
    GivesTokenLogProbs<Model> && AccumulatesTokenScore<Model>;

/// Where the tokens of each trace lie in one flat array: n + 1 ascending offsets from 0. Throws
/// dimension_mismatch unless both spans have the same length.
template <TokenLogProbModel Model>
[[nodiscard]] std::vector<std::size_t> token_offsets(
    const Model& model, std::span<const typename Model::prompt_type> prompts,
    std::span<const typename Model::trace_type> traces) {
  require(prompts.size() == traces.size(), Errc::dimension_mismatch,
          "token_offsets: one prompt per trace, got ", prompts.size(), " prompts and ",
          traces.size(), " traces");
  std::vector<std::size_t> offsets{0};
  offsets.reserve(traces.size() + 1);
  for (std::size_t i = 0; i < traces.size(); ++i) {
    offsets.push_back(offsets.back() +
                      static_cast<std::size_t>(model.token_count(prompts[i], traces[i])));
  }
  return offsets;
}

namespace detail {

inline void check_token_shapes(const char* where, std::size_t prompts, std::size_t traces,
                               std::span<const std::size_t> offsets, std::size_t tokens) {
  require(prompts == traces && offsets.size() == traces + 1 && offsets.front() == 0 &&
              offsets.back() == tokens,
          Errc::dimension_mismatch, where,
          ": one prompt per trace, offsets from 0 to the number of tokens, got ", prompts,
          " prompts, ", traces, " traces, ", offsets.size(), " offsets and ", tokens, " tokens");
}

}  // namespace detail

/// out[offsets[i] .. offsets[i+1]) = token log-probabilities of traces[i]; offsets as
/// `token_offsets` gives them. A member `token_log_prob_batch(prompts, traces, offsets, out)` is
/// used where it exists. Throws dimension_mismatch unless lengths agree.
template <TokenLogProbModel Model>
void token_log_prob_batch(const Model& model, std::span<const typename Model::prompt_type> prompts,
                          std::span<const typename Model::trace_type> traces,
                          std::span<const std::size_t> offsets,
                          std::span<typename Model::scalar_type> out) {
  detail::check_token_shapes("token_log_prob_batch", prompts.size(), traces.size(), offsets,
                             out.size());
  if constexpr (requires { model.token_log_prob_batch(prompts, traces, offsets, out); }) {
    model.token_log_prob_batch(prompts, traces, offsets, out);
  } else {
    for (std::size_t i = 0; i < traces.size(); ++i) {
      model.token_log_probs(prompts[i], traces[i],
                            out.subspan(offsets[i], offsets[i + 1] - offsets[i]));
    }
  }
}

/// gradient += sum_i sum_t weights[offsets[i] + t] * grad log pi(token t of traces[i]). A member
/// `accumulate_token_score_batch(prompts, traces, offsets, weights, gradient)` is used where it
/// exists. Throws dimension_mismatch unless lengths agree.
template <TokenLogProbModel Model>
void accumulate_token_score_batch(const Model& model,
                                  std::span<const typename Model::prompt_type> prompts,
                                  std::span<const typename Model::trace_type> traces,
                                  std::span<const std::size_t> offsets,
                                  std::span<const typename Model::scalar_type> weights,
                                  std::span<typename Model::scalar_type> gradient) {
  detail::check_token_shapes("accumulate_token_score_batch", prompts.size(), traces.size(), offsets,
                             weights.size());
  require(gradient.size() == static_cast<std::size_t>(model.parameter_count()),
          Errc::dimension_mismatch, "accumulate_token_score_batch: gradient must have ",
          static_cast<std::size_t>(model.parameter_count()), " entries, got ", gradient.size());
  if constexpr (requires {
                  model.accumulate_token_score_batch(prompts, traces, offsets, weights, gradient);
                }) {
    model.accumulate_token_score_batch(prompts, traces, offsets, weights, gradient);
  } else {
    for (std::size_t i = 0; i < traces.size(); ++i) {
      model.accumulate_token_score(prompts[i], traces[i],
                                   weights.subspan(offsets[i], offsets[i + 1] - offsets[i]),
                                   gradient);
    }
  }
}

}  // namespace dag
