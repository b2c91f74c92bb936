// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

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

/// out = exp x, exactly 0 where Eigen's own exponential, which stops at the smallest normal number,
/// would give a denormal for -inf. Two loops: a select inside the expression would keep Eigen from
/// computing the exponentials in vectors. `out` may be x.
template <class Expression, class Out>
void clean_exp(const Expression& x, Out&& out) {
  using Scalar = typename Expression::Scalar;
  const Scalar smallest = std::exp(sizeof(Scalar) == sizeof(double) ? Scalar(-708) : Scalar(-87));
  out = x.exp();
  Scalar* entries = out.data();
  for (Eigen::Index i = 0; i < out.size(); ++i) {
    entries[i] = entries[i] < smallest ? Scalar{0} : entries[i];
  }
}

/// Sum and number of the entries above a threshold, in eight lanes, which compilers turn into
/// vectors. The entries must be finite.
template <class Scalar>
[[nodiscard]] std::pair<Scalar, Scalar> sum_above(const Scalar* v, std::size_t size,
                                                  Scalar threshold) noexcept {
  Scalar sum[8] = {};
  Scalar count[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) {
      const Scalar in = v[i + lane] > threshold ? Scalar{1} : Scalar{0};
      sum[lane] += in * v[i + lane];
      count[lane] += in;
    }
  }
  for (; i < size; ++i) {
    const Scalar in = v[i] > threshold ? Scalar{1} : Scalar{0};
    sum[0] += in * v[i];
    count[0] += in;
  }
  for (std::size_t lane = 1; lane < 8; ++lane) {
    sum[0] += sum[lane];
    count[0] += count[lane];
  }
  return {sum[0], count[0]};
}

}  // namespace dag::detail
