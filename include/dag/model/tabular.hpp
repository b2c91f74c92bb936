// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/core/random.hpp>
#include <dag/model/categorical.hpp>
#include <dag/model/tilt.hpp>
#include <dag/numeric/log_sum_exp.hpp>

namespace dag {

/// A softmax over finitely many traces with an answer map: the smallest game with the structure of
/// a language model, and the oracle for the others. Trace y has logit logits[y] and answer
/// answers[y]; parameters are the logits; -inf forbids a trace, NaN and +inf are refused.
///
/// Satisfies LogProbModel, ParameterizedModel, ExactAnswerModel and TiltableModel. Sampling costs
/// one draw and O(traces). Equal seeds give equal traces.
template <std::floating_point Scalar = double>
class TabularModel {
 public:
  using scalar_type = Scalar;
  using prompt_type = NoPrompt;
  using trace_type = std::size_t;

  /// answers[y] < answer_count. Throws invalid_argument, dimension_mismatch, not_finite,
  /// not_a_distribution (no finite logit).
  TabularModel(std::vector<Scalar> logits, std::vector<std::size_t> answers,
               std::size_t answer_count)
      : answers_(std::move(answers)), answer_count_(answer_count) {
    require(!answers_.empty(), Errc::invalid_argument, "TabularModel: need at least one trace");
    for (std::size_t trace = 0; trace < answers_.size(); ++trace) {
      require(answers_[trace] < answer_count_, Errc::invalid_argument,
              "TabularModel: an answer must be below answer_count = ", answer_count_, ", got ",
              answers_[trace], " for trace ", trace);
    }
    assign(std::move(logits));
  }

  [[nodiscard]] std::span<const Scalar> logits() const noexcept { return logits_; }
  [[nodiscard]] std::span<const Scalar> log_probs() const noexcept { return log_probs_; }
  [[nodiscard]] std::span<const std::size_t> answers() const noexcept { return answers_; }

  [[nodiscard]] trace_type sample(NoPrompt, RandomStream& stream) const noexcept {
    return categorical::sample(std::span<const Scalar>(probs_), stream);
  }
  /// Throws invalid_argument for a trace out of range.
  [[nodiscard]] Scalar log_prob(NoPrompt, trace_type trace) const {
    check_trace(trace);
    return log_probs_[trace];
  }
  /// gradient += weight * (1[y = trace] - pi(y)). Throws dimension_mismatch; invalid_argument for a
  /// trace out of range or of probability zero (its score does not exist).
  void accumulate_score(NoPrompt prompt, trace_type trace, Scalar weight,
                        std::span<Scalar> gradient) const {
    require(gradient.size() == parameter_count(), Errc::dimension_mismatch,
            "TabularModel::accumulate_score: gradient must have ", parameter_count(),
            " entries, got ", gradient.size());
    require(log_prob(prompt, trace) > -std::numeric_limits<Scalar>::infinity(),
            Errc::invalid_argument, "TabularModel::accumulate_score: trace ", trace,
            " has probability zero, so no score");
    categorical::accumulate_score(std::span<const Scalar>(probs_), trace, weight, gradient);
  }

  [[nodiscard]] std::size_t parameter_count() const noexcept { return logits_.size(); }
  void copy_parameters(std::span<Scalar> out) const {
    require(out.size() == parameter_count(), Errc::dimension_mismatch,
            "TabularModel::copy_parameters: need ", parameter_count(), " entries, got ",
            out.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = logits_[i];
    }
  }
  /// Replaces the logits; on an error the model is unchanged. Throws as the constructor.
  void set_parameters(std::span<const Scalar> logits) {
    assign(std::vector<Scalar>(logits.begin(), logits.end()));
  }

  [[nodiscard]] std::size_t answer(NoPrompt, trace_type trace) const {
    check_trace(trace);
    return answers_[trace];
  }
  [[nodiscard]] std::size_t answer_count(NoPrompt = {}) const noexcept { return answer_count_; }
  /// out[z] = log sum of pi(y) over the traces with answer z; -inf for an answer without mass.
  void answer_log_probs(NoPrompt, std::span<Scalar> out) const {
    constexpr Scalar none = -std::numeric_limits<Scalar>::infinity();
    require(out.size() == answer_count_, Errc::dimension_mismatch,
            "TabularModel::answer_log_probs: need ", answer_count_, " entries, got ", out.size());
    std::vector<Scalar> sums(answer_count_, Scalar{0});
    for (Scalar& largest : out) {
      largest = none;
    }
    for (std::size_t trace = 0; trace < answers_.size(); ++trace) {
      Scalar& largest = out[answers_[trace]];
      largest = log_probs_[trace] > largest ? log_probs_[trace] : largest;
    }
    for (std::size_t trace = 0; trace < answers_.size(); ++trace) {
      if (log_probs_[trace] > none) {
        sums[answers_[trace]] += std::exp(log_probs_[trace] - out[answers_[trace]]);
      }
    }
    for (std::size_t answer = 0; answer < answer_count_; ++answer) {
      out[answer] = out[answer] > none ? out[answer] + std::log(sums[answer]) : none;
    }
  }

 private:
  void assign(std::vector<Scalar> logits) {
    require(logits.size() == answers_.size(), Errc::dimension_mismatch,
            "TabularModel: need one logit per trace (", answers_.size(), "), got ", logits.size());
    categorical::check_logits(std::span<const Scalar>(logits), "TabularModel", 0);
    std::vector<Scalar> log_probs(logits);
    log_normalize(log_probs);
    std::vector<Scalar> probs(log_probs.size());
    categorical::exponentiate<Scalar>(log_probs, probs);
    logits_ = std::move(logits);
    log_probs_ = std::move(log_probs);
    probs_ = std::move(probs);
  }
  void check_trace(trace_type trace) const {
    require(trace < answers_.size(), Errc::invalid_argument, "TabularModel: a trace must be below ",
            answers_.size(), ", got ", trace);
  }

  std::vector<std::size_t> answers_;
  std::size_t answer_count_;
  std::vector<Scalar> logits_;
  std::vector<Scalar> log_probs_;
  std::vector<Scalar> probs_;
};

/// The Policy's exact best response argmax_pi <r, nu_pi> - beta KL(pi || reference):
/// pi(y) = reference(y) exp(r(a(y)) / beta) / Z. rewards: one per answer, finite or -inf; beta > 0.
/// Throws not_finite, invalid_argument, dimension_mismatch; not_a_distribution if every answer with
/// mass is ruled out.
template <std::floating_point Scalar>
[[nodiscard]] Tilted<TabularModel<Scalar>> tilt(
    const TabularModel<Scalar>& reference, std::span<const std::type_identity_t<Scalar>> rewards,
    std::type_identity_t<Scalar> beta) {
  detail::check_tilt<Scalar>(rewards, reference.answer_count(), beta);
  const auto answers = reference.answers();
  std::vector<Scalar> logits(reference.log_probs().begin(), reference.log_probs().end());
  for (std::size_t trace = 0; trace < logits.size(); ++trace) {
    logits[trace] += rewards[answers[trace]] / beta;
  }
  const Scalar log_normalizer = log_sum_exp(logits);
  detail::check_log_normalizer(log_normalizer);
  return {TabularModel<Scalar>(std::move(logits),
                               std::vector<std::size_t>(answers.begin(), answers.end()),
                               reference.answer_count()),
          log_normalizer};
}

/// KL(policy || reference) over traces, in nats; +inf where policy has mass that reference lacks.
/// Throws dimension_mismatch if the numbers of traces differ.
template <std::floating_point Scalar>
[[nodiscard]] Scalar trace_kl(const TabularModel<Scalar>& policy,
                              const TabularModel<Scalar>& reference) {
  require(policy.parameter_count() == reference.parameter_count(), Errc::dimension_mismatch,
          "trace_kl: both models must have the same number of traces, got ",
          policy.parameter_count(), " and ", reference.parameter_count());
  return categorical::kl(policy.log_probs(), reference.log_probs());
}

}  // namespace dag
