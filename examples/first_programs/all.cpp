// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// All of the first programs in one: each is a program of its own; here their mains have other
// names, so that one file is compiled. Exits with the number of programs that failed.
#define main matrix_main
#include "matrix.cpp"
#undef main
#define main quadratic_main
#include "quadratic.cpp"
#undef main
#define main cournot_main
#include "cournot.cpp"
#undef main
#define main sparse_main
#include "sparse.cpp"
#undef main
#define main own_utility_main
#include "own_utility.cpp"
#undef main
#define main own_model_main
#include "own_model.cpp"
#undef main
#define main observer_main
#include "observer.cpp"
#undef main
#define main million_rewards_main
#include "million_rewards.cpp"
#undef main
#define main repeated_solves_main
#include "repeated_solves.cpp"
#undef main
#define main own_solver_main
#include "own_solver.cpp"
#undef main

#include "../run_programs.hpp"

int main() {
  return run_programs({{"matrix", matrix_main},
                       {"quadratic", quadratic_main},
                       {"cournot", cournot_main},
                       {"sparse", sparse_main},
                       {"own_utility", own_utility_main},
                       {"own_model", own_model_main},
                       {"observer", observer_main},
                       {"million_rewards", million_rewards_main},
                       {"repeated_solves", repeated_solves_main},
                       {"own_solver", own_solver_main}});
}
