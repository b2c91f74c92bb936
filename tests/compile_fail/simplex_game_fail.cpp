// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Regrets of pure strategies are defined on simplices; a game over boxes is refused.
// concept: SimplexGame
// expect: SimplexGame
// expect: Simplices
#include "plain.hpp"

#include <dag/geometry/simplices.hpp>
#include <dag/solver/response/detail/regret_rounds.hpp>

struct Game : plain::Game {
#if defined(DAG_EXPECT_SUCCESS)
  const dag::Simplices<double>& players() const;
#endif
};

template <dag::SimplexGame G>
void use(const G& game);

using Used = decltype(use(Game{}));

int main() {}
