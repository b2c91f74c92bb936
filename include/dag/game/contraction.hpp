// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/numeric/dense.hpp>

namespace dag::detail {

/// A player whose strategy is not averaged over, and where its strategies lie in the result.
struct FreePlayer {
  std::size_t player = static_cast<std::size_t>(-1);  ///< none
  std::size_t stride = 0;
};

/// Averages a player's payoffs (first player fastest) over all players but the free ones.
template <Scalar Real>
class Contraction {
 public:
  Contraction(const Blocks& blocks, std::span<const Real> point, FreePlayer first,
              FreePlayer second = {})
      : blocks_(blocks), point_(point), first_(first), second_(second) {}

  /// out += the average; one pass over `payoffs`, profiles of probability zero left out.
  void add(std::span<const Real> payoffs, std::span<Real> out) const {
    walk(blocks_.count() - 1, payoffs, Real{1}, out.data());
  }

 private:
  [[nodiscard]] std::size_t stride(std::size_t player) const noexcept {
    return player == first_.player ? first_.stride : player == second_.player ? second_.stride : 0;
  }
  [[nodiscard]] bool is_free(std::size_t player) const noexcept {
    return player == first_.player || player == second_.player;
  }

  /// `payoffs`: those of the players up to `player`, the others' strategies being chosen.
  void walk(std::size_t player, std::span<const Real> payoffs, Real weight, Real* out) const {
    const std::size_t size = blocks_.size(player);
    const std::size_t step = stride(player);
    const Real* p = point_.data() + blocks_.offset(player);
    if (player == 0) {
      if (is_free(0)) {
        for (std::size_t s = 0; s < size; ++s) {
          out[s * step] += weight * payoffs[s];
        }
      } else {
        *out += weight * dot(p, payoffs.data(), size);
      }
      return;
    }
    const std::size_t inner = payoffs.size() / size;
    for (std::size_t s = 0; s < size; ++s) {
      const Real next = is_free(player) ? weight : weight * p[s];
      if (next != 0) {
        walk(player - 1, payoffs.subspan(s * inner, inner), next, out + s * step);
      }
    }
  }

  const Blocks& blocks_;
  std::span<const Real> point_;
  FreePlayer first_;
  FreePlayer second_;
};

/// out = what each strategy of `player` earns while the others play the stacked `point`. No
/// allocation; one pass over the player's payoffs.
template <Scalar Real>
void deviation_payoffs(const Blocks& blocks, std::span<const Real> payoffs, std::size_t player,
                       std::span<const Real> point, std::span<Real> out) {
  for (Real& entry : out) {
    entry = 0;
  }
  Contraction<Real>(blocks, point, {player, 1}).add(payoffs, out);
}

}  // namespace dag::detail
