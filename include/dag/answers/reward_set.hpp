// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/policy/advantage.hpp>

namespace dag {

/// One of several rewards of the same samples.
struct WeightedReward {
  std::string_view name;           ///< for errors and logs
  std::span<const double> reward;  ///< one a sample; NaN: not scored by this one
  double weight = 1;               ///< finite; a schedule changes it between steps
};

/// Mean and spread of one reward over its scored samples: what to log of it.
struct RewardSummary {
  std::size_t scored = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();
  double deviation = std::numeric_limits<double>::quiet_NaN();  ///< Bessel; NaN below two samples
};

[[nodiscard]] inline RewardSummary summarize(std::span<const double> reward) {
  const detail::GroupMoments moments(reward);
  RewardSummary summary{.scored = moments.count};
  if (moments.count > 0) {
    summary.mean = moments.least + moments.shift;
  }
  if (moments.count > 1) {
    summary.deviation = std::sqrt(moments.variance());
  }
  return summary;
}

namespace detail {

inline void require_rewards(const char* where, std::span<const WeightedReward> set,
                            std::size_t samples) {
  require(!set.empty(), Errc::invalid_argument, where, ": needs at least one reward");
  for (const WeightedReward& part : set) {
    require(part.reward.size() == samples, Errc::dimension_mismatch, where, ": reward '", part.name,
            "' has ", part.reward.size(), " entries for ", samples, " samples");
    require(std::isfinite(part.weight), Errc::invalid_argument, where, ": the weight of '",
            part.name, "' must be finite, got ", part.weight);
    for (const double r : part.reward) {
      require(!std::isinf(r), Errc::not_finite, where, ": reward '", part.name,
              "' has an infinity; NaN means 'not scored'");
    }
  }
}

}  // namespace detail

/// R_i = sum_k w_k r_ik over the rewards that score sample i; NaN where none does. Then any
/// advantage convention: "sum, then normalise" (TRL's default). Source: TRL 1.10.
/// Errors: dimension_mismatch, invalid_argument, not_finite.
inline void sum_rewards(std::span<const WeightedReward> set, std::span<double> out) {
  detail::require_rewards("sum_rewards", set, out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    double sum = 0;
    bool scored = false;
    for (const WeightedReward& part : set) {
      if (!std::isnan(part.reward[i])) {
        sum += part.weight * part.reward[i];
        scored = true;
      }
    }
    out[i] = scored ? sum : std::numeric_limits<double>::quiet_NaN();
  }
}

/// "Normalise, then sum" (GDPO): z_ik = (r_ik - mean) / (std + 1e-4) in each group, R_i = sum_k w_k
/// z_ik, advantage (R_i - mean) / (std + 1e-4) over the batch. A reward of a large scale no longer
/// drowns the others, and one that is tied in a group says nothing there. Statistics as in
/// `advantages`; a sample that no reward scores gets 0. Source: TRL 1.10 normalize_then_sum.
/// Errors: as `sum_rewards`, and the offsets'.
inline void normalized_sum_advantages(std::span<const WeightedReward> set,
                                      std::span<const std::int64_t> begin, std::span<double> out) {
  detail::require_rewards("normalized_sum_advantages", set, out.size());
  std::vector<double> z(out.size());
  std::vector<double> total(out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    bool scored = false;
    for (const WeightedReward& part : set) {
      scored = scored || !std::isnan(part.reward[i]);
    }
    total[i] = scored ? 0 : std::numeric_limits<double>::quiet_NaN();
  }
  for (const WeightedReward& part : set) {
    advantages<double>(Advantage::trl_group, part.reward, begin, z);
    for (std::size_t i = 0; i < out.size(); ++i) {
      total[i] += part.weight * z[i];  // unscored by this one: z is 0
    }
  }
  const detail::GroupMoments batch{std::span<const double>(total)};
  const double scale = batch.count > 1 ? 1 / (std::sqrt(batch.variance()) + 1e-4) : 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = std::isnan(total[i]) || batch.tied ? 0 : scale * batch.deviation(total[i]);
  }
}

/// lambda a + (1 - lambda) b of two advantages of the same samples. Errors: dimension_mismatch;
/// invalid_argument unless 0 <= lambda <= 1.
inline void mix_advantages(double lambda, std::span<const double> a, std::span<const double> b,
                           std::span<double> out) {
  require(a.size() == out.size() && b.size() == out.size(), Errc::dimension_mismatch,
          "mix_advantages: ", a.size(), " and ", b.size(), " advantages, room for ", out.size());
  require(lambda >= 0 && lambda <= 1, Errc::invalid_argument,
          "mix_advantages: lambda must be in [0, 1], got ", lambda);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = lambda * a[i] + (1 - lambda) * b[i];
  }
}

}  // namespace dag
