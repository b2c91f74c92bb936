// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Strategies are made of floating-point numbers.
// concept: Scalar
// expect: std::floating_point|is_floating_point
// expect: constraint
#include <dag/dag.hpp>

#if defined(DAG_EXPECT_SUCCESS)
using Number = float;
#else
using Number = int;
#endif

template <dag::Scalar Real>
Real half(Real number);

using Half = decltype(half(Number{}));

int main() {}
