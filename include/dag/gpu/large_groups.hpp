// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <dag/detail/config.hpp>
#include <dag/gpu/answer_groups.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/block.hpp>

#if defined(__CUDACC__)
#include <cub/device/device_segmented_radix_sort.cuh>
#endif

namespace dag::device {

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
    unsigned low = 0;
    while (size > 0) {
      const unsigned half = size / 2;
      if (order[low + half] < id) {
        low += half + 1;
        size -= half + 1;
      } else {
        size = half;
      }
    }
    return low;
  }
};

}  // namespace dag::device
