// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <set>

TEST_CASE("philox4x32-10 agrees with the known-answer vectors of Random123") {
  using Words = dag::Words<4>;
  CHECK(dag::philox4x32({0, 0, 0, 0}, {0, 0}) ==
        Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(
      dag::philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
      Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(
      dag::philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
      Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream is addressed by seed, stream and counter") {
  dag::RandomStream first(7, 3);
  const auto a = first();
  const auto b = first();
  CHECK(a != b);
  dag::RandomStream resumed(7, 3, 1);
  CHECK(resumed() == b);
  std::set<std::uint64_t> values;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::uint64_t stream = 0; stream < 20; ++stream) {
      values.insert(dag::RandomStream(seed, stream)());
    }
  }
  CHECK(values.size() == 400);
}

TEST_CASE("below is the high word of the 128-bit product") {
  dag::RandomStream stream(1, 2);
  for (int i = 0; i < 10000; ++i) {
    dag::RandomStream copy = stream;
    const std::uint64_t bits = stream();
    const std::uint64_t bound = (bits * 77777777777ULL) | 1;
    __extension__ using Wide = unsigned __int128;
    REQUIRE(copy.below(bound) == static_cast<std::uint64_t>((Wide{bits} * bound) >> 64));
  }
}

TEST_CASE("uniform and normal have the moments of their laws within five standard errors") {
  dag::RandomStream stream(2026, 0);
  constexpr int n = 200000;
  double sum = 0, square = 0, normal_sum = 0, normal_square = 0;
  for (int i = 0; i < n; ++i) {
    const double u = stream.uniform();
    REQUIRE(u >= 0.0);
    REQUIRE(u < 1.0);
    const double z = stream.normal();
    sum += u;
    square += u * u;
    normal_sum += z;
    normal_square += z * z;
  }
  CHECK(std::abs(sum / n - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
  CHECK(std::abs(square / n - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / n));
  CHECK(std::abs(normal_sum / n) < 5 / std::sqrt(double{n}));
  CHECK(std::abs(normal_square / n - 1) < 5 * std::sqrt(2.0 / n));
}
