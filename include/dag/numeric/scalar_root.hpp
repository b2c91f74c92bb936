// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include <dag/core/error.hpp>

namespace dag {

/// When a scalar root search stops.
template <std::floating_point Scalar>
struct RootOptions {
  Scalar relative_tolerance = 0;  ///< half-width / |root|; 4 eps is always allowed for
  Scalar absolute_tolerance = 0;  ///< half-width; 0: to the precision of Scalar
  Scalar value_tolerance = 0;     ///< stop when |f| <= this; 0: only at an exact zero
  int max_iterations = 200;       ///< evaluations of f after the two ends

  friend bool operator==(const RootOptions&, const RootOptions&) = default;
};

/// Where a search ended: the root lies between `low` and `high`, `root` is the end (or the point)
/// with the smaller |f|.
template <std::floating_point Scalar>
struct RootResult {
  Scalar root = 0;
  Scalar value = 0;  ///< f(root)
  Scalar low = 0;
  Scalar high = 0;
  int iterations = 0;
  bool converged = false;

  friend bool operator==(const RootResult&, const RootResult&) = default;
};

namespace detail {

template <std::floating_point Scalar>
[[nodiscard]] Scalar root_width(Scalar at, const RootOptions<Scalar>& options) noexcept {
  constexpr Scalar epsilon = std::numeric_limits<Scalar>::epsilon();
  return 2 * options.absolute_tolerance +
         2 * (options.relative_tolerance + epsilon) * std::abs(at) +
         std::numeric_limits<Scalar>::min();
}

template <std::floating_point Scalar>
[[nodiscard]] bool opposite_signs(Scalar a, Scalar b) noexcept {
  return (a <= 0 && b >= 0) || (a >= 0 && b <= 0);
}

}  // namespace detail

/// A zero of a continuous f between low and high, where f must change sign (a zero at an end
/// counts); unique when f is monotone. Bisection with inverse quadratic interpolation wherever
/// Chandrupatla's criterion trusts it: never leaves the bracket, no derivative.
/// Source: Chandrupatla (1997), doi:10.1016/S0965-9978(96)00051-8.
/// f(x) may be infinite. Throws `invalid_argument` when the bracket or the signs are wrong,
/// `not_finite` when f returns NaN. Allocates nothing.
template <std::floating_point Scalar, class Function>
[[nodiscard]] RootResult<Scalar> find_root(Function&& function, Scalar low, Scalar high,
                                           const RootOptions<Scalar>& options = {}) {
  require(low <= high && high - low <= std::numeric_limits<Scalar>::max(), Errc::invalid_argument,
          "find_root: need finite low <= high, got ", low, " and ", high);
  Scalar a = low, b = high;
  Scalar fa = function(a), fb = function(b);
  require(detail::opposite_signs(fa, fb), Errc::invalid_argument,
          "find_root: f must change sign between the ends; widen the bracket. f(", low, ") = ", fa,
          ", f(", high, ") = ", fb);
  Scalar c = a, fc = fa;  // the point before: b and c bracket until a new point decides
  RootResult<Scalar> result;
  Scalar fraction = Scalar(0.5);
  for (;;) {
    const bool first_is_best = std::abs(fa) < std::abs(fb);
    result.root = first_is_best ? a : b;
    result.value = first_is_best ? fa : fb;
    result.low = a < b ? a : b;
    result.high = a < b ? b : a;
    const Scalar width = detail::root_width(result.root, options);
    if (std::abs(result.value) <= options.value_tolerance || std::abs(b - a) <= width) {
      result.converged = true;
      return result;
    }
    if (result.iterations >= options.max_iterations) {
      return result;
    }
    const Scalar margin = width / (2 * std::abs(b - a));
    fraction = fraction < margin ? margin : (fraction > 1 - margin ? 1 - margin : fraction);
    const Scalar x = a + fraction * (b - a);
    const Scalar fx = function(x);
    ++result.iterations;
    require(fx == fx, Errc::not_finite, "find_root: f must not return NaN; it does at ", x);
    if ((fx > 0) == (fa > 0) && fx != 0) {
      c = a, fc = fa;
    } else {
      c = b, fc = fb;
      b = a, fb = fa;
    }
    a = x, fa = fx;
    // Interpolate x as a function of f through the three points if it is monotone enough there.
    const Scalar xi = (a - b) / (c - b);
    const Scalar phi = (fa - fb) / (fc - fb);
    fraction = Scalar(0.5);
    if (phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi) {
      const Scalar guess =
          fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * (fa / (fc - fa)) * (fb / (fc - fb));
      fraction = guess > 0 && guess < 1 ? guess : Scalar(0.5);
    }
  }
}

/// A pair f(x), f'(x).
template <std::floating_point Scalar>
struct ValueAndSlope {
  Scalar value;
  Scalar slope;
};

/// The same with derivatives: Newton's step from `start` where it stays inside the shrinking
/// bracket and is at most half the step before the last, bisection otherwise. `function(x)` returns
/// a `ValueAndSlope`. Quadratic near a simple root, and safe for any monotone f. Throws as
/// `find_root`; `start` must lie in [low, high].
template <std::floating_point Scalar, class Function>
[[nodiscard]] RootResult<Scalar> find_root_newton(Function&& function, Scalar low, Scalar high,
                                                  Scalar start,
                                                  const RootOptions<Scalar>& options = {}) {
  require(low <= start && start <= high && high - low <= std::numeric_limits<Scalar>::max(),
          Errc::invalid_argument, "find_root_newton: need finite low <= start <= high, got ", low,
          ", ", start, ", ", high);
  const Scalar f_low = function(low).value, f_high = function(high).value;
  require(detail::opposite_signs(f_low, f_high), Errc::invalid_argument,
          "find_root_newton: f must change sign between the ends; widen the bracket. f(", low,
          ") = ", f_low, ", f(", high, ") = ", f_high);
  const bool rising = f_low < f_high;
  RootResult<Scalar> result{low, f_low, low, high, 0, f_low == 0};
  if (f_high == 0 && f_low != 0) {
    result = {high, f_high, low, high, 0, true};
  }
  Scalar x = start;
  Scalar step_before = high - low, step_last = high - low;
  while (!result.converged && result.iterations < options.max_iterations) {
    const ValueAndSlope<Scalar> at = function(x);
    ++result.iterations;
    require(at.value == at.value, Errc::not_finite,
            "find_root_newton: f must not return NaN; it does at ", x);
    ((at.value > 0) == rising ? result.high : result.low) = x;
    result.root = x;
    result.value = at.value;
    const Scalar tolerance = detail::root_width(x, options) / 2;
    Scalar step = at.value / at.slope;
    if (std::abs(at.value) <= options.value_tolerance || std::abs(step) <= tolerance ||
        result.high - result.low <= 2 * tolerance) {
      result.converged = true;
      break;
    }
    const Scalar newton = x - step;
    if (!(newton > result.low && newton < result.high && std::abs(2 * step) <= step_before)) {
      step = (result.high - result.low) / 2;
      x = result.low + step;
    } else {
      x = newton;
    }
    step_before = step_last;
    step_last = std::abs(step);
  }
  return result;
}

/// Moves outward from `start` by `step`, doubling it, until f changes sign: f must be monotone and
/// defined on (lower, upper); negative steps search downwards. Returns {low, high} as ends for the
/// searches above. Throws `invalid_argument` when the limit (or 2^60 steps) is reached first.
template <std::floating_point Scalar, class Function>
[[nodiscard]] RootResult<Scalar> bracket_root(Function&& function, Scalar start, Scalar step,
                                              Scalar lower = -std::numeric_limits<Scalar>::max(),
                                              Scalar upper = std::numeric_limits<Scalar>::max()) {
  require(lower <= start && start <= upper && (step > 0 || step < 0), Errc::invalid_argument,
          "bracket_root: need lower <= start <= upper and a step != 0, got ", lower, ", ", start,
          ", ", upper, " and step ", step);
  Scalar here = start, f_here = function(here);
  for (int round = 0; round < 60; ++round, step *= 2) {
    Scalar next = here + step;
    next = next < lower ? lower : (next > upper ? upper : next);
    const Scalar f_next = function(next);
    if (detail::opposite_signs(f_here, f_next)) {
      const bool up = here < next;
      return {next, f_next, up ? here : next, up ? next : here, round + 1, true};
    }
    if (next == here) {
      break;
    }
    here = next, f_here = f_next;
  }
  fail(Errc::invalid_argument, "bracket_root: no sign change from ", start, " to ", here,
       "; f there is ", f_here);
}

}  // namespace dag
