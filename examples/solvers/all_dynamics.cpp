// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Programs of the solvers' pages in one: each is a program of its own; here their mains have other
// names, so that one file is compiled. Exits with the number of programs that failed.
#define main regret_dynamics_main
#include "regret_dynamics.cpp"
#undef main
#define main logit_branch_main
#include "logit_branch.cpp"
#undef main
#define main potential_games_main
#include "potential_games.cpp"
#undef main
#define main replicator_main
#include "replicator.cpp"
#undef main
#define main evolution_main
#include "evolution.cpp"
#undef main
#define main batch_main
#include "batch.cpp"
#undef main
#define main trees_main
#include "trees.cpp"
#undef main

#include "../run_programs.hpp"

int main() {
  return run_programs({{"regret_dynamics", regret_dynamics_main},
                       {"logit_branch", logit_branch_main},
                       {"potential_games", potential_games_main},
                       {"replicator", replicator_main},
                       {"evolution", evolution_main},
                       {"batch", batch_main},
                       {"trees", trees_main}});
}
