// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <span>

namespace dag::detail {

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

/// exp with exact zeros where the result would be denormal or zero: Eigen's own gives 5.6e-309 at
/// -inf instead of 0.
template <class Expression>
[[nodiscard]] auto clean_exp(const Expression& x) {
  using Scalar = typename Expression::Scalar;
  constexpr Scalar smallest = sizeof(Scalar) == sizeof(double) ? Scalar(-708) : Scalar(-87);
  return (x < smallest).select(Scalar{0}, x.exp());
}

}  // namespace dag::detail
