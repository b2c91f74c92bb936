// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

#include <dag/core/error.hpp>
#include <dag/detail/span.hpp>

namespace dag {

namespace detail {

/// The theta with sum max(above[i] - theta * weights[i], 0) = radius, roughly: by partitioning the
/// ratios above / weights around pivots. Overwrites and permutes both arguments: `ratios` come in
/// as quotients. Expected O(n).
template <std::floating_point Scalar>
[[nodiscard]] Scalar weighted_simplex_threshold(std::span<Scalar> ratios, std::span<Scalar> weights,
                                                Scalar radius) noexcept {
  std::size_t begin = 0, end = ratios.size();
  Scalar kept_sum = 0, kept_weight = 0;  // over entries whose ratio is known to be above theta
  const auto exchange = [&](std::size_t i, std::size_t j) {
    std::swap(ratios[i], ratios[j]);
    std::swap(weights[i], weights[j]);
  };
  while (begin < end) {
    const Scalar first = ratios[begin], last = ratios[end - 1];
    const Scalar middle = ratios[begin + (end - begin) / 2];
    const Scalar lesser = first < last ? first : last, large = first < last ? last : first;
    const Scalar pivot = middle < lesser ? lesser : (middle > large ? large : middle);
    // [begin, above): > pivot, [above, equal): = pivot, [equal, end): < pivot.
    std::size_t above = begin, next = begin, equal = end;
    Scalar sum = kept_sum, weight = kept_weight, tied = 0;
    while (next < equal) {
      if (ratios[next] > pivot) {
        sum += ratios[next] * weights[next];
        weight += weights[next];
        exchange(next++, above++);
      } else if (ratios[next] < pivot) {
        exchange(next, --equal);
      } else {
        tied += weights[next++];
      }
    }
    if (sum - weight * pivot < radius) {  // theta < pivot: all of these stay
      kept_sum = sum + tied * pivot;
      kept_weight = weight + tied;
      begin = equal;
    } else {
      end = above;
    }
  }
  return (kept_sum - radius) / kept_weight;
}

}  // namespace detail

/// values <- argmin over {u >= 0, sum u = radius} of sum (u_i - values_i)^2 / (2 weights_i), the
/// projection in a diagonal metric: max(values - theta * weights, 0), in place; returns theta.
/// weights > 0; only their ratios matter to the point, theta scales with 1 / weights. Finds the
/// support by partitioning the breakpoints values / weights (expected O(n), no sort), then refines
/// theta by two Newton steps on its difference, in the order given. A continuous
/// quadratic knapsack: Brucker (1984), doi:10.1016/0167-6377(84)90010-5; Kiwiel (2008),
/// doi:10.1007/s10957-007-9317-7. `workspace` holds at least twice as many entries; nothing is
/// allocated. Throws `invalid_argument` unless radius > 0, there is an entry and weights are > 0
/// and finite, `dimension_mismatch` for weights of another length or a short workspace,
/// `not_finite` where values or breakpoints are NaN or infinite.
template <detail::MutableRealSpan Values, detail::MutableRealSpan Workspace>
auto project_weighted_simplex(
    Values&& values, std::type_identity_t<std::span<const detail::span_scalar_t<Values>>> weights,
    Workspace&& workspace, std::type_identity_t<detail::span_scalar_t<Values>> radius)
    -> detail::span_scalar_t<Values> {
  using Scalar = detail::span_scalar_t<Values>;
  constexpr Scalar most = std::numeric_limits<Scalar>::max();
  const std::span<Scalar> view(values);
  const std::span<Scalar> scratch(workspace);
  const std::size_t size = view.size();
  require(radius > 0 && radius <= most, Errc::invalid_argument,
          "project_weighted_simplex: radius must be finite and > 0, got ", radius);
  require(size > 0, Errc::invalid_argument,
          "project_weighted_simplex: need at least one entry, got 0");
  require(weights.size() == size, Errc::dimension_mismatch, "project_weighted_simplex: ", size,
          " entries need as many weights, got ", weights.size());
  require(scratch.size() >= 2 * size, Errc::dimension_mismatch,
          "project_weighted_simplex: workspace must hold ", 2 * size, " entries, got ",
          scratch.size());
  Scalar top = -std::numeric_limits<Scalar>::infinity();
  Scalar top_weight = 1;
  bool positive = true, finite = true;
  for (std::size_t i = 0; i < size; ++i) {
    const Scalar ratio = view[i] / weights[i];
    positive &= weights[i] > 0 && weights[i] <= most;
    finite &= std::abs(ratio) <= most && std::abs(view[i]) <= most;
    if (ratio > top) {
      top = ratio;
      top_weight = weights[i];
    }
  }
  require(positive, Errc::invalid_argument,
          "project_weighted_simplex: weights must be finite and > 0");
  require(finite, Errc::not_finite,
          "project_weighted_simplex: entries and entries / weights must be finite");
  const Scalar lowest = top - radius / top_weight;  // the first breakpoint takes radius at most
  std::size_t candidates = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const Scalar ratio = view[i] / weights[i];
    scratch[candidates] = ratio;
    scratch[size + candidates] = weights[i];
    candidates += ratio > lowest ? 1 : 0;  // anything lower cannot carry mass
  }
  const Scalar theta = detail::weighted_simplex_threshold(
      scratch.first(candidates), scratch.subspan(size, candidates), radius);
  // Two Newton steps on the distance from there, which has all its digits.
  Scalar more = 0;
  for (int step = 0; step < 2; ++step) {
    Scalar sum = 0, weight = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const Scalar above = (view[i] - theta * weights[i]) - more * weights[i];
      sum += above > 0 ? above : Scalar(0);
      weight += above > 0 ? weights[i] : Scalar(0);
    }
    if (!(weight > 0)) {  // radius is below the rounding of the entries: the first takes it all
      more = -radius / top_weight;
      break;
    }
    more += (sum - radius) / weight;
  }
  for (std::size_t i = 0; i < size; ++i) {
    const Scalar above = (view[i] - theta * weights[i]) - more * weights[i];
    view[i] = above > 0 ? above : Scalar(0);
  }
  return theta + more;
}

}  // namespace dag
