// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A potential on vectors without its gradient is refused, and the missing member named.
// concept: VectorPotential
// expect: VectorPotential
// expect: gradient
#include <dag/divergence/potential.hpp>

struct Largest {
  double value(std::span<const double> x) const { return x[0]; }
#if defined(DAG_EXPECT_SUCCESS)
  void gradient(std::span<const double>, std::span<double> out) const { out[0] = 1; }
#endif
};

static_assert(dag::VectorPotential<Largest>);

int main() {}
