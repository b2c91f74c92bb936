// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/policy/advantage_kind.hpp>
#include <dag/policy/policy_loss_options.hpp>
#include <dag/policy/policy_loss_presets.hpp>

namespace dag {

/// What a trainer of a given version computes under a name, as data: its advantage, its loss with
/// that version's defaults, and how it is asked for it. python/tests/test_presets.py holds each row
/// against the package itself, value and gradient. beta is 0; set it and the penalty is the
/// trainer's. fixed_length (dr_grpo) is the largest completion length and has to be set.
struct TrainerPreset {
  std::string_view peer;
  std::string_view version;  ///< major.minor that the row was held against
  std::string_view name;
  Advantage advantage = Advantage::trl_group;
  /// GDPO: each reward is normalised in its group, by 1e-4 (TRL) or 1e-6 (verl) beside the
  /// deviation, and `advantage` is of their sum (`normalized_sum_advantages` does both for TRL).
  bool normalize_then_sum = false;
  PolicyLossOptions loss = {};
  std::string_view setting;  ///< the trainer's own options
};

namespace detail {

constexpr PolicyLossOptions trl_loss(Aggregation aggregation) {
  return {.aggregation = aggregation, .kl_times_ratio = true, .mask_entropy_bonus = true};
}
constexpr PolicyLossOptions trl_weights(Surrogate surrogate, Aggregation aggregation) {
  PolicyLossOptions o = trl_loss(aggregation);
  o.surrogate = surrogate;
  return o;
}
constexpr PolicyLossOptions trl_sequence(Aggregation aggregation, double low, double high) {
  PolicyLossOptions o = trl_loss(aggregation);
  o.ratio = RatioLevel::sequence;
  o.epsilon_low = low;
  o.epsilon_high = high;
  return o;
}
constexpr PolicyLossOptions verl_loss(Surrogate surrogate,
                                      Aggregation aggregation = Aggregation::token_mean) {
  return {.surrogate = surrogate,
          .aggregation = aggregation,
          .clamp_log_ratio = 20,
          .count_empty = false,
          .clamp_kl_difference = 20,
          .clamp_kl = 10};
}
constexpr PolicyLossOptions openrlhf_loss() {
  return {.aggregation = Aggregation::token_mean,
          .clamp_log_ratio = 20,
          .count_empty = false,
          .clamp_kl = 10};
}
template <class Change>
constexpr PolicyLossOptions with(PolicyLossOptions o, Change change) {
  change(o);
  return o;
}

}  // namespace detail

inline constexpr auto trainer_presets = [] {
  using A = Advantage;
  using G = Aggregation;
  using S = Surrogate;
  using O = PolicyLossOptions;
  using detail::openrlhf_loss;
  using detail::trl_loss;
  using detail::trl_sequence;
  using detail::trl_weights;
  using detail::verl_loss;
  using detail::with;
  constexpr auto by_sequence = G::sequence_mean_token_mean;
  constexpr auto higher = [](O& o) { o.epsilon_high = 0.28; };
  constexpr auto gspo = [](O& o) {
    o.ratio = RatioLevel::sequence_token;
    o.epsilon_low = 3e-4;
    o.epsilon_high = 4e-4;
    o.clamp_log_ratio = std::numeric_limits<double>::infinity();
    o.clamp_sequence_log_ratio = 10;
  };
  constexpr auto plain = [](O& o) { o.clamp_log_ratio = std::numeric_limits<double>::infinity(); };
  constexpr auto verl_weights = [](O& o) {
    o.cispo_low = 0.8;
    o.cispo_high = 1.2;
  };
  return std::array{
      TrainerPreset{"trl", "1.16", "grpo", A::trl_group, false, trl_loss(by_sequence),
                    "loss_type=grpo"},
      TrainerPreset{"trl", "1.16", "dr_grpo", A::trl_none, false, trl_loss(G::sequence_mean_fixed),
                    "loss_type=dr_grpo scale_rewards=none"},
      TrainerPreset{"trl", "1.16", "dapo", A::trl_group, false,
                    with(trl_loss(G::token_mean), higher), "loss_type=dapo epsilon_high=0.28"},
      TrainerPreset{"trl", "1.16", "bnpo", A::trl_group, false, trl_loss(G::token_mean),
                    "loss_type=bnpo; tokens of one micro-batch"},
      TrainerPreset{"trl", "1.16", "gspo", A::trl_group, false,
                    trl_sequence(by_sequence, 3e-4, 4e-4),
                    "loss_type=grpo importance_sampling_level=sequence epsilon=3e-4 "
                    "epsilon_high=4e-4"},
      TrainerPreset{"trl", "1.16", "gdpo", A::trl_batch, true, trl_loss(G::token_mean),
                    "multi_objective_aggregation=normalize_then_sum"},
      TrainerPreset{"trl", "1.16", "cispo", A::trl_group, false,
                    with(trl_weights(S::cispo, G::token_mean), [](O& o) { o.cispo_high = 5; }),
                    "loss_type=cispo epsilon_high=5.0 (0.2 unless set)"},
      TrainerPreset{"trl", "1.16", "sapo", A::trl_group, false, trl_weights(S::sapo, by_sequence),
                    "loss_type=sapo"},
      TrainerPreset{
          "trl", "1.16", "vespo", A::trl_group, false,
          with(trl_weights(S::vespo, G::token_mean), [](O& o) { o.clamp_log_ratio = 20; }),
          "loss_type=vespo"},
      TrainerPreset{"trl", "1.16", "luspo", A::trl_group, false,
                    trl_sequence(G::sequence_mean_by_length, 2e-3, 2.5e-3),
                    "loss_type=luspo importance_sampling_level=sequence epsilon=2e-3 "
                    "epsilon_high=2.5e-3"},
      TrainerPreset{"trl", "1.16", "two_sided", A::trl_group, false,
                    with(trl_loss(by_sequence), [](O& o) { o.delta = 4; }),
                    "loss_type=grpo delta=4.0"},
      TrainerPreset{"trl",
                    "1.16",
                    "rloo",
                    A::rloo_vectorized,
                    false,
                    {.ratio = RatioLevel::sequence_sum, .aggregation = by_sequence},
                    "RLOOTrainer; its KL (k1) is in the reward"},
      TrainerPreset{"verl", "0.9", "grpo", A::verl_grpo, false, verl_loss(S::dual_clip),
                    "adv_estimator=grpo (or grpo_vectorized) loss_mode=vanilla"},
      TrainerPreset{"verl", "0.9", "dr_grpo", A::dr_grpo, false,
                    verl_loss(S::dual_clip, G::sequence_mean_fixed),
                    "adv_estimator=grpo norm_adv_by_std_in_grpo=False "
                    "loss_agg_mode=seq-mean-token-sum-norm"},
      TrainerPreset{"verl", "0.9", "dapo", A::verl_grpo, false,
                    with(verl_loss(S::dual_clip), higher),
                    "adv_estimator=grpo clip_ratio_high=0.28 loss_agg_mode=token-mean"},
      TrainerPreset{"verl", "0.9", "gspo", A::verl_grpo, false,
                    with(verl_loss(S::clip, by_sequence), gspo),
                    "loss_mode=gspo loss_agg_mode=seq-mean-token-mean clip_ratio_low=3e-4 "
                    "clip_ratio_high=4e-4"},
      TrainerPreset{"verl", "0.9", "gdpo", A::reinforce_plus_plus, true, verl_loss(S::dual_clip),
                    "adv_estimator=gdpo"},
      TrainerPreset{"verl", "0.9", "dppo_tv", A::verl_grpo, false, verl_loss(S::dppo_tv),
                    "loss_mode=dppo_tv; clip_ratio 0.2 is the bound of the probability's change, "
                    "clip_ratio_c 3 the weight's"},
      TrainerPreset{"verl", "0.9", "dppo_kl", A::verl_grpo, false, verl_loss(S::dppo_kl),
                    "loss_mode=dppo_kl; clip_ratio 0.2 is the bound of the KL, in nats"},
      TrainerPreset{"verl", "0.9", "dro", A::verl_grpo, false,
                    with(with(verl_loss(S::dro), plain), [](O& o) { o.dro_beta = 0.1; }),
                    "loss_mode=dro dro_beta=0.1 (which has to be set)"},
      TrainerPreset{"verl", "0.9", "clip_cov", A::verl_grpo, false,
                    with(verl_loss(S::clip_cov), plain),
                    "loss_mode=clip_cov; clip_cov_ratio 2e-4 of the tokens, at random"},
      TrainerPreset{"verl", "0.9", "kl_cov", A::verl_grpo, false,
                    with(with(verl_loss(S::kl_cov), plain), [](O& o) { o.kl_cov_coef = 0.1; }),
                    "loss_mode=kl_cov; kl_cov_ratio 2e-4 of the tokens, ppo_kl_coef 0.1"},
      TrainerPreset{"verl", "0.9", "sapo", A::verl_grpo, false, verl_loss(S::sapo, by_sequence),
                    "loss_mode=sapo"},
      TrainerPreset{"verl", "0.9", "cispo", A::verl_grpo, false,
                    with(verl_loss(S::cispo), verl_weights), "loss_mode=cispo"},
      TrainerPreset{"verl", "0.9", "gmpo", A::verl_grpo, false,
                    with(with(verl_loss(S::geo_mean, by_sequence), plain),
                         [](O& o) {
                           o.epsilon_low = o.epsilon_high = 0.4;
                           o.count_empty = true;
                         }),
                    "loss_mode=geo_mean clip_ratio=0.4"},
      TrainerPreset{"verl", "0.9", "gpg", A::gpg, false, with(verl_loss(S::reinforce), plain),
                    "adv_estimator=gpg loss_mode=gpg"},
      TrainerPreset{"verl", "0.9", "rloo", A::rloo, false, verl_loss(S::dual_clip),
                    "adv_estimator=rloo"},
      TrainerPreset{"verl", "0.9", "opo", A::opo, false, verl_loss(S::dual_clip),
                    "adv_estimator=opo"},
      TrainerPreset{"verl", "0.9", "grpo_passk", A::pass_at_k, false, verl_loss(S::dual_clip),
                    "adv_estimator=grpo_passk"},
      TrainerPreset{"verl", "0.9", "reinforce_plus_plus", A::reinforce_plus_plus, false,
                    verl_loss(S::dual_clip), "adv_estimator=reinforce_plus_plus gamma=1"},
      TrainerPreset{"verl", "0.9", "reinforce_plus_plus_baseline", A::reinforce_plus_plus_baseline,
                    false, verl_loss(S::dual_clip), "adv_estimator=reinforce_plus_plus_baseline"},
      TrainerPreset{"openrlhf", "0.11", "group_norm", A::group_norm, false, openrlhf_loss(),
                    "--algo.advantage.estimator group_norm"},
      TrainerPreset{"openrlhf", "0.11", "dr_grpo", A::trl_none, false, openrlhf_loss(),
                    "--algo.advantage.estimator dr_grpo; a mean over tokens"},
      TrainerPreset{"openrlhf", "0.11", "dual_clip", A::group_norm, false,
                    with(openrlhf_loss(), [](O& o) { o.surrogate = S::dual_clip; }),
                    "PolicyLoss(dual_clip=3)"},
      TrainerPreset{"openrlhf", "0.11", "gspo", A::group_norm, false,
                    with(openrlhf_loss(),
                         [](O& o) {
                           o.ratio = RatioLevel::sequence;
                           o.aggregation = by_sequence;
                           o.epsilon_low = 3e-4;
                           o.epsilon_high = 4e-4;
                           o.clamp_log_ratio = std::numeric_limits<double>::infinity();
                         }),
                    "PolicyLoss(policy_loss_type=gspo, clip_eps_low=3e-4, clip_eps_high=4e-4)"},
  };
}();

/// The row of that peer, version and name. version: "1.16", or longer ("1.16.0"). Errors:
/// invalid_argument, with what there is.
[[nodiscard]] inline const TrainerPreset& trainer_preset(std::string_view peer,
                                                         std::string_view version,
                                                         std::string_view name) {
  const auto same_version = [&](std::string_view known) {
    return version.starts_with(known) &&
           (version.size() == known.size() || version[known.size()] == '.');
  };
  std::string peers;
  std::string names;
  for (const TrainerPreset& row : trainer_presets) {
    const std::string of = std::string(row.peer) + " " + std::string(row.version);
    if (peers.find(of) == std::string::npos) {
      peers += (peers.empty() ? "" : ", ") + of;
    }
    if (row.peer == peer && same_version(row.version)) {
      if (row.name == name) {
        return row;
      }
      names += (names.empty() ? "" : ", ") + std::string(row.name);
    }
  }
  require(!names.empty(), Errc::invalid_argument, "trainer_preset: none is pinned to ", peer, " ",
          version, "; there are ", peers);
  fail(Errc::invalid_argument, "trainer_preset: ", peer, " ", version, " has no preset '", name,
       "'; there are ", names);
}

/// The loss of a preset by one name: "PEER-VERSION/NAME" (trl-1.16/dr_grpo) or one of
/// `policy_presets`. Errors: invalid_argument, with what there is.
[[nodiscard]] inline PolicyLossOptions loss_of_preset(std::string_view name) {
  const std::size_t slash = name.find('/');
  const std::size_t dash = name.find('-');
  return slash == std::string_view::npos || dash == std::string_view::npos || dash > slash
             ? policy_preset(name).loss
             : trainer_preset(name.substr(0, dash), name.substr(dash + 1, slash - dash - 1),
                              name.substr(slash + 1))
                   .loss;
}

/// The advantage as a formula: s reward, mean and std of the group's scored samples.
[[nodiscard]] inline std::string advantage_formula(Advantage kind) {
  using C = AdvantageConvention;
  const C& rule = convention(kind);
  std::string text = "s";
  switch (rule.baseline) {
    case C::Baseline::none: break;
    case C::Baseline::mean:
      text = rule.gain == C::Gain::others ? "s - mean of the others" : "s - mean";
      break;
    case C::Baseline::mean_by_length: text = "s - mean weighted by length"; break;
    case C::Baseline::second_best: text = "best: s - second best; others: 0"; break;
    case C::Baseline::softmax: return "n softmax(s) - 1";
  }
  if (rule.gain == C::Gain::scored) {
    text = "(" + text + ") samples / samples with s != 0";
  }
  const char* divisor = rule.divisor == C::Divisor::group    ? "std"
                        : rule.divisor == C::Divisor::batch  ? "std of the batch"
                        : rule.divisor == C::Divisor::others ? "std of the others"
                                                             : nullptr;
  if (divisor != nullptr) {
    const std::string epsilon = rule.epsilon == 1e-4   ? "1e-4"
                                : rule.epsilon == 1e-6 ? "1e-6"
                                                       : "1e-9";
    text = "(" + text + ") / (" + divisor + " + " + epsilon + ")";
  }
  return rule.whiten ? "whiten over tokens(" + text + ")" : text;
}

/// The loss as a formula: r ratio, A advantage, sums over tokens t and sequences i of B, N tokens
/// in all, n of a sequence.
[[nodiscard]] inline std::string loss_formula(const PolicyLossOptions& o) {
  std::string term;
  switch (o.surrogate) {
    case Surrogate::clip:
      term = std::isfinite(o.delta) ? "-min(min(r, delta) A, clip(r) A)" : "-min(r A, clip(r) A)";
      break;
    case Surrogate::dual_clip: term = "-min(r A, clip(r) A), at most -A c for A < 0"; break;
    case Surrogate::cispo: term = "-stop(clip(r)) A log pi"; break;
    case Surrogate::sapo: term = "-(4 / T) sigmoid(T (r - 1)) A"; break;
    case Surrogate::vespo: term = "-stop(phi(w)) A log pi"; break;
    case Surrogate::geo_mean: term = "-A exp(mean_t clip(log r))"; break;
    case Surrogate::reinforce: term = "-A log pi"; break;
    case Surrogate::dro: term = "-A log pi + (beta / 2) (log r)^2"; break;
    case Surrogate::dppo_tv: term = "-stop(min(r, c)) A log pi where pi - old is bounded"; break;
    case Surrogate::dppo_kl: term = "-stop(min(r, c)) A log pi where KL(old, pi) is bounded"; break;
    case Surrogate::clip_cov:
      term = "-min(r A, clip(r) A), 0 for a few tokens with cov in (low, high)";
      break;
    case Surrogate::kl_cov: term = "-r A, + beta abs(log r) for the tokens of largest cov"; break;
  }
  std::string ratio;
  switch (o.ratio) {
    case RatioLevel::token: break;
    case RatioLevel::sequence: ratio = "; r = exp(mean_t log r_t)"; break;
    case RatioLevel::sequence_token: ratio = "; r = exp(mean_t log r_t), slope by token"; break;
    case RatioLevel::sequence_sum: ratio = "; r = exp(sum_t log r_t)"; break;
  }
  std::string sum;
  switch (o.aggregation) {
    case Aggregation::sequence_mean_token_mean: sum = "; mean_i mean_t"; break;
    case Aggregation::sequence_mean_token_sum: sum = "; mean_i sum_t"; break;
    case Aggregation::sequence_mean_by_length: sum = "; mean_i n_i mean_t"; break;
    case Aggregation::token_mean: sum = "; sum / N"; break;
    case Aggregation::sequence_mean_fixed: sum = "; sum / (B L)"; break;
    case Aggregation::token_sum_fixed: sum = "; sum / L"; break;
    case Aggregation::group_mean_token_mean: sum = "; mean_g (sum / N_g)"; break;
  }
  return term + ratio + sum;
}

}  // namespace dag
