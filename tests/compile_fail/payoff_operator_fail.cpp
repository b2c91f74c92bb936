// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// An operator without its transposed product is refused, and the missing product named.
// concept: PayoffOperator
// expect: HasOperatorProducts
// expect: multiply_transposed
#include <cstddef>
#include <span>

#include <dag/game/operator.hpp>

struct Identity {
  using scalar_type = double;
  std::size_t rows() const { return 2; }
  std::size_t columns() const { return 2; }
  double range() const { return 1; }
  void multiply(std::span<const double>, std::span<double>) const {}
#if defined(DAG_EXPECT_SUCCESS)
  void multiply_transposed(std::span<const double>, std::span<double>) const {}
#endif
};

template <dag::PayoffOperator Operator>
void use(const Operator& payoff);

using Used = decltype(use(Identity{}));

int main() {}
