// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <dag/detail/config.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

/// Samples a block of the counting kernels; groups are padded with -1 to whole blocks.
inline constexpr std::size_t reward_lanes = 16;

// The vector width the translation unit is compiled for, and the group size up to which all pairs
// are compared; larger groups are counted with one probe a sample. benchmarks/rollout_rewards, a
// busy AMD EPYC with AVX-512, g++ 12 -O3, million samples/s: AVX-512 pairs 290 at 64, 150 at 100,
// 110 at 256; SSE2 pairs 230 at 64; probes about 95 at any size.
#if defined(__AVX512F__)
inline constexpr std::size_t vector_bytes = 64;
inline constexpr std::size_t all_pairs_limit = 256;
#elif defined(__AVX2__)
inline constexpr std::size_t vector_bytes = 32;
inline constexpr std::size_t all_pairs_limit = 128;
#else
inline constexpr std::size_t vector_bytes = 16;
inline constexpr std::size_t all_pairs_limit = 64;
#endif

/// others[i] = how many of `size` ids equal own[i], less one, for i in 0 .. 16 * Blocks - 1: one
/// broadcast, then a compare and a subtraction a vector.
template <std::size_t Blocks>
inline void count_blocks(const std::int32_t* own, const std::int32_t* ids, std::size_t size,
                         std::int32_t* others) {
  constexpr std::size_t width = vector_bytes / 4;
  constexpr std::size_t vectors = Blocks * reward_lanes / width;
#if defined(__GNUC__) || defined(__clang__)
  using Lanes [[gnu::vector_size(vector_bytes)]] = std::int32_t;
  Lanes mine[vectors];
  Lanes count[vectors];
  std::memcpy(mine, own, sizeof mine);
  for (std::size_t v = 0; v < vectors; ++v) {
    count[v] = Lanes{} - 1;
  }
  for (std::size_t j = 0; j < size; ++j) {
    const Lanes one = Lanes{} + ids[j];
    for (std::size_t v = 0; v < vectors; ++v) {
      count[v] -= (mine[v] == one);
    }
  }
  std::memcpy(others, count, sizeof count);
#else
  for (std::size_t i = 0; i < vectors * width; ++i) {
    others[i] = -1;
    for (std::size_t j = 0; j < size; ++j) {
      others[i] += own[i] == ids[j] ? 1 : 0;
    }
  }
#endif
}

/// The same for a whole group of `blocks` blocks, four vectors or more at a time.
inline void count_all_pairs(const std::int32_t* ids, std::size_t size, std::size_t blocks,
                            std::int32_t* others) {
  constexpr std::size_t tile = vector_bytes / 16;
  std::size_t b = 0;
  for (; b + tile <= blocks; b += tile) {
    count_blocks<tile>(ids + b * reward_lanes, ids, size, others + b * reward_lanes);
  }
  for (; b < blocks; ++b) {
    count_blocks<1>(ids + b * reward_lanes, ids, size, others + b * reward_lanes);
  }
}

/// value[i] = table[index[i]] for Size indices below Size. With AVX-512 a table of 16, 32 or 64
/// floats stays in registers and is permuted: gathers would cost about as much as the counting.
template <std::size_t Size, class Scalar>
inline void look_up(const Scalar* table, const std::int32_t* index, Scalar* value) {
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
  if constexpr (std::is_same_v<Scalar, float> && (Size == 16 || Size == 32 || Size == 64)) {
    using Floats [[gnu::vector_size(64)]] = float;
    using Ints [[gnu::vector_size(64)]] = std::int32_t;
    Floats part[Size / 16];
    std::memcpy(part, table, sizeof part);
    for (std::size_t i = 0; i < Size; i += 16) {
      Ints at;
      std::memcpy(&at, index + i, sizeof at);
      Floats found;
      if constexpr (Size == 16) {
        found = __builtin_shuffle(part[0], at);
      } else if constexpr (Size == 32) {
        found = __builtin_shuffle(part[0], part[1], at);
      } else {
        found = (at & 32) == 0 ? __builtin_shuffle(part[0], part[1], at)
                               : __builtin_shuffle(part[2], part[3], at);
      }
      std::memcpy(value + i, &found, sizeof found);
    }
    return;
  }
#endif
  for (std::size_t i = 0; i < Size; ++i) {
    value[i] = table[index[i]];
  }
}

/// Counts equal ids of one large group: by index where the ids are small, else by open addressing,
/// where stamps make clearing free.
class LargeGroupCounter {
 public:
  /// `ids` are not negative.
  void count(std::span<const std::int32_t> ids, std::span<std::int32_t> others) {
    std::int32_t largest = 0;
    for (const auto id : ids) {
      largest = id > largest ? id : largest;
    }
    if (static_cast<std::size_t>(largest) < 4 * ids.size() + 1024) {
      by_index(ids, static_cast<std::size_t>(largest), others);
    } else {
      by_hash(ids, others);
    }
  }

 private:
  struct Slot {
    std::uint32_t stamp = 0;
    std::int32_t id = 0;
    std::int32_t count = 0;
  };

  void by_index(std::span<const std::int32_t> ids, std::size_t largest,
                std::span<std::int32_t> others) {
    if (counts_.size() <= largest) {
      counts_.resize(largest + 1);
    }
    for (const auto id : ids) {
      ++counts_[static_cast<std::size_t>(id)];
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      others[i] = counts_[static_cast<std::size_t>(ids[i])] - 1;
    }
    for (const auto id : ids) {
      counts_[static_cast<std::size_t>(id)] = 0;
    }
  }

  void by_hash(std::span<const std::int32_t> ids, std::span<std::int32_t> others) {
    std::size_t capacity = slots_.empty() ? 256 : slots_.size();
    while (capacity < 2 * ids.size()) {
      capacity *= 2;
    }
    if (capacity != slots_.size() || stamp_ == std::numeric_limits<std::uint32_t>::max()) {
      slots_.assign(capacity, Slot{});
      stamp_ = 0;
    }
    ++stamp_;
    places_.resize(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const std::uint64_t hash = static_cast<std::uint32_t>(ids[i]) * 0x9E3779B97F4A7C15ULL;
      std::size_t place = static_cast<std::size_t>(hash >> 32U) & (capacity - 1);
      while (slots_[place].stamp == stamp_ && slots_[place].id != ids[i]) {
        place = (place + 1) & (capacity - 1);
      }
      const std::int32_t before = slots_[place].stamp == stamp_ ? slots_[place].count : 0;
      slots_[place] = {stamp_, ids[i], before + 1};
      places_[i] = place;
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      others[i] = slots_[places_[i]].count - 1;
    }
  }

  std::vector<std::int32_t> counts_;  // all zero between calls
  std::vector<Slot> slots_;
  std::vector<std::size_t> places_;
  std::uint32_t stamp_ = 0;
};

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
