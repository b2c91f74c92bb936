// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>

#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/parts.hpp>
#include <dag/utility/utility_concepts.hpp>

/// Kernel bodies of utilities; the sums are those of utility/parts.hpp.
namespace dag::device {

/// A utility's formula at answer i: `data` holds what it keeps of each answer, if it does.
template <class Formula, class Datum>
struct TermAt {
  Formula formula;
  const Datum* data;
  template <class Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(std::size_t i, Probability<Real> nu) const {
    return formula.term(nu, data[i]);
  }
  template <class Real>
  [[nodiscard]] DAG_HOST_DEVICE Real reward(std::size_t i, Probability<Real> nu) const {
    return formula.reward(nu, data[i]);
  }
};
template <class Formula>
struct TermAt<Formula, NoData> {
  Formula formula;
  const NoData* data;
  template <class Real>
  [[nodiscard]] DAG_HOST_DEVICE Real term(std::size_t, Probability<Real> nu) const {
    return formula.term(nu);
  }
  template <class Real>
  [[nodiscard]] DAG_HOST_DEVICE Real reward(std::size_t, Probability<Real> nu) const {
    return formula.reward(nu);
  }
};

/// The consensus of a pool whose logarithms are in memory.
template <class Real>
struct ConsensusAt {
  const Real* log_q;
  [[nodiscard]] DAG_HOST_DEVICE Probability<Real> operator()(std::size_t z) const {
    return Probability<Real>::of_log(log_q[z]);
  }
};

/// A part of utility/parts.hpp as a kernel: values[b] += its value, out += its rewards;
/// either may be null.
template <class Real, class Part>
struct PartKernel {
  Part part;
  Real* values;
  Real* out;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const std::size_t b = block.index();
    if (values != nullptr) {
      Real* const slot = values + b;
      const Real value = part.value(block, b);
      block.each(1, [=](std::size_t) { *slot += value; });
    }
    if (out != nullptr) {
      part.add_rewards(block, b, out);
    }
  }
};

/// log_q[z] = the pool of all contexts at answer z, elementwise.
template <class Real, class Pool>
struct PoolLogs {
  dag::detail::AnswerArrays<Real> answers;
  Pool pool;
  std::size_t size;
  Real* log_q;
  DAG_HOST_DEVICE void operator()(std::size_t z) const {
    log_q[z] = pool.log_pool_at(answers.weights, answers.nu, answers.contexts, size, z);
  }
};
/// log_q -= its log sum exp, in one block; a pool without mass raises *bad to 2.
template <class Real>
struct NormalizePool {
  std::size_t size;
  Real* log_q;
  int* bad;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const NormalizePool self = *this;
    const Real top = block.reduce(
        size, -Limits<Real>::infinity, [=](std::size_t i) { return self.log_q[i]; }, Max{});
    if (!(top - top == 0)) {
      block.each(1, [=](std::size_t) { *self.bad = 2; });
      return;
    }
    const Real total = block.reduce(
        size, Real{0}, [=](std::size_t i) { return std::exp(self.log_q[i] - top); }, Add{});
    const Real shift = top + std::log(total);
    block.each(size, [=](std::size_t i) { self.log_q[i] -= shift; });
  }
};
/// values[0] += <target, payoffs>.
template <class Real>
struct TargetValue {
  std::size_t size;
  const Real* target;
  const Real* payoffs;
  Real* values;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const TargetValue self = *this;
    const Real sum = block.reduce(
        size, Real{0}, [=](std::size_t k) { return self.target[k] * self.payoffs[k]; }, Add{});
    block.each(1, [=](std::size_t) { self.values[0] += sum; });
  }
};

/// What AlignmentGame does to a field: 0 at answers that are ruled out (log reference -inf),
/// clamped to +-bound elsewhere; NaN raises *bad to 2.
template <class Real>
struct ClampField {
  const Real* log_reference;
  Real bound;
  Real* out;
  int* bad;
  DAG_HOST_DEVICE void operator()(std::size_t i) const {
    const Real g = out[i];
    if (!(log_reference[i] > -Limits<Real>::infinity)) {
      out[i] = 0;
      return;
    }
    if (g != g) {
      *bad = 2;
    }
    out[i] = g > bound ? bound : g < -bound ? -bound : g;
  }
};

}  // namespace dag::device
