// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A game of one's own: a Cournot duopoly, where two firms choose quantities. A game says who plays
// (a product of convex sets) and which way each player wants to move; every solver then applies.
#include <dag/eigen.hpp>

#include <cmath>
#include <cstdio>

//! [user_game]
// Price 10 - q0 - q1, unit cost 1: firm i earns q_i (9 - q0 - q1) with q_i in [0, 9].
struct Cournot {
  using scalar_type = double;
  using backend_type = dag::eigen;
  using Firm = dag::Euclidean<dag::Box<double>>;

  const dag::eigen& backend() const { return cpu; }
  const dag::Product<Firm, Firm>& players() const { return firms; }
  void field(dag::StateView<const double> q, std::span<double> ascent) const {
    ascent[0] = 9 - 2 * q.point[0] - q.point[1];  // d earnings of firm 0 / d q0
    ascent[1] = 9 - 2 * q.point[1] - q.point[0];
  }

  dag::eigen cpu;
  dag::Product<Firm, Firm> firms{Firm(dag::Box<double>(1, 0, 9)), Firm(dag::Box<double>(1, 0, 9))};
};
static_assert(dag::MonotoneGame<Cournot>);
//! [user_game]

int main() {
  //! [solve_user_game]
  const auto found = dag::mirror_prox(Cournot{}, {.tolerance = 1e-10});
  //! [solve_user_game]
  const double q0 = found.strategy(0)(0);
  const double q1 = found.strategy(1)(0);
  std::printf("Cournot equilibrium: q = (%.9f, %.9f), gap %.1e after %lld rounds (exact: 3, 3)\n",
              q0, q1, found.gap, static_cast<long long>(found.iterations));
  const bool holds = std::abs(q0 - 3) < 1e-5 && std::abs(q1 - 3) < 1e-5;
  return found.status == dag::Status::converged && holds ? 0 : 1;
}
