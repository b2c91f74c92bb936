// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A player that cannot be pulled to a reference is no magnetic player.
// concept: MagneticPlayer
// expect: MagneticPlayer
// expect: magnet
#include "plain.hpp"

#if defined(DAG_EXPECT_SUCCESS)
using Player = plain::MagneticPlayer;
#else
using Player = plain::Player;
#endif

template <class B, dag::MagneticPlayer<B> P>
void use(const P& player);

using Used = decltype(use<plain::Backend>(Player{}));

int main() {}
