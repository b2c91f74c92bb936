// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A payoff is a number.
// concept: Payoff
// expect: Payoff
// expect: value
#include "plain.hpp"

struct Game : plain::Game {
#if !defined(DAG_EXPECT_SUCCESS)
  const char* value(plain::View z) const;
#endif
};

template <dag::Payoff G>
void use(const G& game);

using Used = decltype(use(Game{}));

int main() {}
