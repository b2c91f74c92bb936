// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <dag/detail/config.hpp>

/// Before a template of host and device that calls host functions where it runs on the host alone.
#if defined(__CUDACC__)
#define DAG_CALLS_HOST _Pragma("nv_exec_check_disable")
#else
#define DAG_CALLS_HOST
#endif

namespace dag::detail {

/// Loops that host and device share are written once, over an executor: `each` and `reduce` of one
/// block of work. This one runs them on the calling thread, sums from left to right; the GPU's
/// (gpu/block.hpp) spread them over threads.
class SerialBlock {
 public:
  constexpr explicit SerialBlock(std::size_t index = 0) noexcept : index_(index) {}

  [[nodiscard]] constexpr std::size_t index() const noexcept { return index_; }
  DAG_CALLS_HOST
  template <class Function>
  DAG_HOST_DEVICE constexpr void each(std::size_t count, Function f) const {
    for (std::size_t i = 0; i < count; ++i) {
      f(i);
    }
  }
  DAG_CALLS_HOST
  template <class Value, class Function, class Operation>
  [[nodiscard]] DAG_HOST_DEVICE constexpr Value reduce(std::size_t count, Value identity,
                                                       Function f, Operation op) const {
    for (std::size_t i = 0; i < count; ++i) {
      identity = op(identity, f(i));
    }
    return identity;
  }

 private:
  std::size_t index_;
};

// Operations for `reduce`.
struct Add {
  template <class T>
  [[nodiscard]] DAG_HOST_DEVICE constexpr T operator()(T a, T b) const {
    return a + b;
  }
};
struct Max {
  /// NaN wins, so that it is seen.
  template <class T>
  [[nodiscard]] DAG_HOST_DEVICE constexpr T operator()(T a, T b) const {
    return a >= b || a != a ? a : b;
  }
};
struct Min {
  template <class T>
  [[nodiscard]] DAG_HOST_DEVICE constexpr T operator()(T a, T b) const {
    return a <= b || a != a ? a : b;
  }
};

}  // namespace dag::detail
