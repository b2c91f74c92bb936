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

/// Queues a_y = row_scale * A y and at_x = column_scale * A' x (`DualProductStrip`). `workspace`:
/// shape.row_parts() + shape.column_parts() numbers. Any of the vectors may lie in it no more than
/// in A. Allocates nothing; can be captured in a graph.
template <class Storage>
void dual_product(Stream stream, const DualProductShape& shape, const Storage* a,
                  const Wide<Storage>* x, const Wide<Storage>* y, Wide<Storage> row_scale,
                  Wide<Storage> column_scale, Wide<Storage>* a_y, Wide<Storage>* at_x,
                  Wide<Storage>* workspace) {
  using Real = Wide<Storage>;
  Real* const column_part = workspace + shape.row_parts();
  const bool aligned =
      reinterpret_cast<std::uintptr_t>(a) % 16 == 0 && shape.columns % Packet<Storage>::size == 0;
  const std::size_t warps = shape.strips() * shape.tiles();
  if (aligned) {
    launch_warps<4>(stream, warps, 0,
                    DualProductStrip<Storage, true>{shape, a, x, y, workspace, column_part});
  } else {
    launch_warps<4>(stream, warps, 0,
                    DualProductStrip<Storage, false>{shape, a, x, y, workspace, column_part});
  }
  using Finish = FinishDualProduct<Real>;
  launch<256>(stream, Finish::blocks(shape), 256, Finish::shared_bytes,
              Finish{shape, workspace, column_part, row_scale, column_scale, a_y, at_x});
}

/// Products with a row-major matrix.
class Products : public SetOperations {
 public:
  using SetOperations::SetOperations;
  /// a_y = row_scale * a y and at_x = column_scale * a' x, reading the matrix once. The matrix may
  /// be stored in 16 bits (device::BFloat16, device::Float16), the vectors then are float.
  template <class Storage>
  void dual_product(const Matrix<Storage>& a, std::span<const Wide<Storage>> x,
                    std::span<const Wide<Storage>> y, Wide<Storage> row_scale,
                    Wide<Storage> column_scale, std::span<Wide<Storage>> a_y,
                    std::span<Wide<Storage>> at_x) const {
    expect_device(entries(a), x, y, a_y, at_x);
    const auto shape = DualProductShape::of<Storage>(a.rows, a.columns);
    auto* const parts =
        scratch<Wide<Storage>>(Slot::parts, shape.row_parts() + shape.column_parts());
    device::dual_product(stream(), shape, a.entries.data(), x.data(), y.data(), row_scale,
                         column_scale, a_y.data(), at_x.data(), parts);
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
