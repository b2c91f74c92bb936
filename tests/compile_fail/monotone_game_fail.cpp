// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A game without a field is refused by a solver, and the missing member named.
// concept: MonotoneGame
// expect: HasField
// expect: field
#include "plain.hpp"

struct Game : plain::Game {
#if !defined(DAG_EXPECT_SUCCESS)
  void field() const;  // hides the one with the right arguments
#endif
};

// The solver's own constraint, without a solver's body.
template <class G>
using Solved = decltype(dag::mirror_prox(std::declval<const G&>()));

using Found = Solved<Game>;

int main() {}
