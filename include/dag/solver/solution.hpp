// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

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
  /// Payoff of the first (maximising) player; NaN where the game does not say.
  scalar_type value = std::numeric_limits<scalar_type>::quiet_NaN();
  scalar_type gap = 0;  ///< see `Certificate`, which these four repeat
  scalar_type relative_gap = 0;
  scalar_type residual = 0;
  scalar_type step = 0;  ///< the last step size
  Blocks blocks;
  State<backend_type, scalar_type> state;

  /// Strategy of player (block) b: a vector of the backend over this solution's memory. Of a
  /// solution that is about to go, as in `mirror_prox(game).strategy(0)`: a vector of its own.
  [[nodiscard]] auto strategy(std::size_t b) const& {
    return backend_type::wrap(blocks.of(state.view().point, b));
  }
  [[nodiscard]] auto strategy(std::size_t b) const&& {
    return own(blocks.of(state.view().point, b));
  }
  /// The mirror map's coordinates of it: log-probabilities under the entropy map.
  [[nodiscard]] auto log_strategy(std::size_t b) const& {
    return backend_type::wrap(blocks.of(state.view().dual, b));
  }
  [[nodiscard]] auto log_strategy(std::size_t b) const&& {
    return own(blocks.of(state.view().dual, b));
  }
  /// The stacked strategies, for the next solve: `.start = previous`. It has to outlive that solve.
  operator std::span<const scalar_type>() const& noexcept  // NOLINT(google-explicit-constructor)
      requires HasHostMemory<backend_type> {
    return state.view().point;
  }
  operator std::span<const scalar_type>() const&& = delete;  // a temporary would dangle: name it

 private:
  [[nodiscard]] static auto own(std::span<const scalar_type> part) {
    const backend_type backend;
    auto copy = backend.template allocate<scalar_type>(part.size());
    backend.copy(part, backend_type::view(copy));
    return copy;
  }
};

}  // namespace dag
