// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Every solver on the device this is compiled for: same bits from run to run, distributions, gaps
// that fall. backend_solvers.cpp holds the same runs to the CPU backend.
#include "every_solver.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include <dag/gpu/cuda_backend.hpp>

TEST_CASE("every solver runs on the device, with the same bits from run to run") {
  const every_solver::Run<dag::cuda> first(60), second(60), start(0);
  for (std::size_t i = 0; i < first.found.size(); ++i) {
    const auto& found = first.found[i];
    CAPTURE(found.name);
    CHECK(found.point == second.found[i].point);
    CHECK(found.gap == second.found[i].gap);
    // On these no rate is promised for a bilinear game: they may circle away.
    if (found.name.rfind("best_response_dynamics", 0) != 0 &&
        found.name != "gradient_descent_ascent") {
      CHECK(found.gap <= start.found[i].gap);
    }
    double total = 0;
    for (const double entry : found.point) {
      CHECK(std::isfinite(entry));
      total += entry;
    }
    if (found.name.rfind("box", 0) != 0) {
      CHECK(std::abs(total - 2) <= 1e-12);
    }
  }
}
