// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// What the program, `dag solvers`, the laws of all solvers and the device's tests do with the list:
// none of them names the new solver, and all of them find it.
#include <cstdio>

#include <dag/eigen.hpp>
#include <dag/solver/first_order.hpp>
#include <dag/solver/list.hpp>

static_assert(dag::find_solver("toy_descent") != nullptr);
static_assert(dag::find_theory("toy_descent")->exponent == 0.5);

int main() {
  Eigen::MatrixXd payoff(2, 2);
  payoff << 3, -1, -2, 1;
  const dag::MatrixGame game{payoff};
  int ran = 0;
  dag::for_each_call([](const dag::SolverInfo& row) { return row.name == "toy_descent"; },
                     [&](const auto& solver) {
                       const auto found =
                           solver(game, dag::SolverOptions<double>{.tolerance = 0.1});
                       ran += found.status == dag::Status::converged ? 1 : 0;
                     });
  std::printf("%d solver of that name ran\n", ran);
  return ran == 1 ? 0 : 1;
}
