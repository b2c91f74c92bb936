// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <dag/core/error.hpp>
#include <dag/gpu/runtime.hpp>
#include <dag/gpu/token_log_prob.hpp>

namespace dag {

/// What the forward pass leaves of each token, in device memory, in nats.
struct TokenLogProbs {
  std::span<float> log_prob;        ///< of the target
  std::span<float> entropy;         ///< of the whole distribution
  std::span<float> log_normalizer;  ///< log sum exp; the backward pass needs it
};

namespace device {
template <class Storage>
void check_tokens(std::span<const Storage> logits, std::size_t vocabulary,
                  std::span<const std::int32_t> target, float temperature, const char* who) {
  require(vocabulary > 0 && logits.size() == target.size() * vocabulary, Errc::dimension_mismatch,
          who, ": ", logits.size(), " logits for ", target.size(), " tokens and a vocabulary of ",
          vocabulary);
  require(temperature > 0 && std::isfinite(temperature), Errc::invalid_argument, who,
          ": temperature must be > 0 and finite, got ", temperature);
}
}  // namespace device

/// Log-probability and entropy of every token from logits [tokens, vocabulary] in device memory:
/// log softmax (logits / temperature) at the targets; see device::TokenLogProb. `Storage`: float,
/// device::BFloat16 or device::Float16; sums are in float. Targets < 0 mask their tokens (outputs
/// 0). Queued on the backend's stream, waits for nothing; NaN, +inf, rows of -inf and targets
/// beyond the vocabulary are reported as Errc::not_finite by the next function that waits. Errors:
/// dimension_mismatch, invalid_argument (temperature), device. No allocation. Deterministic.
template <class Backend, class Storage>
void token_log_probs(const Backend& gpu, std::span<const Storage> logits, std::size_t vocabulary,
                     std::span<const std::int32_t> target, TokenLogProbs out,
                     float temperature = 1) {
  using Body = device::TokenLogProb<Storage>;
  device::check_tokens(logits, vocabulary, target, temperature, "token_log_probs");
  require(out.log_prob.size() == target.size() && out.entropy.size() == target.size() &&
              out.log_normalizer.size() == target.size(),
          Errc::dimension_mismatch, "token_log_probs: every output needs ", target.size(),
          " entries");
  device::launch<Body::threads>(
      gpu.stream(), target.size(), Body::threads, 0,
      Body{logits.data(), vocabulary, target.data(), 1 / temperature, out.log_prob.data(),
           out.entropy.data(), out.log_normalizer.data(), gpu.bad()});
}

/// The backward pass: gradient of the loss in the logits, given the loss's derivatives in each
/// token's log_prob and (empty: none) entropy, and the outputs of the forward pass. `gradient` has
/// the logits' shape and may be the logits' own memory. Errors: as above.
template <class Backend, class Storage>
void token_log_probs_backward(const Backend& gpu, std::span<const Storage> logits,
                              std::size_t vocabulary, std::span<const std::int32_t> target,
                              const TokenLogProbs& forward,
                              std::span<const float> log_prob_gradient,
                              std::span<const float> entropy_gradient, std::span<Storage> gradient,
                              float temperature = 1) {
  using Body = device::TokenLogProbGradient<Storage>;
  device::check_tokens(logits, vocabulary, target, temperature, "token_log_probs_backward");
  require(gradient.size() == logits.size() && log_prob_gradient.size() == target.size() &&
              (entropy_gradient.empty() || entropy_gradient.size() == target.size()) &&
              forward.entropy.size() == target.size() &&
              forward.log_normalizer.size() == target.size(),
          Errc::dimension_mismatch, "token_log_probs_backward: one derivative a token (",
          target.size(), ") and one gradient a logit (", logits.size(), ") are needed");
  device::launch<Body::threads>(
      gpu.stream(), target.size(), Body::threads, 0,
      Body{logits.data(), vocabulary, target.data(), 1 / temperature, forward.log_normalizer.data(),
           forward.entropy.data(), log_prob_gradient.data(),
           entropy_gradient.empty() ? nullptr : entropy_gradient.data(), gradient.data()});
}

}  // namespace dag
