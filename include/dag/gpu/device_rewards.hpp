// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/answers/counted_rewards.hpp>
#include <dag/answers/reward.hpp>
#include <dag/core/error.hpp>
#include <dag/gpu/answer_groups.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/reduction.hpp>
#include <dag/policy/advantage.hpp>

namespace dag {
namespace device {

/// Sums over the scored samples (reward not NaN) of a batch, in double.
struct BatchSums {
  double weight;   ///< samples, or tokens
  double value;    ///< of weight (value - mean)
  double square;   ///< of weight (value - mean)^2
  double nonzero;  ///< values that are not 0
  double refused;  ///< lengths, of any sample, that are not > 0 and finite
};
/// BatchSums, entry by entry.
struct AddSums {
  DAG_HOST_DEVICE BatchSums operator()(const BatchSums& x, const BatchSums& y) const {
    return {x.weight + y.weight, x.value + y.value, x.square + y.square, x.nonzero + y.nonzero,
            x.refused + y.refused};
  }
};
/// One sample's; `lengths` null: all 1.
template <class Real>
struct BatchTerm {
  const Real* reward;
  const Real* value;
  const Real* lengths;
  double mean;
  DAG_HOST_DEVICE BatchSums operator()(std::size_t i) const {
    const double length = lengths == nullptr ? 1 : static_cast<double>(lengths[i]);
    const double refused = length > 0 && length - length == 0 ? 0 : 1;
    if (reward[i] != reward[i]) {
      return {0, 0, 0, 0, refused};
    }
    const double own = static_cast<double>(value[i]), deviation = own - mean;
    return {length, length * deviation, length * deviation * deviation, own != 0 ? 1.0 : 0.0,
            refused};
  }
};
/// advantage = (advantage - mean) * factor where there is a reward, elementwise.
template <class Real>
struct RescaleAdvantages {
  const Real* reward;
  double mean;
  double factor;
  Real* advantage;
  DAG_HOST_DEVICE void operator()(std::size_t i) const {
    advantage[i] = reward[i] == reward[i]
                       ? static_cast<Real>((static_cast<double>(advantage[i]) - mean) * factor)
                       : Real{0};
  }
};

}  // namespace device

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

  /// Rewards and advantages of every sample under any convention but `target` and `nemo_rl`, as
  /// `table_rewards` of the CPU gives them up to the order of sums: one pass over the ids
  /// (device::AnswerGroupRewards); conventions that look at the whole batch (trl_batch, gpg, the
  /// two that whiten) add its sums, in double, and a pass over the advantages. All spans are device
  /// memory; `lengths` only where needs_lengths(kind). Waits once, for the report, and once for
  /// each sum over the batch (gpg one, the others two). Errors: dimension_mismatch,
  /// invalid_argument (no table for a size; lengths; pass_at_k on a group of fewer than two scored
  /// samples), unsupported (target, nemo_rl). Deterministic.
  template <class Backend>
  AdvantageReport table_rewards(const Backend& gpu, std::span<const std::int32_t> answer,
                                Advantage kind, std::span<Scalar> reward,
                                std::span<Scalar> advantage, std::span<const Scalar> lengths = {}) {
    require(answer.size() == samples_ && reward.size() == samples_ && advantage.size() == samples_,
            Errc::dimension_mismatch, "table_rewards: the groups have ", samples_,
            " samples, but there are ", answer.size(), " answers and room for ", reward.size(),
            " rewards and ", advantage.size(), " advantages");
    const AdvantageConvention& rule = convention(kind);
    require(rule.baseline != AdvantageConvention::Baseline::softmax &&
                rule.divisor != AdvantageConvention::Divisor::others,
            Errc::unsupported, "table_rewards: ", rule.name, " is taken on the CPU");
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
      look_at_batch(gpu, rule, reward.data(), advantage.data(), lengths.data(), report);
    }
    return report;
  }

 private:
  /// The conventions' part beyond the groups, as in policy/advantage.hpp.
  template <class Backend>
  void look_at_batch(const Backend& gpu, const AdvantageConvention& rule, const Scalar* reward,
                     Scalar* advantage, const Scalar* lengths, AdvantageReport& report) {
    const auto memory = [&](std::size_t bytes) {
      if (sums_.size() < bytes) {
        sums_ = device::Array<unsigned char>(bytes, gpu.stream());
      }
      return sums_.data();
    };
    const auto sums = [&](const Scalar* value, const Scalar* weight, double mean) {
      return device::fold_on(gpu.stream(), samples_, device::BatchSums{},
                             device::BatchTerm<Scalar>{reward, value, weight, mean},
                             device::AddSums{}, gpu.bad(), memory)
          .value;
    };
    const auto mean_of = [](const device::BatchSums& all) {
      return all.weight > 0 ? all.value / all.weight : 0;
    };
    double mean = 0;
    if (rule.divisor == AdvantageConvention::Divisor::batch) {
      const auto all = sums(reward, nullptr, 0);
      const auto about = sums(reward, nullptr, mean_of(all));
      report.scale = detail::batch_divisor(rule, about.square, all.weight);
    } else if (rule.gain == AdvantageConvention::Gain::scored) {
      const auto all = sums(reward, nullptr, 0);
      report.scale = detail::scored_gain(all.weight, all.nonzero);
    } else if (rule.whiten) {
      const auto tokens = sums(advantage, lengths, 0);
      require(tokens.refused == 0, Errc::invalid_argument, "table_rewards: ", tokens.refused,
              " lengths are not positive and finite");
      mean = mean_of(tokens);
      report.scale = detail::token_divisor(sums(advantage, lengths, mean).square, tokens.weight);
    } else {
      return;
    }
    const bool is_gain = rule.gain == AdvantageConvention::Gain::scored;
    device::launch_each(gpu.stream(), samples_,
                        device::RescaleAdvantages<Scalar>{
                            reward, mean, is_gain ? report.scale : 1 / report.scale, advantage});
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
