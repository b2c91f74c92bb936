// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace dag {

/// "Player 1", "Player 2", ...: where a game has no names of its own.
[[nodiscard]] inline std::vector<std::string> numbered_players(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back("Player " + std::to_string(i + 1));
  }
  return names;
}

}  // namespace dag
