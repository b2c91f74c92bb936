// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <dag/game/regret.hpp>
#include <dag/solver/table/logit_branch.hpp>

namespace test {

/// max |p - softmax(lambda g(p))|, from the table alone.
inline double fixed_point_error(const dag::GameTable& game, const dag::LogitBranchPoint& at) {
  double worst = 0;
  for (std::size_t i = 0; i < game.player_count(); ++i) {
    const std::vector<double> g = dag::deviation_payoffs(game, at.profile, i);
    double top = g[0];
    for (const double payoff : g) {
      top = payoff > top ? payoff : top;
    }
    double sum = 0;
    for (const double payoff : g) {
      sum += std::exp(at.lambda * (payoff - top));
    }
    for (std::size_t s = 0; s < g.size(); ++s) {
      const double wanted = std::exp(at.lambda * (g[s] - top)) / sum;
      worst = std::fmax(worst, std::abs(at.profile[i][s] - wanted));
    }
  }
  return worst;
}

}  // namespace test
