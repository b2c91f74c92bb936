// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/random.hpp>
#include <dag/numeric/exact_sum.hpp>
#include <dag/policy/policy_loss_options.hpp>
#include <dag/policy/token_batch.hpp>

namespace dag {

/// One counted token, as the surrogates that choose tokens by their covariance see it.
struct CovarianceToken {
  double advantage = 0;
  double log_prob = 0;      ///< under the policy being trained, nats
  double log_ratio = 0;     ///< to the snapshot
  std::uint64_t order = 0;  ///< a random number of the token's own: who comes first among equals
};

/// Which tokens of an optimiser batch `kl_cov` pulls back and `clip_cov` leaves out. Source: Cui et
/// al. (2025), arXiv:2505.22617. With means over the N counted tokens of the whole batch,
///   cov_t = (A_t - mean A) (log pi_t - mean log pi),
/// and k = max(1, floor(cov_ratio N)): kl_cov takes the k tokens of largest cov_t, clip_cov k drawn
/// at random from those that the ratio's clip leaves free and that have clip_cov_low < cov_t <
/// clip_cov_high (all of them where there are no more than k).
struct CovarianceChoice {
  double mean_advantage = 0;
  double mean_log_prob = 0;
  std::size_t count = 0;         ///< tokens chosen; more where tokens equal the last in all numbers
  double last_covariance = 0;    ///< of the last one chosen
  std::uint64_t last_order = 0;  ///< and its order

  [[nodiscard]] double covariance(const CovarianceToken& token) const {
    return (token.advantage - mean_advantage) * (token.log_prob - mean_log_prob);
  }
  /// Whether the surrogate may choose the token at all.
  [[nodiscard]] bool may_choose(const PolicyLossOptions& o, const CovarianceToken& token) const {
    if (o.surrogate == Surrogate::kl_cov) {
      return true;
    }
    const double cov = covariance(token);
    const double r = std::exp(std::clamp(token.log_ratio, -o.clamp_log_ratio, o.clamp_log_ratio));
    const double clipped = std::clamp(r, 1 - o.epsilon_low, 1 + o.epsilon_high);
    return cov > o.clip_cov_low && cov < o.clip_cov_high &&
           r * token.advantage <= clipped * token.advantage;
  }
  [[nodiscard]] bool chooses(const PolicyLossOptions& o, const CovarianceToken& token) const {
    if (count == 0 || !may_choose(o, token)) {
      return false;
    }
    const double cov = covariance(token);
    return o.surrogate == Surrogate::kl_cov && cov != last_covariance ? cov > last_covariance
                                                                      : token.order <= last_order;
  }
  friend bool operator==(const CovarianceChoice&, const CovarianceChoice&) = default;
};

/// The counted token `t` of sequence i, `place` counted ones before it in the sequence, whose
/// snapshot log-probabilities sum to `sum_old`. Its order is a function of `seed`, the place, the
/// advantage and the snapshot's log-probabilities: neither of where the sequence is in the batch
/// nor of the policy being trained, so that the choice is constant under the gradient.
template <class Scalar>
[[nodiscard]] CovarianceToken covariance_token(const BasicTokenBatch<Scalar>& batch,
                                               std::uint64_t seed, std::size_t i, std::size_t t,
                                               std::size_t place, double sum_old) {
  const auto bits = [](double x) { return std::bit_cast<std::uint64_t>(x + 0.0); };  // -0 is 0
  const auto log_prob = static_cast<double>(batch.log_prob[t]);
  const double old =
      batch.old_log_prob.empty() ? log_prob : static_cast<double>(batch.old_log_prob[t]);
  const auto advantage = static_cast<double>(batch.advantage[i]);
  const std::uint64_t own = RandomStream(seed, bits(old), place)();
  return {advantage, log_prob, log_prob - old, RandomStream(own, bits(sum_old), bits(advantage))()};
}

/// The tokens that count (those of sequences that are not `out`), appended to `out`: call it for
/// every part of an optimiser batch, in any order. seed: PolicyLossOptions::cov_seed.
template <class Scalar>
void append_covariance_tokens(const BasicTokenBatch<Scalar>& batch, std::uint64_t seed,
                              std::vector<CovarianceToken>& out) {
  const std::span<const Scalar> old =
      batch.old_log_prob.empty() ? batch.log_prob : batch.old_log_prob;
  for (std::size_t i = 0; i < batch.sequences(); ++i) {
    if (batch.use_of(i) == SequenceUse::out) {
      continue;
    }
    double sum_old = 0;
    for (std::size_t t = batch.offsets[i]; t < batch.offsets[i + 1]; ++t) {
      sum_old += batch.counts(t) ? static_cast<double>(old[t]) : 0;
    }
    std::size_t place = 0;
    for (std::size_t t = batch.offsets[i]; t < batch.offsets[i + 1]; ++t) {
      if (batch.counts(t)) {
        out.push_back(covariance_token(batch, seed, i, t, place++, sum_old));
      }
    }
  }
}

/// The choice among all tokens of an optimiser batch. The same bits in every order of them.
/// Reorders `tokens`; linear time on average.
[[nodiscard]] inline CovarianceChoice covariance_choice(const PolicyLossOptions& o,
                                                        std::span<CovarianceToken> tokens) {
  CovarianceChoice choice;
  if (tokens.empty()) {
    return choice;
  }
  ExactSum advantage;
  ExactSum log_prob;
  for (const CovarianceToken& token : tokens) {
    advantage.add(token.advantage);
    log_prob.add(token.log_prob);
  }
  const auto n = static_cast<double>(tokens.size());
  choice.mean_advantage = advantage.value() / n;
  choice.mean_log_prob = log_prob.value() / n;
  const auto end = std::partition(tokens.begin(), tokens.end(), [&](const CovarianceToken& x) {
    return choice.may_choose(o, x);
  });
  const auto wanted = std::max(1.0, std::floor(o.cov_ratio * n));
  const auto most = static_cast<double>(end - tokens.begin());
  choice.count = static_cast<std::size_t>(std::min(wanted, most));
  if (choice.count == 0) {
    return choice;
  }
  const auto last = tokens.begin() + static_cast<std::ptrdiff_t>(choice.count - 1);
  std::nth_element(tokens.begin(), last, end,
                   [&](const CovarianceToken& a, const CovarianceToken& b) {
                     const double first = choice.covariance(a);
                     const double second = choice.covariance(b);
                     return o.surrogate == Surrogate::kl_cov && first != second ? first > second
                                                                                : a.order < b.order;
                   });
  choice.last_covariance = choice.covariance(*last);
  choice.last_order = last->order;
  return choice;
}

}  // namespace dag
