// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

namespace dag {

/// The graph of a layered trace model: L steps through V states with an accumulator modulo M.
///
/// A trace is s_1 ... s_L. It starts at one fixed root with accumulator 0; entering s' does
/// c <- (c + values[s']) mod M; the final accumulator is the answer. So there are V^L traces and M
/// answers. Conditionals are held in rows of V logits: row 0 is the root's; the row of (step t,
/// state s, accumulator c), t = 1..L-1 steps taken, is 1 + ((t - 1) V + s) M + c.
struct LayeredShape {
  std::size_t steps = 0;            ///< L >= 1
  std::size_t states = 0;           ///< V >= 1
  std::size_t modulus = 0;          ///< M >= 1, the number of answers
  std::vector<std::size_t> values;  ///< V entries below M

  [[nodiscard]] std::size_t row_count() const noexcept {
    return 1 + (steps - 1) * states * modulus;
  }
  [[nodiscard]] std::size_t row(std::size_t step, std::size_t state,
                                std::size_t accumulator) const noexcept {
    return step == 0 ? 0 : 1 + ((step - 1) * states + state) * modulus + accumulator;
  }
  [[nodiscard]] std::size_t advance(std::size_t accumulator, std::size_t state) const noexcept {
    const std::size_t sum = accumulator + values[state];
    return sum < modulus ? sum : sum - modulus;
  }
  friend bool operator==(const LayeredShape&, const LayeredShape&) = default;
};

namespace detail {

/// visit(row, edge, target) for every edge of one layer: `edge` indexes logits, `target` the next
/// layer's row, or after the last step the answer.
template <class Visit>
void for_each_edge(const LayeredShape& shape, std::size_t step, Visit&& visit) {
  const bool last = step + 1 == shape.steps;
  const std::size_t states_left = step == 0 ? 1 : shape.states;
  const std::size_t accumulators = step == 0 ? 1 : shape.modulus;
  for (std::size_t left = 0; left < states_left; ++left) {
    for (std::size_t accumulator = 0; accumulator < accumulators; ++accumulator) {
      const std::size_t row = shape.row(step, left, accumulator);
      for (std::size_t state = 0; state < shape.states; ++state) {
        const std::size_t next = shape.advance(accumulator, state);
        visit(row, row * shape.states + state, last ? next : shape.row(step + 1, state, next));
      }
    }
  }
}

/// log-probabilities that a trace visits each row, and of each answer: the forward pass over
/// normalised rows, O(L V^2 M), in the log domain, in one fixed order.
template <std::floating_point Scalar>
struct LayeredForward {
  std::vector<Scalar> rows;
  std::vector<Scalar> answers;
};

template <std::floating_point Scalar>
[[nodiscard]] LayeredForward<Scalar> layered_forward(
    const LayeredShape& shape, std::span<const std::type_identity_t<Scalar>> log_probs) {
  constexpr Scalar none = -std::numeric_limits<Scalar>::infinity();
  LayeredForward<Scalar> out{std::vector<Scalar>(shape.row_count(), none),
                             std::vector<Scalar>(shape.modulus, none)};
  std::vector<Scalar> sums(shape.row_count() > shape.modulus ? shape.row_count() : shape.modulus);
  out.rows[0] = 0;
  for (std::size_t step = 0; step < shape.steps; ++step) {
    std::vector<Scalar>& to = step + 1 == shape.steps ? out.answers : out.rows;
    for_each_edge(shape, step, [&](std::size_t row, std::size_t edge, std::size_t target) {
      const Scalar term = out.rows[row] + log_probs[edge];
      to[target] = term > to[target] ? term : to[target];
      sums[target] = 0;
    });
    for_each_edge(shape, step, [&](std::size_t row, std::size_t edge, std::size_t target) {
      const Scalar term = out.rows[row] + log_probs[edge];
      if (term > none) {
        sums[target] += std::exp(term - to[target]);
      }
    });
    const std::size_t begin = step + 1 == shape.steps ? 0 : shape.row(step + 1, 0, 0);
    const std::size_t count =
        step + 1 == shape.steps ? shape.modulus : shape.states * shape.modulus;
    for (std::size_t target = begin; target < begin + count; ++target) {
      if (to[target] > none) {
        to[target] += std::log(sums[target]);
      }
    }
  }
  return out;
}

}  // namespace detail

}  // namespace dag
