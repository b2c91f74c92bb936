// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/backend/cuda/answer_groups.hpp>
#include <dag/backend/cuda/array.hpp>
#include <dag/core/error.hpp>
#include <dag/rollout/advantage.hpp>
#include <dag/rollout/reward.hpp>
#include <dag/rollout/reward_table.hpp>

namespace dag {

/// The offsets of ragged groups and their reward tables in device memory, checked once and used for
/// many batches of the same shape. Errors: dimension_mismatch (offsets), unsupported (a group of
/// more than 1024 samples: use the CPU's table_rewards).
template <class Scalar>
class DeviceGroups {
 public:
  template <class Backend>
  DeviceGroups(const Backend& gpu, std::span<const std::int64_t> begin,
               const RewardTables<Scalar>& tables)
      : groups_(begin.empty() ? 0 : begin.size() - 1) {
    require(!begin.empty() && begin.front() == 0, Errc::dimension_mismatch,
            "DeviceGroups: offsets must start with 0");
    for (std::size_t g = 0; g < groups_; ++g) {
      require(begin[g] <= begin[g + 1], Errc::dimension_mismatch,
              "DeviceGroups: offsets must not decrease, but group ", g, " runs from ", begin[g],
              " to ", begin[g + 1]);
      const auto size = static_cast<std::size_t>(begin[g + 1] - begin[g]);
      require(size <= device::AnswerGroupRewards<Scalar>::largest, Errc::unsupported,
              "DeviceGroups: at most 1024 samples a group, group ", g, " has ", size,
              "; larger ones go through table_rewards on the CPU");
      largest_ = size > largest_ ? size : largest_;
    }
    samples_ = static_cast<std::size_t>(begin.back());
    std::vector<std::int32_t> start(largest_ + 1, -1);
    std::vector<Scalar> values;
    for (std::size_t size = 1; size <= largest_; ++size) {
      const auto table = tables.table(size);
      if (!table.empty()) {
        start[size] = static_cast<std::int32_t>(values.size());
        values.insert(values.end(), table.begin(), table.end());
      }
    }
    begin_ = device::to_device(begin, gpu.stream());
    start_ = device::to_device(std::span<const std::int32_t>(start), gpu.stream());
    values_ = device::to_device(std::span<const Scalar>(values), gpu.stream());
    counts_ = device::Array<device::GroupCounts>(1, gpu.stream());
  }

  [[nodiscard]] std::size_t groups() const noexcept { return groups_; }
  [[nodiscard]] std::size_t samples() const noexcept { return samples_; }

  /// Rewards and advantages of every sample, as `table_rewards` of the CPU gives them up to the
  /// order of sums: one pass over the ids (device::AnswerGroupRewards). All spans are device
  /// memory; `lengths` only where needs_lengths(kind). Waits once, for the report. Errors:
  /// unsupported (conventions that look at the whole batch: trl_batch, gpg,
  /// reinforce_plus_plus_baseline; take the rewards of trl_none to the CPU's `advantages`),
  /// dimension_mismatch, invalid_argument (no table for a size; pass_at_k on a group of fewer than
  /// two scored samples). Deterministic.
  template <class Backend>
  AdvantageReport table_rewards(const Backend& gpu, std::span<const std::int32_t> answer,
                                Advantage kind, std::span<Scalar> reward,
                                std::span<Scalar> advantage, std::span<const Scalar> lengths = {}) {
    require(answer.size() == samples_ && reward.size() == samples_ && advantage.size() == samples_,
            Errc::dimension_mismatch, "table_rewards: the groups have ", samples_,
            " samples, but there are ", answer.size(), " answers and room for ", reward.size(),
            " rewards and ", advantage.size(), " advantages");
    const auto rule = rule_of(kind);
    require(rule.form != device::GroupForm::length_centred || lengths.size() == samples_,
            Errc::dimension_mismatch, "table_rewards: ", to_string(kind),
            " needs one length a sample, got ", lengths.size(), " for ", samples_, " samples");
    using Body = device::AnswerGroupRewards<Scalar>;
    const std::size_t capacity = (largest_ + 3) / 4 * 4;
    const std::size_t resident = device::resident_warps();
    device::zero_bytes(counts_.data(), sizeof(device::GroupCounts), gpu.stream());
    device::launch_warps<8>(gpu.stream(), groups_ < resident ? groups_ : resident,
                            Body::shared_bytes(capacity),
                            Body{answer.data(), begin_.data(), groups_, capacity, start_.data(),
                                 start_.size(), values_.data(), rule, lengths.data(), reward.data(),
                                 advantage.data(), counts_.data()});
    const device::GroupCounts seen = device::to_host(counts_)[0];
    require(seen.without_table == 0, Errc::invalid_argument, "table_rewards: ", seen.without_table,
            " groups have a number of answered samples for which there is no table");
    require(seen.too_small == 0, Errc::invalid_argument, "table_rewards: ", seen.too_small,
            " groups have fewer than the two scored samples that pass-at-k needs");
    AdvantageReport report{.groups = groups_, .samples = samples_};
    report.unscored_samples = seen.unscored_samples;
    report.unscored_groups = seen.unscored_groups;
    report.singleton_groups = seen.singleton_groups;
    report.zero_variance_groups = seen.zero_variance_groups;
    return report;
  }

 private:
  [[nodiscard]] static device::GroupRule<Scalar> rule_of(Advantage kind) {
    const detail::FusedScale<Scalar> scale(kind);
    device::GroupRule<Scalar> rule{.scaled = scale.scaled,
                                   .others = scale.others,
                                   .epsilon = scale.epsilon,
                                   .floor = scale.floor,
                                   .alone = scale.alone};
    if (kind == Advantage::opo) {
      rule.form = device::GroupForm::length_centred;
    } else if (kind == Advantage::pass_at_k) {
      rule.form = device::GroupForm::best_only;
      rule.epsilon = Scalar(1e-6);
    } else {
      require(scale.fused, Errc::unsupported, "table_rewards: ", to_string(kind),
              " looks at the whole batch; take the rewards to the CPU's advantages()");
    }
    return rule;
  }

  std::size_t groups_ = 0;
  std::size_t samples_ = 0;
  std::size_t largest_ = 0;
  device::Array<std::int64_t> begin_;
  device::Array<std::int32_t> start_;
  device::Array<Scalar> values_;
  device::Array<device::GroupCounts> counts_;
};

}  // namespace dag
