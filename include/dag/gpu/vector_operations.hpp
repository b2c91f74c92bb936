// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thrust/execution_policy.h>
#include <thrust/fill.h>
#include <thrust/functional.h>
#include <thrust/system_error.h>
#include <thrust/transform.h>

#include <cmath>
#include <cstddef>
#include <span>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/gpu/context.hpp>
#include <dag/gpu/reduction.hpp>
#include <dag/gpu/runtime.hpp>

#if defined(__CUDACC__)
#include <thrust/system/cuda/execution_policy.h>
#else
#include <thrust/detail/config.h>
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
#error \
    "dag/cuda.cuh: compile with nvcc, or define THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP (or _OMP) to run on the host"
#endif
#endif

namespace dag::device {

// What Thrust's placeholders do not say; structs, so that nvcc needs no flag for lambdas.

struct Log {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x) const {
    return std::log(x);
  }
};
struct Exp {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x) const {
    return std::exp(x);
  }
};
/// max(x, 0)
struct PositivePart {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x) const {
    return x > 0 ? x : Real{0};
  }
};
/// |x - y|
struct AbsDifference {
  template <class Real>
  DAG_HOST_DEVICE Real operator()(Real x, Real y) const {
    return std::abs(x - y);
  }
};
/// What reductions add up: f(x[i], y[i]).
template <class Real, class Function>
struct PairTerm {
  const Real* x;
  const Real* y;
  Function f;
  DAG_HOST_DEVICE Real operator()(std::size_t i) const { return f(x[i], y[i]); }
};
/// x[i] and i
template <class Real>
struct PlaceTerm {
  const Real* x;
  DAG_HOST_DEVICE Place<Real> operator()(std::size_t i) const { return {x[i], Real{0}, i}; }
};

/// The backend's elementwise work, by Thrust's transforms, and reductions to one number, by
/// `fold_on`: each of these waits for its result, once. Contracts in backend/eigen_backend.hpp.
class VectorOperations : public Context {
 public:
  using Context::Context;
  template <class Scalar>
  void copy(std::span<const Scalar> x, std::span<Scalar> y) const {
    expect_device(x, y);
    device::copy_bytes(y.data(), x.data(), x.size_bytes(), stream());
  }
  template <class Scalar>
  void fill(std::span<Scalar> y, Scalar number) const {
    expect_device(y);
    queue([&](const auto& where) { thrust::fill(where, y.data(), y.data() + y.size(), number); });
  }
  /// y += number * x.
  template <class Scalar>
  void axpy(Scalar number, std::span<const Scalar> x, std::span<Scalar> y) const {
    map_pairs(x, y, right + number * left);
  }
  /// y += number * (x - y).
  template <class Scalar>
  void interpolate(Scalar number, std::span<const Scalar> x, std::span<Scalar> y) const {
    map_pairs(x, y, right + number * (left - right));
  }
  /// y[i] += number.
  template <class Scalar>
  void add_to_entry(std::span<Scalar> y, std::size_t i, Scalar number) const {
    map(std::span<const Scalar>(y.subspan(i, 1)), y.subspan(i, 1), left + number);
  }
  /// y = a * x + b * y.
  template <class Scalar>
  void combine(Scalar a, std::span<const Scalar> x, Scalar b, std::span<Scalar> y) const {
    map_pairs(x, y, a * left + b * right);
  }
  template <class Scalar>
  void log(std::span<const Scalar> x, std::span<Scalar> out) const {
    map(x, out, Log{});
  }
  template <class Scalar>
  void exp(std::span<const Scalar> x, std::span<Scalar> out) const {
    map(x, out, Exp{});
  }
  /// y = max(y, 0).
  template <class Scalar>
  void raise_to_zero(std::span<Scalar> y) const {
    map(std::span<const Scalar>(y), y, PositivePart{});
  }

  template <class Scalar>
  [[nodiscard]] Scalar dot(std::span<const Scalar> x, std::span<const Scalar> y) const {
    return over_pairs(x, y, Scalar{0}, Add{}, left * right);
  }
  template <class Scalar>
  [[nodiscard]] Scalar sum(std::span<const Scalar> x) const {
    return over_pairs(x, x, Scalar{0}, Add{}, left);
  }
  template <class Scalar>
  [[nodiscard]] Scalar max(std::span<const Scalar> x) const {
    return over_pairs(x, x, -Limits<Scalar>::infinity, Max{}, left);
  }
  template <class Scalar>
  [[nodiscard]] Scalar min(std::span<const Scalar> x) const {
    return over_pairs(x, x, Limits<Scalar>::infinity, Min{}, left);
  }
  /// Index of the first largest entry.
  template <class Scalar>
  [[nodiscard]] std::size_t argmax(std::span<const Scalar> x) const {
    expect_device(x);
    const Place<Scalar> none{-Limits<Scalar>::infinity, Scalar{0}, x.size()};
    const std::size_t best =
        fold(x.size(), none, PlaceTerm<Scalar>{x.data()}, FirstLargest{}).index;
    return best < x.size() ? best : 0;  // all -inf or NaN
  }
  template <class Scalar>
  [[nodiscard]] Scalar max_abs_difference(std::span<const Scalar> x,
                                          std::span<const Scalar> y) const {
    return over_pairs(x, y, Scalar{0}, Max{}, AbsDifference{});
  }
  template <class Scalar>
  [[nodiscard]] Scalar squared_distance(std::span<const Scalar> x,
                                        std::span<const Scalar> y) const {
    return over_pairs(x, y, Scalar{0}, Add{}, (left - right) * (left - right));
  }
  /// x - x is 0 but for NaN and infinities.
  template <class Scalar>
  [[nodiscard]] bool all_finite(std::span<const Scalar> x) const {
    return over_pairs(x, x, Scalar{0}, Max{}, left - left != Scalar{0}) == Scalar{0};
  }

 protected:
  template <class Value, class Term, class Operation>
  [[nodiscard]] Value fold(std::size_t size, Value identity, const Term& term, Operation op) const {
    const auto host = fold_on(stream(), size, identity, term, op, bad(), [this](std::size_t bytes) {
      return scratch<unsigned char>(Slot::sums, bytes);
    });
    if (host.bad != 0) {
      throw_if(take_flag());
    }
    return host.value;
  }

 private:
  // The arguments of a function of one or two numbers.
  static constexpr auto left = thrust::placeholders::_1;
  static constexpr auto right = thrust::placeholders::_2;

#if defined(__CUDACC__)
  /// Gives Thrust its temporary memory from the stream-ordered pool.
  struct PoolAllocator {
    using value_type = char;
    Stream stream;
    [[nodiscard]] char* allocate(std::ptrdiff_t bytes) const {
      return static_cast<char*>(allocate_bytes(static_cast<std::size_t>(bytes), stream));
    }
    void deallocate(char* memory, std::size_t) const { free_bytes(memory, stream); }
  };
#endif
  /// Runs a Thrust algorithm on the stream; what it throws becomes a dag::Error.
  template <class Algorithm>
  void queue(Algorithm algorithm) const {
    try {
#if defined(__CUDACC__)
      const OnDevice on(stream());
      PoolAllocator memory{stream()};
      algorithm(thrust::cuda::par_nosync(memory).on(stream()));
#else
      const OpenMemory open;
      algorithm(thrust::device);
#endif
    } catch (const thrust::system_error& error) {
      fail(Errc::device, "elementwise work: ", error.what());
    }
  }
  /// out[i] = f(x[i])
  template <class Scalar, class Function>
  void map(std::span<const Scalar> x, std::span<Scalar> out, Function f) const {
    expect_device(x, out);
    queue([&](const auto& where) {
      thrust::transform(where, x.data(), x.data() + x.size(), out.data(), f);
    });
  }
  /// out[i] = f(x[i], out[i])
  template <class Scalar, class Function>
  void map_pairs(std::span<const Scalar> x, std::span<Scalar> out, Function f) const {
    expect_device(x, out);
    queue([&](const auto& where) {
      thrust::transform(where, x.data(), x.data() + x.size(), out.data(), out.data(), f);
    });
  }
  template <class Scalar, class Operation, class Function>
  [[nodiscard]] Scalar over_pairs(std::span<const Scalar> x, std::span<const Scalar> y,
                                  Scalar identity, Operation op, Function f) const {
    expect_device(x, y);
    return fold(x.size(), identity, PairTerm<Scalar, Function>{x.data(), y.data(), f}, op);
  }
};

}  // namespace dag::device
