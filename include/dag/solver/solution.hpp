// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <dag/core/concepts.hpp>
#include <dag/core/state.hpp>
#include <dag/core/status.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/options.hpp>

namespace dag {

/// What a solver found: the point, its certificate and how the solve ended. Not constrained itself:
/// compilers check a return type first, and then would not say which part of the game is missing.
template <class Game>
struct Solution {
  using scalar_type = scalar_t<Game>;
  using backend_type = backend_t<Game>;

  Status status = Status::iteration_limit;
  Average iterate = Average::last;  ///< which point this is
  std::int64_t iterations = 0;      ///< rounds made
  std::int64_t products = 0;        ///< field evaluations, those of checks included
  double seconds = 0;
  scalar_type value = 0;  ///< payoff of the first (maximising) player
  scalar_type gap = 0;    ///< see `Certificate`, which these four repeat
  scalar_type relative_gap = 0;
  scalar_type residual = 0;
  scalar_type step = 0;  ///< the last step size
  Blocks blocks;
  State<backend_type, scalar_type> state;

  /// Strategy of player (block) b: a vector of the backend over this solution's memory.
  [[nodiscard]] auto strategy(std::size_t b) const {
    return backend_type::wrap(blocks.of(state.view().point, b));
  }
  /// The mirror map's coordinates of it: log-probabilities under the entropy map.
  [[nodiscard]] auto log_strategy(std::size_t b) const {
    return backend_type::wrap(blocks.of(state.view().dual, b));
  }
};

}  // namespace dag
