// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <dag/gpu/runtime.hpp>

#if defined(__CUDACC__)
#include <cub/device/device_for.cuh>
#endif

namespace dag::device {

/// body(i) for every i < size, in any order: CUB's DeviceFor, a loop on the host. Errors: device.
template <class Body>
void launch_each([[maybe_unused]] Stream stream, std::size_t size, const Body& body) {
#if defined(__CUDACC__)
  const OnDevice on(stream);
  check(cub::DeviceFor::Bulk(size, body, stream), "launching a kernel");
#else
  const OpenMemory open;
  for (std::size_t i = 0; i < size; ++i) {
    body(i);
  }
#endif
}

}  // namespace dag::device
