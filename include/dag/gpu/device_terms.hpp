// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/utility_concepts.hpp>

/// Kernel bodies of utilities: one thread block a context, which adds w_x times its part of F to
/// values[x], or w_x times its rewards to out.
namespace dag::device {

/// The answer distributions of X contexts in device memory (AnswersView on the host).
template <class Real>
struct AnswersOnDevice {
  const std::size_t* offsets;
  const Real* weights;
  std::size_t contexts;
  detail::StatePointers<Real> nu;

  [[nodiscard]] DAG_HOST_DEVICE std::size_t first(std::size_t x) const { return offsets[x]; }
  [[nodiscard]] DAG_HOST_DEVICE std::size_t size(std::size_t x) const {
    return offsets[x + 1] - offsets[x];
  }
  [[nodiscard]] DAG_HOST_DEVICE Probability<Real> at(std::size_t i) const {
    return {nu.point[i], nu.log[i]};
  }
};

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

template <class Real, class Term>
struct PointwiseValues {
  AnswersOnDevice<Real> answers;
  Term at;
  Real* values;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const PointwiseValues self = *this;
    const std::size_t x = block.index(), first = answers.first(x);
    const Real sum = block.reduce(
        answers.size(x), Real{0},
        [=](std::size_t i) { return self.at.term(first + i, self.answers.at(first + i)); }, Add{});
    block.each(1, [=](std::size_t) { self.values[x] += self.answers.weights[x] * sum; });
  }
};
template <class Real, class Term>
struct PointwiseRewards {
  AnswersOnDevice<Real> answers;
  Term at;
  Real* out;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const PointwiseRewards self = *this;
    const std::size_t x = block.index(), first = answers.first(x);
    block.each(answers.size(x), [=](std::size_t k) {
      const std::size_t i = first + k;
      self.out[i] += self.answers.weights[x] * self.at.reward(i, self.answers.at(i));
    });
  }
};

/// Value and rewards of an event utility: `correct` marks the answers of C_x. `values` or `out` may
/// be null.
template <class Real, class Formula>
struct EventPart {
  AnswersOnDevice<Real> answers;
  Formula formula;
  const std::uint8_t* correct;
  Real* values;
  Real* out;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const EventPart self = *this;
    const std::size_t x = block.index(), first = answers.first(x), size = answers.size(x);
    const Real* const p = answers.nu.point + first;
    const Real* const log_p = answers.nu.log + first;
    const std::uint8_t* const in = correct + first;
    const Real inside = block.reduce(
        size, Real{0}, [=](std::size_t i) { return in[i] != 0 ? p[i] : Real{0}; }, Add{});
    const Real top = block.reduce(
        size, -Limits<Real>::infinity,
        [=](std::size_t i) { return in[i] != 0 ? log_p[i] : -Limits<Real>::infinity; }, Max{});
    const bool possible = top > -Limits<Real>::infinity;
    const Real total = block.reduce(
        possible ? size : 0, Real{0},
        [=](std::size_t i) { return in[i] != 0 ? std::exp(log_p[i] - top) : Real{0}; }, Add{});
    const Real log_inside = possible ? top + std::log(total) : top;
    // Rounding must not push a certain event above 1.
    const Probability<Real> event{inside > 1 ? Real{1} : inside,
                                  log_inside > 0 ? Real{0} : log_inside};
    const Real weight = answers.weights[x];
    if (values != nullptr) {
      block.each(1,
                 [=](std::size_t) { self.values[x] += weight * self.formula.event_term(event); });
    }
    if (out != nullptr) {
      const Real reward = weight * formula.event_reward(event);
      block.each(size,
                 [=](std::size_t i) { self.out[first + i] += in[i] != 0 ? reward : Real{0}; });
    }
  }
};

/// log_q[z] = the pool of all contexts at answer z, elementwise.
template <class Real, class Pool>
struct PoolLogs {
  AnswersOnDevice<Real> answers;
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
/// Value and rewards against the consensus exp(log_q).
template <class Real, class Pool>
struct PoolPart {
  AnswersOnDevice<Real> answers;
  Pool pool;
  const Real* log_q;
  Real* values;
  Real* out;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const PoolPart self = *this;
    const std::size_t x = block.index(), first = answers.first(x), size = answers.size(x);
    const auto consensus = [=](std::size_t z) { return Probability<Real>::of_log(self.log_q[z]); };
    if (values != nullptr) {
      const Real sum = block.reduce(
          size, Real{0},
          [=](std::size_t z) {
            return self.pool.pair_term(self.answers.at(first + z), consensus(z));
          },
          Add{});
      block.each(1, [=](std::size_t) { self.values[x] += self.answers.weights[x] * sum; });
    }
    if (out != nullptr) {
      block.each(size, [=](std::size_t z) {
        self.out[first + z] += self.answers.weights[x] *
                               self.pool.pair_reward(self.answers.at(first + z), consensus(z));
      });
    }
  }
};

/// Value and rewards of every context against every other.
template <class Real, class Formula>
struct PairwisePart {
  AnswersOnDevice<Real> answers;
  Formula formula;
  Real* values;
  Real* out;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const PairwisePart self = *this;
    const std::size_t x = block.index(), size = answers.size(x);
    if (values != nullptr) {
      const Real sum = block.reduce(
          size, Real{0},
          [=](std::size_t z) {
            Real total = 0;
            for (std::size_t y = 0; y < self.answers.contexts; ++y) {
              total += y == x ? Real{0}
                              : self.answers.weights[y] *
                                    self.formula.pair_term(self.answers.at(x * size + z),
                                                           self.answers.at(y * size + z));
            }
            return total;
          },
          Add{});
      block.each(1, [=](std::size_t) { self.values[x] += self.answers.weights[x] * sum; });
    }
    if (out != nullptr) {
      block.each(size, [=](std::size_t z) {
        Real total = 0;
        for (std::size_t y = 0; y < self.answers.contexts; ++y) {
          total += y == x ? Real{0}
                          : self.answers.weights[y] *
                                self.formula.pair_reward(self.answers.at(x * size + z),
                                                         self.answers.at(y * size + z));
        }
        self.out[x * size + z] += self.answers.weights[x] * total;
      });
    }
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
