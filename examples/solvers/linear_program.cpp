// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A zero-sum game as a linear program.
//! [linear_program]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/matrix/linear_program.hpp>

#include <cmath>
#include <cstdio>

int main() {
  const auto found = dag::linear_program(dag::named_game("kuhn-poker"));
  std::printf("value %.15f, gap %.1e\n", found.value, found.gap);
  return std::abs(found.value + 1.0 / 18) < 1e-12 ? 0 : 1;
}
//! [linear_program]
