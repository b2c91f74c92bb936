// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

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
#else
using LaneVector = double;
using LaneIntegers = std::int64_t;
inline constexpr std::size_t lane_step = 1;
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
inline void store_lanes(LaneIntegers a, std::int64_t* to) noexcept {
  std::memcpy(to, &a, sizeof(a));
}

/// Lane l is `of(l)`.
template <class Of>
[[nodiscard]] LaneVector lanes_of(const Of& of) noexcept {
  return [&]<std::size_t... l>(std::index_sequence<l...>) { return LaneVector{of(l)...}; }
  (std::make_index_sequence<lane_step>());
}

/// All lanes, joined in halves: the upper half with the lower one, and so on. In vectors to the
/// end: of two numbers compilers may make a branch, which would be guessed wrong half the time.
template <class Join>
[[nodiscard]] inline double joined_lanes(LaneVector a, const Join& join) noexcept {
#if defined(__GNUC__) || defined(__clang__)
  const auto of_two = [&](auto two) {
    return join(two, __builtin_shufflevector(two, two, 1, 0))[0];
  };
  const auto of_four = [&](auto four) {
    return of_two(
        join(__builtin_shufflevector(four, four, 0, 1), __builtin_shufflevector(four, four, 2, 3)));
  };
  const auto of_eight = [&](auto eight) {
    return of_four(join(__builtin_shufflevector(eight, eight, 0, 1, 2, 3),
                        __builtin_shufflevector(eight, eight, 4, 5, 6, 7)));
  };
  if constexpr (lane_step == 2) {
    return of_two(a);
  } else if constexpr (lane_step == 4) {
    return of_four(a);
  } else {
    return of_eight(a);
  }
#else
  return a;
#endif
}
[[nodiscard]] inline double sum_of_lanes(LaneVector a) noexcept {
  return joined_lanes(a, [](auto x, auto y) { return x + y; });
}
[[nodiscard]] inline double smallest_lane(LaneVector a) noexcept {
  return joined_lanes(a, [](auto x, auto y) { return x < y ? x : y; });
}
[[nodiscard]] inline double largest_lane(LaneVector a) noexcept {
  return joined_lanes(a, [](auto x, auto y) { return x > y ? x : y; });
}

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
