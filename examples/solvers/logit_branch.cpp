// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// From uniform play along the quantal responses to a Nash equilibrium.
//! [logit_branch]
#include <dag/problem/catalogue.hpp>
#include <dag/solver/table/logit_branch.hpp>

#include <cstdio>

int main() {
  const dag::GameTable hunt = dag::named_game("stag-hunt");
  const auto at_one = dag::logit_equilibrium(hunt, 1.0);  // tau, in units of payoff
  const auto branch = dag::logit_branch(hunt);
  std::printf("hare: %.3f at tau 1, %.6f at the end, lambda %.1f, regret %.1e\n",
              at_one.points.back().profile[0][1], branch.points.back().profile[0][1],
              branch.points.back().lambda, branch.points.back().max_regret);
  return branch.points.back().profile[0][1] > 0.999 ? 0 : 1;
}
//! [logit_branch]
