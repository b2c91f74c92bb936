// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

#include <dag/policy/policy_loss_options.hpp>

namespace dag::detail {

/// A token's surrogate: value, d value / d ratio, d value / d log pi beside the ratio's.
struct SurrogateTerm {
  double value = 0;
  double by_ratio = 0;
  double by_log_prob = 0;
  int clipped = 0;  // -1 low, +1 high
};

/// KL of old from pi where only the sampled token and the rest are told apart (verl's, with its
/// 1e-8).
[[nodiscard]] inline double binary_kl(double log_prob, double old_log_prob) {
  const double p = std::exp(log_prob);
  const double old = std::exp(old_log_prob);
  return old * (old_log_prob - log_prob) + (1 - old) * std::log((1 - old + 1e-8) / (1 - p + 1e-8));
}

/// chosen: by `CovarianceChoice`, for the surrogates that choose tokens.
[[nodiscard]] inline SurrogateTerm surrogate_term(const PolicyLossOptions& o, double r,
                                                  double advantage, double log_prob,
                                                  double old_log_prob, double sequence_log_ratio,
                                                  bool chosen) {
  switch (o.surrogate) {
    case Surrogate::clip:
    case Surrogate::dual_clip:
    case Surrogate::clip_cov: {
      if (chosen) {
        return {};
      }
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
    case Surrogate::dro: {
      const double log_r = log_prob - old_log_prob;
      return {-advantage * log_prob + 0.5 * o.dro_beta * log_r * log_r, 0,
              -advantage + o.dro_beta * log_r, 0};
    }
    case Surrogate::dppo_tv:
    case Surrogate::dppo_kl: {
      const bool up = advantage > 0;
      const double bound = up ? o.epsilon_high : o.epsilon_low;
      const double moved =
          (up ? 1 : -1) * (std::exp(log_prob) - std::exp(old_log_prob));  // the way A pushes
      const bool outside = o.surrogate == Surrogate::dppo_tv
                               ? moved > bound
                               : moved > 0 && binary_kl(log_prob, old_log_prob) > bound;
      if (outside) {
        return {0, 0, 0, up ? 1 : -1};
      }
      const double weight = std::min(r, o.dual_clip);
      return {-weight * advantage * log_prob, 0, -weight * advantage, 0};
    }
    case Surrogate::kl_cov: {
      const double log_r = log_prob - old_log_prob;
      const double pull = chosen ? o.kl_cov_coef : 0;
      const double sign = log_r > 0 ? 1 : (log_r < 0 ? -1 : 0);
      return {-r * advantage + pull * std::abs(log_r), -advantage, pull * sign, 0};
    }
    case Surrogate::geo_mean: break;  // one number a sequence: see policy_loss
  }
  return {};
}

}  // namespace dag::detail
