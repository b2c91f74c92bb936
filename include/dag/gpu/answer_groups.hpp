// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <dag/detail/config.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/reduction.hpp>
#include <dag/gpu/warp.hpp>
#include <dag/policy/advantage.hpp>

#if defined(__CUDACC__)
#include <cub/device/device_segmented_radix_sort.cuh>
#include <cub/thread/thread_search.cuh>
#endif

namespace dag::device {

/// What one launch counts; sums of whole numbers, so their order is of no matter.
struct GroupCounts {
  unsigned long long unscored_samples;
  unsigned long long unscored_groups;
  unsigned long long singleton_groups;
  unsigned long long zero_variance_groups;
  unsigned long long without_table;  ///< an error: no table for the number of answered samples
  unsigned long long too_small;      ///< an error: second_best with fewer than two scored samples
  unsigned long long bad_lengths;    ///< an error: mean_by_length by lengths not > 0 and finite
};

DAG_HOST_DEVICE inline void add_to(unsigned long long* total, unsigned long long number) {
  if (number > 0) {
#if defined(__CUDA_ARCH__)
    atomicAdd(total, number);
#else
    *total += number;
#endif
  }
}

/// Rewards by counting and advantages of ragged groups in one pass over the answer ids: one warp a
/// group, warps take groups in turn. reward = table of the group's number of answered samples at
/// the number of other samples with the same answer; ids < 0 are missing (reward NaN, advantage 0,
/// outside of every statistic). Counting compares all pairs, four ids a read of the warp's memory,
/// two samples a lane and turn: no sort, and the ids may be any numbers. Statistics in Real, two
/// passes about the first reward, in a fixed order.
///
/// Bytes: (4 + 2 sizeof(Real)) a sample. Operations: 2 K^2 / 32 compares and additions a warp and
/// group of K samples, about 40 a sample besides.
template <class Real>
struct AnswerGroupRewards {
  static constexpr std::size_t largest = 1024;
  using Baseline = AdvantageConvention::Baseline;

  const std::int32_t* answer;
  const std::int64_t* begin;
  std::size_t groups;
  std::size_t capacity;             // of the warp's memory, in samples; a multiple of 4
  const std::int32_t* table_start;  // by number of answered samples; -1: no table
  std::size_t table_count;          // entries of table_start
  const Real* table;
  AdvantageConvention rule;  // Baseline::softmax and Divisor::others are not known here
  const Real* lengths;       // for mean_by_length
  Real* reward;
  Real* advantage;
  GroupCounts* counts;

  [[nodiscard]] static std::size_t shared_bytes(std::size_t capacity) {
    return (capacity * (sizeof(std::int32_t) + sizeof(Real)) + 15) / 16 * 16;
  }

  template <class Warp>
  DAG_HOST_DEVICE void operator()(Warp& warp) const {
    GroupCounts seen{};
    for (std::size_t g = warp.index(); g < groups; g += warp.count()) {
      const auto size = static_cast<std::size_t>(begin[g + 1] - begin[g]);
      if (size <= largest) {  // others: LargeAnswerGroups
        run(warp, static_cast<std::size_t>(begin[g]), size, seen);
      }
    }
    add_counts(warp, seen);
  }

  // What LargeAnswerGroups uses too; `Team` is a warp or a block.

  template <class Team>
  DAG_HOST_DEVICE void add_counts(Team& team, const GroupCounts& seen) const {
    team.each(1, [&](std::size_t) {
      add_to(&counts->unscored_samples, seen.unscored_samples);
      add_to(&counts->unscored_groups, seen.unscored_groups);
      add_to(&counts->singleton_groups, seen.singleton_groups);
      add_to(&counts->zero_variance_groups, seen.zero_variance_groups);
      add_to(&counts->without_table, seen.without_table);
      add_to(&counts->too_small, seen.too_small);
      add_to(&counts->bad_lengths, seen.bad_lengths);
    });
  }
  /// Where the table of this number of answered samples starts; -1: there is none.
  [[nodiscard]] DAG_HOST_DEVICE std::int32_t start_of(std::size_t answered) const {
    return answered < table_count ? table_start[answered] : -1;
  }
  /// Counts a group; where it has no rewards, writes that and returns false.
  template <class Team>
  [[nodiscard]] DAG_HOST_DEVICE bool enter(Team& team, std::size_t first, std::size_t size,
                                           std::size_t answered, std::int32_t start,
                                           GroupCounts& seen) const {
    seen.unscored_samples += size - answered;
    seen.unscored_groups += answered == 0 ? 1 : 0;
    seen.singleton_groups += answered == 1 ? 1 : 0;
    seen.without_table += answered > 0 && start < 0 ? 1 : 0;
    seen.too_small += rule.baseline == Baseline::second_best && answered < 2 ? 1 : 0;
    if (answered > 0 && start >= 0) {
      return true;
    }
    team.each(size, [&](std::size_t i) {
      reward[first + i] = Limits<Real>::nan;
      advantage[first + i] = 0;
    });
    return false;
  }

 private:
  template <class Warp>
  DAG_HOST_DEVICE void run(Warp& warp, std::size_t first, std::size_t size,
                           GroupCounts& seen) const {
    Real* const value = warp.template shared<Real>();
    std::int32_t* const id = reinterpret_cast<std::int32_t*>(value + capacity);
    const std::size_t padded = (size + 3) / 4 * 4;
    warp.each(padded, [&](std::size_t i) { id[i] = i < size ? answer[first + i] : -1; });
    const auto answered = static_cast<std::size_t>(reduce(
        warp, size, 0, [&](std::size_t i) { return id[i] >= 0 ? 1 : 0; }, Add{}));
    const std::int32_t start = start_of(answered);
    if (enter(warp, first, size, answered, start, seen)) {
      look_up(warp, id, size, padded, table + start, value);
      write(warp, id, size, answered, first, value, seen);
    }
  }

  /// value[i] = table[how many others share answer i].
  template <class Warp>
  static DAG_HOST_DEVICE void look_up(Warp& warp, const std::int32_t* id, std::size_t size,
                                      std::size_t padded, const Real* table, Real* value) {
    constexpr std::size_t turn = 2 * std::size_t{warp_size};
    for (std::size_t base = 0; base < size; base += turn) {
      typename Warp::template Local<Registers<std::int32_t, 2>> own, count;
      warp.lanes([&](unsigned lane) {
        DAG_UNROLL
        for (unsigned k = 0; k < 2; ++k) {
          const std::size_t i = base + k * warp_size + lane;
          own[lane][k] = i < size ? id[i] : -1;
          count[lane][k] = -1;
        }
        for (std::size_t j = 0; j < padded; j += 4) {
          std::int32_t other[4];
          read_four(id + j, other);
          DAG_UNROLL
          for (unsigned k = 0; k < 4; ++k) {
            count[lane][0] += own[lane][0] == other[k] ? 1 : 0;
            count[lane][1] += own[lane][1] == other[k] ? 1 : 0;
          }
        }
        DAG_UNROLL
        for (unsigned k = 0; k < 2; ++k) {
          const std::size_t i = base + k * warp_size + lane;
          if (i < size) {
            value[i] = own[lane][k] >= 0 ? table[count[lane][k]] : Limits<Real>::nan;
          }
        }
      });
    }
    warp.each(0, [](std::size_t) {});  // value is complete
  }
  static DAG_HOST_DEVICE void read_four(const std::int32_t* from, std::int32_t* to) {
#if defined(__CUDA_ARCH__)
    const int4 words = *reinterpret_cast<const int4*>(from);
    memcpy(to, &words, sizeof words);
#else
    memcpy(to, from, 16);
#endif
  }

 public:
  /// Rewards (`value`) and their advantages, written to memory.
  template <class Team>
  DAG_HOST_DEVICE void write(Team& team, const std::int32_t* id, std::size_t size,
                             std::size_t answered, std::size_t first, const Real* value,
                             GroupCounts& seen) const {
    const std::size_t lead =
        answered == size ? 0
                         : static_cast<std::size_t>(reduce(
                               team, size, static_cast<int>(size),
                               [&](std::size_t i) {
                                 return id[i] >= 0 ? static_cast<int>(i) : static_cast<int>(size);
                               },
                               Min{}));
    const Real origin = value[lead];
    const auto offset = [=](std::size_t i) { return id[i] >= 0 ? value[i] - origin : Real{0}; };
    const Real count = static_cast<Real>(answered);
    const Real shift = reduce(team, size, Real{0}, offset, Add{}) / count;
    const bool tied =
        reduce(
            team, size, 0, [&](std::size_t i) { return offset(i) != Real{0} ? 1 : 0; }, Max{}) == 0;
    const auto deviation = [=](std::size_t i) { return value[i] - origin - shift; };
    const Real squares = reduce(
        team, size, Real{0},
        [&](std::size_t i) { return id[i] >= 0 ? deviation(i) * deviation(i) : Real{0}; }, Add{});
    seen.zero_variance_groups += answered > 1 && tied ? 1 : 0;
    const bool level = answered == 1 || tied;
    const Real factor = answered == 1 ? static_cast<Real>(rule.alone)
                        : tied        ? Real{0}
                                      : dag::detail::group_factor(rule, squares, count);
    std::size_t winner = size;
    Real prize = 0;
    if (rule.baseline == Baseline::second_best && !level) {
      const Real none = -Limits<Real>::infinity;
      const auto best = reduce(
          team, size, Place<Real>{none, Real{0}, size},
          [&](std::size_t i) {
            return Place<Real>{id[i] >= 0 ? deviation(i) : none, Real{0}, i};
          },
          FirstLargest{});
      winner = best.index;
      const Real second = reduce(
          team, size, none,
          [&](std::size_t i) { return id[i] >= 0 && i != winner ? deviation(i) : none; }, Max{});
      prize = factor * (best.value - second);
    }
    Real base = 0;
    if (rule.baseline == Baseline::mean_by_length) {
      const auto length = [&](std::size_t i) { return id[i] >= 0 ? lengths[first + i] : Real{0}; };
      const auto refused = [&](std::size_t i) {
        const Real own = lengths[first + i];
        return own > 0 && own - own == 0 ? 0 : 1;
      };
      const auto weighted = [&](std::size_t i) {
        return id[i] >= 0 ? length(i) * deviation(i) : Real{0};
      };
      seen.bad_lengths += static_cast<unsigned long long>(reduce(team, size, 0, refused, Add{}));
      if (!level) {
        base = reduce(team, size, Real{0}, weighted, Add{}) /
               reduce(team, size, Real{0}, length, Add{});
      }
    }
    const dag::detail::CentredAdvantage<Real> centred{answered == 1, tied, factor, base};
    team.each(size, [&](std::size_t i) {
      reward[first + i] = value[i];
      advantage[first + i] = id[i] < 0                         ? Real{0}
                             : rule.baseline == Baseline::none ? value[i]
                             : rule.baseline == Baseline::second_best
                                 ? (i == winner ? prize : Real{0})
                                 : centred(value[i], deviation(i));
    });
  }
};

/// out = the segments [first[s], last[s]) of `in`, each sorted; what lies between them is left. One
/// block a segment: CUB's DeviceSegmentedRadixSort. Queued. Errors: device.
inline void sort_segments([[maybe_unused]] Stream stream, const std::int32_t* in, std::int32_t* out,
                          [[maybe_unused]] std::size_t size, std::size_t segments,
                          const std::int64_t* first, const std::int64_t* last) {
#if defined(__CUDACC__)
  const OnDevice on(stream);
  std::size_t bytes = 0;
  const auto sort = [&](void* work) {
    check(cub::DeviceSegmentedRadixSort::SortKeys(
              work, bytes, in, out, static_cast<std::int64_t>(size),
              static_cast<std::int64_t>(segments), first, last, 0, 32, stream),
          "sorting");
  };
  sort(nullptr);
  Array<unsigned char> work(bytes, stream);
  sort(work.data());
#else
  const OpenMemory open;
  for (std::size_t s = 0; s < segments; ++s) {
    std::copy(in + first[s], in + last[s], out + first[s]);
    std::sort(out + first[s], out + last[s]);
  }
#endif
}

/// AnswerGroupRewards for groups above its size, one thread block each: how many share an answer is
/// the length of its run among the sorted ids, found by bisection; then the same statistics from
/// memory. Whatever the ids are: O(log K) a sample. Deterministic.
template <class Real>
struct LargeAnswerGroups {
  static constexpr unsigned threads = 512;

  AnswerGroupRewards<Real> rewards;
  const std::int64_t* first;  // of each of these groups
  const std::int64_t* last;
  const std::int32_t* sorted;  // ids, in their groups' places

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const auto begin = static_cast<std::size_t>(first[block.index()]);
    const auto size = static_cast<std::size_t>(last[block.index()]) - begin;
    const std::int32_t* const id = rewards.answer + begin;
    const std::int32_t* const order = sorted + begin;
    GroupCounts seen{};
    const auto all = static_cast<unsigned>(size);  // a group has fewer than 2^32 samples
    const std::size_t answered = all - before(order, all, 0);  // ids < 0 come first
    const std::int32_t table = rewards.start_of(answered);
    if (rewards.enter(block, begin, size, answered, table, seen)) {
      Real* const value = rewards.reward + begin;
      const Real* const entries = rewards.table + table;
      block.each(size, [=](std::size_t i) {
        if (id[i] < 0) {
          value[i] = Limits<Real>::nan;
          return;
        }
        // No id is above this one: its run ends with the group.
        const unsigned end = id[i] == INT32_MAX ? all : before(order, all, id[i] + 1);
        value[i] = entries[end - before(order, all, id[i]) - 1];
      });
      rewards.write(block, id, size, answered, begin, value, seen);
    }
    rewards.add_counts(block, seen);
  }

 private:
  /// How many of the sorted ids are less than this one.
  [[nodiscard]] static DAG_HOST_DEVICE unsigned before(const std::int32_t* order, unsigned size,
                                                       std::int32_t id) {
#if defined(__CUDA_ARCH__)
    return cub::LowerBound(order, size, id);
#else
    return static_cast<unsigned>(std::lower_bound(order, order + size, id) - order);
#endif
  }
};

}  // namespace dag::device
