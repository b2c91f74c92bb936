// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/detail/span.hpp>

/// Loops of divergences that are sums over entries: one pass, no allocation, summed from left to
/// right, arguments checked on the way.
namespace dag::detail {

template <class Real>
[[nodiscard]] constexpr bool in_domain(Real x, Real lower) noexcept {
  return x >= lower && x < std::numeric_limits<Real>::infinity() &&
         x > -std::numeric_limits<Real>::infinity();
}

/// Throws for the first entry outside the domain: finite and >= lower.
template <class Real>
DAG_COLD void refuse_entry(std::span<const Real> p, std::span<const Real> q, Real lower,
                           std::string_view who) {
  const auto search = [&](std::span<const Real> x, std::string_view which) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      require(in_domain(x[i], -std::numeric_limits<Real>::infinity()), Errc::not_finite, who,
              ": entries must be finite, got ", x[i], " at entry ", i, " of the ", which,
              " argument");
      require(x[i] >= lower, Errc::not_a_distribution, who, ": entries must be >= ", lower,
              ", got ", x[i], " at entry ", i, " of the ", which, " argument");
    }
  };
  search(p, "first");
  search(q, "second");
}

inline void require_lengths(std::size_t p, std::size_t q, std::size_t out, std::string_view who) {
  require(p == q && p == out, Errc::dimension_mismatch, who,
          ": arguments must have one length, got ", p, " and ", q,
          out == p ? "" : " and a gradient of another length");
}

/// sum_i term(p_i, q_i).
template <class Real, class Term>
[[nodiscard]] Real separable_sum(std::span<const Real> p, std::span<const Real> q, Real lower,
                                 std::string_view who, const Term& term) {
  require_lengths(p.size(), q.size(), p.size(), who);
  Real sum = 0;
  bool inside = true;
  for (std::size_t i = 0; i < p.size(); ++i) {
    inside &= in_domain(p[i], lower) && in_domain(q[i], lower);
    sum += term(p[i] + Real{0}, q[i] + Real{0});  // no negative zeros
  }
  if (!inside) {
    refuse_entry(p, q, lower, who);
  }
  require(sum == sum, Errc::not_finite, who,
          ": a term is NaN; the generator must give its limits at 0 and at infinity");
  return sum;
}

/// out_i = slope(p_i, q_i).
template <class Real, class Slope>
void separable_gradient(std::span<const Real> p, std::span<const Real> q, std::span<Real> out,
                        Real lower, std::string_view who, const Slope& slope) {
  require_lengths(p.size(), q.size(), out.size(), who);
  bool inside = true, number = true;
  for (std::size_t i = 0; i < p.size(); ++i) {
    inside &= in_domain(p[i], lower) && in_domain(q[i], lower);
    out[i] = slope(p[i] + Real{0}, q[i] + Real{0});
    number &= out[i] == out[i];
  }
  if (!inside) {
    refuse_entry(p, q, lower, who);
  }
  require(number, Errc::not_finite, who,
          ": a slope is NaN; the generator must give its limits at 0 and at infinity");
}

}  // namespace dag::detail
