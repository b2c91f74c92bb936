// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/numeric/dense.hpp>

namespace dag {

/// When a damped Newton minimisation stops, and how it searches along a step.
template <std::floating_point Scalar>
struct NewtonOptions {
  Scalar tolerance = 1e-12;  ///< on half the squared Newton decrement, about f(x) - min f
  int max_iterations = 100;
  Scalar sufficient_decrease = Scalar(1e-4);  ///< Armijo's constant

  friend bool operator==(const NewtonOptions&, const NewtonOptions&) = default;
};

template <std::floating_point Scalar>
struct NewtonResult {
  Scalar value = 0;         ///< f at the returned point
  Scalar decrement = 0;     ///< g' H^-1 g / 2 there, before its last step
  Scalar gradient_max = 0;  ///< max |gradient| at the returned point
  int iterations = 0;
  bool converged = false;

  friend bool operator==(const NewtonResult&, const NewtonResult&) = default;
};

/// Minimises a smooth convex f of a few hundred variables at most from the point in `x`, in place,
/// by Newton's method with backtracking; a Hessian that is not positive definite is shifted by a
/// multiple of the identity. Globally convergent on strictly convex f, quadratic at the end.
///
/// `function(point, gradient, hessian)` returns f(point), +inf outside its domain (never at the
/// start), and fills gradient (n) and the lower triangle of the row-major hessian (n x n) unless
/// those spans are empty. Allocates O(n^2) once; deterministic.
/// Throws `invalid_argument` for a start outside the domain, `not_finite` for NaN from `function`.
template <std::floating_point Scalar, class Function>
NewtonResult<Scalar> minimize_newton(Function&& function, std::span<Scalar> x,
                                     const NewtonOptions<Scalar>& options = {}) {
  const std::size_t size = x.size();
  require(options.tolerance >= 0 && options.max_iterations >= 0 &&
              options.sufficient_decrease > 0 && options.sufficient_decrease < Scalar(0.5),
          Errc::invalid_argument, "minimize_newton: tolerance and max_iterations must be >= 0 and ",
          "sufficient_decrease in (0, 1/2), got ", options.tolerance, ", ", options.max_iterations,
          ", ", options.sufficient_decrease);
  constexpr Scalar epsilon = std::numeric_limits<Scalar>::epsilon();
  std::vector<Scalar> gradient(size), step(size), trial(size), hessian(size * size),
      factor(size * size);
  NewtonResult<Scalar> result;
  for (;; ++result.iterations) {
    result.value = function(std::span<const Scalar>(x), std::span<Scalar>(gradient),
                            std::span<Scalar>(hessian));
    require(std::abs(result.value) <= std::numeric_limits<Scalar>::max(),
            result.iterations == 0 ? Errc::invalid_argument : Errc::not_finite,
            "minimize_newton: f must be finite at the start and at accepted points, got ",
            result.value, " in round ", result.iterations);
    result.gradient_max = 0;
    for (const Scalar slope : gradient) {
      require(std::abs(slope) <= std::numeric_limits<Scalar>::max(), Errc::not_finite,
              "minimize_newton: the gradient must be finite, got ", slope, " in round ",
              result.iterations);
      result.gradient_max = std::fmax(result.gradient_max, std::abs(slope));
    }
    Scalar trace = 0;
    for (std::size_t i = 0; i < size; ++i) {
      trace += std::abs(hessian[i * size + i]);
    }
    Scalar shift = 0;
    for (;;) {
      factor = hessian;
      for (std::size_t i = 0; i < size; ++i) {
        factor[i * size + i] += shift;
      }
      if (cholesky_factor(factor, size)) {
        break;
      }
      shift = shift > 0 ? 10 * shift : 10 * epsilon * (trace + std::numeric_limits<Scalar>::min());
      require(shift <= std::numeric_limits<Scalar>::max(), Errc::not_finite,
              "minimize_newton: the Hessian must be finite, in round ", result.iterations);
    }
    step = gradient;
    cholesky_solve(factor, step);
    Scalar slope = 0;
    for (std::size_t i = 0; i < size; ++i) {
      slope += gradient[i] * step[i];
    }
    result.decrement = slope / 2;
    // Below the rounding error of f no line search can tell better from worse: take one plain step
    // (it is quadratically better) and stop.
    const Scalar noise = 4 * epsilon * std::abs(result.value);
    const bool last = result.decrement <= options.tolerance;
    if ((!last && result.iterations >= options.max_iterations) || size == 0) {
      result.converged = size == 0;
      return result;
    }
    Scalar length = 1, value = 0;
    for (int halvings = 0;; ++halvings) {
      for (std::size_t i = 0; i < size; ++i) {
        trial[i] = x[i] - length * step[i];
      }
      value = function(std::span<const Scalar>(trial), std::span<Scalar>(), std::span<Scalar>());
      require(value == value, Errc::not_finite, "minimize_newton: f must not return NaN, in round ",
              result.iterations);
      if (value <= result.value - options.sufficient_decrease * length * slope + noise) {
        break;
      }
      if (halvings >= 60) {  // no descent left that f can resolve
        result.converged = last;
        return result;
      }
      length /= 2;
    }
    for (std::size_t i = 0; i < size; ++i) {
      x[i] = trial[i];
    }
    if (last) {
      result.value = function(std::span<const Scalar>(x), std::span<Scalar>(gradient),
                              std::span<Scalar>(hessian));
      result.gradient_max = 0;
      for (const Scalar entry : gradient) {
        result.gradient_max = std::fmax(result.gradient_max, std::abs(entry));
      }
      ++result.iterations;
      result.converged = true;
      return result;
    }
  }
}

}  // namespace dag
