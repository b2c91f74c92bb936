// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <dag/core/error.hpp>
#include <dag/numeric/exact_sum.hpp>
#include <dag/rollout/policy_loss_options.hpp>
#include <dag/rollout/surrogate.hpp>
#include <dag/rollout/token_batch.hpp>

namespace dag {

/// Denominators of a loss: those of the whole optimiser batch. Passing the same totals with every
/// part of a batch makes the parts add up to the whole, bit for bit.
struct BatchTotals {
  std::size_t sequences = 0;
  std::size_t tokens = 0;  ///< counted by the mask
  friend bool operator==(const BatchTotals&, const BatchTotals&) = default;
};

[[nodiscard]] inline BatchTotals totals(const TokenBatch& batch) {
  BatchTotals sum{batch.sequences(), 0};
  for (std::size_t i = 0; i < batch.sequences(); ++i) {
    sum.tokens += batch.length(i);
  }
  return sum;
}

/// What `policy_loss` adds up. Sums are exact (`ExactSum`), so that merging parts gives the same
/// bits in any order and on any number of threads.
struct PolicyLossSum {
  ExactSum loss;                    ///< policy term + beta * KL, aggregated
  ExactSum kl;                      ///< sum of the KL estimates over counted tokens, nats
  ExactSum ratio;                   ///< sum of the raw ratios over counted tokens
  ExactSum weight, weight_squared;  ///< sums over sequences of exp(sum of log-ratios) and squares
  double largest_ratio = 0;
  std::size_t tokens = 0;
  std::size_t sequences = 0;
  std::size_t clipped_low = 0;   ///< tokens whose gradient a lower clip removed
  std::size_t clipped_high = 0;  ///< tokens whose gradient an upper clip or cap removed
  std::size_t corrected = 0;     ///< tokens truncated or masked by the sampler correction
  std::size_t off_policy = 0;    ///< sequences left out as off-policy
  std::size_t empty = 0;         ///< sequences without a counted token

  void add(const PolicyLossSum& other) {
    loss.add(other.loss);
    kl.add(other.kl);
    ratio.add(other.ratio);
    weight.add(other.weight);
    weight_squared.add(other.weight_squared);
    largest_ratio = std::max(largest_ratio, other.largest_ratio);
    tokens += other.tokens;
    sequences += other.sequences;
    clipped_low += other.clipped_low;
    clipped_high += other.clipped_high;
    corrected += other.corrected;
    off_policy += other.off_policy;
    empty += other.empty;
  }
  [[nodiscard]] double value() const { return loss.value(); }
  [[nodiscard]] double mean_kl() const { return per_token(kl.value()); }
  [[nodiscard]] double mean_ratio() const { return per_token(ratio.value()); }
  /// (sum w)^2 / sum w^2 over sequences: how many on-policy samples these are worth.
  [[nodiscard]] double effective_sample_size() const {
    const double sum = weight.value();
    return sum > 0 ? sum * sum / weight_squared.value() : 0;
  }

 private:
  [[nodiscard]] double per_token(double sum) const {
    return tokens > 0 ? sum / static_cast<double>(tokens) : 0;
  }
};

namespace detail {

/// One sequence of a policy loss, in two passes: ratios, then terms.
class SequenceLoss {
 public:
  SequenceLoss(const TokenBatch& batch, const PolicyLossOptions& options, std::size_t i)
      : batch_(batch),
        o_(options),
        begin_(batch.offsets[i]),
        end_(batch.offsets[i + 1]),
        advantage_(batch.advantage[i]) {
    for (std::size_t t = begin_; t < end_; ++t) {
      if (!batch.counts(t)) {
        continue;
      }
      ++length_;
      sum_log_ratio_ += log_ratio(t);
      if (!batch.sampler_log_prob.empty()) {
        sum_correction_ += old(t) - batch.sampler_log_prob[t];
        sum_drift_ += batch.sampler_log_prob[t] - batch.log_prob[t];
      }
    }
  }

  /// Adds to `sum` and writes the gradient of the counted tokens.
  void add_to(PolicyLossSum& sum, const BatchTotals& all, std::span<double> gradient) const {
    ++sum.sequences;
    if (length_ == 0) {
      ++sum.empty;
      return;
    }
    const double weight = aggregation_weight(o_, all.sequences, all.tokens, length_);
    const double n = static_cast<double>(length_);
    const double sequence_weight = std::exp(sum_log_ratio_);
    sum.weight.add(sequence_weight);
    sum.weight_squared.add(sequence_weight * sequence_weight);
    const bool dropped = advantage_ < 0 && !batch_.sampler_log_prob.empty() &&
                         sum_drift_ / n > o_.off_policy_threshold;
    sum.off_policy += dropped ? 1 : 0;
    const bool geometric = o_.surrogate == Surrogate::geo_mean;
    const double mean_clipped = geometric ? mean_clipped_log_ratio() : 0;

    double shared = 0;  // d / d log pi of every counted token, by a sequence-level ratio
    for (std::size_t t = begin_; t < end_; ++t) {
      if (!batch_.counts(t)) {
        continue;
      }
      ++sum.tokens;
      const double raw = std::exp(batch_.log_prob[t] - old(t));
      sum.ratio.add(raw);
      sum.largest_ratio = std::max(sum.largest_ratio, raw);
      const double correction = correction_of(t, sum) * (dropped ? 0.0 : 1.0);
      const double r = ratio(t);
      SurrogateTerm term;
      double direct = 0;
      if (geometric) {
        term.value = -advantage_ * std::exp(mean_clipped);
        term.clipped = clip_side(t);
        direct = term.clipped == 0 ? term.value : 0;  // d exp(mean) / d log pi_t, times n
      } else {
        term = surrogate_term(o_, r, advantage_, batch_.log_prob[t], sum_log_ratio_);
        direct = term.by_log_prob;
        const double chain = correction * term.by_ratio * r * (ratio_is_free(t) ? 1.0 : 0.0);
        switch (o_.ratio) {
          case RatioLevel::token:
          case RatioLevel::sequence_token: gradient[t] += weight * chain; break;
          case RatioLevel::sequence: shared += weight * chain / n; break;
          case RatioLevel::sequence_sum: shared += weight * chain; break;
        }
      }
      sum.clipped_low += term.clipped < 0 ? 1 : 0;
      sum.clipped_high += term.clipped > 0 ? 1 : 0;
      gradient[t] += weight * correction * direct;
      double value = correction * term.value;
      if (!batch_.reference_log_prob.empty() && o_.kl != KlEstimator::none) {
        const KlTerm kl = kl_term(o_.kl, batch_.log_prob[t], batch_.reference_log_prob[t],
                                  o_.clamp_kl_difference, o_.clamp_kl);
        sum.kl.add(kl.value);
        const double scale = o_.kl_times_ratio ? raw : 1.0;
        value += o_.beta * scale * kl.value;
        gradient[t] +=
            weight * o_.beta * scale * (kl.gradient + (o_.kl_times_ratio ? kl.value : 0.0));
      }
      sum.loss.add(weight * value);
    }
    if (shared != 0) {
      for (std::size_t t = begin_; t < end_; ++t) {
        gradient[t] += batch_.counts(t) ? shared : 0.0;
      }
    }
  }

 private:
  [[nodiscard]] double old(std::size_t t) const {
    return batch_.old_log_prob.empty() ? batch_.log_prob[t] : batch_.old_log_prob[t];
  }
  [[nodiscard]] double log_ratio(std::size_t t) const {
    return std::clamp(batch_.log_prob[t] - old(t), -o_.clamp_log_ratio, o_.clamp_log_ratio);
  }
  [[nodiscard]] bool ratio_is_free(std::size_t t) const {
    return o_.ratio != RatioLevel::token ||
           std::abs(batch_.log_prob[t] - old(t)) <= o_.clamp_log_ratio;
  }
  [[nodiscard]] double ratio(std::size_t t) const {
    switch (o_.ratio) {
      case RatioLevel::token: return std::exp(log_ratio(t));
      case RatioLevel::sequence:
      case RatioLevel::sequence_token:
        return std::exp(sum_log_ratio_ / static_cast<double>(length_));
      case RatioLevel::sequence_sum: return std::exp(sum_log_ratio_);
    }
    return 1;
  }
  /// GMPO's clip, pessimistic in log space: -1 or +1 where it binds.
  [[nodiscard]] int clip_side(std::size_t t) const {
    const double log_r = log_ratio(t);
    if (advantage_ >= 0) {
      return log_r > o_.epsilon_high ? 1 : 0;
    }
    return log_r < -o_.epsilon_low ? -1 : 0;
  }
  [[nodiscard]] double mean_clipped_log_ratio() const {
    double total = 0;
    for (std::size_t t = begin_; t < end_; ++t) {
      if (batch_.counts(t)) {
        const int side = clip_side(t);
        total += side > 0 ? o_.epsilon_high : (side < 0 ? -o_.epsilon_low : log_ratio(t));
      }
    }
    return total / static_cast<double>(length_);
  }
  [[nodiscard]] double correction_of(std::size_t t, PolicyLossSum& sum) const {
    if (o_.correction == SamplerCorrection::off) {
      return 1;
    }
    const bool by_token = o_.correction == SamplerCorrection::token_truncate ||
                          o_.correction == SamplerCorrection::token_mask;
    const double weight =
        std::exp(by_token ? old(t) - batch_.sampler_log_prob[t] : sum_correction_);
    const bool truncates = o_.correction == SamplerCorrection::token_truncate ||
                           o_.correction == SamplerCorrection::sequence_truncate;
    const bool outside = weight > o_.correction_max || weight < o_.correction_min;
    sum.corrected += outside ? 1 : 0;
    if (truncates) {
      return std::clamp(weight, o_.correction_min, o_.correction_max);
    }
    return outside ? 0 : weight;
  }

  const TokenBatch& batch_;
  const PolicyLossOptions& o_;
  std::size_t begin_;
  std::size_t end_;
  double advantage_;
  std::size_t length_ = 0;
  double sum_log_ratio_ = 0;
  double sum_correction_ = 0;
  double sum_drift_ = 0;
};

}  // namespace detail

/// The policy loss of a batch (or part of one) and its gradient with respect to every token's
/// log-probability under the policy.
///
/// Source: the loss families of TRL 1.10 and verl 0.8 (GRPO arXiv:2402.03300, Dr. GRPO 2503.20783,
/// DAPO 2503.14476, GSPO 2507.18071, CISPO 2506.13585, SAPO, GMPO 2507.20673, GPG 2504.02546),
/// spelled out at `Surrogate`, `RatioLevel`, `Aggregation` and `SamplerCorrection`. The sampler
/// correction multiplies the policy term; the KL penalty escapes it.
///
/// gradient: T entries, overwritten. all: totals of the whole optimiser batch. Adding the parts'
/// sums and concatenating their gradients gives the same bits for every split into whole sequences,
/// every order and every number of threads. One pass a sequence, no allocation.
/// Errors: those of `validate` on the options and the batch; dimension_mismatch (gradient);
/// invalid_argument if the options need log-probabilities that are not given, or totals are smaller
/// than the part.
[[nodiscard]] inline PolicyLossSum policy_loss(const TokenBatch& batch,
                                               const PolicyLossOptions& options,
                                               const BatchTotals& all, std::span<double> gradient) {
  validate(options);
  validate(batch);
  require(gradient.size() == batch.log_prob.size(), Errc::dimension_mismatch,
          "policy_loss: gradient has ", gradient.size(), " entries for ", batch.log_prob.size(),
          " tokens");
  require(!(options.beta > 0) || !batch.reference_log_prob.empty() || batch.log_prob.empty(),
          Errc::invalid_argument, "policy_loss: beta > 0 needs reference_log_prob");
  require((options.correction == SamplerCorrection::off &&
           !std::isfinite(options.off_policy_threshold)) ||
              !batch.sampler_log_prob.empty() || batch.log_prob.empty(),
          Errc::invalid_argument,
          "policy_loss: the sampler correction and the off-policy mask need sampler_log_prob");
  const BatchTotals here = totals(batch);
  require(all.sequences >= here.sequences && all.tokens >= here.tokens, Errc::invalid_argument,
          "policy_loss: totals (", all.sequences, " sequences, ", all.tokens,
          " tokens) are smaller than this part (", here.sequences, ", ", here.tokens, ")");
  std::fill(gradient.begin(), gradient.end(), 0.0);
  PolicyLossSum sum;
  for (std::size_t i = 0; i < batch.sequences(); ++i) {
    detail::SequenceLoss(batch, options, i).add_to(sum, all, gradient);
  }
  return sum;
}

/// The same for a batch that is whole.
[[nodiscard]] inline PolicyLossSum policy_loss(const TokenBatch& batch,
                                               const PolicyLossOptions& options,
                                               std::span<double> gradient) {
  validate(batch);
  return policy_loss(batch, options, totals(batch), gradient);
}

}  // namespace dag
