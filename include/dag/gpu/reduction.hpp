// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>
#include <dag/gpu/runtime.hpp>

#if defined(__CUDACC__)
#include <cub/device/device_for.cuh>
#include <cub/device/device_reduce.cuh>

#include <thrust/iterator/counting_iterator.h>
#endif

namespace dag::device {

/// body(i) for every i < size, in any order: CUB's DeviceFor, a loop on the host. Errors: device.
template <class Body>
void launch_each([[maybe_unused]] Stream stream, std::size_t size, const Body& body) {
#if defined(__CUDACC__)
  const OnDevice on(stream);
  check(cub::DeviceFor::Bulk(size, body, stream), "launching a kernel");
#else
  const OpenMemory open;
  for (std::size_t i = 0; i < size; ++i) {
    body(i);
  }
#endif
}

/// What a reduction gives, and the flag of what was queued before it.
template <class Value>
struct Folded {
  Value value;
  int bad;
};

/// op over term(0..size-1) and the flag `bad` as they are once all queued work is done: CUB's
/// DeviceReduce, whose order depends on size and device alone (the same bits from run to run); on
/// the host the order of one block of 256 threads. `memory(bytes)` gives device memory for the time
/// of the call. Waits once: one copy brings both. Errors: device.
template <class Value, class Term, class Operation, class Memory>
[[nodiscard]] Folded<Value> fold_on([[maybe_unused]] Stream stream, std::size_t size,
                                    Value identity, const Term& term, Operation op, const int* bad,
                                    [[maybe_unused]] const Memory& memory) {
#if defined(__CUDACC__)
  const OnDevice on(stream);
  constexpr std::size_t room = 256;  // keeps what CUB gets aligned
  static_assert(sizeof(Folded<Value>) <= room);
  std::size_t bytes = 0;
  const auto reduce = [&](void* work, Value* out) {
    check(cub::DeviceReduce::TransformReduce(work, bytes, thrust::counting_iterator<std::size_t>(0),
                                             out, size, op, term, identity, stream),
          "reduction");
  };
  reduce(nullptr, nullptr);
  unsigned char* const work = memory(room + bytes);
  auto* const result = reinterpret_cast<Folded<Value>*>(work);
  reduce(work + room, &result->value);
  copy_bytes(&result->bad, bad, sizeof *bad, stream);
  Folded<Value> host;
  copy_bytes(&host, result, sizeof host, stream);
  device::synchronize(stream);
  return host;
#else
  const OpenMemory open;
  return {HostBlock(0, 256, nullptr).reduce(size, identity, term, op), *bad};
#endif
}

/// A value and where it is: argmax folds these.
template <class Real>
struct Place {
  Real value;
  Real unused;  // no padding: lanes move whole words
  std::size_t index;
};
/// The larger value; of equal ones the first.
struct FirstLargest {
  template <class Real>
  DAG_HOST_DEVICE Place<Real> operator()(const Place<Real>& a, const Place<Real>& b) const {
    return b.value > a.value || (b.value == a.value && b.index < a.index) ? b : a;
  }
};

}  // namespace dag::device
