// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <dag/detail/config.hpp>

namespace dag {

/// N 32-bit words; std::array's members cannot be called in device code.
template <std::size_t N>
struct Words {
  std::uint32_t word[N];
  friend constexpr bool operator==(const Words&, const Words&) = default;
};

/// Philox4x32-10: four random words as a pure function of a 128-bit counter and a 64-bit key.
/// Source: Salmon, Moraes, Dror, Shaw (2011), doi:10.1145/2063384.2063405; the known-answer vectors
/// of Random123 are a test. No state: the same bits on CPU and GPU, for any number of threads.
[[nodiscard]] DAG_HOST_DEVICE constexpr Words<4> philox4x32(Words<4> counter,
                                                            Words<2> key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t left = std::uint64_t{0xD2511F53U} * counter.word[0];
    const std::uint64_t right = std::uint64_t{0xCD9E8D57U} * counter.word[2];
    counter = {static_cast<std::uint32_t>(right >> 32) ^ counter.word[1] ^ key.word[0],
               static_cast<std::uint32_t>(right),
               static_cast<std::uint32_t>(left >> 32) ^ counter.word[3] ^ key.word[1],
               static_cast<std::uint32_t>(left)};
    key.word[0] += 0x9E3779B9U;
    key.word[1] += 0xBB67AE85U;
  }
  return counter;
}

/// A stream of random numbers addressed by (seed, stream, counter): draw i of stream s under a seed
/// is the same number wherever and in whatever order it is drawn. `stream` names who draws (a
/// context, a thread's work item), `counter` counts its draws and may be set to resume.
///
/// Layout: key = seed (low word first), counter words 0-1 = draw, words 2-3 = stream. One draw uses
/// one Philox call and its first two words; 2^64 draws a stream. Satisfies
/// std::uniform_random_bit_generator.
class RandomStream {
 public:
  using result_type = std::uint64_t;

  DAG_HOST_DEVICE constexpr RandomStream(std::uint64_t seed, std::uint64_t stream,
                                         std::uint64_t counter = 0) noexcept
      : seed_(seed), stream_(stream), counter_(counter) {}

  [[nodiscard]] static constexpr result_type min() noexcept { return 0; }
  [[nodiscard]] static constexpr result_type max() noexcept { return ~result_type{0}; }

  /// 64 uniform bits.
  DAG_HOST_DEVICE constexpr result_type operator()() noexcept {
    const auto words = philox4x32({low(counter_), high(counter_), low(stream_), high(stream_)},
                                  {low(seed_), high(seed_)});
    ++counter_;
    return (std::uint64_t{words.word[1]} << 32) | words.word[0];
  }

  /// Uniform on [0, 1): a multiple of 2^-53.
  DAG_HOST_DEVICE constexpr double uniform() noexcept {
    return static_cast<double>((*this)() >> 11) * 0x1p-53;
  }

  /// Uniform on {0, ..., bound - 1}; bound >= 1. Bias below bound / 2^64 (multiply-shift).
  DAG_HOST_DEVICE constexpr std::uint64_t below(std::uint64_t bound) noexcept {
    const std::uint64_t bits = (*this)();
    const std::uint64_t cross = high(bits) * (bound & 0xFFFFFFFFU) +
                                ((std::uint64_t{low(bits)} * (bound & 0xFFFFFFFFU)) >> 32);
    const std::uint64_t middle = (cross & 0xFFFFFFFFU) + std::uint64_t{low(bits)} * (bound >> 32);
    return high(bits) * (bound >> 32) + (cross >> 32) + (middle >> 32);
  }

  /// Standard normal (Box-Muller, cosine branch): two draws a number.
  DAG_HOST_DEVICE double normal() noexcept {
    const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
    return radius * std::cos(6.283185307179586476925286766559 * uniform());
  }

  [[nodiscard]] constexpr std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] constexpr std::uint64_t stream() const noexcept { return stream_; }
  [[nodiscard]] constexpr std::uint64_t counter() const noexcept { return counter_; }
  friend constexpr bool operator==(const RandomStream&, const RandomStream&) = default;

 private:
  [[nodiscard]] DAG_HOST_DEVICE static constexpr std::uint32_t low(std::uint64_t x) noexcept {
    return static_cast<std::uint32_t>(x);
  }
  [[nodiscard]] DAG_HOST_DEVICE static constexpr std::uint32_t high(std::uint64_t x) noexcept {
    return static_cast<std::uint32_t>(x >> 32);
  }

  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t counter_;
};

}  // namespace dag
