// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/detail/span.hpp>

namespace dag {

namespace detail {

/// The tau with sum max(candidates - tau, 0) = radius, roughly: by partitioning around pivots.
/// Overwrites its argument. Expected O(n).
template <std::floating_point Scalar>
[[nodiscard]] Scalar simplex_threshold(std::span<Scalar> candidates, Scalar radius) noexcept {
  std::size_t begin = 0, end = candidates.size();
  Scalar kept_sum = 0;  // over entries known to be above tau
  std::size_t kept = 0;
  while (begin < end) {
    const Scalar first = candidates[begin], last = candidates[end - 1];
    const Scalar middle = candidates[begin + (end - begin) / 2];
    const Scalar small = first < last ? first : last, large = first < last ? last : first;
    const Scalar pivot = middle < small ? small : (middle > large ? large : middle);
    // [begin, above): > pivot, [above, equal): = pivot, [equal, end): < pivot.
    std::size_t above = begin, next = begin, equal = end;
    Scalar sum = kept_sum;
    while (next < equal) {
      const Scalar value = candidates[next];
      if (value > pivot) {
        sum += value;
        std::swap(candidates[next++], candidates[above++]);
      } else if (value < pivot) {
        std::swap(candidates[next], candidates[--equal]);
      } else {
        ++next;
      }
    }
    const std::size_t count = kept + (above - begin);
    if (sum - static_cast<Scalar>(count) * pivot < radius) {  // tau < pivot: all of these stay
      kept_sum = sum + static_cast<Scalar>(equal - above) * pivot;
      kept = count + (equal - above);
      begin = equal;
    } else {
      end = above;
    }
  }
  return kept == 0 ? -radius : (kept_sum - radius) / static_cast<Scalar>(kept);
}

}  // namespace detail

/// values <- the Euclidean projection onto {u >= 0, sum u = radius}: max(values - tau, 0), in
/// place; returns tau. Finds the support by partitioning (expected O(n), no sort), then recomputes
/// tau over it in the order given, relative to the maximum, so large common offsets cost no
/// accuracy. Source: Held, Wolfe, Crowder (1974), doi:10.1007/BF01580223; Duchi et al. (2008),
/// doi:10.1145/1390156.1390176. `workspace` holds at least as many entries; nothing is allocated.
/// Throws `invalid_argument` unless radius > 0 and there is an entry, `dimension_mismatch` for a
/// short workspace, `not_finite` on NaN or infinite entries.
template <detail::MutableRealSpan Values, detail::MutableRealSpan Workspace>
auto project_simplex(Values&& values, Workspace&& workspace,
                     std::type_identity_t<detail::span_scalar_t<Values>> radius)
    -> detail::span_scalar_t<Values> {
  using Scalar = detail::span_scalar_t<Values>;
  const std::span<Scalar> view(values);
  const std::span<Scalar> scratch(workspace);
  require(radius > 0 && radius <= std::numeric_limits<Scalar>::max(), Errc::invalid_argument,
          "project_simplex: radius must be finite and > 0, got ", radius);
  require(!view.empty(), Errc::invalid_argument, "project_simplex: need at least one entry, got 0");
  require(scratch.size() >= view.size(), Errc::dimension_mismatch,
          "project_simplex: workspace must hold ", view.size(), " entries, got ", scratch.size());
  Scalar largest = view[0];
  bool finite = true;
  for (const Scalar value : view) {
    finite &= std::abs(value) <= std::numeric_limits<Scalar>::max();
    largest = value > largest ? value : largest;
  }
  require(finite, Errc::not_finite, "project_simplex: entries must be finite, got NaN or infinity");
  std::size_t candidates = 0;
  for (const Scalar value : view) {
    const Scalar shifted = value - largest;
    scratch[candidates] = shifted;
    candidates += shifted > -radius ? 1 : 0;  // anything lower cannot carry mass
  }
  const Scalar guess = detail::simplex_threshold(scratch.first(candidates), radius);
  Scalar sum = 0;
  std::size_t count = 0;
  for (const Scalar value : view) {
    const Scalar shifted = value - largest;
    if (shifted > guess) {
      sum += shifted;
      ++count;
    }
  }
  const Scalar tau = (sum - radius) / static_cast<Scalar>(count);
  for (Scalar& value : view) {
    const Scalar above = (value - largest) - tau;
    value = above > 0 ? above : Scalar(0);
  }
  return largest + tau;
}

/// The same onto the probability simplex, allocating its workspace.
template <detail::MutableRealSpan Values>
auto project_simplex(Values&& values) -> detail::span_scalar_t<Values> {
  using Scalar = detail::span_scalar_t<Values>;
  const std::span<Scalar> view(values);
  std::vector<Scalar> workspace(view.size());
  return project_simplex(view, workspace, Scalar(1));
}

/// values <- the projection onto the box [low, high]^n, in place. Throws `invalid_argument` unless
/// low <= high. NaN stays NaN.
template <detail::MutableRealSpan Values>
void project_box(Values&& values, std::type_identity_t<detail::span_scalar_t<Values>> low,
                 std::type_identity_t<detail::span_scalar_t<Values>> high) {
  require(low <= high, Errc::invalid_argument, "project_box: need low <= high, got ", low, " and ",
          high);
  for (auto& value : std::span(values)) {
    value = value < low ? low : (value > high ? high : value);
  }
}

/// values <- the projection onto the Euclidean ball of a radius around the origin, in place;
/// returns the norm before. The norm is scaled by the largest entry: no overflow. Throws
/// `invalid_argument` unless radius >= 0, `not_finite` on NaN or infinite entries.
template <detail::MutableRealSpan Values>
auto project_ball(Values&& values, std::type_identity_t<detail::span_scalar_t<Values>> radius)
    -> detail::span_scalar_t<Values> {
  using Scalar = detail::span_scalar_t<Values>;
  const std::span<Scalar> view(values);
  require(radius >= 0, Errc::invalid_argument, "project_ball: radius must be >= 0, got ", radius);
  Scalar largest = 0;
  bool finite = true;
  for (const Scalar value : view) {
    const Scalar size = std::abs(value);
    finite &= size <= std::numeric_limits<Scalar>::max();
    largest = size > largest ? size : largest;
  }
  require(finite, Errc::not_finite, "project_ball: entries must be finite, got NaN or infinity");
  if (largest == 0) {
    return 0;
  }
  Scalar square = 0;
  for (const Scalar value : view) {
    square += (value / largest) * (value / largest);
  }
  const Scalar norm = largest * std::sqrt(square);
  if (norm > radius) {
    const Scalar scale = radius / largest / std::sqrt(square);
    for (Scalar& value : view) {
      value *= scale;
    }
  }
  return norm;
}

}  // namespace dag
