// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Programs of the solvers' pages in one: each is a program of its own; here their mains have other
// names, so that one file is compiled. Exits with the number of programs that failed.
#define main mirror_descent_main
#include "mirror_descent.cpp"
#undef main
#define main mirror_prox_main
#include "mirror_prox.cpp"
#undef main
#define main optimistic_mirror_descent_main
#include "optimistic_mirror_descent.cpp"
#undef main
#define main magnetic_mirror_descent_main
#include "magnetic_mirror_descent.cpp"
#undef main
#define main primal_dual_hybrid_gradient_main
#include "primal_dual_hybrid_gradient.cpp"
#undef main
#define main reflected_halpern_main
#include "reflected_halpern.cpp"
#undef main
#define main regret_matching_main
#include "regret_matching.cpp"
#undef main
#define main responses_main
#include "responses.cpp"
#undef main
#define main interior_point_main
#include "interior_point.cpp"
#undef main
#define main zero_sum_main
#include "zero_sum.cpp"
#undef main
#define main newton_main
#include "newton.cpp"
#undef main

#include "../run_programs.hpp"

int main() {
  return run_programs({{"mirror_descent", mirror_descent_main},
                       {"mirror_prox", mirror_prox_main},
                       {"optimistic_mirror_descent", optimistic_mirror_descent_main},
                       {"magnetic_mirror_descent", magnetic_mirror_descent_main},
                       {"primal_dual_hybrid_gradient", primal_dual_hybrid_gradient_main},
                       {"reflected_halpern", reflected_halpern_main},
                       {"regret_matching", regret_matching_main},
                       {"responses", responses_main},
                       {"interior_point", interior_point_main},
                       {"zero_sum", zero_sum_main},
                       {"newton", newton_main}});
}
