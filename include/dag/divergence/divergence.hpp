// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <span>

namespace dag {

/// Atom: `divergence.value(p, q)` is D(p, q) >= 0, zero where p = q; +inf is legal, NaN is not.
template <class D, class Real = double>
concept HasDivergenceValue = requires(const D& divergence, std::span<const Real> p,
                                      std::span<const Real> q) {
  { divergence.value(p, q) } -> std::convertible_to<Real>;
};

/// Atom: `divergence.gradient_first(p, q, out)` writes dD/dp_i, the first variation in the first
/// argument, with the entries of p as free coordinates (on the simplex it matters up to a
/// constant).
template <class D, class Real = double>
concept HasGradientFirst = requires(const D& divergence, std::span<const Real> p,
                                    std::span<const Real> q, std::span<Real> out) {
  divergence.gradient_first(p, q, out);
};

/// Atom: `divergence.gradient_second(p, q, out)` writes dD/dq_i.
template <class D, class Real = double>
concept HasGradientSecond = requires(const D& divergence, std::span<const Real> p,
                                     std::span<const Real> q, std::span<Real> out) {
  divergence.gradient_second(p, q, out);
};

/// A divergence between two distributions (or non-negative measures) over the same finite set.
///
/// Off the support, for every divergence of the library: an entry with p_i = q_i = 0 takes no part
/// (adds nothing, both gradients 0 there); elsewhere values and gradients are the limits from
/// inside, +inf or -inf where these are. Never NaN. Entries that are NaN, infinite or outside the
/// domain are refused (not_finite, not_a_distribution), as are unequal lengths
/// (dimension_mismatch).
template <class D, class Real = double>
concept Divergence =
    HasDivergenceValue<D, Real> && HasGradientFirst<D, Real> && HasGradientSecond<D, Real>;

}  // namespace dag
