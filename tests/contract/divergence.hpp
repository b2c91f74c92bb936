// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <contract/report.hpp>

#include <dag/testing/check_divergence.hpp>

#include <concepts>
#include <limits>

/// A divergence's test is one line: its value and what is particular to it.
namespace contract {

using dag::testing::DivergenceChecks;
using dag::testing::mix;
using dag::testing::random_distribution;

template <class Real, class D>
void check_divergence(const D& divergence, const DivergenceChecks& checks) {
  expect(dag::testing::check_divergence<Real>(divergence, checks));
}

/// A potential without `term`, so that the plain formula is tested too.
template <class P>
struct PlainPotential {
  P inner;
  double lower() const {
    if constexpr (requires { inner.lower(); }) {
      return inner.lower();
    } else {
      return -std::numeric_limits<double>::infinity();
    }
  }
  template <std::floating_point Real>
  Real value(Real x) const {
    return inner.value(x);
  }
  template <std::floating_point Real>
  Real derivative(Real x) const {
    return inner.derivative(x);
  }
  template <std::floating_point Real>
  Real curvature(Real x) const {
    return inner.curvature(x);
  }
};

}  // namespace contract
