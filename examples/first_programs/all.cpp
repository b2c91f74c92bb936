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

int main() {
  struct Program {
    const char* name;
    int (*run)();
  };
  int failed = 0;
  for (const Program& program :
       {Program{"matrix", matrix_main}, Program{"quadratic", quadratic_main},
        Program{"cournot", cournot_main}, Program{"sparse", sparse_main},
        Program{"own_utility", own_utility_main}, Program{"own_model", own_model_main},
        Program{"observer", observer_main}, Program{"million_rewards", million_rewards_main},
        Program{"repeated_solves", repeated_solves_main}, Program{"own_solver", own_solver_main}}) {
    std::printf("--- %s\n", program.name);
    if (program.run() != 0) {
      std::printf("FAILED\n");
      ++failed;
    }
  }
  return failed;
}
