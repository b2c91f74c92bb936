// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Programs of the solvers' pages in one: each is a program of its own; here their mains have other
// names, so that one file is compiled. Exits with the number of programs that failed.
#define main pure_equilibria_main
#include "pure_equilibria.cpp"
#undef main
#define main iterated_dominance_main
#include "iterated_dominance.cpp"
#undef main
#define main linear_program_main
#include "linear_program.cpp"
#undef main
#define main support_enumeration_main
#include "support_enumeration.cpp"
#undef main
#define main vertex_enumeration_main
#include "vertex_enumeration.cpp"
#undef main
#define main lemke_howson_main
#include "lemke_howson.cpp"
#undef main
#define main polynomial_equilibria_main
#include "polynomial_equilibria.cpp"
#undef main
#define main refinements_main
#include "refinements.cpp"
#undef main
#define main commitment_main
#include "commitment.cpp"
#undef main
#define main correlated_equilibrium_main
#include "correlated_equilibrium.cpp"
#undef main

int main() {
  struct Program {
    const char* name;
    int (*run)();
  };
  int failed = 0;
  for (const Program& program :
       {Program{"pure_equilibria", pure_equilibria_main},
        Program{"iterated_dominance", iterated_dominance_main},
        Program{"linear_program", linear_program_main},
        Program{"support_enumeration", support_enumeration_main},
        Program{"vertex_enumeration", vertex_enumeration_main},
        Program{"lemke_howson", lemke_howson_main},
        Program{"polynomial_equilibria", polynomial_equilibria_main},
        Program{"refinements", refinements_main}, Program{"commitment", commitment_main},
        Program{"correlated_equilibrium", correlated_equilibrium_main}}) {
    std::printf("--- %s\n", program.name);
    if (program.run() != 0) {
      std::printf("FAILED\n");
      ++failed;
    }
  }
  return failed;
}
