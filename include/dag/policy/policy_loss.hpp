// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/policy/detail/surrogate_term.hpp>
#include <dag/policy/policy_loss_options.hpp>
#include <dag/policy/policy_loss_sum.hpp>
#include <dag/policy/token_batch.hpp>
#include <dag/policy/token_covariance.hpp>
#include <dag/policy/token_entropy.hpp>

namespace dag::detail {

/// What one token's loss is multiplied by; the batch's numbers are those of the whole optimiser
/// batch. group_tokens: of the sequence's group.
[[nodiscard]] inline double aggregation_weight(const PolicyLossOptions& o, const BatchTotals& all,
                                               std::size_t length, std::size_t group_tokens) {
  const auto sequences =
      static_cast<double>(o.count_empty ? all.sequences : all.sequences - all.empty);
  switch (o.aggregation) {
    case Aggregation::sequence_mean_token_mean:
      return 1 / (sequences * static_cast<double>(length));
    case Aggregation::sequence_mean_token_sum:
    case Aggregation::sequence_mean_by_length: return 1 / sequences;
    case Aggregation::token_mean: return 1 / static_cast<double>(all.tokens);
    case Aggregation::sequence_mean_fixed: return 1 / (sequences * o.fixed_length);
    case Aggregation::token_sum_fixed: return 1 / o.fixed_length;
    case Aggregation::group_mean_token_mean:
      return 1 / (static_cast<double>(all.group_count - (o.count_empty ? 0 : all.empty_groups)) *
                  static_cast<double>(group_tokens));
  }
  return 0;
}

}  // namespace dag::detail

namespace dag {

namespace detail {

/// One sequence of a policy loss, in two passes: ratios, then terms.
template <class Scalar>
class SequenceLoss {
 public:
  SequenceLoss(const BasicTokenBatch<Scalar>& batch, const PolicyLossOptions& options,
               std::size_t i)
      : batch_(batch),
        o_(options),
        i_(i),
        begin_(batch.offsets[i]),
        end_(batch.offsets[i + 1]),
        use_(batch.use_of(i)),
        advantage_(static_cast<double>(batch.advantage[i])) {
    for (std::size_t t = begin_; t < end_; ++t) {
      if (!batch.counts(t)) {
        continue;
      }
      ++length_;
      sum_log_ratio_ += log_ratio(t);
      sum_old_ += old(t);
      if (!batch.sampler_log_prob.empty()) {
        sum_correction_ += old(t) - sampler(t);
        sum_drift_ += sampler(t) - policy(t);
      }
    }
  }

  /// Adds to `sum` and writes the gradient of the counted tokens.
  void add_to(PolicyLossSum& sum, const BatchTotals& all, std::span<Scalar> gradient,
              std::span<Scalar> entropy_gradient) const {
    if (use_ == SequenceUse::out) {
      ++sum.left_out;
      return;
    }
    ++sum.sequences;
    if (length_ == 0) {
      ++sum.empty;
      return;
    }
    const bool by_group = o_.aggregation == Aggregation::group_mean_token_mean;
    const double weight =
        aggregation_weight(o_, all, length_, by_group ? all.groups[batch_.group[i_]].tokens : 0);
    const double n = static_cast<double>(length_);
    const double sequence_weight = std::exp(std::clamp(sum_log_ratio_, -300.0, 300.0));
    sum.weight.add(sequence_weight);
    sum.weight_squared.add(sequence_weight * sequence_weight);
    const bool dropped = advantage_ < 0 && !batch_.sampler_log_prob.empty() &&
                         sum_drift_ / n > o_.off_policy_threshold;
    sum.off_policy += dropped ? 1 : 0;
    sum.masked += use_ == SequenceUse::full ? 0 : 1;
    const bool acts = use_ == SequenceUse::full && !dropped;
    const bool anchored = use_ != SequenceUse::counted;
    const double bonus =
        o_.entropy_coef / static_cast<double>(masks_bonus() ? all.kept_tokens : all.tokens);
    const double mean_clipped = o_.surrogate == Surrogate::geo_mean ? mean_clipped_log_ratio() : 0;

    double shared = 0;  // d / d log pi of every counted token, by a sequence-level ratio
    std::size_t place = 0;
    for (std::size_t t = begin_; t < end_; ++t) {
      if (!batch_.counts(t)) {
        continue;
      }
      ++sum.tokens;
      const double raw = std::exp(policy(t) - old(t));
      sum.ratio.add(raw);
      sum.largest_ratio = std::max(sum.largest_ratio, raw);
      double value = 0;
      double own = 0;  // d / d log pi of this token
      const bool low = o_.top_entropy_quantile < 1 &&
                       static_cast<double>(batch_.entropy[t]) < *all.entropy_threshold;
      sum.low_entropy += acts && low ? 1 : 0;
      const bool chosen = chooses_tokens(o_.surrogate) &&
                          all.covariance->chooses(
                              o_, covariance_token(batch_, o_.cov_seed, i_, t, place++, sum_old_));
      if (acts && !low) {
        sum.chosen += chosen ? 1 : 0;
        value = policy_term(t, mean_clipped, chosen, sum, own, shared);
      }
      if (!batch_.entropy.empty()) {
        const auto entropy = static_cast<double>(batch_.entropy[t]);
        sum.entropy.add(entropy);
        if (anchored && bonus > 0 && !(masks_bonus() && low)) {
          sum.loss.add(-bonus * entropy);
          entropy_gradient[t] = static_cast<Scalar>(-bonus);
        }
      }
      if (!batch_.reference_log_prob.empty() && o_.kl != KlEstimator::none) {
        const KlTerm kl =
            kl_term(o_.kl, policy(t), static_cast<double>(batch_.reference_log_prob[t]),
                    o_.clamp_kl_difference, o_.clamp_kl);
        sum.kl.add(kl.value);
        if (anchored && o_.beta > 0) {
          const double scale = o_.beta * (o_.kl_times_ratio ? raw : 1.0);
          value += scale * kl.value;
          own += scale * (kl.gradient + (o_.kl_times_ratio ? kl.value : 0.0));
        }
      }
      sum.loss.add(weight * value);
      gradient[t] = static_cast<Scalar>(weight * own);
    }
    for (std::size_t t = begin_; shared != 0 && t < end_; ++t) {
      if (batch_.counts(t) && ratio_is_free(t)) {
        gradient[t] = static_cast<Scalar>(static_cast<double>(gradient[t]) + weight * (shared / n));
      }
    }
  }

 private:
  [[nodiscard]] bool masks_bonus() const {
    return o_.mask_entropy_bonus && o_.top_entropy_quantile < 1;
  }
  /// The policy term of token t; adds its derivatives to `own` and `shared`.
  [[nodiscard]] double policy_term(std::size_t t, double mean_clipped, bool chosen,
                                   PolicyLossSum& sum, double& own, double& shared) const {
    const double correction = correction_of(t, sum);
    SurrogateTerm term;
    if (o_.surrogate == Surrogate::geo_mean) {
      term.value = -advantage_ * std::exp(mean_clipped);
      term.clipped = clip_side(t);
      // d exp(mean) / d log pi_t, times the length.
      term.by_log_prob = term.clipped == 0 && ratio_is_free(t) ? term.value : 0;
    } else {
      const double r = ratio(t);
      term = surrogate_term(o_, r, advantage_, policy(t), old(t), sum_log_ratio_, chosen);
      // A clipped term has slope 0, whatever the ratio: also where that is infinite.
      const double chain =
          term.by_ratio == 0 || sequence_is_clamped() ? 0 : correction * term.by_ratio * r;
      switch (o_.ratio) {
        case RatioLevel::token:
        case RatioLevel::sequence_token: own += ratio_is_free(t) ? chain : 0; break;
        case RatioLevel::sequence: shared += chain; break;
        case RatioLevel::sequence_sum: shared += chain * static_cast<double>(length_); break;
      }
    }
    sum.clipped_low += term.clipped < 0 ? 1U : 0U;
    sum.clipped_high += term.clipped > 0 ? 1U : 0U;
    own += correction * term.by_log_prob;
    return correction * term.value;
  }

  [[nodiscard]] double policy(std::size_t t) const {
    return static_cast<double>(batch_.log_prob[t]);
  }
  [[nodiscard]] double old(std::size_t t) const {
    return batch_.old_log_prob.empty() ? policy(t) : static_cast<double>(batch_.old_log_prob[t]);
  }
  [[nodiscard]] double sampler(std::size_t t) const {
    const auto value = static_cast<double>(batch_.sampler_log_prob[t]);
    return std::isnan(value) ? old(t) : value;
  }
  [[nodiscard]] double log_ratio(std::size_t t) const {
    return std::clamp(policy(t) - old(t), -o_.clamp_log_ratio, o_.clamp_log_ratio);
  }
  [[nodiscard]] bool ratio_is_free(std::size_t t) const {
    return std::abs(policy(t) - old(t)) <= o_.clamp_log_ratio;
  }
  [[nodiscard]] double sequence_log_ratio() const {
    return o_.ratio == RatioLevel::sequence_sum ? sum_log_ratio_
                                                : sum_log_ratio_ / static_cast<double>(length_);
  }
  [[nodiscard]] bool sequence_is_clamped() const {
    return o_.ratio != RatioLevel::token && sequence_log_ratio() > o_.clamp_sequence_log_ratio;
  }
  [[nodiscard]] double ratio(std::size_t t) const {
    return std::exp(o_.ratio == RatioLevel::token
                        ? log_ratio(t)
                        : std::min(sequence_log_ratio(), o_.clamp_sequence_log_ratio));
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
    const double weight = std::exp(by_token ? old(t) - sampler(t) : sum_correction_);
    const bool truncates = o_.correction == SamplerCorrection::token_truncate ||
                           o_.correction == SamplerCorrection::sequence_truncate;
    const bool outside = weight > o_.correction_max || weight < o_.correction_min;
    sum.corrected += outside ? 1 : 0;
    if (truncates) {
      return std::clamp(weight, o_.correction_min, o_.correction_max);
    }
    return outside ? 0 : weight;
  }

  const BasicTokenBatch<Scalar>& batch_;
  const PolicyLossOptions& o_;
  std::size_t i_;
  std::size_t begin_;
  std::size_t end_;
  SequenceUse use_;
  double advantage_;
  std::size_t length_ = 0;
  double sum_log_ratio_ = 0;
  double sum_old_ = 0;
  double sum_correction_ = 0;
  double sum_drift_ = 0;
};

}  // namespace detail

/// The policy loss of a batch (or part of one) and its gradient with respect to every token's
/// log-probability under the policy.
///
/// Source: the loss families of TRL 1.10 and verl 0.8 (GRPO arXiv:2402.03300, Dr. GRPO 2503.20783,
/// DAPO 2503.14476, GSPO 2507.18071, CISPO 2506.13585, SAPO, GMPO 2507.20673, GPG 2504.02546),
/// spelled out at `Surrogate`, `RatioLevel`, `Aggregation` and `SamplerCorrection`; named ones are
/// in policy_loss_presets.hpp. The sampler correction multiplies the policy term; the KL penalty
/// escapes it, as it escapes the mask of high-entropy tokens, and so does the entropy bonus.
/// Entropies are given (`TokenBatch::entropy`), since they are no function of the sampled tokens'
/// log-probabilities.
///
/// gradient: T entries, overwritten. entropy_gradient: d loss / d entropy of each token, T entries,
/// overwritten; empty where there is no bonus. all: totals of the whole optimiser batch. Adding the
/// parts' sums and concatenating their gradients gives the same bits for every split into whole
/// sequences, every order and every number of threads. Two passes a sequence in double, whatever
/// the scalar; no allocation. Errors: those of `validate` on the options and the batch;
/// dimension_mismatch (gradient); invalid_argument if the options need log-probabilities that are
/// not given, or totals are smaller than the part.
template <class Scalar>
[[nodiscard]] PolicyLossSum policy_loss(
    const BasicTokenBatch<Scalar>& batch, const PolicyLossOptions& options, const BatchTotals& all,
    std::type_identity_t<std::span<Scalar>> gradient,
    std::type_identity_t<std::span<Scalar>> entropy_gradient = {}) {
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
  const bool masks = options.top_entropy_quantile < 1;
  require((options.entropy_coef == 0 && !masks) || !batch.entropy.empty() || batch.log_prob.empty(),
          Errc::invalid_argument,
          "policy_loss: entropy_coef and top_entropy_quantile need the entropy of every token");
  require(!masks || all.entropy_threshold.has_value(), Errc::invalid_argument,
          "policy_loss: a part of a batch needs the threshold of the whole: append_entropies, then "
          "totals.entropy_threshold = top_entropy_threshold(...)");
  require(entropy_gradient.size() ==
              (options.entropy_coef > 0 || !entropy_gradient.empty() ? batch.log_prob.size() : 0),
          Errc::dimension_mismatch,
          "policy_loss: the entropy bonus acts through entropy_gradient, ", "which has ",
          entropy_gradient.size(), " entries for ", batch.log_prob.size(), " tokens");
  const BatchTotals here = totals(batch);
  require(all.sequences >= here.sequences && all.tokens >= here.tokens &&
              all.sequences - here.sequences + here.empty >= all.empty,
          Errc::invalid_argument, "policy_loss: totals (", all.sequences, " sequences, ", all.empty,
          " empty, ", all.tokens, " tokens) are smaller than this part (", here.sequences, ", ",
          here.empty, ", ", here.tokens, ")");
  require(!(masks && options.mask_entropy_bonus) || all.kept_tokens > 0 || all.tokens == 0,
          Errc::invalid_argument,
          "policy_loss: mask_entropy_bonus needs kept_tokens, the tokens of the whole batch at or "
          "above the threshold");
  require(!chooses_tokens(options.surrogate) || all.covariance.has_value(), Errc::invalid_argument,
          "policy_loss: a part of a batch needs the choice of the whole: append_covariance_tokens, "
          "then totals.covariance = covariance_choice(...)");
  if (options.aggregation == Aggregation::group_mean_token_mean) {
    require(batch.group.size() == batch.sequences(), Errc::invalid_argument,
            "policy_loss: group_mean_token_mean needs the group of every sequence "
            "(TokenBatch::group), got ",
            batch.group.size(), " for ", batch.sequences());
    for (std::size_t i = 0; i < batch.sequences(); ++i) {
      require(batch.use_of(i) == SequenceUse::out ||
                  (batch.group[i] < all.groups.size() &&
                   all.groups[batch.group[i]].tokens >= batch.length(i)),
              Errc::invalid_argument, "policy_loss: totals do not count sequence ", i,
              " in its group ", batch.group[i], "; call add_groups for every part");
    }
  }
  std::fill(gradient.begin(), gradient.end(), Scalar{0});
  std::fill(entropy_gradient.begin(), entropy_gradient.end(), Scalar{0});
  PolicyLossSum sum;
  for (std::size_t i = 0; i < batch.sequences(); ++i) {
    detail::SequenceLoss<Scalar>(batch, options, i).add_to(sum, all, gradient, entropy_gradient);
  }
  return sum;
}

/// The same for a batch that is whole. Allocates to find the entropy threshold, the choice by
/// covariance and the groups. Errors: also invalid_argument (a group number that is not below the
/// number of sequences).
template <class Scalar>
[[nodiscard]] PolicyLossSum policy_loss(
    const BasicTokenBatch<Scalar>& batch, const PolicyLossOptions& options,
    std::type_identity_t<std::span<Scalar>> gradient,
    std::type_identity_t<std::span<Scalar>> entropy_gradient = {}) {
  validate(options);
  validate(batch);
  BatchTotals all = totals(batch);
  if (options.top_entropy_quantile < 1 && !batch.entropy.empty()) {
    std::vector<Scalar> entropies;
    append_entropies(batch, entropies);
    const double threshold =
        top_entropy_threshold(std::span<Scalar>(entropies), options.top_entropy_quantile);
    all.entropy_threshold = threshold;
    all.kept_tokens =
        static_cast<std::size_t>(std::count_if(entropies.begin(), entropies.end(), [&](Scalar h) {
          return static_cast<double>(h) >= threshold;
        }));
  }
  if (chooses_tokens(options.surrogate)) {
    std::vector<CovarianceToken> tokens;
    append_covariance_tokens(batch, options.cov_seed, tokens);
    all.covariance = covariance_choice(options, tokens);
  }
  if (options.aggregation == Aggregation::group_mean_token_mean && !batch.group.empty()) {
    for (const std::size_t group : batch.group) {
      require(group < batch.sequences(), Errc::invalid_argument,
              "policy_loss: groups are numbered from 0 without gaps, got ", group, " among ",
              batch.sequences(), " sequences");
    }
    add_groups(batch, all);
  }
  return policy_loss(batch, options, all, gradient, entropy_gradient);
}

}  // namespace dag
