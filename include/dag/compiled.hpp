// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What programs call most, compiled once: include this header and link the target dag::compiled,
/// and a file that calls a function of the list below costs what its headers cost. Other calls
/// compile as ever. Without the target (which defines DAG_COMPILED) this is a list of includes.
///
/// In the list, for double and float: mirror_prox and optimistic_mirror_descent of matrix games.
/// For double: solve_zero_sum and any_equilibrium; their own headers say so, and including one of
/// them is enough. The library is compiled with the flags of the project that links it; a file with
/// another instruction set does not find it (detail/config.hpp: DAG_BINARY_NAMESPACE).
#include <dag/eigen.hpp>
#include <dag/solver/matrix/zero_sum.hpp>

/// The list; LINKAGE is `extern` here and nothing in the file that compiles it.
#define DAG_COMPILED_LIST(LINKAGE)                                                   \
  LINKAGE template dag::ZeroSumSolution dag::solve_zero_sum(                         \
      const dag::MatrixGame<double, dag::eigen>&, const dag::SolverOptions<double>&, \
      const dag::ZeroSumCutoffs&);                                                   \
  DAG_COMPILED_SOLVERS(LINKAGE, double)                                              \
  DAG_COMPILED_SOLVERS(LINKAGE, float)
#define DAG_COMPILED_SOLVERS(LINKAGE, REAL)                                           \
  LINKAGE template dag::Solution<dag::MatrixGame<REAL, dag::eigen>> dag::mirror_prox( \
      const dag::MatrixGame<REAL, dag::eigen>&, const dag::SolverOptions<REAL>&);     \
  LINKAGE template dag::Solution<dag::MatrixGame<REAL, dag::eigen>>                   \
  dag::optimistic_mirror_descent(const dag::MatrixGame<REAL, dag::eigen>&,            \
                                 const dag::SolverOptions<REAL>&, const dag::OptimisticOptions&);

#if defined(DAG_COMPILED) && !defined(DAG_COMPILED_HERE)
DAG_COMPILED_LIST(extern)
#endif
