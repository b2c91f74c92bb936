// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// All equilibria of three players, each enclosed, and the proof that there are no others.
//! [polynomial_equilibria]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/polynomial_equilibria.hpp>

#include <cstdio>

int main() {
  const dag::GameTable game = dag::named_game("general:2x2x2:3");
  const dag::PolynomialEquilibria all = dag::polynomial_equilibria(game);
  for (const dag::EnclosedEquilibrium& one : all.equilibria) {
    std::printf("first strategies: %.6f, %.6f, %.6f\n", one.profile[0][0], one.profile[1][0],
                one.profile[2][0]);
  }
  std::printf("%s\n", all.complete ? "there are no others" : "there may be others");
  return all.complete && all.equilibria.size() % 2 == 1 ? 0 : 1;
}
//! [polynomial_equilibria]
