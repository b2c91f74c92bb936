// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

namespace dag::detail {

/// Samples a block of the counting kernels: the lanes of one 512-bit register of 32-bit ids.
inline constexpr std::size_t reward_lanes = 16;
/// Groups up to this size are counted by comparing all pairs, larger ones by hashing.
inline constexpr std::size_t all_pairs_limit = 64;

/// others[i] = how many of the other `size` ids equal ids[i]. Both arrays hold Blocks full blocks,
/// the ids padded with -1. One broadcast compare a sample and block.
template <std::size_t Blocks>
inline void count_all_pairs(const std::int32_t* ids, std::size_t size, std::int32_t* others) {
#if defined(__GNUC__) || defined(__clang__)
  using Lanes [[gnu::vector_size(4 * reward_lanes)]] = std::int32_t;
  Lanes own[Blocks];
  Lanes count[Blocks];
  std::memcpy(own, ids, sizeof own);
  for (std::size_t b = 0; b < Blocks; ++b) {
    count[b] = Lanes{} - 1;
  }
  for (std::size_t j = 0; j < size; ++j) {
    const Lanes one = Lanes{} + ids[j];
    for (std::size_t b = 0; b < Blocks; ++b) {
      count[b] -= (own[b] == one);
    }
  }
  std::memcpy(others, count, sizeof count);
#else
  for (std::size_t i = 0; i < Blocks * reward_lanes; ++i) {
    others[i] = -1;
    for (std::size_t j = 0; j < size; ++j) {
      others[i] += ids[i] == ids[j] ? 1 : 0;
    }
  }
#endif
}

/// Counts equal ids of one group by open addressing; stamps make clearing free.
class HashCounter {
 public:
  void count(std::span<const std::int32_t> ids, std::span<std::int32_t> others) {
    std::size_t capacity = slots_.size();
    while (capacity < 2 * ids.size()) {
      capacity = capacity == 0 ? 256 : 2 * capacity;
    }
    if (capacity != slots_.size() || stamp_ == std::numeric_limits<std::uint32_t>::max()) {
      slots_.assign(capacity, Slot{});
      stamp_ = 0;
    }
    ++stamp_;
    places_.resize(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::size_t place = (static_cast<std::uint32_t>(ids[i]) * 0x9E3779B1U >> 7U) & (capacity - 1);
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

 private:
  struct Slot {
    std::uint32_t stamp = 0;
    std::int32_t id = 0;
    std::int32_t count = 0;
  };
  std::vector<Slot> slots_;
  std::vector<std::size_t> places_;
  std::uint32_t stamp_ = 0;
};

}  // namespace dag::detail
