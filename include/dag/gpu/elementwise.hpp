// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include <dag/detail/config.hpp>

/// Functors for Thrust: plain structs, so that no extended-lambda flag is needed.
namespace dag::device {

/// number
template <class Real>
struct Constant {
  Real number;
  DAG_HOST_DEVICE Real operator()(Real) const { return number; }
};
/// y + number x
template <class Real>
struct Axpy {
  Real number;
  DAG_HOST_DEVICE Real operator()(Real x, Real y) const { return y + number * x; }
};
/// y + number (x - y)
template <class Real>
struct Interpolate {
  Real number;
  DAG_HOST_DEVICE Real operator()(Real x, Real y) const { return y + number * (x - y); }
};
/// a x + b y
template <class Real>
struct Combine {
  Real a;
  Real b;
  DAG_HOST_DEVICE Real operator()(Real x, Real y) const { return a * x + b * y; }
};
/// log x
struct Log {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x) const {
    return std::log(x);
  }
};
/// exp x
struct Exp {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x) const {
    return std::exp(x);
  }
};
/// max(x, 0)
struct PositivePart {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x) const {
    return x > 0 ? x : Real{0};
  }
};
/// x
struct Identity {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x) const {
    return x;
  }
};
/// x y
struct Product {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x, Real y) const {
    return x * y;
  }
};
/// |x - y|
struct AbsDifference {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x, Real y) const {
    return std::abs(x - y);
  }
};
/// (x - y)^2
struct SquaredDifference {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x, Real y) const {
    return (x - y) * (x - y);
  }
};
/// 1 for NaN and infinities, else 0.
struct IsNotFinite {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x) const {
    return x - x == Real{0} ? Real{0} : Real{1};
  }
};

}  // namespace dag::device
