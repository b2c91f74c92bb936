// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include <dag/detail/config.hpp>
#include <dag/numeric/lane_vector.hpp>

namespace dag::detail {
inline namespace DAG_BINARY_NAMESPACE {

// The exponential in double as arithmetic alone: no call, no branch, no table, so that a compiler
// turns a loop over it into vector instructions, and an entry's bits depend neither on its
// neighbours nor on its place.
//
// Method: reduction to an interval around 0 by a power of 2 and a polynomial there, interpolated at
// Chebyshev's nodes with 80 digits and rounded. Error: below 1 ulp, denormal numbers included (0.86
// the largest seen over 4 million arguments against long double; test `special_functions`).

/// Adding it rounds a double below 2^51 to a whole number, which its lowest bits then hold.
inline constexpr double rounding_shift = 0x1.8p52;
/// log 2 = high + low; a whole number below 2^11 times `high` is exact.
inline constexpr double log_2_high = 0x1.62e42fefa3000p-1;
inline constexpr double log_2_low = 0x1.3de6af278ece6p-42;

/// yes where `which`, else no; by bits, since a compiler makes branches of the operator ?:.
[[nodiscard]] inline double pick(bool which, double yes, double no) noexcept {
  const std::uint64_t mask = std::uint64_t{0} - static_cast<std::uint64_t>(which);
  return std::bit_cast<double>((std::bit_cast<std::uint64_t>(yes) & mask) |
                               (std::bit_cast<std::uint64_t>(no) & ~mask));
}

/// 2^k for a whole number k, -1023 < k < 1024.
[[nodiscard]] inline double power_of_2(double k) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(k + rounding_shift);
  return std::bit_cast<double>((bits << 52U) + (std::uint64_t{1023} << 52U));
}

/// e^(r + rest) for |r| <= log(2) / 2; `rest` is rounding. Of numbers or of registers of them.
template <class Number>
[[nodiscard]] inline Number exp_near_0(Number r, Number rest) noexcept {
  // In pairs: a chain of ten products would be waited for.
  const Number r2 = r * r;
  const Number r4 = r2 * r2;
  const Number q0 =
      (r * 0x1.5555555555557p-3 + 0.5) + r2 * (r * 0x1.11111111100dcp-7 + 0x1.5555555555556p-5);
  const Number q4 = (r * 0x1.a01a01abe7fe1p-13 + 0x1.6c16c16c162d4p-10) +
                    r2 * (r * 0x1.71de0231960ebp-19 + 0x1.a01a01a6d889cp-16);
  const Number q8 =
      (r * 0x1.af4de97ca4194p-26 + 0x1.27e4db646b17ep-22) + r2 * 0x1.1f730349868cep-29;
  const Number q = q0 + r4 * (q4 + r4 * q8);
  return 1 + (r + (r2 * q + rest));
}

/// e^x. -inf gives 0, what is too large +inf, NaN itself.
[[nodiscard]] inline double packed_exp(double x) noexcept {
  const double above = pick(x < -746.0, -746.0, x);
  const double y = pick(above > 710.0, 710.0, above);
  const double k = (y * 0x1.71547652b82fep+0 + rounding_shift) - rounding_shift;
  const double high = y - k * log_2_high;
  const double low = k * log_2_low;
  const double r = high - low;
  const double rest = (high - r) - low;  // what the difference lost
  const double power = exp_near_0(r, rest);
  // In two factors: 2^k alone may be out of range where the product is not.
  const double half = (k * 0.5 + rounding_shift) - rounding_shift;
  return power * power_of_2(half) * power_of_2(k - half);
}

/// Where `lanes_exp` is faster than what compilers and Eigen have: products with sums in one
/// instruction.
#if defined(__FMA__) || defined(__AVX512F__) || defined(__ARM_FEATURE_FMA)
inline constexpr bool lanes_exp_pays = lane_step > 1;
#else
inline constexpr bool lanes_exp_pays = false;
#endif
/// e^x, x at most 709, within one ulp where it is above e^-695; exactly 0 below, -inf included; NaN
/// itself.
[[nodiscard]] inline LaneVector lanes_exp(LaneVector x) noexcept {
  const LaneIntegers far_below = x < -695.0;
  const LaneVector t = x * 0x1.71547652b82fep+0 + rounding_shift;
  const LaneVector k = t - rounding_shift;
  const LaneVector high = x - k * log_2_high;
  const LaneVector low = k * log_2_low;
  const LaneVector r = high - low;
  const LaneVector power = exp_near_0<LaneVector>(r, (high - r) - low);
  const LaneVector scale = lanes_of_bits((bits_of_lanes(t) + 1023) << 52);
  return lanes_of_bits(bits_of_lanes(power * scale) & ~far_below);
}

/// For loops: the exponential that is faster in one. Without vectors of four doubles the C
/// library's is (2.9 ns against 6 and more).
[[nodiscard]] inline double loop_exp(double x) noexcept {
#if defined(__AVX2__)
  return packed_exp(x);
#else
  return std::exp(x);
#endif
}

}  // namespace DAG_BINARY_NAMESPACE
}  // namespace dag::detail
