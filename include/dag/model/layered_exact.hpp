// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/model/categorical.hpp>
#include <dag/model/layered.hpp>
#include <dag/model/tilt.hpp>
#include <dag/numeric/log_sum_exp.hpp>

/// Exact quantities of the layered trace model by dynamic programming over (step, state,
/// accumulator): O(L V^2 M) time and O(L V M) memory each, in the log domain, although there are
/// V^L traces. Deterministic; all sums run in one fixed order.
namespace dag {

/// log nu, the answer distribution: M entries; answers without mass are -inf.
template <std::floating_point Scalar>
[[nodiscard]] std::vector<Scalar> answer_log_probs(const LayeredModel<Scalar>& model) {
  return detail::layered_forward<Scalar>(model.shape(), model.log_probs()).answers;
}

/// The Policy's exact best response pi* = argmax_pi <r, nu_pi> - beta KL(pi || reference), that is
/// pi*(y) = reference(y) exp(r(a(y)) / beta) / Z, as a layered policy by Doob's h-transform:
/// pi*(s'|t,s,c) = reference(s'|t,s,c) h(t+1,s',c') / h(t,s,c), h(L,.,c) = exp(r(c) / beta).
/// Rows from which every answer is ruled out (h = 0) keep the reference's conditionals.
///
/// rewards: M entries, finite or -inf (an answer ruled out); beta > 0 in nats. `log_normalizer` is
/// log Z, so beta * log Z is the game's value. Throws not_finite, invalid_argument,
/// dimension_mismatch; not_a_distribution if every answer with mass is ruled out.
template <std::floating_point Scalar>
[[nodiscard]] Tilted<LayeredModel<Scalar>> tilt(
    const LayeredModel<Scalar>& reference, std::span<const std::type_identity_t<Scalar>> rewards,
    std::type_identity_t<Scalar> beta) {
  constexpr Scalar none = -std::numeric_limits<Scalar>::infinity();
  const LayeredShape& shape = reference.shape();
  detail::check_tilt(rewards, shape.modulus, beta);
  const std::span<const Scalar> log_probs = reference.log_probs();
  std::vector<Scalar> terminal(shape.modulus), heights(shape.row_count());
  for (std::size_t answer = 0; answer < shape.modulus; ++answer) {
    terminal[answer] = rewards[answer] / beta;
  }
  std::vector<Scalar> logits(log_probs.begin(), log_probs.end());
  for (std::size_t step = shape.steps; step-- > 0;) {
    const std::vector<Scalar>& ahead = step + 1 == shape.steps ? terminal : heights;
    detail::for_each_edge(shape, step, [&](std::size_t, std::size_t edge, std::size_t target) {
      logits[edge] += ahead[target];
    });
    const std::size_t begin = shape.row(step, 0, 0);
    const std::size_t end = begin + (step == 0 ? 1 : shape.states * shape.modulus);
    for (std::size_t row = begin; row < end; ++row) {
      const auto tilted = std::span<Scalar>(logits).subspan(row * shape.states, shape.states);
      heights[row] = log_sum_exp(tilted);
      for (std::size_t state = 0; state < shape.states; ++state) {
        tilted[state] = heights[row] > none ? tilted[state] - heights[row]
                                            : log_probs[row * shape.states + state];
      }
    }
  }
  detail::check_log_normalizer(heights[0]);
  return {LayeredModel<Scalar>(shape, std::move(logits)), heights[0]};
}

/// KL(policy || reference) between the two distributions over traces, in nats, exactly: the sum
/// over rows of (probability that policy visits it) * KL of the rows. +inf where policy has mass
/// that reference lacks. Throws dimension_mismatch if the shapes differ.
template <std::floating_point Scalar>
[[nodiscard]] Scalar trace_kl(const LayeredModel<Scalar>& policy,
                              const LayeredModel<Scalar>& reference) {
  require(policy.shape() == reference.shape(), Errc::dimension_mismatch,
          "trace_kl: the two models must have the same shape");
  const auto visits = detail::layered_forward<Scalar>(policy.shape(), policy.log_probs()).rows;
  Scalar sum = 0;
  for (std::size_t row = 0; row < visits.size(); ++row) {
    if (visits[row] > -std::numeric_limits<Scalar>::infinity()) {
      sum += std::exp(visits[row]) *
             categorical::kl(policy.row_log_probs(row), reference.row_log_probs(row));
    }
  }
  return sum;
}

namespace detail {

/// gradient += d/dlogits [ sum_z rewards_z nu(z) - beta KL(model || *reference) ].
template <std::floating_point Scalar>
void layered_gradient(const LayeredModel<Scalar>& model, std::span<const Scalar> rewards,
                      const LayeredModel<Scalar>* reference, Scalar beta,
                      std::span<Scalar> gradient) {
  const LayeredShape& shape = model.shape();
  require(rewards.size() == shape.modulus, Errc::dimension_mismatch,
          "accumulate_exact_gradient: need one reward per answer (", shape.modulus, "), got ",
          rewards.size());
  require(gradient.size() == model.parameter_count(), Errc::dimension_mismatch,
          "accumulate_exact_gradient: gradient must have ", model.parameter_count(),
          " entries, got ", gradient.size());
  for (const Scalar reward : rewards) {
    require(std::isfinite(reward), Errc::not_finite,
            "accumulate_exact_gradient: rewards must be finite, got ", reward);
  }
  const auto visits = layered_forward<Scalar>(shape, model.log_probs()).rows;
  const std::span<const Scalar> log_probs = model.log_probs();
  std::vector<Scalar> values(shape.row_count(), 0), gains(log_probs.size(), 0);
  for (std::size_t step = shape.steps; step-- > 0;) {
    const bool last = step + 1 == shape.steps;
    for_each_edge(shape, step, [&](std::size_t row, std::size_t edge, std::size_t target) {
      const Scalar probability = model.probs()[edge];
      if (!(probability > 0)) {
        return;
      }
      gains[edge] = last ? rewards[target] : values[target];
      if (reference != nullptr) {
        const Scalar anchor = reference->log_probs()[edge];
        if (visits[row] > -std::numeric_limits<Scalar>::infinity()) {
          require(std::isfinite(anchor), Errc::invalid_argument,
                  "accumulate_exact_gradient: the policy uses an edge that the reference forbids "
                  "(logit ",
                  edge, "), so its KL is infinite");
        }
        gains[edge] -= std::isfinite(anchor) ? beta * (log_probs[edge] - anchor) : Scalar{0};
      }
      values[row] += probability * gains[edge];
    });
    for_each_edge(shape, step, [&](std::size_t row, std::size_t edge, std::size_t) {
      gradient[edge] += std::exp(visits[row] + log_probs[edge]) * (gains[edge] - values[row]);
    });
  }
}

}  // namespace detail

/// gradient += d/dlogits sum_z rewards_z nu(z), exactly. By linearity this is the chain rule for
/// any function of nu: pass its gradient as rewards. rewards: M entries, finite. Throws
/// dimension_mismatch, not_finite.
template <std::floating_point Scalar>
void accumulate_exact_gradient(const LayeredModel<Scalar>& model,
                               std::span<const std::type_identity_t<Scalar>> rewards,
                               std::span<std::type_identity_t<Scalar>> gradient) {
  detail::layered_gradient<Scalar>(model, rewards, nullptr, Scalar{0}, gradient);
}

/// gradient += d/dlogits [ sum_z rewards_z nu(z) - beta KL(model || reference) ], exactly; zero at
/// `tilt(reference, rewards, beta)`. beta >= 0. Throws also invalid_argument where the KL is
/// infinite, dimension_mismatch if the shapes differ.
template <std::floating_point Scalar>
void accumulate_exact_gradient(const LayeredModel<Scalar>& model,
                               const LayeredModel<Scalar>& reference,
                               std::span<const std::type_identity_t<Scalar>> rewards,
                               std::type_identity_t<Scalar> beta,
                               std::span<std::type_identity_t<Scalar>> gradient) {
  require(model.shape() == reference.shape(), Errc::dimension_mismatch,
          "accumulate_exact_gradient: model and reference must have the same shape");
  require(beta >= 0 && std::isfinite(beta), Errc::invalid_argument,
          "accumulate_exact_gradient: beta must be finite and >= 0, got ", beta);
  detail::layered_gradient<Scalar>(model, rewards, &reference, beta, gradient);
}

}  // namespace dag
