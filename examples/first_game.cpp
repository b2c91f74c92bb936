// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The equilibrium of a 2x2 zero-sum game, with a certificate; checked against its closed form.
//! [first_game]
#include <dag/eigen.hpp>

#include <cmath>
#include <iostream>

int main() {
  Eigen::MatrixXd payoff(2, 2);
  payoff << 3, -1, -2, 1;  // equilibrium (3/7, 4/7), (2/7, 5/7), value 1/7
  const dag::MatrixGame game{payoff};
  const auto found = dag::mirror_prox(game, {.tolerance = 1e-9});
  std::cout << "row player    " << found.strategy(0).transpose() << '\n'
            << "column player " << found.strategy(1).transpose() << '\n'
            << "value " << found.value << ", duality gap " << found.gap << ", " << found.iterations
            << " rounds\n";
  const bool right = std::abs(found.strategy(0)(0) - 3.0 / 7) < 1e-8 &&
                     std::abs(found.strategy(1)(0) - 2.0 / 7) < 1e-8;
  return found.status == dag::Status::converged && right ? 0 : 1;
}
//! [first_game]
