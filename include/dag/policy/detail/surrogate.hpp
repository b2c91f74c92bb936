// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <dag/policy/policy_loss_options.hpp>

namespace dag::detail {

/// A token's surrogate: value, d value / d ratio, d value / d log pi beside the ratio's.
struct SurrogateTerm {
  double value = 0;
  double by_ratio = 0;
  double by_log_prob = 0;
  int clipped = 0;  // -1 low, +1 high
};

[[nodiscard]] inline SurrogateTerm surrogate_term(const PolicyLossOptions& o, double r,
                                                  double advantage, double log_prob,
                                                  double sequence_log_ratio) {
  switch (o.surrogate) {
    case Surrogate::clip:
    case Surrogate::dual_clip: {
      const double low = 1 - o.epsilon_low;
      const double high = 1 + o.epsilon_high;
      const double capped = std::min(r, o.delta);
      const double clipped = std::clamp(r, low, high);
      SurrogateTerm term;
      if (capped * advantage <= clipped * advantage) {
        term.value = -capped * advantage;
        term.by_ratio = r < o.delta ? -advantage : 0;
        term.clipped = r < o.delta ? 0 : 1;
      } else {
        term.value = -clipped * advantage;
        term.clipped = r < low ? -1 : 1;
      }
      if (o.surrogate == Surrogate::dual_clip && advantage < 0 &&
          term.value > -advantage * o.dual_clip) {
        term = {-advantage * o.dual_clip, 0, 0, 1};
      }
      return term;
    }
    case Surrogate::cispo: {
      const double weight = std::clamp(r, o.cispo_low, o.cispo_high);
      const int clipped = r < o.cispo_low ? -1 : (r > o.cispo_high ? 1 : 0);
      return {-weight * advantage * log_prob, 0, -weight * advantage, clipped};
    }
    case Surrogate::sapo: {
      const double temperature = advantage > 0 ? o.sapo_positive : o.sapo_negative;
      const double gate = 1 / (1 + std::exp(-temperature * (r - 1)));
      return {-advantage * 4 / temperature * gate, -advantage * 4 * gate * (1 - gate), 0, 0};
    }
    case Surrogate::vespo: {
      const double k = advantage > 0 ? o.vespo_k_positive : o.vespo_k_negative;
      const double lambda = advantage > 0 ? o.vespo_lambda_positive : o.vespo_lambda_negative;
      const double log_w = std::clamp(sequence_log_ratio, std::log(1e-8), 20.0);
      const double weight = std::exp(lambda + k * log_w - lambda * std::exp(log_w));
      return {-weight * advantage * log_prob, 0, -weight * advantage, 0};
    }
    case Surrogate::reinforce: return {-advantage * log_prob, 0, -advantage, 0};
    case Surrogate::geo_mean: break;  // one number a sequence: see policy_loss
  }
  return {};
}

/// What one token's loss is multiplied by; the batch's numbers are those of the whole optimiser
/// batch.
[[nodiscard]] inline double aggregation_weight(const PolicyLossOptions& o,
                                               std::size_t batch_sequences,
                                               std::size_t batch_tokens, std::size_t length) {
  const auto sequences = static_cast<double>(batch_sequences);
  switch (o.aggregation) {
    case Aggregation::sequence_mean_token_mean:
      return 1 / (sequences * static_cast<double>(length));
    case Aggregation::sequence_mean_token_sum:
    case Aggregation::sequence_mean_by_length: return 1 / sequences;
    case Aggregation::token_mean: return 1 / static_cast<double>(batch_tokens);
    case Aggregation::sequence_mean_fixed: return 1 / (sequences * o.fixed_length);
    case Aggregation::token_sum_fixed: return 1 / o.fixed_length;
  }
  return 0;
}

}  // namespace dag::detail
