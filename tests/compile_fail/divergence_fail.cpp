// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A divergence without its second gradient: the compiler names the missing atom.
// concept: Divergence
// expect: HasGradientSecond
// expect: gradient_second
#include <dag/divergence/swapped.hpp>

struct Halves {
  double value(std::span<const double>, std::span<const double>) const { return 0; }
  void gradient_first(std::span<const double>, std::span<const double>, std::span<double>) const {}
#if defined(DAG_EXPECT_SUCCESS)
  void gradient_second(std::span<const double>, std::span<const double>, std::span<double>) const {}
#endif
};

int main() {
  const dag::Swapped<Halves> swapped;
  (void)swapped;
}
