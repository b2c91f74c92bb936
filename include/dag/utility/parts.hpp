// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>

#include <dag/core/serial_block.hpp>
#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/utility_concepts.hpp>

/// Value and rewards of one utility over an executor (core/serial_block.hpp): what evaluate.hpp
/// does on the host and the kernels of gpu/ on a device. A part gives `value(block, b)`, its share
/// of F in block b with the contexts' weights in it, and `add_rewards(block, b, out)`; `blocks()`
/// says how many blocks there are.
namespace dag::detail {

/// The answer distributions of X contexts, in whichever memory.
template <class Real>
struct AnswerArrays {
  const std::size_t* offsets;
  const Real* weights;
  std::size_t contexts;
  StatePointers<Real> nu;

  [[nodiscard]] DAG_HOST_DEVICE std::size_t first(std::size_t x) const { return offsets[x]; }
  [[nodiscard]] DAG_HOST_DEVICE std::size_t size(std::size_t x) const {
    return offsets[x + 1] - offsets[x];
  }
  [[nodiscard]] DAG_HOST_DEVICE Probability<Real> at(std::size_t i) const {
    return {nu.point[i], nu.log[i]};
  }
};

/// A block a context. `Term` gives term(i, nu) and reward(i, nu) of answer i.
template <class Real, class Term>
struct PointwisePart {
  AnswerArrays<Real> answers;
  Term at;

  [[nodiscard]] DAG_HOST_DEVICE std::size_t blocks() const { return answers.contexts; }
  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Block& block, std::size_t x) const {
    const PointwisePart self = *this;
    const std::size_t first = answers.first(x);
    return answers.weights[x] *
           block.reduce(
               answers.size(x), Real{0},
               [=](std::size_t i) { return self.at.term(first + i, self.answers.at(first + i)); },
               Add{});
  }
  template <class Block>
  DAG_HOST_DEVICE void add_rewards(Block& block, std::size_t x, Real* out) const {
    const PointwisePart self = *this;
    const std::size_t first = answers.first(x);
    block.each(answers.size(x), [=](std::size_t k) {
      const std::size_t i = first + k;
      out[i] += self.answers.weights[x] * self.at.reward(i, self.answers.at(i));
    });
  }
};

/// A block a context. `Correct` gives correct[i], whether answer i lies in C_x.
template <class Real, class Formula, class Correct>
struct EventPart {
  AnswerArrays<Real> answers;
  Formula formula;
  Correct correct;

  [[nodiscard]] DAG_HOST_DEVICE std::size_t blocks() const { return answers.contexts; }
  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Block& block, std::size_t x) const {
    return answers.weights[x] * formula.event_term(event(block, x));
  }
  template <class Block>
  DAG_HOST_DEVICE void add_rewards(Block& block, std::size_t x, Real* out) const {
    const Real reward = answers.weights[x] * formula.event_reward(event(block, x));
    const std::size_t first = answers.first(x);
    const Correct in = correct;
    block.each(answers.size(x),
               [=](std::size_t i) { out[first + i] += in[first + i] ? reward : Real{0}; });
  }

 private:
  /// nu_x(C_x).
  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Probability<Real> event(Block& block, std::size_t x) const {
    const std::size_t first = answers.first(x), size = answers.size(x);
    const Real* const p = answers.nu.point;
    const Real* const log_p = answers.nu.log;
    const Correct in = correct;
    const Real inside = block.reduce(
        size, Real{0}, [=](std::size_t i) { return in[first + i] ? p[first + i] : Real{0}; },
        Add{});
    const Real top = block.reduce(
        size, -Limits<Real>::infinity,
        [=](std::size_t i) { return in[first + i] ? log_p[first + i] : -Limits<Real>::infinity; },
        Max{});
    const bool possible = top > -Limits<Real>::infinity;
    const Real total = block.reduce(
        possible ? size : 0, Real{0},
        [=](std::size_t i) { return in[first + i] ? std::exp(log_p[first + i] - top) : Real{0}; },
        Add{});
    const Real log_inside = possible ? top + std::log(total) : top;
    // Rounding must not push a certain event above 1.
    return {inside > 1 ? Real{1} : inside, log_inside > 0 ? Real{0} : log_inside};
  }
};

/// All contexts against their consensus, one block in all. `Consensus` gives the q of answer z.
template <class Real, class Pool, class Consensus>
struct PoolPart {
  AnswerArrays<Real> answers;
  Pool pool;
  Consensus consensus;

  [[nodiscard]] DAG_HOST_DEVICE std::size_t blocks() const { return 1; }
  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Block& block, std::size_t) const {
    const PoolPart self = *this;
    const std::size_t size = answers.size(0);
    return block.reduce(
        size, Real{0},
        [=](std::size_t z) {
          const Probability<Real> q = self.consensus(z);
          Real total = 0;
          for (std::size_t x = 0; x < self.answers.contexts; ++x) {
            total +=
                self.answers.weights[x] * self.pool.pair_term(self.answers.at(x * size + z), q);
          }
          return total;
        },
        Add{});
  }
  template <class Block>
  DAG_HOST_DEVICE void add_rewards(Block& block, std::size_t, Real* out) const {
    const PoolPart self = *this;
    const std::size_t size = answers.size(0);
    block.each(size, [=](std::size_t z) {
      const Probability<Real> q = self.consensus(z);
      for (std::size_t x = 0; x < self.answers.contexts; ++x) {
        const std::size_t i = x * size + z;
        out[i] += self.answers.weights[x] * self.pool.pair_reward(self.answers.at(i), q);
      }
    });
  }
};

/// Every context against every other, a block a context.
template <class Real, class Formula>
struct PairwisePart {
  AnswerArrays<Real> answers;
  Formula formula;

  [[nodiscard]] DAG_HOST_DEVICE std::size_t blocks() const { return answers.contexts; }
  template <class Block>
  [[nodiscard]] DAG_HOST_DEVICE Real value(Block& block, std::size_t x) const {
    const PairwisePart self = *this;
    return answers.weights[x] * block.reduce(
                                    answers.size(x), Real{0},
                                    [=](std::size_t z) {
                                      return self.against_others(x, z, [=](auto own, auto other) {
                                        return self.formula.pair_term(own, other);
                                      });
                                    },
                                    Add{});
  }
  template <class Block>
  DAG_HOST_DEVICE void add_rewards(Block& block, std::size_t x, Real* out) const {
    const PairwisePart self = *this;
    block.each(answers.size(x), [=](std::size_t z) {
      out[self.answers.first(x) + z] +=
          self.answers.weights[x] * self.against_others(x, z, [=](auto own, auto other) {
            return self.formula.pair_reward(own, other);
          });
    });
  }

 private:
  /// sum over the others y of w_y f(nu_x(z), nu_y(z)).
  template <class Function>
  [[nodiscard]] DAG_HOST_DEVICE Real against_others(std::size_t x, std::size_t z,
                                                    Function f) const {
    const std::size_t size = answers.size(x);
    Real total = 0;
    for (std::size_t y = 0; y < answers.contexts; ++y) {
      total += y == x ? Real{0}
                      : answers.weights[y] * f(answers.at(x * size + z), answers.at(y * size + z));
    }
    return total;
  }
};

}  // namespace dag::detail
