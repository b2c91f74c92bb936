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

namespace dag {

/// Moves `angle` uphill on a smooth function that is known at angle (`value`) and peaks within
/// `reach`: the vertex of the parabola through three points, three times with a tenth of the reach.
/// Updates both; nine evaluations.
template <std::floating_point Scalar, class Function>
void refine_maximum(Function&& function, Scalar& angle, Scalar& value, Scalar reach) {
  for (int round = 0; round < 3; ++round, reach /= 10) {
    const Scalar left = function(angle - reach), right = function(angle + reach);
    const Scalar curvature = left - 2 * value + right;
    Scalar shift = curvature < 0 ? (left - right) / (2 * curvature) : Scalar(0);
    if (!(std::abs(shift) <= 1)) {
      shift = shift > 0 ? Scalar(1) : Scalar(-1);
    }
    const Scalar moved = function(angle + shift * reach);
    if (moved > value) {
      angle += shift * reach;
      value = moved;
    }
  }
}

/// A best weighted approximation on (0, 1] by a polynomial r of the given degree, in the angle
/// theta with x = sin^2(theta/2): the alternating points and the values r takes there.
/// `operator()(theta)` evaluates r by the barycentric formula, stable for any degree.
template <std::floating_point Scalar>
struct BestApproximation {
  Scalar error = 0;    ///< signed levelled error: weight (r - f) = (-1)^i error at angles[i]
  Scalar largest = 0;  ///< max weight |r - f| found; error <= true minimum <= largest
  int iterations = 0;
  bool converged = false;
  std::vector<Scalar> angles;          ///< degree + 2 of them, increasing in (0, pi]
  std::vector<Scalar> values;          ///< r there
  std::vector<Scalar> weights;         ///< barycentric weights
  std::vector<Scalar> sines, cosines;  ///< of angles / 2

  /// r(sin^2(theta/2)); O(degree).
  [[nodiscard]] Scalar operator()(Scalar theta) const {
    const Scalar sine = std::sin(theta / 2), cosine = std::cos(theta / 2);
    Scalar numerator = 0, denominator = 0;
    for (std::size_t i = 0; i < angles.size(); ++i) {
      // sin^2 a - sin^2 b = sin(a + b) sin(a - b): accurate near both ends.
      const Scalar left = sine * cosines[i], right = cosine * sines[i];
      const Scalar difference = (left - right) * (left + right);
      if (difference == 0) {
        return values[i];
      }
      const Scalar share = weights[i] / difference;
      numerator += share * values[i];
      denominator += share;
    }
    return numerator / denominator;
  }
};

namespace detail {

/// Levelled interpolation on the current angles: fills weights, values and the error.
template <std::floating_point Scalar, class Function, class Weight>
void level(BestApproximation<Scalar>& fit, Function&& function, Weight&& weight) {
  const std::size_t count = fit.angles.size();
  fit.values.resize(count);
  fit.weights.assign(count, Scalar(1));
  fit.sines.resize(count);
  fit.cosines.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    fit.sines[i] = std::sin(fit.angles[i] / 2);
    fit.cosines[i] = std::cos(fit.angles[i] / 2);
  }
  Scalar numerator = 0, denominator = 0, sign = 1;
  for (std::size_t i = 0; i < count; ++i, sign = -sign) {
    for (std::size_t j = 0; j < count; ++j) {
      if (j != i) {
        const Scalar left = fit.sines[i] * fit.cosines[j], right = fit.cosines[i] * fit.sines[j];
        fit.weights[i] /= 4 * (left - right) * (left + right);  // 4: products of O(1)
      }
    }
    const Scalar x = fit.sines[i] * fit.sines[i];
    fit.values[i] = function(x);
    numerator += fit.weights[i] * fit.values[i];
    denominator += sign * fit.weights[i] / weight(x);
  }
  fit.error = -numerator / denominator;
  sign = 1;
  for (std::size_t i = 0; i < count; ++i, sign = -sign) {
    fit.values[i] += sign * fit.error / weight(fit.sines[i] * fit.sines[i]);
  }
}

}  // namespace detail

/// min over polynomials r of a degree of max over (0, 1] of weight(x) |r(x) - function(x)|, by
/// Remez' exchange of all points at once. weight > 0 on (0, 1]; weight * r and weight * function
/// must vanish at 0, so that 0 is no point of the alternation (for log, weight x). Works on values
/// at the alternating points only, so that no basis limits the degree: with long double up to 1024
/// and more. Source: Remez (1934); barycentric form as in Pachon and Trefethen (2009),
/// doi:10.1007/s10543-009-0240-1. O(degree^2) a round, about five rounds; converged when largest
/// exceeds |error| by less than `tolerance` relative.
template <std::floating_point Scalar, class Function, class Weight>
[[nodiscard]] BestApproximation<Scalar> best_approximation(Function&& function, Weight&& weight,
                                                           std::size_t degree,
                                                           Scalar tolerance = Scalar(1e-9),
                                                           int max_iterations = 40) {
  require(tolerance > 0 && max_iterations > 0, Errc::invalid_argument,
          "best_approximation: tolerance and max_iterations must be > 0, got ", tolerance, ", ",
          max_iterations);
  constexpr Scalar pi = static_cast<Scalar>(3.14159265358979323846264338327950288L);
  const std::size_t count = degree + 2;
  BestApproximation<Scalar> fit;
  for (std::size_t i = 0; i < count; ++i) {
    fit.angles.push_back(pi * (static_cast<Scalar>(i) + Scalar(0.5)) /
                         (static_cast<Scalar>(count) - Scalar(0.5)));
  }
  const auto error_at = [&](Scalar theta) {
    const Scalar x = std::sin(theta / 2) * std::sin(theta / 2);
    return weight(x) * (fit(theta) - function(x));
  };
  constexpr std::size_t pieces = 4;  // scan points between two alternating points
  std::vector<Scalar> peaks, heights;
  while (fit.iterations < max_iterations) {
    detail::level(fit, function, weight);
    ++fit.iterations;
    peaks.clear();
    heights.clear();  // signed error at the peak of each run of one sign
    fit.largest = 0;
    const auto close_run = [&](Scalar& angle, Scalar& height, Scalar reach) {
      const Scalar sign = height > 0 ? Scalar(1) : Scalar(-1);
      Scalar size = std::abs(height);
      refine_maximum([&](Scalar theta) { return sign * error_at(theta); }, angle, size, reach);
      peaks.push_back(angle < pi ? angle : pi);
      heights.push_back(sign * size);
      fit.largest = size > fit.largest ? size : fit.largest;
    };
    Scalar best_angle = 0, best_height = 0, best_reach = 0;
    const bool open = fit.angles.back() < pi;
    for (std::size_t i = 0; i < count + (open ? 1 : 0); ++i) {
      const Scalar begin = i == 0 ? Scalar(0) : fit.angles[i - 1];
      const Scalar end = i < count ? fit.angles[i] : pi;
      const Scalar reach = (end - begin) / static_cast<Scalar>(pieces);
      for (std::size_t piece = 1; piece <= pieces; ++piece) {
        const Scalar theta = piece == pieces ? end : begin + static_cast<Scalar>(piece) * reach;
        const Scalar height = error_at(theta);
        if (best_reach > 0 && (height > 0) != (best_height > 0)) {
          close_run(best_angle, best_height, best_reach);
          best_height = 0;
        }
        if (std::abs(height) >= std::abs(best_height)) {
          best_angle = theta, best_height = height, best_reach = reach;
        }
      }
    }
    close_run(best_angle, best_height, best_reach);
    if (fit.largest - std::abs(fit.error) <= tolerance * std::abs(fit.error)) {
      fit.converged = true;
      break;
    }
    std::size_t first = 0, last = peaks.size();
    while (last - first > count) {
      (std::abs(heights[first]) < std::abs(heights[last - 1])) ? ++first : --last;
    }
    if (last - first < count) {
      break;  // rounding hides the alternation
    }
    fit.angles.assign(peaks.begin() + static_cast<std::ptrdiff_t>(first),
                      peaks.begin() + static_cast<std::ptrdiff_t>(last));
  }
  return fit;
}

}  // namespace dag
