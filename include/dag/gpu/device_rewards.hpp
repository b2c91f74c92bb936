// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/answers/counted_rewards.hpp>
#include <dag/answers/reward.hpp>
#include <dag/core/error.hpp>
#include <dag/gpu/answer_groups.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/batch_advantages.hpp>
#include <dag/gpu/each_index.hpp>
#include <dag/gpu/large_groups.hpp>
#include <dag/gpu/reduction.hpp>
#include <dag/policy/advantage.hpp>

namespace dag {

/// The offsets of ragged groups and their reward tables in device memory, checked once and used for
/// many batches of the same shape. Groups may have any size: up to 1024 samples a warp each
/// compares all pairs, above that a thread block each counts in its sorted ids. Memory: 8 bytes a
/// group, the tables, and, where there is a group above 1024, 4 bytes a sample. Errors:
/// dimension_mismatch (offsets).
template <class Scalar>
class DeviceGroups {
 public:
  template <class Backend>
  DeviceGroups(const Backend& gpu, std::span<const std::int64_t> begin,
               const RewardTables<Scalar>& tables)
      : groups_(begin.empty() ? 0 : begin.size() - 1) {
    require(!begin.empty() && begin.front() == 0, Errc::dimension_mismatch,
            "DeviceGroups: offsets must start with 0");
    std::vector<std::int64_t> large_first, large_last;
    std::size_t largest = 0;
    for (std::size_t g = 0; g < groups_; ++g) {
      require(begin[g] <= begin[g + 1], Errc::dimension_mismatch,
              "DeviceGroups: offsets must not decrease, but group ", g, " runs from ", begin[g],
              " to ", begin[g + 1]);
      const auto size = static_cast<std::size_t>(begin[g + 1] - begin[g]);
      if (size > device::AnswerGroupRewards<Scalar>::largest) {
        large_first.push_back(begin[g]);
        large_last.push_back(begin[g + 1]);
      } else {
        largest_warp_ = size > largest_warp_ ? size : largest_warp_;
      }
      largest = size > largest ? size : largest;
    }
    samples_ = static_cast<std::size_t>(begin.back());
    std::vector<std::int32_t> start(largest + 1, -1);
    std::vector<Scalar> values;
    for (std::size_t size = 1; size <= largest; ++size) {
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
    if (!large_first.empty()) {
      large_first_ = device::to_device(std::span<const std::int64_t>(large_first), gpu.stream());
      large_last_ = device::to_device(std::span<const std::int64_t>(large_last), gpu.stream());
      sorted_ = device::Array<std::int32_t>(samples_, gpu.stream());
    }
  }

  [[nodiscard]] std::size_t groups() const noexcept { return groups_; }
  [[nodiscard]] std::size_t samples() const noexcept { return samples_; }

  /// Rewards and advantages of every sample under any convention, as `table_rewards` of the CPU
  /// gives them up to the order of sums: one pass over the ids (device::AnswerGroupRewards); the
  /// conventions that look at the whole batch (trl_batch, gpg, reinforce_plus_plus_baseline) add
  /// its sums, in double, and a pass over the advantages. All spans are device memory; `lengths`
  /// only where needs_lengths(kind). Waits once, for the report, and once for each sum over the
  /// batch (gpg one, the other two two). Errors: dimension_mismatch, invalid_argument (no table for
  /// a size; lengths; pass_at_k on a group of fewer than two scored samples). Deterministic.
  template <class Backend>
  AdvantageReport table_rewards(const Backend& gpu, std::span<const std::int32_t> answer,
                                Advantage kind, std::span<Scalar> reward,
                                std::span<Scalar> advantage, std::span<const Scalar> lengths = {}) {
    require(answer.size() == samples_ && reward.size() == samples_ && advantage.size() == samples_,
            Errc::dimension_mismatch, "table_rewards: the groups have ", samples_,
            " samples, but there are ", answer.size(), " answers and room for ", reward.size(),
            " rewards and ", advantage.size(), " advantages");
    const auto rule = rule_of(kind);
    require(!needs_lengths(kind) || lengths.size() == samples_, Errc::dimension_mismatch,
            "table_rewards: ", to_string(kind), " needs one length a sample, got ", lengths.size(),
            " for ", samples_, " samples");
    using Body = device::AnswerGroupRewards<Scalar>;
    using Large = device::LargeAnswerGroups<Scalar>;
    const std::size_t capacity = (largest_warp_ + 3) / 4 * 4;
    const std::size_t resident = device::resident_warps(gpu.stream());
    device::zero_bytes(counts_.data(), sizeof(device::GroupCounts), gpu.stream());
    const Body body{answer.data(),  begin_.data(), groups_,          capacity,
                    start_.data(),  start_.size(), values_.data(),   rule,
                    lengths.data(), reward.data(), advantage.data(), counts_.data()};
    device::launch_warps<8>(gpu.stream(), groups_ < resident ? groups_ : resident,
                            Body::shared_bytes(capacity), body);
    if (large_first_.size() > 0) {
      device::sort_segments(gpu.stream(), answer.data(), sorted_.data(), samples_,
                            large_first_.size(), large_first_.data(), large_last_.data());
      device::launch<Large::threads>(
          gpu.stream(), large_first_.size(), Large::threads, 0,
          Large{body, large_first_.data(), large_last_.data(), sorted_.data()});
    }
    const device::GroupCounts seen = device::to_host(counts_)[0];
    require(seen.without_table == 0, Errc::invalid_argument, "table_rewards: ", seen.without_table,
            " groups have a number of answered samples for which there is no table");
    require(seen.too_small == 0, Errc::invalid_argument, "table_rewards: ", seen.too_small,
            " groups have fewer than the two scored samples that pass-at-k needs");
    require(seen.bad_lengths == 0, Errc::invalid_argument, "table_rewards: ", seen.bad_lengths,
            " lengths are not positive and finite");
    AdvantageReport report{.groups = groups_, .samples = samples_};
    report.unscored_samples = seen.unscored_samples;
    report.unscored_groups = seen.unscored_groups;
    report.singleton_groups = seen.singleton_groups;
    report.zero_variance_groups = seen.zero_variance_groups;
    if (samples_ > 0) {
      look_at_batch(gpu, kind, reward.data(), advantage.data(), lengths.data(), report);
    }
    return report;
  }

 private:
  /// The conventions' part beyond the groups, as in policy/advantage.hpp.
  template <class Backend>
  void look_at_batch(const Backend& gpu, Advantage kind, const Scalar* reward, Scalar* advantage,
                     const Scalar* lengths, AdvantageReport& report) {
    const auto sums = [&](const auto& term) {
      return device::fold_on(gpu.stream(), samples_, device::Sums{0, 0, 0}, term, device::AddSums{},
                             gpu.bad(),
                             [&](std::size_t bytes) {
                               if (sums_.size() < bytes) {
                                 sums_ = device::Array<unsigned char>(bytes, gpu.stream());
                               }
                               return sums_.data();
                             })
          .value;
    };
    double mean = 0;
    double factor = 1;
    if (kind == Advantage::trl_batch) {
      const auto all = sums(device::RewardSums<Scalar>{reward});
      const double average = all.a > 0 ? all.b / all.a : 0;
      const auto squares = sums(device::RewardSquares<Scalar>{reward, average});
      report.scale = (all.a > 1 ? std::sqrt(squares.a / (all.a - 1)) : 0) + 1e-4;
      factor = 1 / report.scale;
    } else if (kind == Advantage::gpg) {
      const auto all = sums(device::RewardSums<Scalar>{reward});
      report.scale = factor = all.a / (all.c > 0 ? all.c : 1);
    } else if (kind == Advantage::reinforce_plus_plus_baseline) {
      const auto tokens = sums(device::TokenSums<Scalar>{reward, advantage, lengths});
      require(tokens.c == 0, Errc::invalid_argument, "table_rewards: ", tokens.c,
              " lengths are not positive and finite");
      mean = tokens.a > 0 ? tokens.b / tokens.a : 0;
      const auto squares = sums(device::TokenSquares<Scalar>{reward, advantage, lengths, mean});
      report.scale = std::sqrt((tokens.a > 1 ? squares.a / (tokens.a - 1) : 0) + 1e-8);
      factor = 1 / report.scale;
    } else {
      return;
    }
    device::launch_each(gpu.stream(), samples_,
                        device::RescaleAdvantages<Scalar>{reward, mean, factor, advantage});
  }
  [[nodiscard]] static device::GroupRule<Scalar> rule_of(Advantage kind) {
    const AdvantageConvention& said = convention(kind);
    require(said.baseline != AdvantageConvention::Baseline::softmax, Errc::unsupported,
            "table_rewards: advantages towards the Target are taken on the CPU");
    device::GroupRule<Scalar> rule{
        .scaled = said.divisor == AdvantageConvention::Divisor::group,
        .others = said.gain == AdvantageConvention::Gain::others,
        .epsilon = static_cast<Scalar>(said.epsilon),
        .floor = static_cast<Scalar>(said.variance_floor),
        .alone = is_uncentred(kind) ? Scalar{0} : static_cast<Scalar>(said.alone)};
    if (kind == Advantage::opo) {
      rule.form = device::GroupForm::length_centred;
    } else if (kind == Advantage::pass_at_k) {
      rule.form = device::GroupForm::best_only;
      rule.scaled = false;
    }
    return rule;
  }

  std::size_t groups_ = 0;
  std::size_t samples_ = 0;
  std::size_t largest_warp_ = 0;  // group that a warp takes
  device::Array<std::int64_t> begin_;
  device::Array<std::int32_t> start_;
  device::Array<Scalar> values_;
  device::Array<device::GroupCounts> counts_;
  device::Array<unsigned char> sums_;
  device::Array<std::int64_t> large_first_, large_last_;  // groups that a thread block takes
  device::Array<std::int32_t> sorted_;
};

}  // namespace dag
