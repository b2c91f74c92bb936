// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/log_prob_model.hpp>
#include <dag/core/token_log_prob_model.hpp>
#include <dag/policy/policy_loss.hpp>
#include <dag/train/detail/group_diagnostics.hpp>
#include <dag/train/train_options.hpp>
#include <dag/train/train_record.hpp>

namespace dag::detail {

/// A policy loss at the level of tokens, from a rollout to a gradient: log-probabilities of the
/// sampled tokens under the policy that drew them and under the anchor, and, epoch by epoch,
/// weights = -d loss / d log pi of every token. A trace's advantage is that of all its tokens.
/// Memory: five numbers a token.
template <TokenLogProbModel Model>
class TokenScores {
 public:
  using Real = typename Model::scalar_type;
  using Prompts = std::span<const typename Model::prompt_type>;
  using Traces = std::span<const typename Model::trace_type>;

  template <class Parts>
  void read(Parts& parts, const Model& model, const Model& anchor, Prompts prompts, Traces traces,
            std::span<Real> log_prob, std::span<Real> log_reference,
            std::span<std::int32_t> answers) {
    offsets_.assign(traces.size() + 1, 0);
    lengths_.resize(traces.size());
    parts.each_own([&](std::size_t, std::size_t first, std::size_t size) {
      for (std::size_t i = first; i < first + size; ++i) {
        offsets_[i + 1] = static_cast<std::size_t>(model.token_count(prompts[i], traces[i]));
      }
    });
    parts.share(std::span<std::size_t>(offsets_).subspan(1), answers);
    for (std::size_t i = 0; i < traces.size(); ++i) {
      lengths_[i] = static_cast<double>(offsets_[i + 1]);
      offsets_[i + 1] += offsets_[i];
    }
    const auto into = [&](const Model& from, std::vector<double>& tokens, std::span<Real> sums) {
      read_tokens(parts, from, prompts, traces, offsets_);
      tokens.assign(own_.begin(), own_.end());
      for (std::size_t i = 0; i < traces.size(); ++i) {
        double sum = 0;
        for (std::size_t t = offsets_[i]; t < offsets_[i + 1]; ++t) {
          sum += tokens[t];
        }
        sums[i] = static_cast<Real>(sum);
      }
    };
    into(model, old_, log_prob);
    into(anchor, reference_, log_reference);
    kept_.assign(1, 0);
  }
  [[nodiscard]] std::span<const double> lengths() const { return lengths_; }

  void keep(std::size_t from, std::size_t to) {
    const auto begin = static_cast<std::ptrdiff_t>(offsets_[from]);
    const auto end = static_cast<std::ptrdiff_t>(offsets_[from + 1]);
    const auto place = static_cast<std::ptrdiff_t>(kept_[to]);
    for (auto* tokens : {&old_, &reference_}) {
      std::copy(tokens->begin() + begin, tokens->begin() + end, tokens->begin() + place);
    }
    kept_.push_back(kept_[to] + static_cast<std::size_t>(end - begin));
  }

  template <class Parts>
  void weigh(Parts& parts, const PolicyLossOptions& loss, std::size_t epoch, const Model& model,
             Prompts prompts, Traces traces, std::span<const double> advantage,
             std::span<const std::size_t> group, TrainRecord& record) {
    const std::size_t tokens = kept_.back();
    const auto old = std::span<const double>(old_).first(tokens);
    // On the first epoch the policy is the one that drew the tokens.
    now_.assign(old.begin(), old.end());
    const bool moves = loss.surrogate != Surrogate::reinforce || loss.beta > 0;
    if (epoch > 0 && moves) {
      read_tokens(parts, model, prompts, traces, kept_);
      now_.assign(own_.begin(), own_.end());
    }
    gradient_.resize(tokens);
    TokenBatch batch{.offsets = kept_, .log_prob = now_, .old_log_prob = old};
    batch.advantage = advantage;
    batch.group = group;
    if (loss.beta > 0) {
      batch.reference_log_prob = std::span<const double>(reference_).first(tokens);
    }
    const PolicyLossSum sum = policy_loss(batch, loss, std::span<double>(gradient_));
    weights_.resize(tokens);
    for (std::size_t t = 0; t < tokens; ++t) {
      weights_[t] = static_cast<Real>(-gradient_[t]);
    }
    record.effective_samples = sum.effective_sample_size() / static_cast<double>(traces.size());
    record.clipped =
        static_cast<double>(sum.clipped_low + sum.clipped_high) / static_cast<double>(sum.tokens);
  }

  template <class Parts, class Keep>
  void accumulate(Parts& parts, const Model& model, Prompts prompts, Traces traces,
                  std::span<Real> gradient, Keep&& keep) {
    own_.assign(weights_.begin(), weights_.end());
    for (std::size_t i = 0; i < traces.size(); ++i) {
      for (std::size_t t = kept_[i]; t < kept_[i + 1] && !keep(i); ++t) {
        own_[t] = 0;
      }
    }
    parts.sum(gradient, [&](std::size_t first, std::size_t size, std::span<Real> row) {
      const auto tokens = place(kept_, first, size);
      accumulate_token_score_batch(model, prompts.subspan(first, size), traces.subspan(first, size),
                                   std::span<const std::size_t>(part_),
                                   std::span<const Real>(own_).subspan(tokens.first, tokens.second),
                                   row);
    });
  }

 private:
  /// Of all tokens into `own_`.
  template <class Parts>
  void read_tokens(Parts& parts, const Model& from, Prompts prompts, Traces traces,
                   const std::vector<std::size_t>& offsets) {
    own_.resize(offsets.back());
    const std::span<Real> own(own_);
    parts.each_own([&](std::size_t, std::size_t first, std::size_t size) {
      const auto tokens = place(offsets, first, size);
      token_log_prob_batch(from, prompts.subspan(first, size), traces.subspan(first, size),
                           std::span<const std::size_t>(part_),
                           own.subspan(tokens.first, tokens.second));
    });
    parts.share_rows(offsets, own);
  }
  /// `part_`: the offsets of some traces from 0 on. Where their tokens begin, and how many.
  std::pair<std::size_t, std::size_t> place(const std::vector<std::size_t>& offsets,
                                            std::size_t first, std::size_t size) {
    part_.resize(size + 1);
    for (std::size_t i = 0; i <= size; ++i) {
      part_[i] = offsets[first + i] - offsets[first];
    }
    return {offsets[first], part_[size]};
  }

  std::vector<std::size_t> offsets_, kept_;  ///< of all traces; of those that stay
  std::vector<std::size_t> part_;
  std::vector<double> old_, reference_, now_, gradient_, lengths_;
  std::vector<Real> own_, weights_;
};

/// A policy loss whose tokens are whole traces (ratio pi(y) / pi_old(y)): what each trace's score
/// is to be multiplied by. The first epoch has ratio 1.
class TraceLoss {
 public:
  template <class Real>
  void operator()(const PolicyLossOptions& options, std::span<const double> advantage,
                  std::span<const Real> old_log_prob, std::span<const Real> log_prob,
                  std::span<const std::size_t> group, std::span<Real> weights,
                  TrainRecord& record) {
    const std::size_t size = weights.size();
    const auto n = static_cast<double>(size);
    if (options.surrogate == Surrogate::reinforce) {
      for (std::size_t i = 0; i < size; ++i) {
        weights[i] = static_cast<Real>(advantage[i] / n);
      }
      return;
    }
    old_.assign(old_log_prob.begin(), old_log_prob.end());
    now_.assign(log_prob.begin(), log_prob.end());
    offsets_.resize(size + 1);
    for (std::size_t i = 0; i <= size; ++i) {
      offsets_[i] = i;
    }
    gradient_.resize(size);
    TokenBatch batch{.offsets = offsets_, .log_prob = now_, .old_log_prob = old_};
    batch.advantage = advantage;
    batch.group = group;
    const PolicyLossSum sum = policy_loss(batch, options, std::span<double>(gradient_));
    for (std::size_t i = 0; i < size; ++i) {
      weights[i] = static_cast<Real>(-gradient_[i]);
    }
    record.effective_samples = sum.effective_sample_size() / n;
    record.clipped = static_cast<double>(sum.clipped_low + sum.clipped_high) / n;
  }

 private:
  std::vector<double> old_, now_, gradient_;
  std::vector<std::size_t> offsets_;
};

/// What the scores of a step's traces are multiplied by, at the level of the loss: a weight a trace
/// (`TraceLoss`), or one a token (`TokenScores`) where the model tells tokens apart. `parts`
/// (`StepParts`) says which traces are this rank's; log-probabilities and weights are of all.
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
  /// The answers, which are there for the own traces, are shared on the way.
  template <class Parts>
  void read(Parts& parts, const Model& model, const Model& anchor, Prompts prompts, Traces traces,
            std::span<Real> log_prob, std::span<Real> log_reference,
            std::span<std::int32_t> answers) {
    if constexpr (TokenLogProbModel<Model>) {
      if (!by_trace()) {
        tokens_.read(parts, model, anchor, prompts, traces, log_prob, log_reference, answers);
        return;
      }
    }
    parts.each_own([&](std::size_t, std::size_t first, std::size_t size) {
      const Prompts some = prompts.subspan(first, size);
      log_prob_batch(model, some, traces.subspan(first, size), log_prob.subspan(first, size));
      log_prob_batch(anchor, some, traces.subspan(first, size), log_reference.subspan(first, size));
    });
    parts.share(log_prob, log_reference, answers);
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
  template <class Parts>
  void weigh(Parts& parts, std::size_t epoch, const Model& model, Prompts prompts, Traces traces,
             std::span<const double> advantage, std::span<const Real> old_log_prob,
             TrainRecord& record) {
    const PolicyLossOptions& loss = options_.policy_loss;
    groups_.resize(traces.size());
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      groups_[i] = i / options_.group_size;  // groups stay or go as a whole
    }
    if constexpr (TokenLogProbModel<Model>) {
      if (!by_trace()) {
        tokens_.weigh(parts, loss, epoch, model, prompts, traces, advantage, groups_, record);
        return;
      }
    }
    if (epoch > 0 && loss.surrogate != Surrogate::reinforce) {
      current_.resize(traces.size());
      const std::span<Real> current(current_);
      parts.each_own([&](std::size_t, std::size_t first, std::size_t size) {
        log_prob_batch(model, prompts.subspan(first, size), traces.subspan(first, size),
                       current.subspan(first, size));
      });
      parts.share(current);
    }
    weights_.resize(traces.size());
    loss_(loss, advantage, old_log_prob, epoch > 0 ? std::span<const Real>(current_) : old_log_prob,
          groups_, std::span<Real>(weights_), record);
  }
  /// By trace: d objective / d log pi(trace).
  [[nodiscard]] std::span<const Real> trace_weights() const { return weights_; }

  /// gradient += weights times scores.
  template <class Parts>
  void accumulate(Parts& parts, const Model& model, Prompts prompts, Traces traces,
                  std::span<Real> gradient) {
    accumulate(parts, model, prompts, traces, gradient, [](std::size_t) { return true; });
  }
  /// Of the batch's gradient, from its halves: blocks of `period` traces taken in turn.
  template <class Parts>
  void measure_noise(Parts& parts, const Model& model, Prompts prompts, Traces traces,
                     std::size_t period, TrainRecord& record) {
    detail::measure_noise<Real>(
        static_cast<std::size_t>(model.parameter_count()),
        [&](std::size_t half, std::span<Real> gradient) {
          accumulate(parts, model, prompts, traces, gradient,
                     [&](std::size_t i) { return i / period % 2 == half; });
        },
        record);
  }

 private:
  /// Of the traces i with keep(i).
  template <class Parts, class Keep>
  void accumulate(Parts& parts, const Model& model, Prompts prompts, Traces traces,
                  std::span<Real> gradient, Keep&& keep) {
    if constexpr (TokenLogProbModel<Model>) {
      if (!by_trace()) {
        tokens_.accumulate(parts, model, prompts, traces, gradient, keep);
        return;
      }
    }
    masked_.resize(weights_.size());
    for (std::size_t i = 0; i < masked_.size(); ++i) {
      masked_[i] = keep(i) ? weights_[i] : Real{0};
    }
    const std::span<const Real> masked(masked_);
    parts.sum(gradient, [&](std::size_t first, std::size_t size, std::span<Real> row) {
      accumulate_score_batch(model, prompts.subspan(first, size), traces.subspan(first, size),
                             masked.subspan(first, size), row);
    });
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
  std::vector<std::size_t> groups_;
};

}  // namespace dag::detail
