// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// How sequences and information sets hang together, flat, all players stacked: block i has player
/// i's sequences, the empty one first; set k owns the sequences first[k], ..., first[k] + size[k] -
/// 1, one an action, and follows sequence parent[k] of its owner. Sets come player by player,
/// parents before children, so that a loop up is a pass top-down and a loop down one bottom-up.
struct TreeplexShape {
  Blocks blocks;
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> size;
  std::vector<std::uint32_t> parent;
  std::vector<std::uint32_t> owner;
  std::vector<std::uint32_t> begin;  ///< sets of player i: [begin[i], begin[i + 1])

  [[nodiscard]] std::size_t set_count() const noexcept { return first.size(); }

  /// The largest number of player i's own decisions on one path.
  [[nodiscard]] std::size_t depth(std::size_t i) const {
    std::vector<std::uint32_t> level(blocks.size(i), 0);
    std::uint32_t deepest = 0;
    const std::size_t offset = blocks.offset(i);
    for (std::uint32_t k = begin[i]; k < begin[i + 1]; ++k) {
      const std::uint32_t here = level[parent[k] - offset] + 1;
      deepest = here > deepest ? here : deepest;
      for (std::uint32_t a = 0; a < size[k]; ++a) {
        level[first[k] - offset + a] = here;
      }
    }
    return deepest;
  }
  [[nodiscard]] std::size_t largest_set(std::size_t i) const noexcept {
    std::uint32_t most = 1;
    for (std::uint32_t k = begin[i]; k < begin[i + 1]; ++k) {
      most = size[k] > most ? size[k] : most;
    }
    return most;
  }
  friend bool operator==(const TreeplexShape&, const TreeplexShape&) = default;
};

/// Errors: dimension_mismatch or invalid_argument unless the arrays are as said above.
inline void validate(const TreeplexShape& shape) {
  const std::size_t sets = shape.set_count();
  require(shape.size.size() == sets && shape.parent.size() == sets && shape.owner.size() == sets &&
              shape.begin.size() == shape.blocks.count() + 1 && shape.begin.back() == sets,
          Errc::dimension_mismatch, "TreeplexShape: the arrays do not fit each other");
  for (std::size_t i = 0; i < shape.blocks.count(); ++i) {
    std::size_t next = shape.blocks.offset(i) + 1;
    for (std::uint32_t k = shape.begin[i]; k < shape.begin[i + 1]; ++k) {
      require(shape.owner[k] == i && shape.size[k] > 0 && shape.first[k] == next &&
                  shape.parent[k] >= shape.blocks.offset(i) && shape.parent[k] < next,
              Errc::invalid_argument, "TreeplexShape: set ", k, " of player ", i + 1,
              " is out of order");
      next += shape.size[k];
    }
    require(next == shape.blocks.offset(i) + shape.blocks.size(i), Errc::dimension_mismatch,
            "TreeplexShape: player ", i + 1, " has ", shape.blocks.size(i),
            " sequences, the sets make ", next - shape.blocks.offset(i));
  }
}

}  // namespace dag
