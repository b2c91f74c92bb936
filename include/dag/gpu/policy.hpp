// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thrust/execution_policy.h>

#include <cstddef>

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

#if defined(__CUDACC__)
/// Gives Thrust its temporary memory from the stream-ordered pool.
class PoolAllocator {
 public:
  using value_type = char;
  explicit PoolAllocator(Stream stream) : stream_(stream) {}
  [[nodiscard]] char* allocate(std::ptrdiff_t bytes) const {
    return static_cast<char*>(allocate_bytes(static_cast<std::size_t>(bytes), stream_));
  }
  void deallocate(char* memory, std::size_t) const { free_bytes(memory, stream_); }

 private:
  Stream stream_;
};
/// The policy that queues Thrust's algorithms on a stream. `memory` lives as long as the call.
[[nodiscard]] inline auto policy(PoolAllocator& memory, Stream stream) {
  return thrust::cuda::par_nosync(memory).on(stream);
}
#else
/// Host systems allocate by themselves.
struct PoolAllocator {
  explicit PoolAllocator(Stream) {}
};
[[nodiscard]] inline auto policy(PoolAllocator&, Stream) { return thrust::device; }
#endif

}  // namespace dag::device
