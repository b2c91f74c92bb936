// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/numeric/dual_active_set.hpp>

#include <dag/core/random.hpp>

#include <doctest/doctest.h>

#include <vector>

TEST_CASE("random programs end at points that satisfy the optimality conditions") {
  dag::RandomStream stream(11, 0);
  for (int draw = 0; draw < 200; ++draw) {
    const std::size_t size = 1 + stream.below(12), count = 1 + stream.below(40);
    // Feasible by construction: <n_i, feasible> >= bound_i. Some normals repeat or are opposite.
    std::vector<double> feasible(size), bounds(count);
    std::vector<std::vector<double>> normals(count, std::vector<double>(size));
    for (double& value : feasible) {
      value = 3 * stream.normal();
    }
    for (std::size_t i = 0; i < count; ++i) {
      for (double& value : normals[i]) {
        value = stream.normal();
      }
      if (i > 0 && stream.below(5) == 0) {
        normals[i] = normals[i - 1];
      }
      bounds[i] = -0.5 * stream.uniform();
      for (std::size_t j = 0; j < size; ++j) {
        bounds[i] += normals[i][j] * feasible[j];
      }
    }
    dag::DualActiveSet<double> solver(size);
    double before = 0;
    for (int round = 0;; ++round) {
      REQUIRE(round < 1000);
      std::size_t worst = 0;
      double most = 1e-10;
      for (std::size_t i = 0; i < count; ++i) {
        double missing = bounds[i];
        for (std::size_t j = 0; j < size; ++j) {
          missing -= normals[i][j] * solver.point()[j];
        }
        if (missing > most) {
          most = missing;
          worst = i;
        }
      }
      if (most <= 1e-10) {
        break;
      }
      REQUIRE(solver.add(normals[worst], bounds[worst], worst) == dag::ActiveSetStep::added);
      REQUIRE(solver.squared_norm() >= before - 1e-9);  // a lower bound that only grows
      before = solver.squared_norm();
    }
    // u = sum of multiplier * normal, multipliers >= 0, active constraints tight.
    std::vector<double> combination(size);
    for (std::size_t a = 0; a < solver.active().size(); ++a) {
      const std::size_t i = solver.active()[a];
      CHECK(solver.multipliers()[a] >= 0);
      double value = 0;
      for (std::size_t j = 0; j < size; ++j) {
        combination[j] += solver.multipliers()[a] * normals[i][j];
        value += normals[i][j] * solver.point()[j];
      }
      CHECK(std::abs(value - bounds[i]) <= 1e-8);
    }
    for (std::size_t j = 0; j < size; ++j) {
      CHECK(std::abs(combination[j] - solver.point()[j]) <= 1e-8);
    }
  }
}

TEST_CASE("infeasible, satisfied and malformed constraints are told apart") {
  dag::DualActiveSet<double> solver(2);
  CHECK(solver.add(std::vector<double>{1, 0}, -1, 0) == dag::ActiveSetStep::satisfied);
  CHECK(solver.add(std::vector<double>{1, 0}, 2, 1) == dag::ActiveSetStep::added);
  CHECK(solver.point()[0] == doctest::Approx(2));
  CHECK(solver.add(std::vector<double>{-1, 0}, -1, 2) == dag::ActiveSetStep::infeasible);
  CHECK_THROWS_AS(solver.add(std::vector<double>{1}, 0, 3), dag::Error);
  CHECK_THROWS_AS(solver.add(std::vector<double>{std::nan(""), 0}, 0, 3), dag::Error);
  CHECK_THROWS_AS(solver.add(std::vector<double>{1, 0}, std::nan(""), 3), dag::Error);
}
