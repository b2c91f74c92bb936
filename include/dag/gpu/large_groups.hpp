// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <dag/detail/config.hpp>
#include <dag/gpu/answer_groups.hpp>
#include <dag/gpu/block.hpp>

namespace dag::device {

/// *place = id where it was -1; what it held before.
[[nodiscard]] DAG_HOST_DEVICE inline std::int32_t claim(std::int32_t* place, std::int32_t id) {
#if defined(__CUDA_ARCH__)
  return atomicCAS(place, -1, id);
#else
  const std::int32_t held = *place;
  if (held == -1) {
    *place = id;
  }
  return held;
#endif
}
DAG_HOST_DEVICE inline void count_one(std::int32_t* total) {
#if defined(__CUDA_ARCH__)
  atomicAdd(total, 1);
#else
  ++*total;
#endif
}

/// AnswerGroupRewards for groups above its size, one thread block each: answers are counted in a
/// hash table of the group's own (open addressing, at most half full), then the same statistics
/// from memory. Counts are whole numbers, so their order is of no matter: deterministic.
///
/// Bytes: about 40 a sample, mostly cached. Operations: O(1) a sample on average; a table that is
/// met by ids chosen to collide degrades to O(K).
template <class Real>
struct LargeAnswerGroups {
  static constexpr unsigned threads = 1024;

  AnswerGroupRewards<Real> rewards;
  const std::int32_t* group;        // which groups
  const std::int64_t* place_begin;  // of each one's table
  std::int32_t* place_id;
  std::int32_t* place_count;

  /// Places of the table of a group: a power of two, at least twice its samples.
  [[nodiscard]] static std::size_t places(std::size_t size) {
    std::size_t count = 1;
    while (count < 2 * size) {
      count *= 2;
    }
    return count;
  }

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const auto g = static_cast<std::size_t>(group[block.index()]);
    const auto first = static_cast<std::size_t>(rewards.begin[g]);
    const auto size = static_cast<std::size_t>(rewards.begin[g + 1]) - first;
    const auto start = place_begin[block.index()];
    const auto places = static_cast<std::size_t>(place_begin[block.index() + 1] - start);
    const std::int32_t* const id = rewards.answer + first;
    std::int32_t* const held = place_id + start;
    std::int32_t* const count = place_count + start;
    block.each(places, [=](std::size_t p) {
      held[p] = -1;
      count[p] = 0;
    });
    block.each(size, [=](std::size_t i) {
      if (id[i] >= 0) {
        std::size_t p = home(id[i], places);
        for (std::int32_t was = claim(held + p, id[i]); was != -1 && was != id[i];) {
          p = (p + 1) % places;
          was = claim(held + p, id[i]);
        }
        count_one(count + p);
      }
    });
    GroupCounts seen{};
    const auto answered = static_cast<std::size_t>(reduce(
        block, size, 0, [=](std::size_t i) { return id[i] >= 0 ? 1 : 0; }, Add{}));
    const std::int32_t table = rewards.start_of(answered);
    if (rewards.enter(block, first, size, answered, table, seen)) {
      Real* const value = rewards.reward + first;
      const Real* const entries = rewards.table + table;
      block.each(size, [=](std::size_t i) {
        if (id[i] < 0) {
          value[i] = Limits<Real>::nan;
          return;
        }
        std::size_t p = home(id[i], places);
        while (held[p] != id[i]) {
          p = (p + 1) % places;
        }
        value[i] = entries[count[p] - 1];
      });
      rewards.write(block, id, size, answered, first, value, seen);
    }
    rewards.add_counts(block, seen);
  }

 private:
  /// Where the search for an id begins.
  [[nodiscard]] static DAG_HOST_DEVICE std::size_t home(std::int32_t id, std::size_t places) {
    std::uint32_t bits = static_cast<std::uint32_t>(id) * 0x9e3779b1U;
    bits ^= bits >> 15U;
    return bits % places;
  }
};

}  // namespace dag::device
