// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A convex-concave quadratic: max over x, min over y of -x^2/2 + 2 x y + y^2/2 - x + y, all reals.
//! [quadratic]
#include <dag/eigen.hpp>

#include <cmath>
#include <cstdio>

struct Quadratic {
  using scalar_type = double;
  using backend_type = dag::eigen;
  using Line = dag::Euclidean<dag::WholeSpace<double>>;

  const dag::eigen& backend() const { return cpu; }
  const dag::Product<Line, Line>& players() const { return lines; }
  void field(dag::StateView<const double> z, std::span<double> ascent) const {
    ascent[0] = -z.point[0] + 2 * z.point[1] - 1;    // d/dx, who maximises
    ascent[1] = -(2 * z.point[0] + z.point[1] + 1);  // minus d/dy, who minimises
  }
  dag::eigen cpu;
  dag::Product<Line, Line> lines{Line(dag::WholeSpace<double>(1)),
                                 Line(dag::WholeSpace<double>(1))};
};

int main() {
  const auto found = dag::mirror_prox(Quadratic{}, {.tolerance = 1e-9});
  const double x = found.strategy(0)(0), y = found.strategy(1)(0);
  std::printf("saddle point (%.6f, %.6f), residual %.1e\n", x, y, found.residual);
  const bool right = std::abs(x + 0.6) < 1e-7 && std::abs(y - 0.2) < 1e-7;
  return found.status == dag::Status::converged && right ? 0 : 1;
}
//! [quadratic]
