// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>

namespace dag {

namespace detail {

/// A 64-bit hash of bytes: eight at a time, multiply and fold. Fixed seed: the same on every run.
[[nodiscard]] inline std::uint64_t hash_bytes(std::string_view text) noexcept {
  constexpr std::uint64_t multiplier = 0x9E3779B97F4A7C15ULL;
  const auto mix = [](std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * multiplier;
    return hash ^ (hash >> 32);
  };
  std::uint64_t hash = mix(0x243F6A8885A308D3ULL, text.size());
  const char* bytes = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, bytes += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, 8);
    hash = mix(hash, word);
  }
  if (left >= 4) {  // two overlapping words: no loop over the tail
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::memcpy(&low, bytes, 4);
    std::memcpy(&high, bytes + left - 4, 4);
    hash = mix(hash, (std::uint64_t{high} << 32) | low);
  } else if (left > 0) {
    const auto at = [&](std::size_t i) {
      return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i]));
    };
    hash = mix(hash, at(0) | (at(left / 2) << 8) | (at(left - 1) << 16));
  }
  return hash ^ (hash >> 29);
}

/// Whether two texts of `size` bytes are equal: words that overlap at the end, no call.
[[nodiscard]] inline bool equal_bytes(const char* a, const char* b, std::size_t size) noexcept {
  const auto differ = [&](std::size_t at, auto word) {
    auto other = word;
    std::memcpy(&word, a + at, sizeof word);
    std::memcpy(&other, b + at, sizeof other);
    return word != other;
  };
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 <= size; at += 8) {
      if (differ(at, std::uint64_t{})) {
        return false;
      }
    }
    return !differ(size - 8, std::uint64_t{});
  }
  if (size >= 4) {
    return !differ(0, std::uint32_t{}) && !differ(size - 4, std::uint32_t{});
  }
  return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
}

}  // namespace detail

/// Distinct strings to dense ids 0, 1, 2, ... in order of first appearance. Open addressing (linear
/// probing, at most half full), one arena for the characters: no allocation per string. Memory: the
/// distinct characters, and about 24 to 40 bytes a distinct string. At most 2^31 - 1 strings
/// (Errc::invalid_argument beyond).
class StringInterner {
 public:
  StringInterner() : slots_(64) {}

  /// The id of `text`, new if it was not seen before.
  std::int32_t intern(std::string_view text) {
    const std::uint64_t hash = detail::hash_bytes(text);
    std::size_t place = find_place(text, hash);
    if (slots_[place].id >= 0) {
      return slots_[place].id;
    }
    require(size() < 0x7FFFFFFF, Errc::invalid_argument, "StringInterner: more than 2^31 strings");
    const auto id = static_cast<std::int32_t>(size());
    characters_.insert(characters_.end(), text.begin(), text.end());
    ends_.push_back(characters_.size());
    hashes_.push_back(hash);
    slots_[place] = {static_cast<std::uint32_t>(hash >> 32), id};
    if (2 * ends_.size() > slots_.size()) {
      grow();
    }
    return id;
  }

  /// The id of `text`, or -1.
  [[nodiscard]] std::int32_t find(std::string_view text) const noexcept {
    return slots_[find_place(text, detail::hash_bytes(text))].id;
  }

  /// The string of an id. Valid until the next `intern`.
  [[nodiscard]] std::string_view operator[](std::int32_t id) const noexcept {
    const auto i = static_cast<std::size_t>(id);
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return {characters_.data() + begin, ends_[i] - begin};
  }

  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }

 private:
  struct Slot {
    std::uint32_t tag = 0;  ///< upper half of the hash: most mismatches end here
    std::int32_t id = -1;
  };

  [[nodiscard]] bool is(std::int32_t id, std::string_view text) const noexcept {
    const auto mine = (*this)[id];
    return mine.size() == text.size() && detail::equal_bytes(mine.data(), text.data(), text.size());
  }

  [[nodiscard]] std::size_t find_place(std::string_view text, std::uint64_t hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    std::size_t place = static_cast<std::size_t>(hash) & mask;
    while (slots_[place].id >= 0 && !(slots_[place].tag == tag && is(slots_[place].id, text))) {
      place = (place + 1) & mask;
    }
    return place;
  }

  void grow() {
    std::vector<Slot> larger(2 * slots_.size());
    const std::size_t mask = larger.size() - 1;
    for (std::size_t id = 0; id < hashes_.size(); ++id) {
      std::size_t place = static_cast<std::size_t>(hashes_[id]) & mask;
      while (larger[place].id >= 0) {
        place = (place + 1) & mask;
      }
      larger[place] = {static_cast<std::uint32_t>(hashes_[id] >> 32),
                       static_cast<std::int32_t>(id)};
    }
    slots_.swap(larger);
  }

  std::vector<Slot> slots_;
  std::vector<char> characters_;
  std::vector<std::size_t> ends_;
  std::vector<std::uint64_t> hashes_;
};

}  // namespace dag
