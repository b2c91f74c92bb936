// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/rollout/advantage.hpp>
#include <dag/rollout/count.hpp>
#include <dag/rollout/reward_table.hpp>

namespace dag {

namespace detail {

/// The divisor of a centred, fused convention: factor = gain / (sqrt(max(var, floor)) + epsilon),
/// or gain alone where `scaled` is false.
template <class Scalar>
struct FusedScale {
  bool fused = true;
  bool scaled = false;
  bool others = false;  ///< gain n / (n - 1)
  Scalar epsilon = 0;
  Scalar floor = 0;
  Scalar alone = 0;

  [[nodiscard]] Scalar factor(Scalar squares, std::size_t n) const noexcept {
    const auto count = static_cast<Scalar>(n);
    if (!scaled) {
      return others ? count / (count - 1) : Scalar{1};
    }
    const Scalar variance = squares / (count - 1);
    return 1 / (std::sqrt(variance > floor ? variance : floor) + epsilon);
  }

  explicit constexpr FusedScale(Advantage kind) : alone(static_cast<Scalar>(alone_factor(kind))) {
    switch (kind) {
      case Advantage::trl_group:
        scaled = true;
        epsilon = Scalar(1e-4);
        break;
      case Advantage::verl_grpo:
        scaled = true;
        epsilon = Scalar(1e-6);
        break;
      case Advantage::group_norm:
        scaled = true;
        epsilon = Scalar(1e-9);
        break;
      case Advantage::verl_vectorized:
        scaled = true;
        epsilon = Scalar(1e-6);
        floor = Scalar(1e-6);
        break;
      case Advantage::rloo:
      case Advantage::rloo_vectorized: others = true; break;
      case Advantage::trl_none:
      case Advantage::dr_grpo: break;
      default: fused = false;
    }
  }
};

/// Rewards and advantages of one group of at least two answered samples, at most 16 * Blocks of
/// them (exactly that many if Full): counts, table look-up, two-pass statistics about the first
/// reward in explicit lanes (no reassociation is left to the compiler). `ids` is padded with -1.
/// Returns whether all rewards are equal.
template <std::size_t Blocks, bool Full, class Scalar>
inline bool fused_group(const std::int32_t* ids, std::size_t size, const Scalar* table,
                        const FusedScale<Scalar>& scale, Scalar* reward, Scalar* advantage) {
  constexpr std::size_t lanes = reward_lanes;
  constexpr std::size_t room = Blocks * lanes;
  const std::size_t n = Full ? room : size;
  alignas(64) std::int32_t others[room];
  alignas(64) Scalar value[room];
  alignas(64) Scalar sum[lanes];
  count_all_pairs<Blocks>(ids, n, others);
  for (std::size_t i = 0; i < n; ++i) {
    value[i] = table[others[i]];
  }
  std::memcpy(reward, value, n * sizeof(Scalar));
  const Scalar first = value[0];
  for (std::size_t i = n; i < room; ++i) {
    value[i] = first;
  }
  for (std::size_t i = 0; i < room; ++i) {
    value[i] -= first;
  }
  const auto add_lanes = [&sum] {
    for (std::size_t width = lanes / 2; width > 0; width /= 2) {
      for (std::size_t i = 0; i < width; ++i) {
        sum[i] += sum[i + width];
      }
    }
    return sum[0];
  };
  for (std::size_t i = 0; i < lanes; ++i) {
    sum[i] = value[i];
    for (std::size_t b = 1; b < Blocks; ++b) {
      sum[i] += value[b * lanes + i];
    }
  }
  const Scalar shift = add_lanes() / static_cast<Scalar>(n);
  for (std::size_t i = 0; i < room; ++i) {
    value[i] -= shift;
  }
  for (std::size_t i = n; i < room; ++i) {
    value[i] = 0;
  }
  for (std::size_t i = 0; i < lanes; ++i) {
    sum[i] = value[i] * value[i];
    for (std::size_t b = 1; b < Blocks; ++b) {
      sum[i] += value[b * lanes + i] * value[b * lanes + i];
    }
  }
  const Scalar squares = add_lanes();
  const Scalar factor = scale.factor(squares, n);
  for (std::size_t i = 0; i < room; ++i) {
    value[i] *= factor;
  }
  std::memcpy(advantage, value, n * sizeof(Scalar));
  bool tied = squares == 0;  // possibly only because tiny squares vanish: look at the rewards then
  for (std::size_t i = 0; tied && i < n; ++i) {
    tied = reward[i] == first;
  }
  return tied;
}

/// Chooses the kernel for 2 to all_pairs_limit answered samples, padded with -1 to whole blocks.
template <class Scalar>
inline bool fused_group(const std::int32_t* ids, std::size_t size, const Scalar* table,
                        const FusedScale<Scalar>& scale, Scalar* reward, Scalar* advantage) {
  switch ((size + reward_lanes - 1) / reward_lanes) {
    case 1: return fused_group<1, false>(ids, size, table, scale, reward, advantage);
    case 2: return fused_group<2, false>(ids, size, table, scale, reward, advantage);
    case 3: return fused_group<3, false>(ids, size, table, scale, reward, advantage);
    default: return fused_group<4, false>(ids, size, table, scale, reward, advantage);
  }
}

/// The path for any group: missing answers taken out, any size. Grows with the largest group.
template <class Scalar>
class GeneralGroup {
 public:
  void run(Advantage kind, std::span<const std::int32_t> group, const RewardTables<Scalar>& tables,
           const FusedScale<Scalar>& scale, std::span<Scalar> reward, std::span<Scalar> advantage,
           AdvantageReport& report) {
    ids_.clear();
    for (const auto id : group) {
      if (id >= 0) {
        ids_.push_back(id);
      }
    }
    const std::size_t n = ids_.size();
    const auto table = tables.table(n);
    require(n == 0 || !table.empty(), Errc::invalid_argument,
            "table_rewards: no table for groups of ", n, " answered samples");
    ids_.resize((n + reward_lanes - 1) / reward_lanes * reward_lanes, -1);
    reward_.resize(ids_.size());
    advantage_.resize(ids_.size());
    report.unscored_samples += group.size() - n;
    report.unscored_groups += n == 0 ? 1 : 0;
    report.singleton_groups += n == 1 ? 1 : 0;
    bool tied = false;
    if (n == 1) {
      reward_[0] = table[0];
      advantage_[0] = scale.alone * table[0];
    } else if (n > 1 && n <= all_pairs_limit) {
      tied = fused_group(ids_.data(), n, table.data(), scale, reward_.data(), advantage_.data());
    } else if (n > 1) {
      others_.resize(n);
      counter_.count(std::span(ids_).first(n), others_);
      for (std::size_t i = 0; i < n; ++i) {
        reward_[i] = table[static_cast<std::size_t>(others_[i])];
      }
      const std::span<const Scalar> scored = std::span(reward_).first(n);
      const GroupMoments moments(scored);
      tied = moments.tied;
      group_advantages<Scalar>(scale.fused ? kind : Advantage::trl_none, moments, scored, {}, 1,
                               std::span(advantage_).first(n));
    }
    report.zero_variance_groups += tied ? 1 : 0;
    std::size_t next = 0;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const bool answered = group[i] >= 0;
      reward[i] = answered ? reward_[next] : std::numeric_limits<Scalar>::quiet_NaN();
      advantage[i] = answered ? advantage_[next] : Scalar{0};
      next += answered ? 1 : 0;
    }
  }

 private:
  std::vector<std::int32_t> ids_;
  std::vector<std::int32_t> others_;
  std::vector<Scalar> reward_;
  std::vector<Scalar> advantage_;
  HashCounter counter_;
};

}  // namespace detail

/// Rewards and advantages from counts: reward[i] = tables.table(K)[k_i], k_i the number of other
/// samples of the group with the same answer, K its number of answered samples; then the advantages
/// of `kind` (see `advantages`), fused into the same pass for the conventions that look at one
/// group only (trl_group, trl_none, verl_*, dr_grpo, group_norm, rloo*).
///
/// `answer`: integer ids, any non-negative ones (dense or hashes), negative: missing. A missing
/// answer has no reward: reward NaN, advantage 0, outside every baseline, counted. `begin`: groups
/// + 1 offsets. Statistics of groups up to 64 samples are taken in Scalar about the group's first
/// reward (relative error a few epsilon of the spread), of larger ones in double; always in the
/// same order. Cost: one broadcast compare a pair up to 64 samples a group, one hash probe a sample
/// beyond. No allocation a group or sample; workspace of the largest irregular group. Errors:
/// dimension_mismatch (spans), invalid_argument (no table for a size), and those of `advantages`.
template <class Scalar>
AdvantageReport table_rewards(std::span<const std::int32_t> answer,
                              std::span<const std::int64_t> begin,
                              const RewardTables<Scalar>& tables, Advantage kind,
                              std::span<Scalar> reward, std::span<Scalar> advantage,
                              std::span<const Scalar> lengths = {}) {
  require(!begin.empty() && begin.front() == 0 &&
              begin.back() == static_cast<std::int64_t>(answer.size()),
          Errc::dimension_mismatch,
          "table_rewards: offsets must run from 0 to the number of answers, ", answer.size());
  require(reward.size() == answer.size() && advantage.size() == answer.size(),
          Errc::dimension_mismatch, "table_rewards: ", answer.size(), " answers but room for ",
          reward.size(), " rewards and ", advantage.size(), " advantages");
  AdvantageReport report{.groups = begin.size() - 1, .samples = answer.size()};
  const detail::FusedScale<Scalar> scale(kind);
  detail::GeneralGroup<Scalar> general;
  constexpr std::size_t lanes = detail::reward_lanes;
  const Scalar* full_table[5] = {};
  for (std::size_t blocks = 1; blocks <= 4; ++blocks) {
    const auto table = tables.table(blocks * lanes);
    full_table[blocks] = table.empty() ? nullptr : table.data();
  }
  for (std::size_t g = 0; g < report.groups; ++g) {
    require(begin[g] <= begin[g + 1] && begin[g + 1] <= begin.back(), Errc::dimension_mismatch,
            "table_rewards: offsets must not decrease, but group ", g, " runs from ", begin[g],
            " to ", begin[g + 1]);
    const auto first = static_cast<std::size_t>(begin[g]);
    const auto size = static_cast<std::size_t>(begin[g + 1] - begin[g]);
    const std::int32_t* ids = answer.data() + first;
    Scalar* own_reward = reward.data() + first;
    Scalar* own_advantage = advantage.data() + first;
    const std::size_t blocks = size / lanes;
    if (size % lanes == 0 && blocks >= 1 && blocks <= 4 && full_table[blocks] != nullptr) {
      std::int32_t signs = 0;
      for (std::size_t i = 0; i < size; ++i) {
        signs |= ids[i];
      }
      if (signs >= 0) {  // no answer is missing
        bool tied = false;
        const Scalar* table = full_table[blocks];
        switch (blocks) {
          case 1:
            tied = detail::fused_group<1, true>(ids, size, table, scale, own_reward, own_advantage);
            break;
          case 2:
            tied = detail::fused_group<2, true>(ids, size, table, scale, own_reward, own_advantage);
            break;
          case 3:
            tied = detail::fused_group<3, true>(ids, size, table, scale, own_reward, own_advantage);
            break;
          default:
            tied = detail::fused_group<4, true>(ids, size, table, scale, own_reward, own_advantage);
        }
        report.zero_variance_groups += tied ? 1 : 0;
        continue;
      }
    }
    general.run(kind, answer.subspan(first, size), tables, scale, reward.subspan(first, size),
                advantage.subspan(first, size), report);
  }
  if (scale.fused) {
    return report;
  }
  return advantages<Scalar>(kind, reward, begin, advantage, lengths);
}

}  // namespace dag
