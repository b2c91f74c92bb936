// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// One equilibrium of a bimatrix game by complementary pivoting.
//! [lemke_howson]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/lemke_howson.hpp>

#include <cstdio>

int main() {
  const dag::GameTable game = dag::named_game("general:20x30:1");
  const dag::EquilibriumSet found = dag::lemke_howson(game, {.dropped_label = 0});
  std::printf("%lld pivots, regret %.1e\n", static_cast<long long>(found.steps), found.max_regret);
  return found.status == dag::Status::converged && found.max_regret < 1e-12 ? 0 : 1;
}
//! [lemke_howson]
