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
  verl_vectorized,  ///< (s - mean) / (sqrt(max(var, 1e-6)) + 1e-6); alone: s / (1 + 1e-6). verl
                    ///< 0.8 grpo_vectorized; since 0.9 that has no floor and is verl_grpo
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
  target,   ///< n q - 1, q = softmax(s) over the group: towards the Target (TPO); alone: 0
  nemo_rl,  ///< (s - mean of the others) / (std of the others + 1e-6), by 1 where these are tied;
            ///< alone: 0. NeMo-RL's leave-one-out baseline with normalisation
};

/// What a convention does, as data:
///   (s - baseline) * gain / divisor, divisor = sqrt(max(variance, variance_floor)) + epsilon or 1;
///   of the others: each sample's own, of the samples beside it.
struct AdvantageConvention {
  enum class Baseline { none, mean, mean_by_length, second_best, softmax };
  enum class Divisor { one, group, batch, others };
  enum class Gain { one, others, scored };  ///< 1, n / (n - 1), scored samples / those with s != 0

  std::string_view name;  ///< of the command line and of files
  Advantage kind = Advantage::raw;
  Baseline baseline = Baseline::mean;
  Divisor divisor = Divisor::one;
  double epsilon = 0;
  double variance_floor = 0;
  Gain gain = Gain::one;
  double alone = 0;     ///< what a lone sample's raw reward is multiplied with
  bool whiten = false;  ///< at last over all tokens of the batch
};

/// In the order of the enumeration.
inline constexpr auto advantage_conventions = [] {
  using A = Advantage;
  using C = AdvantageConvention;
  using B = C::Baseline;
  using D = C::Divisor;
  constexpr auto mean = B::mean;
  return std::array<C, 17>{{
      {"trl-group", A::trl_group, mean, D::group, 1e-4},
      {"trl-batch", A::trl_batch, mean, D::batch, 1e-4},
      {"trl-none", A::trl_none},
      {"verl-grpo", A::verl_grpo, mean, D::group, 1e-6, 0, C::Gain::one, 1 / (1 + 1e-6)},
      {"verl-vectorized", A::verl_vectorized, mean, D::group, 1e-6, 1e-6, C::Gain::one,
       1 / (1 + 1e-6)},
      {"dr-grpo", A::dr_grpo, mean, D::one, 0, 0, C::Gain::one, 1},
      {"group-norm", A::group_norm, mean, D::group, 1e-9},
      {"rloo", A::rloo, mean, D::one, 0, 0, C::Gain::others, 1},
      {"rloo-vectorized", A::rloo_vectorized, mean, D::one, 0, 0, C::Gain::others},
      {"opo", A::opo, B::mean_by_length, D::one, 0, 0, C::Gain::one, 1},
      {"gpg", A::gpg, mean, D::one, 0, 0, C::Gain::scored, 1},
      {"pass-at-k", A::pass_at_k, B::second_best, D::group, 1e-6},
      {"reinforce-plus-plus-baseline", A::reinforce_plus_plus_baseline, mean, D::one, 0, 0,
       C::Gain::one, 1, true},
      {"reinforce-plus-plus", A::reinforce_plus_plus, B::none, D::one, 0, 0, C::Gain::one, 1, true},
      {"raw", A::raw, B::none, D::one, 0, 0, C::Gain::one, 1},
      {"target", A::target, B::softmax},
      {"nemo-rl", A::nemo_rl, mean, D::others, 1e-6, 0, C::Gain::others},
  }};
}();

[[nodiscard]] constexpr const AdvantageConvention& convention(Advantage kind) noexcept {
  return advantage_conventions[static_cast<std::size_t>(kind)];
}

/// Names and conventions, in the order of the enumeration.
inline constexpr auto advantage_names = [] {
  std::array<std::pair<std::string_view, Advantage>, advantage_conventions.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    names[i] = {advantage_conventions[i].name, advantage_conventions[i].kind};
  }
  return names;
}();

[[nodiscard]] constexpr std::string_view to_string(Advantage kind) noexcept {
  return convention(kind).name;
}

/// Whether the convention weights samples by their lengths in tokens.
[[nodiscard]] constexpr bool needs_lengths(Advantage kind) noexcept {
  return convention(kind).baseline == AdvantageConvention::Baseline::mean_by_length ||
         convention(kind).whiten;
}

/// Whether the convention has no baseline inside the group.
[[nodiscard]] constexpr bool is_uncentred(Advantage kind) noexcept {
  return convention(kind).baseline == AdvantageConvention::Baseline::none;
}

/// Whether the convention looks at all groups of the batch.
[[nodiscard]] constexpr bool needs_batch(Advantage kind) noexcept {
  return convention(kind).divisor == AdvantageConvention::Divisor::batch ||
         convention(kind).gain == AdvantageConvention::Gain::scored || convention(kind).whiten;
}

/// Whether the convention looks at one group only, and at nothing but its rewards' mean and
/// deviation.
[[nodiscard]] constexpr bool is_moment_rule(Advantage kind) noexcept {
  const AdvantageConvention& rule = convention(kind);
  return rule.baseline == AdvantageConvention::Baseline::mean &&
         rule.divisor != AdvantageConvention::Divisor::others && !needs_batch(kind);
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
