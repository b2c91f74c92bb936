// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thrust/execution_policy.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/backend/cuda/block.hpp>
#include <dag/core/error.hpp>

#if defined(__CUDACC__)
#include <cuda_runtime.h>
#include <thrust/system/cuda/execution_policy.h>
#else
#include <thrust/detail/config.h>
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
#error \
    "dag/cuda.cuh: compile with nvcc, or define THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP (or _OMP) to run on the host"
#endif
#endif

/// All that differs between a GPU and a host system: memory, copies, launches, errors. Compiled by
/// nvcc these are CUDA's; compiled by a host compiler the "device" is the host, kernels run
/// serially through `HostBlock`, and the same backend can be tested without a GPU.
namespace dag::device {

#if defined(__CUDACC__)
using Stream = cudaStream_t;

/// Throws Errc::device with CUDA's text. `what` names the call.
inline void check(cudaError_t result, std::string_view what) {
  if (result != cudaSuccess) {
    (void)cudaGetLastError();  // clear it: the next call starts clean
    fail(Errc::device, what, ": ", cudaGetErrorName(result), ": ", cudaGetErrorString(result));
  }
}
inline void* allocate_bytes(std::size_t bytes, Stream stream) {
  void* memory = nullptr;
  check(cudaMallocAsync(&memory, bytes, stream), "allocating device memory");
  return memory;
}
inline void free_bytes(void* memory, Stream stream) noexcept {
  (void)cudaFreeAsync(memory, stream);
}
inline void copy_bytes(void* to, const void* from, std::size_t bytes, Stream stream) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "copying device memory");
}
inline void zero_bytes(void* memory, std::size_t bytes, Stream stream) {
  check(cudaMemsetAsync(memory, 0, bytes, stream), "clearing device memory");
}
inline void synchronize(Stream stream) {
  check(cudaStreamSynchronize(stream), "waiting for the device");
}

inline void copy_to_host(void* to, const void* from, std::size_t bytes) {
  check(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost), "copying to the host");
}
/// A stream of one's own, destroyed with it.
class OwnedStream {
 public:
  OwnedStream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "stream"); }
  OwnedStream(const OwnedStream&) = delete;
  OwnedStream& operator=(const OwnedStream&) = delete;
  ~OwnedStream() { (void)cudaStreamDestroy(stream_); }
  [[nodiscard]] Stream get() const noexcept { return stream_; }

 private:
  Stream stream_ = nullptr;
};
[[nodiscard]] inline auto policy(Stream stream) { return thrust::cuda::par_nosync.on(stream); }

template <class Body>
__global__ void run(Body body) {
  DeviceBlock block;
  body(block);
}

/// body(block) for `blocks` blocks of `threads` threads with `shared_bytes` of block memory each.
template <class Body>
void launch(Stream stream, std::size_t blocks, unsigned threads, std::size_t shared_bytes,
            const Body& body) {
  if (blocks == 0) {
    return;
  }
  if (shared_bytes > 48 * 1024) {
    check(cudaFuncSetAttribute(run<Body>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shared_bytes)),
          "asking for shared memory");
  }
  run<<<static_cast<unsigned>(blocks), threads, shared_bytes, stream>>>(body);
  check(cudaGetLastError(), "launching a kernel");
}
#else
struct Stream {};

inline void* allocate_bytes(std::size_t bytes, Stream) { return ::operator new(bytes); }
inline void free_bytes(void* memory, Stream) noexcept { ::operator delete(memory); }
inline void copy_bytes(void* to, const void* from, std::size_t bytes, Stream) {
  if (bytes > 0) {
    std::memmove(to, from, bytes);
  }
}
inline void zero_bytes(void* memory, std::size_t bytes, Stream) { std::memset(memory, 0, bytes); }
inline void synchronize(Stream) {}
inline void copy_to_host(void* to, const void* from, std::size_t bytes) {
  copy_bytes(to, from, bytes, {});
}
struct OwnedStream {
  [[nodiscard]] Stream get() const noexcept { return {}; }
};
[[nodiscard]] inline auto policy(Stream) { return thrust::device; }

template <class Body>
void launch(Stream, std::size_t blocks, unsigned threads, std::size_t shared_bytes,
            const Body& body) {
  std::vector<double> memory((shared_bytes + sizeof(double) - 1) / sizeof(double));
  for (std::size_t b = 0; b < blocks; ++b) {
    HostBlock block(b, threads, memory.data());
    body(block);
  }
}
#endif

/// Owns `size` trivially copyable values of device memory, freed in stream order; copying copies
/// the values on the device.
template <class T>
class Array {
 public:
  using value_type = T;

  Array() = default;
  Array(std::size_t size, Stream stream) : size_(size), stream_(stream) {
    data_ = size > 0 ? static_cast<T*>(allocate_bytes(size * sizeof(T), stream)) : nullptr;
  }
  Array(const Array& other) : Array(other.size_, other.stream_) {
    copy_bytes(data_, other.data_, size_ * sizeof(T), stream_);
  }
  Array(Array&& other) noexcept { swap(other); }
  Array& operator=(Array other) noexcept {
    swap(other);
    return *this;
  }
  ~Array() {
    if (data_ != nullptr) {
      free_bytes(data_, stream_);
    }
  }
  void swap(Array& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(stream_, other.stream_);
  }

  [[nodiscard]] T* data() noexcept { return data_; }
  [[nodiscard]] const T* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Stream stream() const noexcept { return stream_; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
  Stream stream_ = {};
};

/// A row-major matrix in device memory.
template <class T>
struct Matrix {
  using Scalar = T;
  std::size_t rows = 0;
  std::size_t columns = 0;
  Array<T> entries;
};

/// A short read-only table of host values that a kernel reads: carried in the launch's arguments
/// where it fits, else in device memory.
template <class T>
class Table {
 public:
  static constexpr std::size_t capacity = 17;

  Table(std::span<const T> values, Array<T>& storage, Stream stream) {
    if (values.size() <= capacity) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        near_[i] = values[i];
      }
    } else {
      storage = Array<T>(values.size(), stream);
      copy_bytes(storage.data(), values.data(), values.size() * sizeof(T), stream);
      far_ = storage.data();
    }
  }
  [[nodiscard]] DAG_HOST_DEVICE T operator[](std::size_t i) const {
    return far_ != nullptr ? far_[i] : near_[i];
  }

 private:
  const T* far_ = nullptr;
  T near_[capacity] = {};
};

}  // namespace dag::device
