// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <dag/detail/config.hpp>
#include <dag/gpu/warp.hpp>

namespace dag::device {

/// 16-bit numbers for storage: read as float, computed with in float. Bit for bit the __nv_bfloat16
/// and __half of CUDA and the bfloat16 and float16 of PyTorch, so pointers to those may be cast.
struct BFloat16 {
  std::uint16_t bits;
};
/// The other of them: IEEE half precision.
struct Float16 {
  std::uint16_t bits;
};

template <class Storage>
constexpr bool is_half = std::is_same_v<Storage, BFloat16> || std::is_same_v<Storage, Float16>;
/// What numbers stored as `Storage` are computed in.
template <class Storage>
using Wide = std::conditional_t<is_half<Storage>, float, Storage>;

[[nodiscard]] DAG_HOST_DEVICE inline float float_of(std::uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
[[nodiscard]] DAG_HOST_DEVICE inline std::uint32_t bits_of(float value) {
  std::uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

[[nodiscard]] DAG_HOST_DEVICE inline float widen(float x) { return x; }
[[nodiscard]] DAG_HOST_DEVICE inline double widen(double x) { return x; }
[[nodiscard]] DAG_HOST_DEVICE inline float widen(BFloat16 x) {
  return float_of(static_cast<std::uint32_t>(x.bits) << 16U);
}
[[nodiscard]] DAG_HOST_DEVICE inline float widen(Float16 x) {
#if defined(__CUDA_ARCH__)
  float wide;
  asm("cvt.f32.f16 %0, %1;" : "=f"(wide) : "h"(x.bits));
  return wide;
#else
  const std::uint32_t sign = (x.bits & 0x8000U) << 16U;
  const std::uint32_t exponent = (x.bits >> 10U) & 31U;
  const std::uint32_t digits = x.bits & 0x3ffU;
  if (exponent == 0) {  // zero and subnormal numbers: digits * 2^-24
    const float size = static_cast<float>(digits) * 0x1p-24F;
    return sign != 0 ? -size : size;
  }
  const std::uint32_t wide = exponent == 31 ? 255U : exponent + 112;
  return float_of(sign | wide << 23U | digits << 13U);
#endif
}

/// To the nearest, ties to even; NaN stays NaN, overflow becomes infinite.
template <class Storage>
[[nodiscard]] DAG_HOST_DEVICE Storage narrow(Wide<Storage> x) {
  if constexpr (std::is_same_v<Storage, BFloat16>) {
    const std::uint32_t bits = bits_of(x);
    if (x != x) {
      return {static_cast<std::uint16_t>((bits >> 16U) | 0x40U)};
    }
    return {static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U)};
  } else if constexpr (std::is_same_v<Storage, Float16>) {
#if defined(__CUDA_ARCH__)
    Float16 out;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(out.bits) : "f"(x));
    return out;
#else
    const std::uint32_t sign = (bits_of(x) >> 16U) & 0x8000U;
    const float size = std::abs(x);
    std::uint32_t bits = 0;
    if (size != size) {
      bits = 0x7e00U;
    } else if (size >= 65520.0F) {
      bits = 0x7c00U;
    } else if (size < 0x1p-14F) {
      bits = static_cast<std::uint32_t>(std::nearbyint(size * 0x1p24F));
    } else {
      const std::uint32_t wide = bits_of(size);
      bits = (wide + 0xfffU + ((wide >> 13U) & 1U) - (112U << 23U)) >> 13U;
    }
    return {static_cast<std::uint16_t>(sign | bits)};
#endif
  } else {
    return x;
  }
}

/// Sixteen bytes of numbers, moved at once.
template <class Storage>
struct Packet {
  static constexpr unsigned size = 16 / sizeof(Storage);
  alignas(16) Storage value[size];
};

/// Reads a packet that starts at a multiple of 16 bytes and is read once (it does not stay in the
/// first-level cache).
template <class Storage>
[[nodiscard]] DAG_HOST_DEVICE Packet<Storage> load_packet(const Storage* from) {
  Packet<Storage> packet;
#if defined(__CUDA_ARCH__)
  const uint4 words = __ldcs(reinterpret_cast<const uint4*>(from));
  memcpy(&packet, &words, sizeof packet);
#else
  memcpy(&packet, from, sizeof packet);
#endif
  return packet;
}
template <class Storage>
DAG_HOST_DEVICE void store_packet(Storage* to, const Packet<Storage>& packet) {
#if defined(__CUDA_ARCH__)
  uint4 words;
  memcpy(&words, &packet, sizeof packet);
  __stcs(reinterpret_cast<uint4*>(to), words);
#else
  memcpy(to, &packet, sizeof packet);
#endif
}

/// How many numbers lie before the next multiple of 16 bytes.
template <class Storage>
[[nodiscard]] DAG_HOST_DEVICE std::size_t to_next_packet(const Storage* from) {
  return (16 - reinterpret_cast<std::uintptr_t>(from) % 16) % 16 / sizeof(Storage);
}

}  // namespace dag::device
