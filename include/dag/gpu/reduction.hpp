// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>
#include <dag/gpu/elementwise.hpp>
#include <dag/gpu/runtime.hpp>

namespace dag::device {

/// Reductions in two launches: up to 512 blocks fold one chunk each, then one block folds their
/// results. The order depends on the size alone.
template <class Value, class Term, class Operation>
struct ReduceChunks {
  static constexpr unsigned threads = 256;
  static constexpr std::size_t most = 512;

  std::size_t size;
  std::size_t chunk;
  Value identity;
  Term term;
  Operation op;
  Value* part;

  [[nodiscard]] static std::size_t chunk_of(std::size_t size) {
    const std::size_t least = 8 * threads;
    const std::size_t even = (size + most - 1) / most;
    return even > least ? even : least;
  }

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t first = block.index() * chunk;
    const std::size_t count = size - first < chunk ? size - first : chunk;
    const Term& f = term;
    const Value folded = block.reduce(
        count, identity, [=](std::size_t i) { return f(first + i); }, op);
    Value* const slot = part + block.index();
    block.each(1, [=](std::size_t) { *slot = folded; });
  }
};

/// The last fold, with the backend's flag beside it: one copy to the host brings both.
template <class Value, class Operation>
struct ReduceParts {
  struct Result {
    Value value;
    int bad;
  };

  std::size_t parts;
  const Value* part;
  Value identity;
  Operation op;
  const int* bad;
  Result* result;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const Value* const in = part;
    const Value folded = block.reduce(
        parts, identity, [=](std::size_t i) { return in[i]; }, op);
    Result* const slot = result;
    const int* const flag = bad;
    block.each(1, [=](std::size_t) { *slot = Result{folded, *flag}; });
  }
};

/// Numbers of Value that `fold_on` needs as its workspace: the parts, then the result and its flag.
template <class Value>
constexpr std::size_t fold_room = 512 + 2;

/// op over term(0..size-1) and the flag `bad` as they are once all queued work is done. Waits.
template <class Value, class Term, class Operation>
[[nodiscard]] auto fold_on(Stream stream, std::size_t size, Value identity, const Term& term,
                           Operation op, const int* bad, Value* workspace) {
  using Chunks = ReduceChunks<Value, Term, Operation>;
  using Parts = ReduceParts<Value, Operation>;
  const std::size_t chunk = Chunks::chunk_of(size);
  const std::size_t parts = (size + chunk - 1) / chunk;
  static_assert(sizeof(typename Parts::Result) <= 2 * sizeof(Value) &&
                fold_room<Value> == Chunks::most + 2);
  auto* const result = reinterpret_cast<typename Parts::Result*>(workspace + Chunks::most);
  launch<256>(stream, parts, 256, 0, Chunks{size, chunk, identity, term, op, workspace});
  launch<256>(stream, 1, 256, 0, Parts{parts, workspace, identity, op, bad, result});
  typename Parts::Result host;
  copy_bytes(&host, result, sizeof host, stream);
  device::synchronize(stream);
  return host;
}

/// Terms of reductions: f(x[i]), f(x[i], y[i]).
template <class Real, class Function>
struct OneTerm {
  const Real* x;
  Function f;
  DAG_HOST_DEVICE Real operator()(std::size_t i) const { return f(x[i]); }
};
template <class Real, class Function>
struct PairTerm {
  const Real* x;
  const Real* y;
  Function f;
  DAG_HOST_DEVICE Real operator()(std::size_t i) const { return f(x[i], y[i]); }
};

/// A value and where it is: argmax folds these.
template <class Real>
struct Place {
  Real value;
  Real unused;  // no padding: lanes move whole words
  std::size_t index;
};
template <class Real>
struct PlaceTerm {
  const Real* x;
  DAG_HOST_DEVICE Place<Real> operator()(std::size_t i) const { return {x[i], Real{0}, i}; }
};
/// The larger value; of equal ones the first.
struct FirstLargest {
  template <class Real>
  DAG_HOST_DEVICE Place<Real> operator()(const Place<Real>& a, const Place<Real>& b) const {
    return b.value > a.value || (b.value == a.value && b.index < a.index) ? b : a;
  }
};

}  // namespace dag::device
