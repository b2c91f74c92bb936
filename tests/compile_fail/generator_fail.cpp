// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A generator without its intercept is refused by name.
// concept: Generator
// expect: Generator
// expect: intercept
#include <dag/divergence/f_divergence.hpp>

struct Square {
  double value(double t) const { return (t - 1) * (t - 1); }
  double derivative(double t) const { return 2 * (t - 1); }
#if defined(DAG_EXPECT_SUCCESS)
  double intercept(double t) const { return 1 - t * t; }
#endif
};

int main() {
  const dag::FDivergence<Square> divergence;
  (void)divergence;
}
