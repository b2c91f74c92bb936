// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/core/random.hpp>
#include <dag/numeric/xlogx.hpp>

/// One softmax row (a categorical distribution kept as log-probabilities): the brick of the tabular
/// and the layered model. All functions are allocation-free and take rows of equal length >= 1.
namespace dag::categorical {

/// Throws not_finite if a logit is NaN or +inf, not_a_distribution if all are -inf. `owner` and
/// `row` name the place in the message.
template <std::floating_point Scalar>
void check_logits(std::span<const Scalar> logits, std::string_view owner, std::size_t row) {
  bool alive = false;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    require(logits[i] < std::numeric_limits<Scalar>::infinity(), Errc::not_finite, owner,
            ": a logit must be finite or -inf, got ", logits[i], " at entry ", i, " of row ", row);
    alive = alive || logits[i] > -std::numeric_limits<Scalar>::infinity();
  }
  require(alive, Errc::not_a_distribution, owner, ": all ", logits.size(), " logits of row ", row,
          " are -inf; leave at least one finite");
}

/// probs[i] = exp(log_probs[i]).
template <std::floating_point Scalar>
void exponentiate(std::span<const Scalar> log_probs, std::span<Scalar> probs) noexcept {
  for (std::size_t i = 0; i < log_probs.size(); ++i) {
    probs[i] = std::exp(log_probs[i]);
  }
}

/// An index drawn by inversion of one uniform; never one of probability zero.
template <std::floating_point Scalar>
[[nodiscard]] std::size_t sample(std::span<const Scalar> probs, RandomStream& stream) noexcept {
  const double target = stream.uniform();
  double cumulative = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < probs.size(); ++i) {
    cumulative += static_cast<double>(probs[i]);
    if (target < cumulative) {
      return i;
    }
    last = probs[i] > 0 ? i : last;
  }
  return last;  // rounding left the sum below one
}

/// gradient[i] += weight * (1[i = chosen] - p_i): the score of a softmax row in its logits.
template <std::floating_point Scalar>
void accumulate_score(std::span<const Scalar> probs, std::size_t chosen, Scalar weight,
                      std::span<Scalar> gradient) noexcept {
  for (std::size_t i = 0; i < probs.size(); ++i) {
    gradient[i] -= weight * probs[i];
  }
  gradient[chosen] += weight;
}

/// sum_i p_i log(p_i / q_i) in nats, >= 0; +inf where p has mass that q lacks.
template <std::floating_point Scalar>
[[nodiscard]] Scalar kl(std::span<const Scalar> log_p, std::span<const Scalar> log_q) noexcept {
  constexpr Scalar zero = -std::numeric_limits<Scalar>::infinity();
  Scalar sum = 0;
  for (std::size_t i = 0; i < log_p.size(); ++i) {
    if (log_p[i] > zero) {
      if (!(log_q[i] > zero)) {
        return std::numeric_limits<Scalar>::infinity();
      }
      sum += kl_term_from_log(log_p[i], log_q[i]);
    }
  }
  return sum > 0 ? sum : Scalar{0};
}

}  // namespace dag::categorical
