// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Hawks and doves: a mixture that no mutant can enter.
//! [evolution]
#include <dag/solver/table/alpha_rank.hpp>
#include <dag/solver/table/evolutionary_stability.hpp>

#include <cstdio>
#include <vector>

int main() {
  const std::vector<double> payoff{-1, 4, 0, 2};  // hawk, dove; to the row
  const std::vector<double> mix{2.0 / 3, 1.0 / 3};
  const dag::Stability found = dag::evolutionary_stability(payoff, mix);
  const dag::AlphaRank ranked = dag::alpha_rank_of_one_population(payoff, 2);
  std::printf("two thirds hawks: %s; a population is all hawks for %.3f of the time\n",
              found == dag::Stability::stable ? "stable" : "not stable", ranked.mass[0]);
  return found == dag::Stability::stable ? 0 : 1;
}
//! [evolution]
