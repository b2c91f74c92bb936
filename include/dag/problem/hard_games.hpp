// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <dag/problem/known_game.hpp>

namespace dag {

// Zero-sum games on which methods that look fast elsewhere are slow; all equilibria in closed form.

/// [[1/2 + d, 1/2], [0, 1]], 0 < d < 1/2: the last iterate of optimistic multiplicative weights and
/// of other regularised leaders needs time that grows without bound as d -> 0. Equilibrium
/// (1, d) / (1 + d) against (1, 1 + 2d) / (2 + 2d), value (1/2 + d) / (1 + d). Cai, Farina,
/// Grand-Clement, Kroer, Lee, Luo, Zheng (2024), arXiv:2406.10631.
[[nodiscard]] inline KnownGame slow_last_iterate(double delta) {
  require(delta > 0 && delta < 0.5, Errc::invalid_argument,
          "slow_last_iterate: delta must be in (0, 1/2), got ", delta);
  KnownGame game{zero_sum_table("Slow last iterate", 2, 2, {0.5 + delta, 0.5, 0, 1}),
                 {},
                 true,
                 (0.5 + delta) / (1 + delta)};
  game.equilibria = {
      {{1 / (1 + delta), delta / (1 + delta)}, {0.5 / (1 + delta), (0.5 + delta) / (1 + delta)}}};
  return game;
}

/// A 3x3 game on which the last iterates of regret matching+ and its predictive form do not
/// converge; equilibrium (1, 1, 10)/12 against (4, 5, 3)/12 with entries from the minimiser's side
/// in the source: here player 1 receives the negative, value -1/4. Farina, Grand-Clement, Kroer,
/// Lee, Luo (2023), arXiv:2305.14709.
[[nodiscard]] inline KnownGame unstable_regret_matching() {
  KnownGame game{zero_sum_table("Unstable regret matching+", 3, 3, {-3, 0, 3, 0, -3, 4, 0, 0, -1}),
                 {},
                 true,
                 -0.25};
  game.equilibria = {{{1.0 / 12, 1.0 / 12, 10.0 / 12}, {4.0 / 12, 5.0 / 12, 3.0 / 12}}};
  return game;
}

/// diag(1, ..., condition), entries in geometric steps: the equilibrium weighs strategy i by 1 /
/// d_i for both players, value 1 / sum(1 / d_i). Ill-conditioned as `condition` grows.
[[nodiscard]] inline KnownGame diagonal_game(std::size_t n, double condition) {
  require(n >= 1 && condition >= 1 && condition <= 1e12, Errc::invalid_argument,
          "diagonal_game: needs n >= 1 and condition in [1, 1e12], got ", n, " and ", condition);
  std::vector<double> payoff(n * n, 0.0);
  std::vector<double> play(n);
  double sum = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double share = n == 1 ? 0.0 : static_cast<double>(i) / static_cast<double>(n - 1);
    payoff[i * n + i] = std::pow(condition, share);
    play[i] = 1 / payoff[i * n + i];
    sum += play[i];
  }
  for (double& probability : play) {
    probability /= sum;
  }
  KnownGame game{zero_sum_table("Diagonal game", n, n, payoff), {}, true, 1 / sum};
  game.equilibria = {{play, play}};
  return game;
}

}  // namespace dag
