// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the benchmark asks of a device beside the library. Compiled by a host compiler it is the
// host's: a test then runs all parts of the benchmark at small size with the serial executors, and
// times mean nothing.
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string>

#include <dag/gpu/runtime.hpp>

namespace device_clock {

using dag::device::Stream;

#if defined(__CUDACC__)
[[nodiscard]] inline bool has_device() {
  int devices = 0;
  return cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
}
[[nodiscard]] inline std::string device_name() {
  int index = 0;
  cudaDeviceProp device{};
  dag::device::check(cudaGetDevice(&index), "device");
  dag::device::check(cudaGetDeviceProperties(&device, index), "device");
  return device.name;
}
/// Bytes 0xff, queued: NaN in what a kernel does not write.
inline void poison(void* memory, std::size_t bytes, Stream stream) {
  dag::device::check(cudaMemsetAsync(memory, 0xff, bytes, stream), "poison");
}
/// Time between two places of a stream.
class Interval {
 public:
  explicit Interval(Stream stream) : stream_(stream) {
    dag::device::check(cudaEventCreate(&begin_), "event");
    dag::device::check(cudaEventCreate(&end_), "event");
  }
  Interval(const Interval&) = delete;
  Interval& operator=(const Interval&) = delete;
  ~Interval() {
    (void)cudaEventDestroy(begin_);
    (void)cudaEventDestroy(end_);
  }
  void begin() { dag::device::check(cudaEventRecord(begin_, stream_), "event"); }
  /// Milliseconds since begin(); waits.
  [[nodiscard]] float end() {
    float elapsed = 0;
    dag::device::check(cudaEventRecord(end_, stream_), "event");
    dag::device::check(cudaEventSynchronize(end_), "event");
    dag::device::check(cudaEventElapsedTime(&elapsed, begin_, end_), "event");
    return elapsed;
  }

 private:
  Stream stream_;
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};
#else
[[nodiscard]] inline bool has_device() { return true; }
[[nodiscard]] inline std::string device_name() { return "no device: the host's executors"; }
inline void poison(void* memory, std::size_t bytes, Stream) { std::memset(memory, 0xff, bytes); }
class Interval {
 public:
  explicit Interval(Stream) {}
  void begin() { begin_ = std::chrono::steady_clock::now(); }
  [[nodiscard]] float end() const {
    const std::chrono::duration<float, std::milli> passed =
        std::chrono::steady_clock::now() - begin_;
    return passed.count() > 1e-5F ? passed.count() : 1e-5F;
  }

 private:
  std::chrono::steady_clock::time_point begin_;
};
#endif

}  // namespace device_clock
