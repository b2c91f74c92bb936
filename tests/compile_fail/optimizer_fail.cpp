// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// An optimiser whose state cannot be saved is refused: runs could not resume bit for bit.
// concept: Optimizer
// expect: Optimizer
// expect: state
#include <dag/train/optimizer.hpp>

struct Momentum {
  void step(std::span<double> parameters, std::span<const double> gradient, double rate);
  void restore(const std::vector<double>& state);
#if defined(DAG_EXPECT_SUCCESS)
  std::vector<double> state() const;
#endif
};

template <dag::Optimizer O>
void use(O& optimizer);

Momentum momentum;
using Used = decltype(use(momentum));

int main() {}
