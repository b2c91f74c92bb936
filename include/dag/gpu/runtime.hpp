// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/gpu/block.hpp>
#include <dag/gpu/warp.hpp>

#if defined(__CUDACC__)
#include <cuda_runtime.h>

#include <mutex>
#include <utility>
#endif

/// All that differs between a GPU and a host system: memory, copies, launches, errors. Compiled by
/// nvcc these are CUDA's; compiled by a host compiler the "device" is the host, kernels run
/// serially through `HostBlock`, and the same backend can be tested without a GPU.
namespace dag::device {

/// A GPU by its number.
struct Device {
  int index = 0;
};

#if defined(__CUDACC__)
using Stream = cudaStream_t;

/// Throws Errc::device with CUDA's text. `what` names the call.
inline void check(cudaError_t result, std::string_view what) {
  if (result != cudaSuccess) {
    (void)cudaGetLastError();  // clear it: the next call starts clean
    fail(Errc::device, what, ": ", cudaGetErrorName(result), ": ", cudaGetErrorString(result));
  }
}
/// Makes a device current for as long as it lives: one by its number, or that of a stream.
class OnDevice {
 public:
  explicit OnDevice(Device device) : OnDevice() { use(device.index); }
  explicit OnDevice(Stream stream) : OnDevice() {
    int own = before_;
    if (stream != nullptr && count() > 1) {  // the default stream is that of the current device
      check(cudaStreamGetDevice(stream, &own), "device of a stream");
    }
    use(own);
  }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  ~OnDevice() {
    if (current_ != before_) {
      (void)cudaSetDevice(before_);
    }
  }

 private:
  OnDevice() { check(cudaGetDevice(&before_), "device"); }
  [[nodiscard]] static int count() {
    static const int devices = [] {
      int found = 1;
      check(cudaGetDeviceCount(&found), "device");
      return found;
    }();
    return devices;
  }
  void use(int device) {
    if (device != before_) {
      check(cudaSetDevice(device), "device");
    }
    current_ = device;
  }
  int before_ = 0;
  int current_ = 0;
};
/// Lets the device's memory pool keep what is freed: allocation in a loop then costs no trip to the
/// driver.
inline void keep_pool(Stream stream) {
  const OnDevice on(stream);
  int device = 0;
  cudaMemPool_t pool = nullptr;
  std::uint64_t everything = ~std::uint64_t{0};
  check(cudaGetDevice(&device), "device");
  check(cudaDeviceGetDefaultMemPool(&pool, device), "memory pool");
  check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &everything), "memory pool");
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
/// A stream of one's own for as long as this lives. Streams are never destroyed but lent again:
/// memory that outlives its backend is freed in the order of a stream that still exists.
class OwnedStream {
 public:
  OwnedStream() {
    check(cudaGetDevice(&device_), "device");
    auto& idle = Idle::of_process();
    const std::lock_guard<std::mutex> lock(idle.mutex);
    for (auto& lent : idle.streams) {
      if (lent.first == device_) {
        stream_ = lent.second;
        lent = idle.streams.back();
        idle.streams.pop_back();
        return;
      }
    }
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream");
  }
  OwnedStream(OwnedStream&& other) noexcept
      : stream_(std::exchange(other.stream_, nullptr)), device_(other.device_) {}
  OwnedStream& operator=(OwnedStream&&) = delete;
  ~OwnedStream() {
    if (stream_ != nullptr) {
      auto& idle = Idle::of_process();
      const std::lock_guard<std::mutex> lock(idle.mutex);
      idle.streams.emplace_back(device_, stream_);
    }
  }
  [[nodiscard]] Stream get() const noexcept { return stream_; }

 private:
  struct Idle {
    std::mutex mutex;
    std::vector<std::pair<int, Stream>> streams;
    [[nodiscard]] static Idle& of_process() {
      static Idle* const idle = new Idle;  // outlives every static backend
      return *idle;
    }
  };
  Stream stream_ = nullptr;
  int device_ = 0;
};

/// Blocks that a multiprocessor is to hold: of one warp (a large game of a batch) 16, so that the
/// compiler gives a thread 128 registers; 0: its own choice.
constexpr unsigned resident_blocks(unsigned threads) { return threads == warp_size ? 16 : 0; }

template <class Executor, class Body, unsigned most>
__global__ void __launch_bounds__(most, resident_blocks(most))
    run(const __grid_constant__ Body body, const std::size_t shared_bytes) {
  Executor executor(shared_bytes);
  body(executor);
}
template <class Executor, unsigned most, class Body>
void launch_on(Stream stream, std::size_t blocks, unsigned threads, std::size_t block_bytes,
               std::size_t shared_bytes, const Body& body) {
  const OnDevice on(stream);
  if (block_bytes > 48 * 1024) {
    check(
        cudaFuncSetAttribute(run<Executor, Body, most>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(block_bytes)),
        "asking for shared memory");
  }
  run<Executor, Body, most>
      <<<static_cast<unsigned>(blocks), threads, block_bytes, stream>>>(body, shared_bytes);
  check(cudaGetLastError(), "launching a kernel");
}

/// Warps that fill the device once: for bodies that loop over their work.
[[nodiscard]] inline std::size_t resident_warps(Stream stream) {
  const OnDevice on(stream);
  int device = 0;
  int processors = 0;
  check(cudaGetDevice(&device), "device");
  check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device), "device");
  return static_cast<std::size_t>(processors) * 32;
}
#else
struct Stream {};

/// The host is device 0.
struct OnDevice {
  explicit OnDevice(Stream) noexcept {}
  explicit OnDevice(Device device) {
    require(device.index == 0, Errc::device, "device: there is no device ", device.index,
            ": the host is device 0");
  }
};
inline void keep_pool(Stream) {}
#if defined(DAG_GUARDED_MEMORY)  // a test that closes device memory to the host
inline void* allocate_bytes(std::size_t bytes, Stream) {
  return GuardedMemory::of_process().allocate(bytes);
}
inline void free_bytes(void* memory, Stream) noexcept { GuardedMemory::of_process().free(memory); }
using OpenMemory = GuardedMemory::Open;
#else
inline void* allocate_bytes(std::size_t bytes, Stream) { return ::operator new(bytes); }
inline void free_bytes(void* memory, Stream) noexcept { ::operator delete(memory); }
/// Where memory is guarded: opens it to the host while it lives. Here it does nothing.
struct OpenMemory {
  OpenMemory() noexcept {}  // so that one that only lives is no unused variable
};
#endif
inline void copy_bytes(void* to, const void* from, std::size_t bytes, Stream) {
  if (bytes > 0) {
    const OpenMemory open;
    std::memmove(to, from, bytes);
  }
}
inline void zero_bytes(void* memory, std::size_t bytes, Stream) {
  if (bytes > 0) {
    const OpenMemory open;
    std::memset(memory, 0, bytes);
  }
}
inline void synchronize(Stream) {}
inline void copy_to_host(void* to, const void* from, std::size_t bytes) {
  copy_bytes(to, from, bytes, {});
}
/// A stream, destroyed with this; host systems have one, which is nothing.
struct OwnedStream {
  [[nodiscard]] Stream get() const noexcept { return {}; }
};
template <class Executor, unsigned most, class Body>
void launch_on(Stream, std::size_t blocks, unsigned threads, std::size_t block_bytes,
               std::size_t shared_bytes, const Body& body) {
  const OpenMemory open;
#if defined(DAG_EMULATED_DEVICE)
  EmulatedThreads::of_process().launch(blocks, threads, block_bytes, [&] {
    Executor executor(shared_bytes);
    body(executor);
  });
#else
  (void)block_bytes;
  std::vector<double> memory((shared_bytes + sizeof(double) - 1) / sizeof(double));
  const std::size_t count = Executor::count_of(blocks, threads);
  for (std::size_t i = 0; i < count; ++i) {
    Executor executor(i, Executor::is_warp ? count : threads, memory.data());
    body(executor);
  }
#endif
}

/// Few, so that tests see warps that loop.
[[nodiscard]] inline std::size_t resident_warps(Stream) { return 16; }
#endif

#if defined(__CUDACC__) || defined(DAG_EMULATED_DEVICE)
using Block = DeviceBlock;
using Warp = DeviceWarp;
#else
using Block = HostBlock;
using Warp = HostWarp;
#endif
/// body(block) for `blocks` blocks of `threads` (at most `most`) threads with `shared_bytes` of
/// block memory each. Errors: device.
template <unsigned most = largest_block, class Body>
void launch(Stream stream, std::size_t blocks, unsigned threads, std::size_t shared_bytes,
            const Body& body) {
  if (blocks > 0) {
    launch_on<Block, most>(stream, blocks, threads, shared_bytes, shared_bytes, body);
  }
}
/// body(warp) for at least `warps` warps (rounded up to whole blocks: a body looks at warp.index())
/// with `shared_bytes` of memory each, a multiple of 16.
template <unsigned block_warps = 8, class Body>
void launch_warps(Stream stream, std::size_t warps, std::size_t shared_bytes, const Body& body) {
  constexpr unsigned threads = block_warps * warp_size;
  if (warps > 0) {
    launch_on<Warp, threads>(stream, (warps + block_warps - 1) / block_warps, threads,
                             shared_bytes * block_warps, shared_bytes, body);
  }
}

/// Ends a test with guarded memory where host memory is passed for device memory; else nothing.
template <class... Spans>
void expect_device([[maybe_unused]] const Spans&... spans) {
#if defined(DAG_GUARDED_MEMORY)
  const auto check_one = [](const auto& span) {
    if (!span.empty() && !GuardedMemory::of_process().owns(span.data())) {
      GuardedMemory::stop("host memory is passed for device memory");
    }
  };
  (check_one(spans), ...);
#endif
}

}  // namespace dag::device
