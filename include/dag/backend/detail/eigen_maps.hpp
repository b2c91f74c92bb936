// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

#include <dag/detail/config.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

/// Spans as Eigen expressions over the same memory.
template <class Scalar>
[[nodiscard]] Eigen::Map<Eigen::Array<Scalar, Eigen::Dynamic, 1>> array(
    std::span<Scalar> x) noexcept {
  return {x.data(), static_cast<Eigen::Index>(x.size())};
}
template <class Scalar>
[[nodiscard]] Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>> array(
    std::span<const Scalar> x) noexcept {
  return {x.data(), static_cast<Eigen::Index>(x.size())};
}
template <class Scalar>
[[nodiscard]] Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>> vector_map(
    std::span<Scalar> x) noexcept {
  return {x.data(), static_cast<Eigen::Index>(x.size())};
}

/// out = exp x, exactly 0 below e^-695 (float: e^-75): denormals, here and after a division by a
/// sum of thousands, cost a hundred times a normal number in every loop that reads them. Two loops:
/// a select inside the expression would keep Eigen from computing the exponentials in vectors.
/// `out` may be x.
template <class Expression, class Out>
void clean_exp(const Expression& x, Out&& out) {
  using Scalar = typename Expression::Scalar;
  constexpr Scalar least = sizeof(Scalar) == sizeof(double) ? Scalar(-695) : Scalar(-75);
  const Scalar smallest = std::exp(least);
  out = x.max(least - 1).exp();  // a NaN stays: the least is the second argument
  Scalar* entries = out.data();
  for (Eigen::Index i = 0; i < out.size(); ++i) {
    entries[i] = entries[i] < smallest ? Scalar{0} : entries[i];
  }
}

/// Sum of what entries have above a threshold, and their number. The entries must be finite. In
/// vectors, which selecting by a comparison would prevent (Eigen 3.4, g++ 12).
template <class Scalar>
[[nodiscard]] std::pair<Scalar, Scalar> excess_above(std::span<const Scalar> v,
                                                     Scalar threshold) noexcept {
  constexpr Scalar huge = std::numeric_limits<Scalar>::max();
  const auto excess = (array(v) - threshold).max(Scalar{0});
  return {excess.sum(), (excess * huge).min(Scalar{1}).sum()};
}

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
