// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <dag/gpu/dual_product.hpp>
#include <dag/gpu/runtime.hpp>
#include <dag/gpu/set_operations.hpp>
#include <dag/gpu/storage.hpp>

namespace dag::device {

/// Products with a row-major matrix.
class Products : public SetOperations {
 public:
  using SetOperations::SetOperations;
  /// a_y = row_scale * a y and at_x = column_scale * a' x, reading the matrix once
  /// (`DualProductStrip`). The matrix may be stored in 16 bits (device::BFloat16, device::Float16),
  /// the vectors then are float.
  template <class Storage>
  void dual_product(const Matrix<Storage>& a, std::span<const Wide<Storage>> x,
                    std::span<const Wide<Storage>> y, Wide<Storage> row_scale,
                    Wide<Storage> column_scale, std::span<Wide<Storage>> a_y,
                    std::span<Wide<Storage>> at_x) const {
    expect_device(entries(a), x, y, a_y, at_x);
    using Real = Wide<Storage>;
    const auto shape = DualProductShape::of<Storage>(a.rows, a.columns);
    const Storage* const entry = a.entries.data();
    Real* const row_part = scratch<Real>(Slot::parts, shape.row_parts() + shape.column_parts());
    Real* const column_part = row_part + shape.row_parts();
    const auto sweep = [&]<bool aligned>() {
      launch_warps<4>(stream(), shape.strips() * shape.tiles(), 0,
                      DualProductStrip<Storage, aligned>{shape, entry, x.data(), y.data(), row_part,
                                                         column_part});
    };
    if (reinterpret_cast<std::uintptr_t>(entry) % 16 == 0 &&
        a.columns % Packet<Storage>::size == 0) {
      sweep.template operator()<true>();
    } else {
      sweep.template operator()<false>();
    }
    using Finish = FinishDualProduct<Real>;
    launch<256>(
        stream(), Finish::blocks(shape), 256, Finish::shared_bytes,
        Finish{shape, row_part, column_part, row_scale, column_scale, a_y.data(), at_x.data()});
  }
  template <class Scalar>
  void multiply(const Matrix<Scalar>& a, std::span<const Scalar> x, std::span<Scalar> out) const {
    Scalar* const other = scratch<Scalar>(Slot::segments, a.rows + a.columns);
    zero_bytes(other, a.rows * sizeof(Scalar), stream());
    dual_product(a, std::span<const Scalar>(other, a.rows), x, Scalar{1}, Scalar{0}, out,
                 std::span<Scalar>(other + a.rows, a.columns));
  }
  template <class Scalar>
  void multiply_transposed(const Matrix<Scalar>& a, std::span<const Scalar> x,
                           std::span<Scalar> out) const {
    Scalar* const other = scratch<Scalar>(Slot::segments, a.rows + a.columns);
    zero_bytes(other, a.columns * sizeof(Scalar), stream());
    dual_product(a, x, std::span<const Scalar>(other, a.columns), Scalar{0}, Scalar{1},
                 std::span<Scalar>(other + a.columns, a.rows), out);
  }
  /// out += scale * (row i of a).
  template <class Scalar>
  void add_row(const Matrix<Scalar>& a, std::size_t i, Scalar scale, std::span<Scalar> out) const {
    axpy(scale, entries(a).subspan(i * a.columns, a.columns), out);
  }
};

}  // namespace dag::device

namespace dag {

/// The GPU backend: vectors in device memory, work queued on one stream, nothing waited for but the
/// functions that return a number or copy to the host. Elementwise work is Thrust's, reductions
/// are CUB's, segmented simplex work and the dual product are kernels of this library.
///
/// Spans passed in hold device addresses, except those of per-block weights (magnets' too), of the
/// bounds of boxes, and of `upload` and `download`, which are host memory. Copies of a `cuda` share
/// the stream and workspace; use one object a host thread. `cuda(stream)` queues on a stream of the
/// caller's, which outlives it (recorded rounds need one that can be captured: not the default
/// stream); `cuda(device::Device{1})` works on the second GPU, whatever device is current: one
/// object for each. Errors: Errc::device with CUDA's own text; a kernel that meets NaN, +inf or an
/// empty simplex is reported as Errc::not_finite at the next function that waits. Determinism: sums
/// have a fixed order that depends on shapes alone.
///
/// Compiled by a host compiler with THRUST_DEVICE_SYSTEM set to CPP or OMP, the device is the host.
class cuda : public device::Products {
 public:
  using device::Products::Products;
};

template <class Matrix>
struct backend_of;  // declared with the games; lets `MatrixGame{payoff}` deduce its arguments
template <class Scalar>
struct backend_of<device::Matrix<Scalar>> {
  using type = cuda;
};

}  // namespace dag
