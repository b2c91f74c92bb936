// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <span>

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

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
