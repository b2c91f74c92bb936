// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>

#include <dag/core/serial_block.hpp>
#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>

#if defined(__CUDACC__)
#include <cub/util_ptx.cuh>
#include <cub/warp/warp_reduce.cuh>
#endif

namespace dag::device {

/// Kernels are written once, as the work of one thread block in phases, and run by an executor:
/// `DeviceBlock` on a GPU, `HostBlock` serially on the host, where tests reach every index and sum.
/// A body is a callable `body(block)`; it may use
///   block.index(), block.threads()    which block this is, how many threads it has,
///   block.each(n, f)                  f(i) for i < n, spread over the threads, then a barrier,
///   block.reduce(n, identity, f, op)  op over f(0..n-1), the same value to every thread,
///   block.shared<T>()                 memory of the block, the same array at every call.
/// A phase may read what earlier phases wrote; within one, index i owns what it writes.
/// Sums have a fixed order: thread t adds t, t + T, t + 2T, ..., then a warp folds, then the warps'
/// results fold: by CUB's WarpReduce on a GPU, by halves (16, 8, 4, 2, 1) on the host. The same
/// bits from run to run.

constexpr unsigned warp_size = 32;
constexpr unsigned largest_block = 1024;

/// Threads of a block that works on `size` entries at a time: 32, 64, ..., at most 1024.
[[nodiscard]] constexpr unsigned threads_for(std::size_t size) {
  return size <= warp_size       ? warp_size
         : size >= largest_block ? largest_block
                                 : std::bit_ceil(static_cast<unsigned>(size));
}

/// lane[0] = op over 32 values, by halves: how warps fold on the host.
template <class Value, class Operation>
void fold_halves(Value* lane, Operation op) {
  for (unsigned distance = warp_size / 2; distance > 0; distance /= 2) {
    for (unsigned i = 0; i < distance; ++i) {
      lane[i] = op(lane[i], lane[i + distance]);
    }
  }
}

/// What the host's executors share: phases run on the calling thread, one index after the other.
class HostTeam {
 public:
  HostTeam(std::size_t index, void* memory) noexcept : index_(index), memory_(memory) {}

  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  template <class Function>
  void each(std::size_t count, Function f) const {
    for (std::size_t i = 0; i < count; ++i) {
      f(i);
    }
  }
  template <class T>
  [[nodiscard]] T* shared() const noexcept {
    return static_cast<T*>(memory_);
  }

 private:
  std::size_t index_;
  void* memory_;
};
/// A block of so many threads.
class HostBlock : public HostTeam {
 public:
  static constexpr bool is_warp = false;
  [[nodiscard]] static std::size_t count_of(std::size_t blocks, unsigned) noexcept {
    return blocks;
  }
  HostBlock(std::size_t index, std::size_t threads, void* memory) noexcept
      : HostTeam(index, memory), threads_(threads) {}

  [[nodiscard]] std::size_t threads() const noexcept { return threads_; }
  template <class Value, class Function, class Operation>
  [[nodiscard]] Value reduce(std::size_t count, Value identity, Function f, Operation op) const {
    Value partial[largest_block];
    for (std::size_t t = 0; t < threads_; ++t) {
      partial[t] = identity;
      for (std::size_t i = t; i < count; i += threads_) {
        partial[t] = op(partial[t], f(i));
      }
    }
    const std::size_t warps = threads_ / warp_size;
    for (std::size_t warp = 0; warp < warps; ++warp) {
      fold_halves(partial + warp * warp_size, op);
      partial[warp] = partial[warp * warp_size];
    }
    for (std::size_t warp = warps; warp < warp_size; ++warp) {
      partial[warp] = identity;
    }
    fold_halves(partial, op);
    return partial[0];
  }

 private:
  std::size_t threads_;
};

// DAG_EMULATED_DEVICE: a test that gives CUDA's names on the host
// (tests/device/emulated_device.hpp) runs the executors of the GPU as they are, each thread a
// coroutine.
#if defined(__CUDACC__) || defined(DAG_EMULATED_DEVICE)
/// The memory of this block whose size the launch gave, at a multiple of 16 bytes.
[[nodiscard]] DAG_DEVICE inline unsigned char* block_memory() {
#if defined(__CUDACC__)
  extern __shared__ __align__(16) unsigned char memory[];
  return memory;
#else
  return EmulatedThreads::of_process().memory();
#endif
}

#if defined(__CUDACC__)
/// What lane `from` of the warp passes, from 0 to 31, in the same call.
template <class Value>
[[nodiscard]] DAG_DEVICE Value shuffle(const Value& value, unsigned from) {
  return cub::ShuffleIndex<warp_size>(value, static_cast<int>(from), 0xffffffffU);
}
/// op over the warp's values; lane 0 has it.
template <class Value, class Operation>
[[nodiscard]] DAG_DEVICE Value fold_to_first(const Value& value, Operation op) {
  typename cub::WarpReduce<Value>::TempStorage none{};  // whole warps shuffle
  return cub::WarpReduce<Value>(none).Reduce(value, op);
}
#endif

/// Runs a body's phases on the threads of one CUDA block; blockDim.x is a multiple of 32.
class DeviceBlock {
 public:
  static constexpr bool is_warp = false;
  DAG_DEVICE explicit DeviceBlock(std::size_t) {}
  [[nodiscard]] DAG_DEVICE std::size_t index() const { return blockIdx.x; }
  [[nodiscard]] DAG_DEVICE std::size_t threads() const { return blockDim.x; }
  template <class Function>
  DAG_DEVICE void each(std::size_t count, Function f) const {
    for (std::size_t i = threadIdx.x; i < count; i += blockDim.x) {
      f(i);
    }
    __syncthreads();
  }
  template <class Value, class Function, class Operation>
  [[nodiscard]] DAG_DEVICE Value reduce(std::size_t count, Value identity, Function f,
                                        Operation op) const {
    DAG_BLOCK_MEMORY Value result[warp_size];
    Value partial = identity;
    for (std::size_t i = threadIdx.x; i < count; i += blockDim.x) {
      partial = op(partial, f(i));
    }
    const unsigned lane = threadIdx.x % warp_size;
    const unsigned warp = threadIdx.x / warp_size;
    partial = fold_to_first(partial, op);
    if (lane == 0) {
      result[warp] = partial;
    }
    __syncthreads();
    if (warp == 0) {
      partial = lane < blockDim.x / warp_size ? result[lane] : identity;
      partial = fold_to_first(partial, op);
      if (lane == 0) {
        result[0] = partial;
      }
    }
    __syncthreads();
    const Value total = result[0];
    __syncthreads();  // nobody overwrites `result` before everybody has read it
    return total;
  }
  template <class T>
  [[nodiscard]] DAG_DEVICE T* shared() const {
    return reinterpret_cast<T*>(block_memory());
  }
};
#endif

template <class Real>
using Limits = dag::detail::Limits<Real>;

using dag::detail::Add;
using dag::detail::Max;
using dag::detail::Min;

}  // namespace dag::device
