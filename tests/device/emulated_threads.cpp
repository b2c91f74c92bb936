// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The guard itself (emulated_device.hpp): planted faults of synchronisation must come out wrong in
// some order of threads, and the same work with its barrier right in all of them.
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <dag/gpu/runtime.hpp>

namespace {

using dag::device::blockDim;
using dag::device::threadIdx;

/// Every thread passes its number to its neighbour through the memory of the block.
template <bool barrier>
struct PassOn {
  float* out;
  template <class Block>
  void operator()(Block& block) const {
    float* const place = block.template shared<float>();
    place[threadIdx.x] = static_cast<float>(threadIdx.x);
    if (barrier) {
      dag::device::__syncthreads();
    }
    out[threadIdx.x] = place[(threadIdx.x + 1) % blockDim.x];
  }
};
/// The neighbour's number is read, then overwritten.
template <bool barrier>
struct PassBack {
  float* out;
  template <class Block>
  void operator()(Block& block) const {
    float* const place = block.template shared<float>();
    place[threadIdx.x] = static_cast<float>(threadIdx.x);
    dag::device::__syncthreads();
    const float next = place[(threadIdx.x + 1) % blockDim.x];
    if (barrier) {
      dag::device::__syncthreads();
    }
    place[threadIdx.x] = -1;
    out[threadIdx.x] = next;
  }
};
/// The same sum again and again: each must wait until everybody has read the one before.
struct SameSum {
  float* out;
  template <class Block>
  void operator()(Block& block) const {
    float total = 0;
    for (int turn = 1; turn <= 5; ++turn) {
      total += block.reduce(
          blockDim.x, 0.0F,
          [=](std::size_t i) { return static_cast<float>(i) * static_cast<float>(turn); },
          dag::device::Add{});
    }
    out[threadIdx.x] = total;
  }
};

/// How many launches of nine give other numbers than `expected`.
template <class Body, class Expected>
int wrong_launches(Expected expected) {
  constexpr unsigned threads = 128;
  int wrong = 0;
  for (int launch = 0; launch < 9; ++launch) {
    std::vector<float> out(threads);
    dag::device::launch({}, 1, threads, threads * sizeof(float), Body{out.data()});
    bool right = true;
    for (unsigned t = 0; t < threads; ++t) {
      right = right && out[t] == expected(t);
    }
    wrong += right ? 0 : 1;
  }
  return wrong;
}

}  // namespace

TEST_CASE("a missing barrier comes out wrong, a barrier makes it right in every order") {
  const auto next = [](unsigned t) { return static_cast<float>((t + 1) % 128); };
  CHECK(wrong_launches<PassOn<false>>(next) > 0);
  CHECK(wrong_launches<PassOn<true>>(next) == 0);
  CHECK(wrong_launches<PassBack<false>>(next) > 0);
  CHECK(wrong_launches<PassBack<true>>(next) == 0);
}

TEST_CASE("sums in a row do not meet in the memory of the block") {
  CHECK(wrong_launches<SameSum>([](unsigned) { return 15.0F * (127 * 128 / 2); }) == 0);
}
