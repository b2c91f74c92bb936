// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A utility that pulls with a divergence takes generators in the log domain, and names what is
// missing.
// concept: LogGenerator
// expect: LogGenerator
// expect: marginal
#include <dag/utility/goal_divergence.hpp>

struct Square : dag::ChiSquareGenerator {
#if !defined(DAG_EXPECT_SUCCESS)
  template <class Number>
  double marginal(Number) const = delete;
#endif
};

int main() {
  const dag::GoalDivergence<Square, double> utility;
  (void)utility;
}
