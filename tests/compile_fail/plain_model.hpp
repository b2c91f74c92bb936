// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <dag/core/log_prob_model.hpp>
#include <dag/core/token_log_prob_model.hpp>

/// As plain.hpp, for the concepts of models.
namespace plain {

struct Model {
  using scalar_type = double;
  using prompt_type = dag::NoPrompt;
  using trace_type = int;
  int sample(dag::NoPrompt prompt, dag::RandomStream& stream) const;
  double log_prob(dag::NoPrompt prompt, int trace) const;
  std::size_t parameter_count() const;
  void accumulate_score(dag::NoPrompt prompt, int trace, double weight,
                        std::span<double> gradient) const;
  void copy_parameters(std::span<double> out) const;
  void set_parameters(std::span<const double> in);
  std::size_t answer(dag::NoPrompt prompt, int trace) const;
  std::size_t answer_count(dag::NoPrompt prompt) const;
  void answer_log_probs(dag::NoPrompt prompt, std::span<double> out) const;
  std::size_t token_count(dag::NoPrompt prompt, int trace) const;
  void token_log_probs(dag::NoPrompt prompt, int trace, std::span<double> out) const;
  void accumulate_token_score(dag::NoPrompt prompt, int trace, std::span<const double> weights,
                              std::span<double> gradient) const;
};

static_assert(dag::LogProbModel<Model>);
static_assert(dag::ParameterizedModel<Model>);
static_assert(dag::ExactAnswerModel<Model>);
static_assert(dag::TokenLogProbModel<Model>);

}  // namespace plain
