// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Three firms choose quantities; the price is 10 - q0 - q1 - q2, the costs are 1, 2 and 3.
//! [cournot]
#include <dag/eigen.hpp>

#include <cmath>
#include <cstdio>

struct Oligopoly {
  using scalar_type = double;
  using backend_type = dag::eigen;
  using Firm = dag::Euclidean<dag::Box<double>>;

  const dag::eigen& backend() const { return cpu; }
  const dag::Product<Firm, Firm, Firm>& players() const { return firms; }
  void field(dag::StateView<const double> q, std::span<double> ascent) const {
    for (std::size_t i = 0; i < 3; ++i) {  // d/dq_i of q_i (price - cost)
      ascent[i] =
          10 - q.point[0] - q.point[1] - q.point[2] - q.point[i] - (1 + static_cast<double>(i));
    }
  }
  dag::eigen cpu;
  dag::Product<Firm, Firm, Firm> firms{Firm(dag::Box<double>(1, 0, 10)),
                                       Firm(dag::Box<double>(1, 0, 10)),
                                       Firm(dag::Box<double>(1, 0, 10))};
};

int main() {
  const auto q = dag::mirror_prox(Oligopoly{}, {.tolerance = 1e-10});  // exact: 3, 2, 1
  std::printf("%.6f %.6f %.6f\n", q.strategy(0)(0), q.strategy(1)(0), q.strategy(2)(0));
  return q.status == dag::Status::converged && std::abs(q.strategy(2)(0) - 1) < 1e-4 ? 0 : 1;
}
//! [cournot]
