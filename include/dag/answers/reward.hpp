// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include <dag/answers/counted_rewards.hpp>
#include <dag/answers/detail/count.hpp>
#include <dag/core/error.hpp>
#include <dag/policy/advantage.hpp>

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

/// Rewards and advantages of one group of 2 to all_pairs_limit answered samples (exactly Fixed
/// of them unless that is 0): counts, table look-up, two-pass statistics about the first reward in
/// sixteen explicit lanes, so that the order of every sum is fixed and no reassociation is left to
/// the compiler. `ids` is padded with -1 to whole blocks. Returns whether all rewards are equal.
template <std::size_t Fixed, class Scalar>
inline bool fused_group(const std::int32_t* ids, std::size_t size, const Scalar* table,
                        const FusedScale<Scalar>& scale, Scalar* reward, Scalar* advantage) {
  // Lanes of the sums, room for whole lanes, room for whole blocks of the counting kernel.
  constexpr std::size_t lanes = Fixed != 0 && Fixed < reward_lanes ? Fixed : reward_lanes;
  constexpr std::size_t capacity =
      Fixed != 0 ? (Fixed > lanes ? Fixed : reward_lanes) : all_pairs_limit;
  const std::size_t n = Fixed != 0 ? Fixed : size;
  if (n < 2) {
    return true;
  }
  const std::size_t room = (n + lanes - 1) / lanes * lanes;
  alignas(64) std::int32_t others[capacity];
  alignas(64) Scalar value[capacity];
  alignas(64) Scalar sum[lanes] = {};
  if constexpr (Fixed != 0 && Fixed <= reward_lanes) {
    count_blocks<1>(ids, ids, n, others);
  } else {
    others[0] = 0;  // g++ 12 does not see that there is always a block
    count_all_pairs(ids, n, room / lanes, others);
  }
  if constexpr (Fixed != 0) {
    look_up<Fixed>(table, others, value);
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      value[i] = table[others[i]];
    }
  }
  std::memcpy(reward, value, n * sizeof(Scalar));
  const Scalar first = value[0];
  for (std::size_t i = n; i < room; ++i) {
    value[i] = first;
  }
  for (std::size_t b = 0; b < room; b += lanes) {
    for (std::size_t i = 0; i < lanes; ++i) {
      value[b + i] -= first;
      sum[i] += value[b + i];
    }
  }
  const Scalar shift = add_lanes<lanes>(sum) / static_cast<Scalar>(n);
  for (std::size_t i = n; i < room; ++i) {
    value[i] = shift;
  }
  for (std::size_t i = 0; i < lanes; ++i) {
    sum[i] = 0;
  }
  for (std::size_t b = 0; b < room; b += lanes) {
    for (std::size_t i = 0; i < lanes; ++i) {
      value[b + i] -= shift;
      sum[i] += value[b + i] * value[b + i];
    }
  }
  const Scalar squares = add_lanes<lanes>(sum);
  const Scalar factor = scale.factor(squares, n);
  for (std::size_t i = 0; i < n; ++i) {
    advantage[i] = value[i] * factor;
  }
  bool tied = squares == 0;  // possibly only because tiny squares vanish: look at the rewards then
  for (std::size_t i = 0; tied && i < n; ++i) {
    tied = reward[i] == first;
  }
  return tied;
}

/// Chooses the kernel: the usual group sizes are compiled with their size known.
template <class Scalar>
inline bool fused_group(const std::int32_t* ids, std::size_t size, const Scalar* table,
                        const FusedScale<Scalar>& scale, Scalar* reward, Scalar* advantage) {
  switch (size) {
    case 4: return fused_group<4>(ids, size, table, scale, reward, advantage);
    case 8: return fused_group<8>(ids, size, table, scale, reward, advantage);
    case 16: return fused_group<16>(ids, size, table, scale, reward, advantage);
    case 32: return fused_group<32>(ids, size, table, scale, reward, advantage);
    case 64: return fused_group<64>(ids, size, table, scale, reward, advantage);
    default: return fused_group<0>(ids, size, table, scale, reward, advantage);
  }
}

[[nodiscard]] inline bool any_missing(const std::int32_t* ids, std::size_t size) noexcept {
  std::int32_t signs = 0;
  for (std::size_t i = 0; i < size; ++i) {
    signs |= ids[i];
  }
  return signs < 0;
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
  LargeGroupCounter counter_;
};

}  // namespace detail

/// Rewards and advantages from counts: reward[i] = tables.table(K)[k_i], k_i the number of other
/// samples of the group with the same answer, K its number of answered samples; then the advantages
/// of `kind` (see `advantages`), fused into the same pass for the conventions that look at one
/// group only (trl_group, trl_none, verl_*, dr_grpo, group_norm, rloo*).
///
/// `answer`: integer ids, any non-negative ones (dense or hashes), negative: missing. A missing
/// answer has no reward: reward NaN, advantage 0, outside every baseline, counted. `begin`: groups
/// + 1 offsets. Statistics of groups up to detail::all_pairs_limit (64 to 256) samples are taken in
/// Scalar about the group's first reward (relative error a few epsilon of the spread), of larger
/// ones in double; always in the same order. Cost: one broadcast compare a pair up to 64 samples a
/// group, one hash probe a sample beyond. No allocation a group or sample; workspace of the largest
/// irregular group. Errors: dimension_mismatch (spans), invalid_argument (no table for a size), and
/// those of `advantages`.
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
  alignas(64) std::int32_t padded[detail::all_pairs_limit];
  for (std::size_t g = 0; g < report.groups; ++g) {
    require(begin[g] <= begin[g + 1] && begin[g + 1] <= begin.back(), Errc::dimension_mismatch,
            "table_rewards: offsets must not decrease, but group ", g, " runs from ", begin[g],
            " to ", begin[g + 1]);
    const auto first = static_cast<std::size_t>(begin[g]);
    const auto size = static_cast<std::size_t>(begin[g + 1] - begin[g]);
    const std::int32_t* ids = answer.data() + first;
    const auto table = tables.table(size);
    if (size >= 2 && size <= detail::all_pairs_limit && !table.empty() &&
        !detail::any_missing(ids, size)) {
      Scalar* own_reward = reward.data() + first;
      Scalar* own_advantage = advantage.data() + first;
      if (size % detail::reward_lanes != 0) {
        std::memcpy(padded, ids, size * sizeof *ids);
        for (std::size_t i = size; i % detail::reward_lanes != 0; ++i) {
          padded[i] = -1;
        }
        ids = padded;
      }
      const bool tied =
          detail::fused_group(ids, size, table.data(), scale, own_reward, own_advantage);
      report.zero_variance_groups += tied ? 1 : 0;
      continue;
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
