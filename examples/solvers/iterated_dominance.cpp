// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// What no rational player plays, taken away.
//! [iterated_dominance]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/iterated_dominance.hpp>

#include <cstdio>

int main() {
  const dag::GameTable dilemma = dag::named_game("prisoners-dilemma");
  const dag::DominanceResult left = dag::iterated_dominance(dilemma);
  const dag::GameTable small = dag::restrict_table(dilemma, left.kept);
  std::printf("%zu strategies removed, %zu profile left\n", left.removed.size(),
              small.profile_count());
  return small.profile_count() == 1 ? 0 : 1;
}
//! [iterated_dominance]
