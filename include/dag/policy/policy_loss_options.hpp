// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/policy/kl_penalty.hpp>

namespace dag {

/// The surrogate of one token, by ratio r = pi / pi_old and advantage A.
enum class Surrogate {
  clip,       ///< -min(min(r, delta) A, clip(r, 1 - epsilon_low, 1 + epsilon_high) A)   (PPO, GRPO)
  dual_clip,  ///< the same, and for A < 0 at most -A dual_clip                          (verl
              ///< vanilla)
  cispo,  ///< -stop(clip(r, cispo_low, cispo_high)) A log pi                (MiniMax; both forms)
  sapo,   ///< -A (4 / T) sigmoid(T (r - 1)), T = sapo_positive if A > 0 else sapo_negative
  vespo,  ///< -stop(phi(w)) A log pi, log phi = lambda + k log w - lambda w, w = sequence ratio
  geo_mean,   ///< GMPO: -A exp(mean of log r clipped in log space), one number a sequence
  reinforce,  ///< -A log pi: no ratio                                                  (GPG)
  dro,        ///< -A log pi + (dro_beta / 2) (log r)^2                      (arXiv:2405.19107)
  dppo_tv,    ///< -stop(min(r, dual_clip)) A log pi, 0 where pi is further above old (A > 0) or
              ///< below it (else) than epsilon_high, epsilon_low             (arXiv:2602.04879)
  dppo_kl,    ///< the same, by the KL of the token against the rest, old from pi
  clip_cov,   ///< clip, and nothing for a share of the tokens whose advantage and log pi are both
              ///< high or both low, drawn at random                       (`CovarianceChoice`)
  kl_cov,     ///< -r A without a clip, + kl_cov_coef |log r| where that covariance is largest
};

/// Names in configurations, in the order of the enumeration.
inline constexpr std::array<std::string_view, 12> surrogate_names{
    "clip",      "dual_clip", "cispo",   "sapo",    "vespo",    "geo_mean",
    "reinforce", "dro",       "dppo_tv", "dppo_kl", "clip_cov", "kl_cov"};

/// Whether the surrogate treats some tokens of the whole batch otherwise, by their covariance.
[[nodiscard]] constexpr bool chooses_tokens(Surrogate surrogate) noexcept {
  return surrogate == Surrogate::clip_cov || surrogate == Surrogate::kl_cov;
}

/// What a ratio is a ratio of.
enum class RatioLevel {
  token,           ///< exp(log pi_t - log old_t)
  sequence,        ///< exp(mean of the log-ratios): the gradient goes to all tokens alike   (GSPO)
  sequence_token,  ///< its value, but each token's own gradient: stop(w) pi / stop(pi)
  sequence_sum,    ///< exp(sum of the log-ratios), gradient as `sequence`                  (RLOO)
};
inline constexpr std::array<std::string_view, 4> ratio_level_names{
    "token", "sequence", "sequence_token", "sequence_sum"};

/// How per-token losses become one number. B sequences, N counted tokens in the whole batch, n_i in
/// sequence i: totals are those of the whole batch, however it is split.
enum class Aggregation {
  sequence_mean_token_mean,  ///< sum_i (1/n_i) sum_t / B                    (grpo, gspo, rloo)
  sequence_mean_token_sum,   ///< sum_i sum_t / B                            (REINFORCE, verl)
  sequence_mean_by_length,   ///< sum_i n_i (1/n_i) sum_t / B: the same number, asked for where one
                             ///< ratio a sequence is meant to count by length  (luspo)
  token_mean,                ///< sum_i sum_t / N                            (dapo, cispo, bnpo)
  sequence_mean_fixed,       ///< sum_i sum_t / (B fixed_length)   (dr_grpo of TRL, verl's
                             ///< seq-mean-token-sum-norm since 0.9)
  token_sum_fixed,           ///< sum_i sum_t / fixed_length       (the same of verl before 0.9)
  group_mean_token_mean,  ///< sum_g (1/N_g) sum_{i in g} sum_t / G, N_g the tokens of group g of G:
                          ///< a prompt counts once, however long its answers  (arXiv:2510.13786)
};
inline constexpr std::array<std::string_view, 7> aggregation_names{
    "sequence_mean_token_mean", "sequence_mean_token_sum", "sequence_mean_by_length", "token_mean",
    "sequence_mean_fixed",      "token_sum_fixed",         "group_mean_token_mean"};

/// Correction for a sampler whose probabilities differ from the snapshot's: the policy term (not
/// the KL) is multiplied by pi_old / pi_sampler, per token or per sequence (a product over its
/// tokens), cut at `correction_max` (truncate) or dropped outside [min, max] (mask).
enum class SamplerCorrection { off, token_truncate, token_mask, sequence_truncate, sequence_mask };
inline constexpr std::array<std::string_view, 5> sampler_correction_names{
    "off", "token_truncate", "token_mask", "sequence_truncate", "sequence_mask"};

/// A policy loss as data. Presets in policy/policy_loss_presets.hpp carry the trainers' values.
struct PolicyLossOptions {
  Surrogate surrogate = Surrogate::clip;              ///< what of ratio and advantage is climbed
  RatioLevel ratio = RatioLevel::token;               ///< what a ratio is of
  Aggregation aggregation = Aggregation::token_mean;  ///< tokens to one number
  double epsilon_low = 0.2;                           ///< ratios are clipped at 1 - this
  double epsilon_high = 0.2;                          ///< and at 1 + this
  double delta =
      std::numeric_limits<double>::infinity();  ///< cap of r for A < 0; > 1 + epsilon_high
  double dual_clip = 3.0;                       ///< > 1; of the dppo surrogates: cap of the weight
  double cispo_low = 0;                         ///< ratios as weights are raised to this
  double cispo_high = 0.2;                      ///< an absolute cap (TRL's default; ScaleRL uses 5)
  double sapo_positive = 1.0;                   ///< temperature of the soft gate for A > 0
  double sapo_negative = 1.05;                  ///< and for A <= 0
  double vespo_k_positive = 2, vespo_lambda_positive = 3;  ///< for A > 0
  double vespo_k_negative = 3, vespo_lambda_negative = 2;  ///< and A <= 0
  double dro_beta = 0;                                     ///< > 0 for dro
  double cov_ratio =
      2e-4;  ///< share of the batch's tokens that clip_cov and kl_cov choose, one or more
  double clip_cov_low = 1;     ///< clip_cov: only tokens with a covariance above this
  double clip_cov_high = 5;    ///< and below this
  std::uint64_t cov_seed = 0;  ///< of clip_cov's draw, and of ties in kl_cov
  double kl_cov_coef = 1;      ///< weight of |log r| of the chosen tokens, per nat
  double clamp_log_ratio = std::numeric_limits<double>::infinity();  ///< verl: 20
  /// Upper bound of a sequence's log-ratio, with no slope beyond (verl's gspo: 10).
  double clamp_sequence_log_ratio = std::numeric_limits<double>::infinity();
  double fixed_length = 0;  ///< tokens; needed by the two fixed aggregations
  /// Whether a mean over sequences (or groups) counts those without a counted token (TRL does, verl
  /// does not).
  bool count_empty = true;
  /// Lets one ratio a sequence be summed over its tokens, which weighs sequences by their length.
  bool length_weighted = false;

  double beta = 0;                   ///< weight of the KL penalty, per nat
  KlEstimator kl = KlEstimator::k3;  ///< of the penalty
  double clamp_kl_difference =
      std::numeric_limits<double>::infinity();                ///< of log pi_ref - log pi, nats
  double clamp_kl = std::numeric_limits<double>::infinity();  ///< of the penalty, nats
  bool kl_times_ratio = false;  ///< r * penalty: makes k3's gradient unbiased off policy

  SamplerCorrection correction = SamplerCorrection::off;  ///< how
  double correction_max = 3.0;                            ///< of pi_old / pi_sampler
  double correction_min = 0;                              ///< of a mask
  /// Leave a sequence out if A < 0 and mean(log sampler - log pi) exceeds this (nats a token).
  double off_policy_threshold = std::numeric_limits<double>::infinity();

  /// Weight of the bonus: - entropy_coef * mean entropy of the batch's counted tokens, whatever the
  /// aggregation; nats. `AdaptiveEntropy` (token_entropy.hpp) moves it towards a target.
  double entropy_coef = 0;
  /// Share of the batch's counted tokens that keep their policy term: those of highest entropy.
  /// Denominators, KL and bonus stay those of all tokens.
  double top_entropy_quantile = 1;
  /// The bonus is the mean entropy of the tokens that top_entropy_quantile keeps (TRL since 1.16).
  bool mask_entropy_bonus = false;
};

/// Refuses values outside their range and combinations that mean something else than they say.
/// Errors: invalid_argument, naming the option and why.
inline void validate(const PolicyLossOptions& o) {
  const auto need = [](bool holds, const char* rule, double got) {
    require(holds, Errc::invalid_argument, "policy_loss: ", rule, ", got ", got);
  };
  need(o.epsilon_low >= 0 && o.epsilon_low < 1, "epsilon_low must be in [0, 1)", o.epsilon_low);
  need(o.epsilon_high >= 0 && std::isfinite(o.epsilon_high), "epsilon_high must be >= 0 and finite",
       o.epsilon_high);
  need(o.delta > 1 + o.epsilon_high, "delta must exceed 1 + epsilon_high", o.delta);
  need(o.dual_clip > 1, "dual_clip must exceed 1", o.dual_clip);
  need(o.cispo_low >= 0 && std::isfinite(o.cispo_low), "cispo_low must be >= 0 and finite",
       o.cispo_low);
  need(o.cispo_high > o.cispo_low, "cispo_high must exceed cispo_low", o.cispo_high);
  need(o.sapo_positive > 0, "sapo_positive must be > 0", o.sapo_positive);
  need(o.sapo_negative > 0, "sapo_negative must be > 0", o.sapo_negative);
  need(o.clamp_log_ratio > 0, "clamp_log_ratio must be > 0", o.clamp_log_ratio);
  need(o.clamp_kl_difference > 0, "clamp_kl_difference must be > 0", o.clamp_kl_difference);
  need(o.clamp_kl > 0, "clamp_kl must be > 0", o.clamp_kl);
  need(o.beta >= 0 && std::isfinite(o.beta), "beta must be >= 0 and finite", o.beta);
  need(o.vespo_k_positive > 0, "vespo_k_positive must be > 0", o.vespo_k_positive);
  need(o.vespo_lambda_positive > 0, "vespo_lambda_positive must be > 0", o.vespo_lambda_positive);
  need(o.vespo_k_negative > 0, "vespo_k_negative must be > 0", o.vespo_k_negative);
  need(o.vespo_lambda_negative > 0, "vespo_lambda_negative must be > 0", o.vespo_lambda_negative);
  need(o.correction_min >= 0 && std::isfinite(o.correction_min),
       "correction_min must be >= 0 and finite", o.correction_min);
  need(o.correction_max > o.correction_min && std::isfinite(o.correction_max),
       "correction_max must exceed correction_min and be finite", o.correction_max);
  need(o.off_policy_threshold > 0, "off_policy_threshold must be > 0", o.off_policy_threshold);
  need(o.entropy_coef >= 0 && std::isfinite(o.entropy_coef), "entropy_coef must be >= 0 and finite",
       o.entropy_coef);
  need(o.top_entropy_quantile > 0 && o.top_entropy_quantile <= 1,
       "top_entropy_quantile must be in (0, 1]", o.top_entropy_quantile);
  need(o.surrogate != Surrogate::dro || (o.dro_beta > 0 && std::isfinite(o.dro_beta)),
       "the dro surrogate needs dro_beta > 0", o.dro_beta);
  need(o.cov_ratio > 0 && o.cov_ratio <= 1, "cov_ratio must be in (0, 1]", o.cov_ratio);
  need(std::isfinite(o.clip_cov_low), "clip_cov_low must be finite", o.clip_cov_low);
  need(o.clip_cov_high > o.clip_cov_low, "clip_cov_high must exceed clip_cov_low", o.clip_cov_high);
  need(o.kl_cov_coef >= 0 && std::isfinite(o.kl_cov_coef), "kl_cov_coef must be >= 0 and finite",
       o.kl_cov_coef);
  need(o.clamp_sequence_log_ratio > 0, "clamp_sequence_log_ratio must be > 0",
       o.clamp_sequence_log_ratio);
  const bool fixed = o.aggregation == Aggregation::sequence_mean_fixed ||
                     o.aggregation == Aggregation::token_sum_fixed;
  need(!fixed || (o.fixed_length > 0 && std::isfinite(o.fixed_length)),
       "fixed_length must be > 0 and finite: this aggregation divides by it", o.fixed_length);
  const auto refuse = [](bool bad, const char* why) {
    require(!bad, Errc::invalid_argument, "policy_loss: ", why);
  };
  refuse(std::isfinite(o.delta) && o.surrogate != Surrogate::clip,
         "delta caps the ratio of the clip surrogate only; remove it or use Surrogate::clip");
  refuse(o.surrogate == Surrogate::geo_mean && o.ratio != RatioLevel::token,
         "geo_mean clips token log-ratios before it averages them; use RatioLevel::token");
  const bool one_ratio = o.surrogate == Surrogate::geo_mean || o.ratio == RatioLevel::sequence ||
                         o.ratio == RatioLevel::sequence_sum;
  refuse(one_ratio && o.aggregation != Aggregation::sequence_mean_token_mean &&
             o.aggregation != Aggregation::sequence_mean_by_length &&
             !(o.length_weighted && o.surrogate != Surrogate::geo_mean),
         "one ratio a sequence summed over its tokens weighs sequences by their length; use "
         "sequence_mean_token_mean (or, if that weighting is meant, sequence_mean_by_length or "
         "length_weighted)");
  refuse(one_ratio && o.top_entropy_quantile < 1,
         "top_entropy_quantile picks tokens, but one ratio a sequence is one term for all of them; "
         "use a ratio by token");
  refuse(!one_ratio && o.aggregation == Aggregation::sequence_mean_by_length,
         "sequence_mean_by_length is for one ratio a sequence; use sequence_mean_token_sum");
  refuse(o.surrogate == Surrogate::vespo && o.correction != SamplerCorrection::off,
         "vespo weighs by the sequence ratio itself; give the sampler's log-probabilities as old");
  refuse((o.surrogate == Surrogate::reinforce || o.surrogate == Surrogate::vespo ||
          o.surrogate == Surrogate::dro || o.surrogate == Surrogate::dppo_tv ||
          o.surrogate == Surrogate::dppo_kl || chooses_tokens(o.surrogate)) &&
             o.ratio != RatioLevel::token,
         "this surrogate does not use the ratio's level; leave it at RatioLevel::token");
  refuse(o.beta > 0 && o.kl == KlEstimator::none,
         "beta > 0 needs an estimator of the KL: k1, k2, k3, abs, k1+ or k3+");
  refuse(o.beta > 0 && o.kl == KlEstimator::k1 && !o.kl_times_ratio,
         "the gradient of k1 has expectation zero, so that it anchors nothing; put it into the "
         "reward, or use k2, k3 or k1+");
}

}  // namespace dag
