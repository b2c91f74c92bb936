// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <dag/core/error.hpp>

namespace dag {

/// Group advantages by the names of the trainers that use them. s: reward; mean, std: of the scored
/// samples of the group, std with Bessel's correction; n: their number. "Alone": the only scored
/// sample of its group.
enum class Advantage {
  trl_group,        ///< (s - mean) / (std + 1e-4); alone: 0. TRL scale_rewards="group"
  trl_batch,        ///< (s - mean) / (std of the batch + 1e-4); alone: 0. TRL "batch"
  trl_none,         ///< s - mean; alone: 0. TRL "none"
  verl_grpo,        ///< (s - mean) / (std + 1e-6); alone: s / (1 + 1e-6)
  verl_vectorized,  ///< (s - mean) / (sqrt(max(var, 1e-6)) + 1e-6); alone: s / (1 + 1e-6)
  dr_grpo,          ///< s - mean; alone: s. verl norm_adv_by_std_in_grpo=False
  group_norm,       ///< (s - mean) / (std + 1e-9); alone: 0. OpenRLHF group_norm
  rloo,             ///< s - mean of the others = n / (n - 1) (s - mean); alone: s
  rloo_vectorized,  ///< the same; alone: 0
  opo,              ///< s - sum(length s) / sum(length); alone: s
  gpg,        ///< alpha (s - mean), alpha = scored samples / samples with s != 0; alone: alpha s
  pass_at_k,  ///< best sample: (best - second best) / (std + 1e-6), others 0; alone: error
  reinforce_plus_plus_baseline,  ///< s - mean (alone: s), whitened over all tokens of the batch
  reinforce_plus_plus,           ///< s, whitened over all tokens of the batch (return at gamma = 1)
  raw,                           ///< s itself: REINFORCE, or ReMax with s less the greedy reward
};

/// The spelling of the command line and of files, in the order of the enumeration.
inline constexpr std::array<std::pair<std::string_view, Advantage>, 15> advantage_names{{
    {"trl-group", Advantage::trl_group},
    {"trl-batch", Advantage::trl_batch},
    {"trl-none", Advantage::trl_none},
    {"verl-grpo", Advantage::verl_grpo},
    {"verl-vectorized", Advantage::verl_vectorized},
    {"dr-grpo", Advantage::dr_grpo},
    {"group-norm", Advantage::group_norm},
    {"rloo", Advantage::rloo},
    {"rloo-vectorized", Advantage::rloo_vectorized},
    {"opo", Advantage::opo},
    {"gpg", Advantage::gpg},
    {"pass-at-k", Advantage::pass_at_k},
    {"reinforce-plus-plus-baseline", Advantage::reinforce_plus_plus_baseline},
    {"reinforce-plus-plus", Advantage::reinforce_plus_plus},
    {"raw", Advantage::raw},
}};

[[nodiscard]] constexpr std::string_view to_string(Advantage kind) noexcept {
  return advantage_names[static_cast<std::size_t>(kind)].first;
}

/// Whether the convention weights samples by their lengths in tokens.
[[nodiscard]] constexpr bool needs_lengths(Advantage kind) noexcept {
  return kind == Advantage::opo || kind == Advantage::reinforce_plus_plus_baseline ||
         kind == Advantage::reinforce_plus_plus;
}

/// Whether the convention has no baseline inside the group.
[[nodiscard]] constexpr bool is_uncentred(Advantage kind) noexcept {
  return kind == Advantage::reinforce_plus_plus || kind == Advantage::raw;
}

/// The reverse of `to_string`. Errors: invalid_argument, with the list of names.
[[nodiscard]] inline Advantage advantage_kind(std::string_view name) {
  for (const auto& [known, kind] : advantage_names) {
    if (known == name) {
      return kind;
    }
  }
  std::string names;
  for (const auto& entry : advantage_names) {
    names += (names.empty() ? "" : ", ") + std::string(entry.first);
  }
  fail(Errc::invalid_argument, "advantages: no convention is called '", name, "'; there are ",
       names);
}

}  // namespace dag
