// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dag {

/// The rank, 0 to ranks - 1, that counts a question: from its name (FNV-1a), the same on every rank
/// and machine. `ranks` > 0.
[[nodiscard]] inline std::size_t owner_of(std::string_view question, std::size_t ranks) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : question) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  return static_cast<std::size_t>((hash ^ (hash >> 32)) % ranks);
}

}  // namespace dag
