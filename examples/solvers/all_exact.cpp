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

#include "../run_programs.hpp"

int main() {
  return run_programs({{"pure_equilibria", pure_equilibria_main},
                       {"iterated_dominance", iterated_dominance_main},
                       {"linear_program", linear_program_main},
                       {"support_enumeration", support_enumeration_main},
                       {"vertex_enumeration", vertex_enumeration_main},
                       {"lemke_howson", lemke_howson_main},
                       {"polynomial_equilibria", polynomial_equilibria_main},
                       {"refinements", refinements_main},
                       {"commitment", commitment_main},
                       {"correlated_equilibrium", correlated_equilibrium_main}});
}
