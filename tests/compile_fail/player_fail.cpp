// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A player without a prox is refused, and the missing step named.
// concept: Player
// expect: HasProx
// expect: prox
#include "plain.hpp"

struct Player : plain::Player {
#if !defined(DAG_EXPECT_SUCCESS)
  void prox() const;  // hides the one with the right arguments
#endif
};

template <class B, dag::Player<B> P>
void use(const P& player);

using Used = decltype(use<plain::Backend>(Player{}));

int main() {}
