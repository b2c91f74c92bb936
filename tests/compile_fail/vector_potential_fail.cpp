// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A potential on vectors without its gradient is refused by name.
// concept: VectorPotential
// expect: VectorPotential
// expect: gradient
#include <dag/divergence/potential.hpp>

struct OnVectors {
  double value(std::span<const double> x) const;
#if defined(DAG_EXPECT_SUCCESS)
  void gradient(std::span<const double> x, std::span<double> out) const;
#endif
};

template <dag::VectorPotential P>
void use(const P& potential);

using Used = decltype(use(OnVectors{}));

int main() {}
