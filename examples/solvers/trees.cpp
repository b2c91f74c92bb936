// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Kuhn's poker by CFR+ and its kin.
//! [trees]
#include <dag/backend/eigen_backend.hpp>
#include <dag/game/sequence_game.hpp>
#include <dag/problem/tree_catalogue.hpp>
#include <dag/solver/tree/cfr.hpp>

#include <cmath>
#include <cstdio>

int main() {
  const dag::ExtensiveGame kuhn = dag::named_tree("kuhn_poker");
  const dag::SequenceForm form = dag::sequence_form(kuhn);  // checks perfect recall
  const dag::SequenceGame<double, dag::eigen> game(form);
  const auto found = dag::predictive_cfr_plus(game, {.tolerance = 1e-8});
  std::printf("value %.9f after %lld rounds, gap %.1e\n", found.value,
              static_cast<long long>(found.iterations), found.relative_gap);
  return std::abs(found.value + 1.0 / 18) < 1e-7 ? 0 : 1;
}
//! [trees]
