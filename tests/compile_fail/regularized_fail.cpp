// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A magnet is weights and a reference point, not a number.
// concept: Regularized
// expect: Regularized
// expect: magnet
#include "plain.hpp"

struct Game : plain::RegularizedGame {
#if !defined(DAG_EXPECT_SUCCESS)
  double magnet() const;
#endif
};

template <dag::Regularized G>
void use(const G& game);

using Used = decltype(use(Game{}));

int main() {}
