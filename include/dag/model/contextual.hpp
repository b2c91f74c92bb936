// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/core/random.hpp>
#include <dag/core/token_log_prob_model.hpp>

namespace dag {

/// One model of a fixed question per context: prompt x = 0..X-1 selects the model. Parameters are
/// those of model 0, then of model 1, and so on; contexts share none. Models may differ in size.
///
/// Satisfies LogProbModel, TokenLogProbModel, ParameterizedModel and ExactAnswerModel as far as
/// `Model` does. Throws invalid_argument for a prompt out of range, else what the models throw.
template <LogProbModel Model>
requires std::same_as<typename Model::prompt_type, NoPrompt>
class ContextualModel {
 public:
  using scalar_type = typename Model::scalar_type;
  using prompt_type = std::size_t;
  using trace_type = typename Model::trace_type;

  explicit ContextualModel(std::vector<Model> contexts) : contexts_(std::move(contexts)) {
    require(!contexts_.empty(), Errc::invalid_argument,
            "ContextualModel: need at least one context");
    offsets_.push_back(0);
    for (const Model& model : contexts_) {
      offsets_.push_back(offsets_.back() + static_cast<std::size_t>(model.parameter_count()));
    }
  }

  [[nodiscard]] std::size_t context_count() const noexcept { return contexts_.size(); }
  [[nodiscard]] const Model& context(std::size_t prompt) const {
    require(prompt < contexts_.size(), Errc::invalid_argument,
            "ContextualModel: a prompt must be below the number of contexts ", contexts_.size(),
            ", got ", prompt);
    return contexts_[prompt];
  }

  [[nodiscard]] trace_type sample(std::size_t prompt, RandomStream& stream) const {
    return context(prompt).sample(NoPrompt{}, stream);
  }
  [[nodiscard]] scalar_type log_prob(std::size_t prompt, const trace_type& trace) const {
    return context(prompt).log_prob(NoPrompt{}, trace);
  }
  void accumulate_score(std::size_t prompt, const trace_type& trace, scalar_type weight,
                        std::span<scalar_type> gradient) const {
    require(gradient.size() == parameter_count(), Errc::dimension_mismatch,
            "ContextualModel::accumulate_score: gradient must have ", parameter_count(),
            " entries, got ", gradient.size());
    context(prompt).accumulate_score(NoPrompt{}, trace, weight, part(gradient, prompt));
  }

  [[nodiscard]] std::size_t token_count(std::size_t prompt, const trace_type& trace) const requires
      TokenLogProbModel<Model> {
    return context(prompt).token_count(NoPrompt{}, trace);
  }
  void token_log_probs(std::size_t prompt, const trace_type& trace,
                       std::span<scalar_type> out) const requires TokenLogProbModel<Model> {
    context(prompt).token_log_probs(NoPrompt{}, trace, out);
  }
  void accumulate_token_score(
      std::size_t prompt, const trace_type& trace, std::span<const scalar_type> weights,
      std::span<scalar_type> gradient) const requires TokenLogProbModel<Model> {
    require(gradient.size() == parameter_count(), Errc::dimension_mismatch,
            "ContextualModel::accumulate_token_score: gradient must have ", parameter_count(),
            " entries, got ", gradient.size());
    context(prompt).accumulate_token_score(NoPrompt{}, trace, weights, part(gradient, prompt));
  }

  [[nodiscard]] std::size_t parameter_count() const noexcept { return offsets_.back(); }
  void copy_parameters(std::span<scalar_type> out) const requires ParameterizedModel<Model> {
    check_length(out.size());
    for (std::size_t prompt = 0; prompt < contexts_.size(); ++prompt) {
      contexts_[prompt].copy_parameters(part(out, prompt));
    }
  }
  /// On an error no context is changed.
  void set_parameters(std::span<const scalar_type> in) requires ParameterizedModel<Model> {
    check_length(in.size());
    std::vector<Model> changed = contexts_;
    for (std::size_t prompt = 0; prompt < contexts_.size(); ++prompt) {
      changed[prompt].set_parameters(part(in, prompt));
    }
    contexts_ = std::move(changed);
  }

  [[nodiscard]] std::size_t answer(std::size_t prompt,
                                   const trace_type& trace) const requires ExactAnswerModel<Model> {
    return context(prompt).answer(NoPrompt{}, trace);
  }
  [[nodiscard]] std::size_t answer_count(std::size_t prompt) const requires
      ExactAnswerModel<Model> {
    return context(prompt).answer_count(NoPrompt{});
  }
  void answer_log_probs(std::size_t prompt,
                        std::span<scalar_type> out) const requires ExactAnswerModel<Model> {
    context(prompt).answer_log_probs(NoPrompt{}, out);
  }

 private:
  template <class Entry>
  [[nodiscard]] std::span<Entry> part(std::span<Entry> all, std::size_t prompt) const {
    return all.subspan(offsets_[prompt], offsets_[prompt + 1] - offsets_[prompt]);
  }
  void check_length(std::size_t length) const {
    require(length == parameter_count(), Errc::dimension_mismatch, "ContextualModel: need ",
            parameter_count(), " parameters, got ", length);
  }

  std::vector<Model> contexts_;
  std::vector<std::size_t> offsets_;
};

}  // namespace dag
