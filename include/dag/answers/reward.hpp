// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <dag/answers/counted_rewards.hpp>
#include <dag/answers/detail/count.hpp>
#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/policy/advantage.hpp>

namespace dag {

namespace detail {
inline namespace DAG_BINARY_NAMESPACE {

/// Advantages of one group by its exact moments. Returns whether all rewards are equal.
template <class Scalar>
inline bool moment_group(const AdvantageConvention& rule, std::span<const Scalar> reward,
                         std::span<Scalar> advantage) {
  const GroupMoments moments(reward);
  group_advantages<Scalar>(rule, moments, reward, {}, 1, advantage);
  return moments.tied;
}

/// Sums of the entries `index` of a table, and of their squares: exact, in whatever order.
template <std::size_t Fixed>
[[nodiscard]] inline TableSums::Entry sum_entries(const TableSums::Entry* entry,
                                                  const std::int32_t* index, std::size_t size) {
  const std::size_t n = Fixed != 0 ? Fixed : size;
#if defined(__GNUC__) || defined(__clang__)
  using Pair [[gnu::vector_size(16)]] = double;
  Pair sum[4] = {};
  const auto add = [&](std::size_t lane, std::size_t i) {
    Pair own;
    std::memcpy(&own, entry + index[i], sizeof own);
    sum[lane] += own;
  };
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    add(0, i);
    add(1, i + 1);
    add(2, i + 2);
    add(3, i + 3);
  }
  if constexpr (Fixed == 0) {
    for (; i < n; ++i) {
      add(0, i);
    }
  }
  const Pair all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  return {all[0], all[1]};
#else
  TableSums::Entry sum{0, 0};
  for (std::size_t i = 0; i < n; ++i) {
    sum.value += entry[index[i]].value;
    sum.square += entry[index[i]].square;
  }
  return sum;
#endif
}

/// Advantages of a group whose rewards were looked up by `others`. Returns whether all are equal.
template <std::size_t Fixed>
inline bool finish_group(const std::int32_t* others, std::size_t size, const TableSums& sums,
                         const AdvantageConvention& rule, const float* reward, float* advantage) {
  const std::size_t n = Fixed != 0 ? Fixed : size;
  const auto count = static_cast<double>(n);
  const TableSums::Entry sum = sum_entries<Fixed>(sums.entries.data(), others, size);
  const double shift = sum.value / count;
  const double squares = sum.square - sum.value * shift;
  if (squares < sums.least * count) [[unlikely]] {  // tied, or what is left after cancellation
    return moment_group(rule, std::span<const float>(reward, n), std::span(advantage, n));
  }
  // The mean in two floats: what is taken away first leaves a difference that is exact or small.
  const double mean = sums.centre + shift;
  const auto coarse = static_cast<float>(mean);
  const auto fine = static_cast<float>(mean - static_cast<double>(coarse));
  const auto factor = static_cast<float>(group_factor(rule, squares, count));
  for (std::size_t i = 0; i < n; ++i) {
    advantage[i] = ((reward[i] - coarse) - fine) * factor;
  }
  return false;
}

/// Rewards and advantages of one group of 2 to all_pairs_limit answered samples (exactly Fixed
/// of them unless that is 0): counts, table look-up, exact sums, so that no bit depends on the
/// order of the samples. `ids` is padded with -1 to whole blocks. Returns whether all rewards are
/// equal.
template <std::size_t Fixed>
inline bool fused_group(const std::int32_t* ids, std::size_t size, const float* table,
                        const TableSums& sums, const AdvantageConvention& rule, float* reward,
                        float* advantage) {
  constexpr std::size_t capacity =
      Fixed != 0 ? (Fixed > reward_lanes ? Fixed : reward_lanes) : all_pairs_limit;
  const std::size_t n = Fixed != 0 ? Fixed : size;
  if (n < 2) {
    return true;
  }
  alignas(64) std::int32_t others[capacity];
  if constexpr (Fixed != 0 && Fixed <= reward_lanes) {
    count_blocks<1>(ids, ids, n, others);
  } else {
    others[0] = 0;  // g++ 12 does not see that there is always a block
    count_all_pairs(ids, n, (n + reward_lanes - 1) / reward_lanes, others);
  }
  if constexpr (Fixed != 0) {
    look_up<Fixed>(table, others, reward);
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      reward[i] = table[others[i]];
    }
  }
  return finish_group<Fixed>(others, n, sums, rule, reward, advantage);
}

/// Chooses the kernel: the usual group sizes are compiled with their size known.
inline bool fused_group(const std::int32_t* ids, std::size_t size, const float* table,
                        const TableSums& sums, const AdvantageConvention& rule, float* reward,
                        float* advantage) {
  switch (size) {
    case 4: return fused_group<4>(ids, size, table, sums, rule, reward, advantage);
    case 8: return fused_group<8>(ids, size, table, sums, rule, reward, advantage);
    case 16: return fused_group<16>(ids, size, table, sums, rule, reward, advantage);
    case 32: return fused_group<32>(ids, size, table, sums, rule, reward, advantage);
    case 64: return fused_group<64>(ids, size, table, sums, rule, reward, advantage);
    default: return fused_group<0>(ids, size, table, sums, rule, reward, advantage);
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
  void run(const AdvantageConvention& rule, std::span<const std::int32_t> group,
           const RewardTables<Scalar>& tables, std::span<Scalar> reward,
           std::span<Scalar> advantage, AdvantageReport& report) {
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
    report.unscored_samples += group.size() - n;
    report.unscored_groups += n == 0 ? 1 : 0;
    report.singleton_groups += n == 1 ? 1 : 0;
    reward_.resize(n);
    advantage_.resize(n);
    count(n);
    for (std::size_t i = 0; i < n; ++i) {
      reward_[i] = table[static_cast<std::size_t>(others_[i])];
    }
    const bool tied = finish(n, tables.sums(n), rule);
    report.zero_variance_groups += n > 1 && tied ? 1 : 0;
    std::size_t next = 0;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const bool answered = group[i] >= 0;
      reward[i] = answered ? reward_[next] : std::numeric_limits<Scalar>::quiet_NaN();
      advantage[i] = answered ? advantage_[next] : Scalar{0};
      next += answered ? 1 : 0;
    }
  }

 private:
  [[nodiscard]] bool finish(std::size_t n, const TableSums* sums, const AdvantageConvention& rule) {
    if constexpr (std::is_same_v<Scalar, float>) {
      if (sums != nullptr && n >= 2) {
        return finish_group<0>(others_.data(), n, *sums, rule, reward_.data(), advantage_.data());
      }
    }
    return moment_group(rule, std::span<const Scalar>(reward_), std::span<Scalar>(advantage_));
  }
  /// others_[i]: samples with the answer of ids_[i], less one.
  void count(std::size_t n) {
    const std::size_t room = (n + reward_lanes - 1) / reward_lanes * reward_lanes;
    others_.resize(room);
    if (n > all_pairs_limit) {
      counter_.count(std::span(ids_).first(n), std::span(others_).first(n));
    } else if (n > 0) {
      ids_.resize(room, -1);
      count_all_pairs(ids_.data(), n, room / reward_lanes, others_.data());
    }
  }

  std::vector<std::int32_t> ids_;
  std::vector<std::int32_t> others_;
  std::vector<Scalar> reward_;
  std::vector<Scalar> advantage_;
  LargeGroupCounter counter_;
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace detail

inline namespace DAG_BINARY_NAMESPACE {

/// Rewards and advantages from counts: reward[i] = tables.table(K)[k_i], k_i the number of other
/// samples of the group with the same answer, K its number of answered samples; then the advantages
/// of `kind` (see `advantages`), fused into the same pass for the conventions that look at one
/// group only (`is_moment_rule`).
///
/// `answer`: integer ids, any non-negative ones (dense or hashes), negative: missing. A missing
/// answer has no reward: reward NaN, advantage 0, outside every baseline, counted. `begin`: groups
/// + 1 offsets. The bits depend neither on the order of groups nor on that of the samples. Cost:
/// one broadcast compare a pair up to 64 samples a group, one hash probe a sample beyond. No
/// allocation a group or sample; workspace of the largest irregular group. Errors:
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
  const bool fused = is_moment_rule(kind);
  const AdvantageConvention& rule = convention(fused ? kind : Advantage::trl_none);
  detail::GeneralGroup<Scalar> general;
  alignas(64) std::int32_t padded[detail::all_pairs_limit];
  for (std::size_t g = 0; g < report.groups; ++g) {
    require(begin[g] <= begin[g + 1] && begin[g + 1] <= begin.back(), Errc::dimension_mismatch,
            "table_rewards: offsets must not decrease, but group ", g, " runs from ", begin[g],
            " to ", begin[g + 1]);
    const auto first = static_cast<std::size_t>(begin[g]);
    const auto size = static_cast<std::size_t>(begin[g + 1] - begin[g]);
    const std::int32_t* ids = answer.data() + first;
    if constexpr (std::is_same_v<Scalar, float>) {
      const detail::TableSums* const sums = tables.sums(size);
      if (sums != nullptr && size >= 2 && size <= detail::all_pairs_limit &&
          !detail::any_missing(ids, size)) {
        if (size % detail::reward_lanes != 0) {
          std::memcpy(padded, ids, size * sizeof *ids);
          for (std::size_t i = size; i % detail::reward_lanes != 0; ++i) {
            padded[i] = -1;
          }
          ids = padded;
        }
        const bool tied = detail::fused_group(ids, size, tables.table(size).data(), *sums, rule,
                                              reward.data() + first, advantage.data() + first);
        report.zero_variance_groups += tied ? 1 : 0;
        continue;
      }
    }
    general.run(rule, answer.subspan(first, size), tables, reward.subspan(first, size),
                advantage.subspan(first, size), report);
  }
  if (fused) {
    return report;
  }
  return advantages<Scalar>(kind, reward, begin, advantage, lengths);
}

}  // namespace DAG_BINARY_NAMESPACE

}  // namespace dag
