// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A potential of one's own in about ten lines: the Fermi-Dirac (bit) entropy on [0, 1]. From its
// value, derivative and curvature dag makes a Bregman divergence with both gradients: the sum of
// the KL divergences between coins.
#include <dag/divergence/bregman.hpp>
#include <dag/divergence/kl.hpp>
#include <dag/numeric/xlogx.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

//! [potential]
struct BitEntropy {
  double lower() const { return 0; }
  double value(double x) const { return dag::xlogx(x) + dag::xlogx(1 - x); }
  double derivative(double x) const { return std::log(x) - std::log(1 - x); }
  double curvature(double x) const { return 1 / (x * (1 - x)); }
};
static_assert(dag::SeparablePotential<BitEntropy>);
//! [potential]

int main() {
  const std::vector<double> p{0.1, 0.6, 0.35}, q{0.2, 0.5, 0.9};
  const double found = dag::Bregman<BitEntropy>{}.value(p, q);
  double coins = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    coins += dag::KlDivergence{}.value(std::vector{p[i], 1 - p[i]}, std::vector{q[i], 1 - q[i]});
  }
  std::printf(
      "Bregman divergence of the bit entropy %.15f\nsum of KLs between coins          %.15f\n",
      found, coins);
  const bool holds = std::abs(found - coins) < 1e-14;
  std::printf("they agree: %s\n", holds ? "yes" : "NO");
  return holds ? 0 : 1;
}
