// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/policy/advantage_kind.hpp>
#include <dag/policy/policy_loss_options.hpp>

namespace dag {

/// A trainer's policy gradient by name: its advantage, its loss, and whose values these are. Data:
/// copy it and change what you like. The KL weight is 0 throughout, as in TRL's defaults.
struct PolicyPreset {
  std::string_view name;
  Advantage advantage = Advantage::trl_group;
  PolicyLossOptions loss = {};
  std::string_view source;
};

/// dr_grpo needs loss.fixed_length (the largest completion length): left 0, it is refused.
inline constexpr std::array<PolicyPreset, 22> policy_presets{{
    {"grpo",
     Advantage::trl_group,
     {.aggregation = Aggregation::sequence_mean_token_mean},
     "arXiv:2402.03300, as in TRL"},
    {"dr_grpo",
     Advantage::trl_none,
     {.aggregation = Aggregation::sequence_mean_fixed},
     "arXiv:2503.20783, as in TRL"},
    {"dapo",
     Advantage::trl_group,
     {.aggregation = Aggregation::token_mean, .epsilon_high = 0.28},
     "arXiv:2503.14476"},
    {"bnpo",
     Advantage::trl_group,
     {.aggregation = Aggregation::token_mean},
     "TRL; the token count is the whole batch's"},
    {"gspo",
     Advantage::trl_group,
     {.ratio = RatioLevel::sequence,
      .aggregation = Aggregation::sequence_mean_token_mean,
      .epsilon_low = 3e-4,
      .epsilon_high = 4e-4},
     "arXiv:2507.18071"},
    {"gspo_token",
     Advantage::trl_group,
     {.ratio = RatioLevel::sequence_token,
      .aggregation = Aggregation::sequence_mean_token_mean,
      .epsilon_low = 3e-4,
      .epsilon_high = 4e-4},
     "arXiv:2507.18071"},
    {"luspo",
     Advantage::trl_group,
     {.ratio = RatioLevel::sequence, .aggregation = Aggregation::sequence_mean_by_length},
     "TRL luspo"},
    {"rloo",
     Advantage::rloo,
     {.ratio = RatioLevel::sequence_sum, .aggregation = Aggregation::sequence_mean_token_mean},
     "TRL RLOOTrainer; its KL (k1) belongs into the reward"},
    {"reinforce",
     Advantage::raw,
     {.surrogate = Surrogate::reinforce, .aggregation = Aggregation::sequence_mean_token_sum},
     "Williams (1992); with the greedy reward subtracted: ReMax"},
    {"reinforce_plus_plus",
     Advantage::reinforce_plus_plus,
     {.aggregation = Aggregation::token_mean},
     "verl; gamma = 1"},
    {"reinforce_plus_plus_baseline",
     Advantage::reinforce_plus_plus_baseline,
     {.aggregation = Aggregation::token_mean},
     "verl"},
    {"opo",
     Advantage::opo,
     {.surrogate = Surrogate::reinforce, .aggregation = Aggregation::sequence_mean_token_sum},
     "arXiv:2505.23585: exactly on policy, no clip"},
    {"gpg",
     Advantage::gpg,
     {.surrogate = Surrogate::reinforce, .aggregation = Aggregation::token_mean},
     "arXiv:2504.02546, as in verl"},
    {"cispo",
     Advantage::trl_group,
     {.surrogate = Surrogate::cispo, .aggregation = Aggregation::token_mean, .cispo_high = 5},
     "arXiv:2506.13585 with ScaleRL's cap; TRL's default cap is 0.2"},
    {"cispo_verl",
     Advantage::verl_grpo,
     {.surrogate = Surrogate::cispo,
      .aggregation = Aggregation::token_mean,
      .cispo_low = 0.8,
      .cispo_high = 1.2},
     "verl: weights clamped on both sides"},
    {"sapo",
     Advantage::trl_group,
     {.surrogate = Surrogate::sapo, .aggregation = Aggregation::sequence_mean_token_mean},
     "TRL"},
    {"vespo",
     Advantage::trl_group,
     {.surrogate = Surrogate::vespo, .aggregation = Aggregation::token_mean},
     "TRL"},
    {"gmpo",
     Advantage::trl_group,
     {.surrogate = Surrogate::geo_mean,
      .aggregation = Aggregation::sequence_mean_token_mean,
      .epsilon_low = 0.4,
      .epsilon_high = 0.4},
     "arXiv:2507.20673"},
    {"dual_clip",
     Advantage::verl_grpo,
     {.surrogate = Surrogate::dual_clip,
      .aggregation = Aggregation::token_mean,
      .clamp_log_ratio = 20,
      .clamp_kl_difference = 20,
      .clamp_kl = 10},
     "verl vanilla"},
    {"two_sided",
     Advantage::trl_group,
     {.aggregation = Aggregation::sequence_mean_token_mean, .delta = 4},
     "INTELLECT-2: the ratio capped where the advantage is negative"},
    {"clip_cov",
     Advantage::verl_grpo,
     {.surrogate = Surrogate::clip_cov, .aggregation = Aggregation::token_mean},
     "arXiv:2505.22617, as in verl"},
    {"kl_cov",
     Advantage::verl_grpo,
     {.surrogate = Surrogate::kl_cov, .aggregation = Aggregation::token_mean},
     "arXiv:2505.22617, as in verl"},
}};

/// The preset of that name. Errors: invalid_argument, with the list of names.
[[nodiscard]] inline const PolicyPreset& policy_preset(std::string_view name) {
  std::string names;
  for (const PolicyPreset& preset : policy_presets) {
    if (preset.name == name) {
      return preset;
    }
    names += (names.empty() ? "" : ", ") + std::string(preset.name);
  }
  fail(Errc::invalid_argument, "policy_preset: no preset is called '", name, "'; there are ",
       names);
}

}  // namespace dag
