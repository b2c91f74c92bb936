// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <dag/detail/config.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

/// A vector register of `lane_step` doubles, and one of as many integers, for loops that compilers
/// do not turn into vector instructions. A comparison gives masks: all bits or none. Without vector
/// extensions of the compiler: one number.
#if defined(__GNUC__) || defined(__clang__)
#if defined(__AVX512F__)
#define DAG_LANES_BYTES 64
#elif defined(__AVX__)
#define DAG_LANES_BYTES 32
#else
#define DAG_LANES_BYTES 16
#endif
using LaneVector [[gnu::vector_size(DAG_LANES_BYTES)]] = double;
using LaneIntegers [[gnu::vector_size(DAG_LANES_BYTES)]] = std::int64_t;
inline constexpr std::size_t lane_step = DAG_LANES_BYTES / sizeof(double);
#undef DAG_LANES_BYTES
[[nodiscard]] inline double lane(LaneVector a, std::size_t l) noexcept { return a[l]; }
#else
using LaneVector = double;
using LaneIntegers = std::int64_t;
inline constexpr std::size_t lane_step = 1;
[[nodiscard]] inline double lane(LaneVector a, std::size_t) noexcept { return a; }
#endif

[[nodiscard]] inline LaneVector all_lanes(double a) noexcept { return a - LaneVector{}; }
[[nodiscard]] inline LaneIntegers all_lanes(std::int64_t a) noexcept { return a - LaneIntegers{}; }
[[nodiscard]] inline LaneVector smaller_lanes(LaneVector a, LaneVector b) noexcept {
  return a < b ? a : b;
}
[[nodiscard]] inline LaneVector larger_lanes(LaneVector a, LaneVector b) noexcept {
  return a > b ? a : b;
}

[[nodiscard]] inline LaneIntegers bits_of_lanes(LaneVector a) noexcept {
  LaneIntegers out;
  std::memcpy(&out, &a, sizeof(out));
  return out;
}
[[nodiscard]] inline LaneVector lanes_of_bits(LaneIntegers a) noexcept {
  LaneVector out;
  std::memcpy(&out, &a, sizeof(out));
  return out;
}
/// From and to memory of any alignment.
[[nodiscard]] inline LaneVector load_lanes(const double* from) noexcept {
  LaneVector out;
  std::memcpy(&out, from, sizeof(out));
  return out;
}
[[nodiscard]] inline LaneIntegers load_lanes(const std::int64_t* from) noexcept {
  LaneIntegers out;
  std::memcpy(&out, from, sizeof(out));
  return out;
}
inline void store_lanes(LaneVector a, double* to) noexcept { std::memcpy(to, &a, sizeof(a)); }

/// All lanes, joined in pairs of neighbours.
template <class Join>
[[nodiscard]] inline double joined_lanes(LaneVector a, const Join& join) noexcept {
  const auto pair = [&](std::size_t l) { return join(lane(a, l), lane(a, l + 1)); };
  if constexpr (lane_step == 1) {
    return lane(a, 0);
  } else if constexpr (lane_step == 2) {
    return pair(0);
  } else if constexpr (lane_step == 4) {
    return join(pair(0), pair(2));
  } else {
    return join(join(pair(0), pair(2)), join(pair(4), pair(6)));
  }
}
[[nodiscard]] inline double sum_of_lanes(LaneVector a) noexcept {
  return joined_lanes(a, [](double x, double y) { return x + y; });
}
[[nodiscard]] inline double smallest_lane(LaneVector a) noexcept {
  return joined_lanes(a, [](double x, double y) { return x < y ? x : y; });
}
[[nodiscard]] inline double largest_lane(LaneVector a) noexcept {
  return joined_lanes(a, [](double x, double y) { return x > y ? x : y; });
}

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
