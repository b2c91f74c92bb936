// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>

namespace dag {

namespace detail {

/// What tells a text from others of its size: up to 8 bytes the text itself (no two differ alike),
/// beyond a 64-bit hash. Fixed seed: the same on every run.
[[nodiscard]] inline std::uint64_t text_word(std::string_view text) noexcept {
  const char* bytes = text.data();
  const std::size_t size = text.size();
  const auto load = [&](std::size_t at, auto word) {
    std::memcpy(&word, bytes + at, sizeof word);
    return std::uint64_t{word};
  };
  if (size <= 8) {
    if (size >= 4) {  // two words that overlap: one way for 4 to 8 bytes
      return load(0, std::uint32_t{}) | (load(size - 4, std::uint32_t{}) << 32);
    }
    const auto byte = [&](std::size_t i) { return load(i, static_cast<unsigned char>(0)); };
    return size == 0 ? 0 : byte(0) | (byte(size / 2) << 8) | (byte(size - 1) << 16);
  }
  constexpr std::uint64_t multiplier = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = 0x243F6A8885A308D3ULL;
  const auto mix = [&](std::uint64_t word) {
    hash = (hash ^ word) * multiplier;
    hash ^= hash >> 32;
  };
  for (std::size_t at = 0; at + 8 < size; at += 8) {
    mix(load(at, std::uint64_t{}));
  }
  mix(load(size - 8, std::uint64_t{}));  // overlaps the one before: no loop over the tail
  return hash;
}

/// The pair of slots where a text belongs, of 2^bits pairs: the upper bits of a product, on which
/// all bits of its word depend.
[[nodiscard]] inline std::size_t pair_of(std::uint64_t word, unsigned bits) noexcept {
  return static_cast<std::size_t>((word * 0xD6E8FEB86659FD93ULL) >> (64 - bits));
}

/// Whether two texts of `size` > 8 bytes are equal: words that overlap at the end, no call.
[[nodiscard]] inline bool equal_long(const char* a, const char* b, std::size_t size) noexcept {
  const auto differ = [&](std::size_t at) {
    std::uint64_t left = 0;
    std::uint64_t right = 0;
    std::memcpy(&left, a + at, 8);
    std::memcpy(&right, b + at, 8);
    return left != right;
  };
  for (std::size_t at = 0; at + 8 < size; at += 8) {
    if (differ(at)) {
      return false;
    }
  }
  return !differ(size - 8);
}

}  // namespace detail

/// Distinct strings to dense ids 0, 1, 2, ... in order of first appearance. Open addressing (pairs
/// of slots, then linear probing; at most half full, a quarter below 1024 strings), one arena for
/// the characters: no allocation per string. A text of up to 8 bytes is told by its slot alone.
/// Memory: the distinct characters, and about 40 to 72 bytes a distinct string. At most 2^31 - 1
/// strings (Errc::invalid_argument beyond).
class StringInterner {
 public:
  StringInterner() : slots_(std::size_t{1} << 6) {}

  /// The id of `text`, new if it was not seen before.
  std::int32_t intern(std::string_view text) {
    const std::uint64_t word = detail::text_word(text);
    const std::size_t place = find_place(text, word);
    return slots_[place].id >= 0 ? slots_[place].id : insert(text, word, place);
  }

  /// The id of `text`, or -1.
  [[nodiscard]] std::int32_t find(std::string_view text) const noexcept {
    return slots_[find_place(text, detail::text_word(text))].id;
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
    std::uint64_t word = 0;
    std::uint32_t size = 0;  ///< at most 2^32 - 1
    std::int32_t id = -1;
  };

  /// Kept out of `intern`, which is inlined where strings were seen before.
  DAG_OUT_OF_LINE std::int32_t insert(std::string_view text, std::uint64_t word,
                                      std::size_t place) {
    require(size() < 0x7FFFFFFF, Errc::invalid_argument, "StringInterner: more than 2^31 strings");
    const auto id = static_cast<std::int32_t>(size());
    characters_.insert(characters_.end(), text.begin(), text.end());
    ends_.push_back(characters_.size());
    slots_[place] = {word, clipped_size(text), id};
    // A small table stays in the nearest cache: there, probes that end at once are worth the room.
    const std::size_t room = slots_.size() <= 4096 ? 4 : 2;
    if (room * ends_.size() > slots_.size()) {
      grow();
    }
    return id;
  }

  [[nodiscard]] static std::uint32_t clipped_size(std::string_view text) noexcept {
    return static_cast<std::uint32_t>(text.size() < 0xFFFFFFFF ? text.size() : 0xFFFFFFFF);
  }
  /// The characters, of two texts with the same word and size.
  [[nodiscard]] bool same(const Slot& slot, std::string_view text) const noexcept {
    if (text.size() <= 8) {
      return true;
    }
    const auto mine = (*this)[slot.id];
    return mine.size() == text.size() && detail::equal_long(mine.data(), text.data(), text.size());
  }

  /// The slot of `text`, or the empty one where it belongs. Both slots of a pair are looked at
  /// without a branch between them: which of the two it is cannot be foreseen.
  [[nodiscard]] std::size_t find_place(std::string_view text, std::uint64_t word) const noexcept {
    const std::uint32_t size = clipped_size(text);
    const std::size_t place = 2 * detail::pair_of(word, bits_);
    const Slot& second = slots_[place + 1];
    const auto shift = static_cast<std::size_t>(((second.word ^ word) | (second.size ^ size)) == 0);
    const Slot& slot = slots_[place + shift];
    if (slot.word == word && slot.size == size && slot.id >= 0 && same(slot, text)) {
      return place + shift;
    }
    return search(text, word, place);
  }
  /// The same, slot by slot.
  DAG_OUT_OF_LINE std::size_t search(std::string_view text, std::uint64_t word,
                                     std::size_t place) const noexcept {
    while (slots_[place].id >= 0 &&
           !(slots_[place].word == word && slots_[place].size == clipped_size(text) &&
             same(slots_[place], text))) {
      place = (place + 1) & (slots_.size() - 1);
    }
    return place;
  }

  void grow() {
    ++bits_;
    std::vector<Slot> larger(2 * slots_.size());
    const std::size_t mask = larger.size() - 1;
    for (const Slot& slot : slots_) {
      if (slot.id < 0) {
        continue;
      }
      std::size_t place = 2 * detail::pair_of(slot.word, bits_);
      while (larger[place].id >= 0) {
        place = (place + 1) & mask;
      }
      larger[place] = slot;
    }
    slots_.swap(larger);
  }

  unsigned bits_ = 5;
  std::vector<Slot> slots_;  ///< 2^bits pairs
  std::vector<char> characters_;
  std::vector<std::size_t> ends_;
};

}  // namespace dag
