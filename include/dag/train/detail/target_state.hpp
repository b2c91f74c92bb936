// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>

namespace dag::detail {

/// What a checkpoint keeps of a Target that moves: whether it has moved, where it is, and what it
/// remembers of the last step (as many numbers), in this order.
[[nodiscard]] inline std::vector<double> pack_state(bool started, const std::vector<double>& at,
                                                    const std::vector<double>& memory) {
  std::vector<double> all{started ? 1.0 : 0.0};
  all.insert(all.end(), at.begin(), at.end());
  all.insert(all.end(), memory.begin(), memory.end());
  return all;
}

/// The way back; returns whether it has moved. Errors: dimension_mismatch, naming the objective.
[[nodiscard]] inline bool unpack_state(std::span<const double> state, std::vector<double>& at,
                                       std::vector<double>& memory, std::string_view objective) {
  const std::size_t n = at.size();
  require(state.size() == 1 + 2 * n, Errc::dimension_mismatch, objective, ": expected a state of ",
          1 + 2 * n, " numbers, got ", state.size());
  for (std::size_t k = 0; k < n; ++k) {
    at[k] = state[1 + k];
    memory[k] = state[1 + n + k];
  }
  return state[0] != 0;
}

}  // namespace dag::detail
