// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thrust/system_error.h>
#include <thrust/transform.h>

#include <cstddef>
#include <span>

#include <dag/core/error.hpp>
#include <dag/gpu/context.hpp>
#include <dag/gpu/elementwise.hpp>
#include <dag/gpu/policy.hpp>

namespace dag::device {

/// Elementwise work: Thrust's transforms on the backend's stream.
class ElementwiseOperations : public Context {
 public:
  using Context::Context;
  template <class Scalar>
  void copy(std::span<const Scalar> x, std::span<Scalar> y) const {
    expect_device(x, y);
    device::copy_bytes(y.data(), x.data(), x.size_bytes(), stream());
  }
  template <class Scalar>
  void fill(std::span<Scalar> y, Scalar number) const {
    unary(std::span<const Scalar>(y), y, device::Constant<Scalar>{number});
  }
  /// y += number * x.
  template <class Scalar>
  void axpy(Scalar number, std::span<const Scalar> x, std::span<Scalar> y) const {
    binary(x, y, device::Axpy<Scalar>{number});
  }
  /// y += number * (x - y).
  template <class Scalar>
  void interpolate(Scalar number, std::span<const Scalar> x, std::span<Scalar> y) const {
    binary(x, y, device::Interpolate<Scalar>{number});
  }
  /// y = a * x + b * y.
  template <class Scalar>
  void combine(Scalar a, std::span<const Scalar> x, Scalar b, std::span<Scalar> y) const {
    binary(x, y, device::Combine<Scalar>{a, b});
  }
  template <class Scalar>
  void log(std::span<const Scalar> x, std::span<Scalar> out) const {
    unary(x, out, device::Log{});
  }
  template <class Scalar>
  void exp(std::span<const Scalar> x, std::span<Scalar> out) const {
    unary(x, out, device::Exp{});
  }
  /// y = max(y, 0).
  template <class Scalar>
  void raise_to_zero(std::span<Scalar> y) const {
    unary(std::span<const Scalar>(y), y, device::PositivePart{});
  }

 private:
  /// Runs a Thrust algorithm; what it throws becomes a dag::Error.
  template <class Algorithm>
  void queue(Algorithm algorithm) const {
    try {
      PoolAllocator memory(stream());
#if defined(__CUDACC__)
      const OnDevice on(stream());
#else
      const OpenMemory open;
#endif
      algorithm(policy(memory, stream()));
    } catch (const thrust::system_error& error) {
      fail(Errc::device, "elementwise work: ", error.what());
    }
  }
  template <class Scalar, class Function>
  void unary(std::span<const Scalar> x, std::span<Scalar> out, Function f) const {
    expect_device(x, out);
    queue([&](const auto& where) {
      thrust::transform(where, x.data(), x.data() + x.size(), out.data(), f);
    });
  }
  template <class Scalar, class Function>
  void binary(std::span<const Scalar> x, std::span<Scalar> y, Function f) const {
    expect_device(x, y);
    queue([&](const auto& where) {
      thrust::transform(where, x.data(), x.data() + x.size(), y.data(), y.data(), f);
    });
  }
};

}  // namespace dag::device
