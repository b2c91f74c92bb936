// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/core/token_log_prob_model.hpp>
#include <dag/train/detail/group_diagnostics.hpp>
#include <dag/train/detail/token_scores.hpp>
#include <dag/train/detail/trace_loss.hpp>
#include <dag/train/train_options.hpp>
#include <dag/train/train_record.hpp>

namespace dag::detail {

/// What the scores of a step's traces are multiplied by, at the level of the loss: a weight a trace
/// (`TraceLoss`), or one a token (`TokenScores`) where the model tells tokens apart.
template <LogProbModel Model>
class BatchScore {
 public:
  using Real = typename Model::scalar_type;
  using Prompts = std::span<const typename Model::prompt_type>;
  using Traces = std::span<const typename Model::trace_type>;

  /// Errors: unsupported (tokens of a model without them).
  explicit BatchScore(const TrainOptions& options) : options_(options) {
    require(by_trace() || TokenLogProbModel<Model>, Errc::unsupported,
            "train: LossLevel::token needs a model with token log-probabilities "
            "(TokenLogProbModel)");
  }
  [[nodiscard]] bool by_trace() const { return options_.loss_level == LossLevel::trace; }

  /// Log-probabilities of the sampled traces under the policy that drew them and under the anchor.
  void read(const Model& model, const Model& anchor, Prompts prompts, Traces traces,
            std::span<Real> log_prob, std::span<Real> log_reference) {
    if constexpr (TokenLogProbModel<Model>) {
      if (!by_trace()) {
        tokens_.read(model, anchor, prompts, traces, log_prob, log_reference);
        return;
      }
    }
    log_prob_batch(model, prompts, traces, log_prob);
    log_prob_batch(anchor, prompts, traces, log_reference);
  }
  /// Tokens of each trace; empty by trace.
  [[nodiscard]] std::span<const double> lengths() const {
    if constexpr (TokenLogProbModel<Model>) {
      return tokens_.lengths();
    }
    return {};
  }
  /// Trace `from` takes the place `to` <= from; called in ascending order for all that stay.
  void keep(std::size_t from, std::size_t to) {
    if constexpr (TokenLogProbModel<Model>) {
      if (!by_trace()) {
        tokens_.keep(from, to);
      }
    }
  }

  /// The weights of one epoch; what is read first are the traces' places after `keep`.
  void weigh(std::size_t epoch, const Model& model, Prompts prompts, Traces traces,
             std::span<const double> advantage, std::span<const Real> old_log_prob,
             TrainRecord& record) {
    const PolicyLossOptions& loss = options_.policy_loss;
    if constexpr (TokenLogProbModel<Model>) {
      if (!by_trace()) {
        tokens_.weigh(loss, epoch, model, prompts, traces, advantage, record);
        return;
      }
    }
    if (epoch > 0 && loss.surrogate != Surrogate::reinforce) {
      current_.resize(traces.size());
      log_prob_batch(model, prompts, traces, std::span<Real>(current_));
    }
    weights_.resize(traces.size());
    loss_(loss, advantage, old_log_prob, epoch > 0 ? std::span<const Real>(current_) : old_log_prob,
          std::span<Real>(weights_), record);
  }
  /// By trace: d objective / d log pi(trace).
  [[nodiscard]] std::span<const Real> trace_weights() const { return weights_; }

  /// gradient += weights times scores.
  void accumulate(const Model& model, Prompts prompts, Traces traces, std::span<Real> gradient) {
    accumulate(model, prompts, traces, gradient, [](std::size_t) { return true; });
  }
  /// Of the batch's gradient, from its halves: blocks of `period` traces taken in turn.
  void measure_noise(const Model& model, Prompts prompts, Traces traces, std::size_t period,
                     TrainRecord& record) {
    detail::measure_noise<Real>(
        static_cast<std::size_t>(model.parameter_count()),
        [&](std::size_t half, std::span<Real> gradient) {
          accumulate(model, prompts, traces, gradient,
                     [&](std::size_t i) { return i / period % 2 == half; });
        },
        record);
  }

 private:
  /// Of the traces i with keep(i).
  template <class Keep>
  void accumulate(const Model& model, Prompts prompts, Traces traces, std::span<Real> gradient,
                  Keep&& keep) {
    if constexpr (TokenLogProbModel<Model>) {
      if (!by_trace()) {
        tokens_.accumulate(model, prompts, traces, gradient, keep);
        return;
      }
    }
    masked_.resize(weights_.size());
    for (std::size_t i = 0; i < masked_.size(); ++i) {
      masked_[i] = keep(i) ? weights_[i] : Real{0};
    }
    accumulate_score_batch(model, prompts, traces, std::span<const Real>(masked_), gradient);
  }

  struct None {};
  template <class M>
  struct Tokens {
    using type = None;
  };
  template <TokenLogProbModel M>
  struct Tokens<M> {
    using type = TokenScores<M>;
  };

  const TrainOptions& options_;
  TraceLoss loss_;
  typename Tokens<Model>::type tokens_;
  std::vector<Real> current_, weights_, masked_;
};

}  // namespace dag::detail
