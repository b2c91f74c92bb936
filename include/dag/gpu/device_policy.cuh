// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/gpu/products.hpp>

namespace dag {

/// The GPU backend: vectors in device memory, work queued on one stream, nothing waited for but the
/// functions that return a number or copy to the host. Elementwise work is Thrust's;
/// reductions, segmented simplex work and the dual product are kernels of this library.
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
