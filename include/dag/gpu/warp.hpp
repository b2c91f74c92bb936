// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <type_traits>

#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>

/// Loops over registers have to be unrolled: an array indexed at run time leaves them.
#if defined(__CUDA_ARCH__)
#define DAG_UNROLL _Pragma("unroll")
#else
#define DAG_UNROLL
#endif

namespace dag::device {

/// The second executor: bodies written as the work of one warp of 32 lanes in lockstep, run by
/// `DeviceWarp` on a GPU and by `HostWarp`, lane after lane, on the host. A body may use
///   Local<T> v; v[lane]      a value of every lane (a register on the GPU); inside lanes() only
///   warp.index(), count()    which warp this is, of how many
///   warp.lanes(f)            f(lane) on every lane
///   warp.each(n, f)          f(i) for i < n, lane i % 32; then memory of the warp is in order
///   warp.shuffle_xor(v, m)   what lane ^ m holds
///   warp.broadcast(v, lane)  what that lane holds, the same on every lane
///   warp.fold(v, op)         op over all lanes, the same on every lane, in block.hpp's order
///   warp.shared<T>()         memory of the warp
/// and what is built of these below. Control flow between phases has to be the same on all lanes.
class HostWarp : public HostTeam {
 public:
  static constexpr bool is_warp = true;
  [[nodiscard]] static std::size_t count_of(std::size_t blocks, unsigned threads) noexcept {
    return blocks * (threads / warp_size);
  }
  /// A variable of every lane.
  template <class T>
  class Local {
   public:
    [[nodiscard]] T& operator[](unsigned lane) noexcept { return value_[lane]; }
    [[nodiscard]] const T& operator[](unsigned lane) const noexcept { return value_[lane]; }

   private:
    T value_[warp_size];
  };

  HostWarp(std::size_t index, std::size_t count, void* memory) noexcept
      : HostTeam(index, memory), count_(count) {}

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  template <class Function>
  void lanes(Function f) const {
    for (unsigned lane = 0; lane < warp_size; ++lane) {
      f(lane);
    }
  }
  template <class T>
  [[nodiscard]] Local<T> shuffle_xor(const Local<T>& v, unsigned mask) const {
    Local<T> moved;
    for (unsigned lane = 0; lane < warp_size; ++lane) {
      moved[lane] = v[lane ^ mask];
    }
    return moved;
  }
  template <class T>
  [[nodiscard]] T broadcast(const Local<T>& v, unsigned lane) const {
    return v[lane];
  }
  template <class T, class Operation>
  [[nodiscard]] T fold(Local<T> v, Operation op) const {
    fold_halves(&v[0], op);
    return v[0];
  }

 private:
  std::size_t count_;
};

#if defined(__CUDACC__) || defined(DAG_EMULATED_DEVICE)
class DeviceWarp {
 public:
  static constexpr bool is_warp = true;
  template <class T>
  class Local {
   public:
    [[nodiscard]] DAG_DEVICE T& operator[](unsigned) { return value_; }
    [[nodiscard]] DAG_DEVICE const T& operator[](unsigned) const { return value_; }

   private:
    T value_;
  };

  DAG_DEVICE explicit DeviceWarp(std::size_t shared_bytes) : shared_bytes_(shared_bytes) {}

  [[nodiscard]] DAG_DEVICE std::size_t index() const {
    return static_cast<std::size_t>(blockIdx.x) * (blockDim.x / warp_size) + in_block();
  }
  [[nodiscard]] DAG_DEVICE std::size_t count() const {
    return static_cast<std::size_t>(gridDim.x) * (blockDim.x / warp_size);
  }
  template <class Function>
  DAG_DEVICE void lanes(Function f) const {
    f(threadIdx.x % warp_size);
  }
  template <class Function>
  DAG_DEVICE void each(std::size_t count, Function f) const {
    __syncwarp();  // what lanes() wrote to the warp's memory
    for (std::size_t i = threadIdx.x % warp_size; i < count; i += warp_size) {
      f(i);
    }
    __syncwarp();
  }
  template <class T>
  [[nodiscard]] DAG_DEVICE Local<T> shuffle_xor(const Local<T>& v, unsigned mask) const {
    Local<T> moved;
    moved[0] = shuffle(v[0], threadIdx.x % warp_size ^ mask);
    return moved;
  }
  template <class T>
  [[nodiscard]] DAG_DEVICE T broadcast(const Local<T>& v, unsigned lane) const {
    return shuffle(v[0], lane);
  }
  template <class T, class Operation>
  [[nodiscard]] DAG_DEVICE T fold(const Local<T>& v, Operation op) const {
    return shuffle(fold_to_first(v[0], op), 0);
  }
  template <class T>
  [[nodiscard]] DAG_DEVICE T* shared() const {
    return reinterpret_cast<T*>(block_memory() + in_block() * shared_bytes_);
  }

 private:
  [[nodiscard]] static DAG_DEVICE unsigned in_block() { return threadIdx.x / warp_size; }
  std::size_t shared_bytes_;
};
#endif

/// op over f(0..n-1) by a warp (lane l takes l, l + 32, ..., then warp.fold) or by a block.
template <class T, class Team, class Function, class Operation>
[[nodiscard]] DAG_HOST_DEVICE T reduce(Team& team, std::size_t n, T identity, Function f,
                                       Operation op) {
  if constexpr (Team::is_warp) {
    typename Team::template Local<T> partial;
    team.lanes([&](unsigned lane) {
      T value = identity;
      for (std::size_t i = lane; i < n; i += warp_size) {
        value = op(value, f(i));
      }
      partial[lane] = value;
    });
    return team.fold(partial, op);
  } else {
    return team.reduce(n, identity, f, op);
  }
}

/// N values that a lane keeps in registers.
template <class T, unsigned N>
struct Registers {
  T value[N];
  [[nodiscard]] DAG_HOST_DEVICE T& operator[](unsigned i) { return value[i]; }
  [[nodiscard]] DAG_HOST_DEVICE const T& operator[](unsigned i) const { return value[i]; }
};

/// Adds N values of every lane over the warp (N a power of two, at most 32) with N - 1 + 5 - log2 N
/// shuffles: afterwards lane l holds in value 0 the total of value l / (32 / N).
template <unsigned N, unsigned Mask = warp_size / 2, class Warp, class Pack>
DAG_HOST_DEVICE void fold_many(Warp& warp, Pack& pack) {
  if constexpr (Mask > 0) {
    using T = std::decay_t<decltype(pack[0][0])>;
    constexpr unsigned middle = N / 2;
    constexpr unsigned left = middle > 0 ? middle : 1;
    DAG_UNROLL
    for (unsigned k = 0; k < left; ++k) {
      typename Warp::template Local<T> sent, kept;
      warp.lanes([&](unsigned lane) {
        const bool upper = middle > 0 && (lane & Mask) != 0;
        sent[lane] = upper || middle == 0 ? pack[lane][k] : pack[lane][k + middle];
        kept[lane] = upper ? pack[lane][k + middle] : pack[lane][k];
      });
      const auto other = warp.shuffle_xor(sent, Mask);
      warp.lanes([&](unsigned lane) { pack[lane][k] = kept[lane] + other[lane]; });
    }
    fold_many<left, Mask / 2>(warp, pack);
  }
}

}  // namespace dag::device
