// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A potential without its derivative is refused by name: Bregman names both kinds of potential, and
// asserting one kind names the missing member.
// concept: Potential
// concept: SeparablePotential
// expect: Bregman
// expect: SeparablePotential
// expect: derivative
#include <dag/divergence/bregman.hpp>

struct Square {
  double value(double x) const { return x * x; }
#if defined(DAG_EXPECT_SUCCESS)
  double derivative(double x) const { return 2 * x; }
#endif
};

static_assert(dag::SeparablePotential<Square>);

int main() {
  const dag::Bregman<Square> divergence{};
  (void)divergence;
}
