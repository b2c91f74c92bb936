// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <dag/core/error.hpp>

namespace dag {

/// The numbers of a dense array as a span, without a copy: anything with data() and size(), and
/// strided arrays by their inner and outer strides (Eigen's matrices, maps and blocks). The order
/// is that of memory: a column-major matrix of tokens x samples and a row-major one of samples x
/// tokens both hold a sample's tokens one after the other. Errors: invalid_argument where the
/// entries are not adjacent (a block of a larger matrix).
template <class Array>
requires requires(const Array& array) {
  array.data();
  array.size();
} &&(!requires(const Array& array) { array.strides(); })
    [[nodiscard]] auto flat_view(const Array& array) {
  const auto size = static_cast<std::size_t>(array.size());
  if constexpr (requires {
                  array.innerStride();
                  array.outerStride();
                  array.innerSize();
                  array.outerSize();
                }) {
    require(size == 0 || (array.innerStride() == 1 &&
                          (array.outerSize() <= 1 || array.outerStride() == array.innerSize())),
            Errc::invalid_argument,
            "flat_view: the array's entries are not adjacent in memory: ", "inner stride ",
            array.innerStride(), ", outer stride ", array.outerStride(), " for ", array.innerSize(),
            " entries");
  }
  return std::span(array.data(), size);
}

}  // namespace dag
