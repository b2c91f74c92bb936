// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/policy/kl_penalty.hpp>
#include <dag/policy/policy_loss_options.hpp>

namespace dag {

/// Visits every field of the options by its name: visit(name, double, bool or std::uint64_t), or
/// visit(name, enum, names in the enum's order). What configurations, Python and tables read and
/// write.
template <class Options, class Visit>
void each_field(Options& o, Visit&& visit) {
  visit("surrogate", o.surrogate, surrogate_names);
  visit("ratio", o.ratio, ratio_level_names);
  visit("aggregation", o.aggregation, aggregation_names);
  visit("epsilon_low", o.epsilon_low);
  visit("epsilon_high", o.epsilon_high);
  visit("delta", o.delta);
  visit("dual_clip", o.dual_clip);
  visit("cispo_low", o.cispo_low);
  visit("cispo_high", o.cispo_high);
  visit("sapo_positive", o.sapo_positive);
  visit("sapo_negative", o.sapo_negative);
  visit("vespo_k_positive", o.vespo_k_positive);
  visit("vespo_lambda_positive", o.vespo_lambda_positive);
  visit("vespo_k_negative", o.vespo_k_negative);
  visit("vespo_lambda_negative", o.vespo_lambda_negative);
  visit("dro_beta", o.dro_beta);
  visit("cov_ratio", o.cov_ratio);
  visit("clip_cov_low", o.clip_cov_low);
  visit("clip_cov_high", o.clip_cov_high);
  visit("cov_seed", o.cov_seed);
  visit("kl_cov_coef", o.kl_cov_coef);
  visit("clamp_log_ratio", o.clamp_log_ratio);
  visit("clamp_sequence_log_ratio", o.clamp_sequence_log_ratio);
  visit("fixed_length", o.fixed_length);
  visit("count_empty", o.count_empty);
  visit("length_weighted", o.length_weighted);
  visit("beta", o.beta);
  visit("kl", o.kl, kl_estimator_names);
  visit("clamp_kl_difference", o.clamp_kl_difference);
  visit("clamp_kl", o.clamp_kl);
  visit("kl_times_ratio", o.kl_times_ratio);
  visit("correction", o.correction, sampler_correction_names);
  visit("correction_max", o.correction_max);
  visit("correction_min", o.correction_min);
  visit("off_policy_threshold", o.off_policy_threshold);
  visit("entropy_coef", o.entropy_coef);
  visit("top_entropy_quantile", o.top_entropy_quantile);
  visit("mask_entropy_bonus", o.mask_entropy_bonus);
}

}  // namespace dag
