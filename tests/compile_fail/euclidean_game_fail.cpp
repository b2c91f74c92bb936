// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Extragradient asks for Euclidean players; under another map it is mirror-prox.
// concept: EuclideanGame
// expect: EuclideanGame
// expect: is_euclidean
#include <dag/solver/first_order/extragradient.hpp>

#include "plain.hpp"

struct Player : plain::Player {};
#if defined(DAG_EXPECT_SUCCESS)
template <>
inline constexpr bool dag::is_euclidean<Player> = true;
#endif

struct Game : plain::Game {
  const Player& players() const;
};

template <dag::EuclideanGame G>
void use(const G& game);

using Used = decltype(use(Game{}));

int main() {}
