// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/numeric/exact_sum.hpp>
#include <dag/policy/token_batch.hpp>
#include <dag/policy/token_covariance.hpp>

namespace dag {

/// Of a group, in the whole optimiser batch.
struct GroupTotals {
  std::size_t sequences = 0;  ///< not `out`
  std::size_t tokens = 0;     ///< their counted tokens
  friend bool operator==(const GroupTotals&, const GroupTotals&) = default;
};

/// Denominators of a loss: those of the whole optimiser batch. Passing the same totals with every
/// part of a batch makes the parts add up to the whole, bit for bit.
struct BatchTotals {
  std::size_t sequences = 0;
  std::size_t tokens = 0;  ///< counted by the mask
  /// Of the whole batch, where top_entropy_quantile < 1: `top_entropy_threshold`.
  std::optional<double> entropy_threshold = std::nullopt;
  std::size_t kept_tokens = 0;  ///< at or above it; for mask_entropy_bonus
  std::size_t empty = 0;        ///< of `sequences`, those without a counted token
  /// Of the whole batch, where the surrogate chooses tokens: `covariance_choice`.
  std::optional<CovarianceChoice> covariance = std::nullopt;
  /// Of the whole batch, where groups are averaged: `add_groups` of every part.
  std::vector<GroupTotals> groups = {};
  std::size_t group_count = 0;   ///< of `groups`, those with a sequence
  std::size_t empty_groups = 0;  ///< of these, those without a counted token
  friend bool operator==(const BatchTotals&, const BatchTotals&) = default;
};

/// Sequences that are not `out`, and their counted tokens.
template <class Scalar>
[[nodiscard]] BatchTotals totals(const BasicTokenBatch<Scalar>& batch) {
  BatchTotals sum;
  for (std::size_t i = 0; i < batch.sequences(); ++i) {
    if (batch.use_of(i) != SequenceUse::out) {
      const std::size_t length = batch.length(i);
      ++sum.sequences;
      sum.tokens += length;
      sum.empty += length == 0 ? 1 : 0;
    }
  }
  return sum;
}

/// Adds the groups of a part of an optimiser batch to its totals: for each part once, in any order.
/// Errors: dimension_mismatch (no groups).
template <class Scalar>
void add_groups(const BasicTokenBatch<Scalar>& batch, BatchTotals& all) {
  require(batch.group.size() == batch.sequences(), Errc::dimension_mismatch,
          "add_groups: ", batch.group.size(), " group numbers (TokenBatch::group) for ",
          batch.sequences(), " sequences");
  for (std::size_t i = 0; i < batch.sequences(); ++i) {
    if (batch.group[i] >= all.groups.size()) {
      all.groups.resize(batch.group[i] + 1);
    }
    if (batch.use_of(i) != SequenceUse::out) {
      GroupTotals& group = all.groups[batch.group[i]];
      const std::size_t length = batch.length(i);
      all.group_count += group.sequences == 0 ? 1 : 0;
      all.empty_groups += group.sequences == 0 ? 1 : 0;
      all.empty_groups -= group.tokens == 0 && length > 0 ? 1 : 0;
      ++group.sequences;
      group.tokens += length;
    }
  }
}

/// What `policy_loss` adds up. Sums are exact (`ExactSum`), so that merging parts gives the same
/// bits in any order and on any number of threads.
struct PolicyLossSum {
  ExactSum loss;                    ///< policy term + beta * KL, aggregated; less the bonus
  ExactSum entropy;                 ///< sum of the entropies over counted tokens, nats
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
  std::size_t chosen = 0;        ///< tokens that the surrogate chose by covariance
  std::size_t low_entropy = 0;   ///< tokens whose policy term the entropy mask removed
  std::size_t empty = 0;         ///< sequences without a counted token
  std::size_t masked = 0;        ///< sequences without a policy term: kl_only and counted
  std::size_t left_out = 0;      ///< sequences that are out; `sequences` does not count them

  void add(const PolicyLossSum& other) {
    loss.add(other.loss);
    kl.add(other.kl);
    entropy.add(other.entropy);
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
    chosen += other.chosen;
    low_entropy += other.low_entropy;
    empty += other.empty;
    masked += other.masked;
    left_out += other.left_out;
  }
  [[nodiscard]] double value() const { return loss.value(); }
  [[nodiscard]] double mean_kl() const { return per_token(kl.value()); }
  [[nodiscard]] double mean_entropy() const { return per_token(entropy.value()); }
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

}  // namespace dag
