// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <dag/core/error.hpp>
#include <dag/policy/advantage_kind.hpp>

namespace dag {

/// Why an advantage is zero, counted: nothing is silently zero.
struct AdvantageReport {
  std::size_t groups = 0;
  std::size_t samples = 0;
  std::size_t unscored_samples = 0;      ///< reward NaN: outside the baseline, advantage 0
  std::size_t unscored_groups = 0;       ///< no scored sample
  std::size_t singleton_groups = 0;      ///< exactly one scored sample: no baseline
  std::size_t zero_variance_groups = 0;  ///< two or more scored samples, all rewards exactly equal
  double scale = 1;  ///< trl_batch, reinforce_plus_plus*: the divisor; gpg: alpha
  friend bool operator==(const AdvantageReport&, const AdvantageReport&) = default;
};

namespace detail {

/// Two-pass moments of one group. Deviations are taken from the first scored reward before they are
/// averaged: a near tie far from zero keeps its digits.
struct GroupMoments {
  std::size_t count = 0;
  double first = 0;  ///< the first scored reward
  double shift = 0;  ///< mean - first
  double sum_of_squares = 0;
  bool tied = true;

  template <class Scalar>
  explicit GroupMoments(std::span<const Scalar> rewards) {
    double sum = 0;
    for (const Scalar reward : rewards) {
      const double s = reward;
      if (!std::isnan(s)) {
        first = count++ == 0 ? s : first;
        tied = tied && s == first;
        sum += s - first;
      }
    }
    require(std::isfinite(first) && std::isfinite(sum), Errc::not_finite,
            "advantages: rewards must be finite, or NaN for 'no reward'; a group has an infinity");
    if (count == 0 || tied) {
      return;
    }
    shift = sum / static_cast<double>(count);
    for (const Scalar reward : rewards) {
      const double s = reward;
      if (!std::isnan(s)) {
        sum_of_squares += deviation(s) * deviation(s);
      }
    }
  }

  /// s - mean.
  [[nodiscard]] double deviation(double s) const noexcept { return (s - first) - shift; }
  [[nodiscard]] double variance() const noexcept {
    return sum_of_squares / static_cast<double>(count - 1);
  }
};

/// The factor of (s - mean) in a group of two or more scored samples that are not all equal.
[[nodiscard]] inline double group_factor(Advantage kind, const GroupMoments& group) {
  const double n = static_cast<double>(group.count);
  switch (kind) {
    case Advantage::trl_group: return 1 / (std::sqrt(group.variance()) + 1e-4);
    case Advantage::verl_grpo: return 1 / (std::sqrt(group.variance()) + 1e-6);
    case Advantage::group_norm: return 1 / (std::sqrt(group.variance()) + 1e-9);
    case Advantage::verl_vectorized:
      return 1 / (std::sqrt(group.variance() > 1e-6 ? group.variance() : 1e-6) + 1e-6);
    case Advantage::rloo:
    case Advantage::rloo_vectorized: return n / (n - 1);
    default: return 1;
  }
}

/// What a lone sample's raw reward is multiplied with.
[[nodiscard]] constexpr double alone_factor(Advantage kind) noexcept {
  switch (kind) {
    case Advantage::verl_grpo:
    case Advantage::verl_vectorized: return 1 / (1 + 1e-6);
    case Advantage::dr_grpo:
    case Advantage::rloo:
    case Advantage::opo:
    case Advantage::gpg:
    case Advantage::reinforce_plus_plus_baseline: return 1;
    default: return 0;
  }
}

/// One group.
template <class Scalar>
void group_advantages(Advantage kind, const GroupMoments& moments, std::span<const Scalar> group,
                      std::span<const Scalar> lengths, double scale, std::span<Scalar> out) {
  const bool alone = moments.count == 1;
  double factor = scale * (alone ? alone_factor(kind) : 1);
  double base = 0;  // beyond the mean
  double best = 0;  // pass_at_k: deviation of the best sample
  std::size_t winner = group.size();
  if (moments.count > 1 && !moments.tied) {
    factor *= group_factor(kind, moments);
    double weight = 0;
    double second = 0;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const double deviation = moments.deviation(group[i]);
      if (std::isnan(deviation)) {
        continue;
      }
      if (kind == Advantage::opo) {
        weight += static_cast<double>(lengths[i]);
        base += static_cast<double>(lengths[i]) * deviation;
      } else if (kind == Advantage::pass_at_k) {
        const bool better = winner == group.size() || deviation > best;
        second = better ? (winner == group.size() ? -std::numeric_limits<double>::infinity() : best)
                        : (deviation > second ? deviation : second);
        best = better ? deviation : best;
        winner = better ? i : winner;
      }
    }
    base = weight > 0 ? base / weight : 0;
    best = (best - second) / (std::sqrt(moments.variance()) + 1e-6);
  }
  for (std::size_t i = 0; i < group.size(); ++i) {
    const double s = group[i];
    if (std::isnan(s)) {
      out[i] = 0;
    } else if (is_uncentred(kind)) {
      out[i] = group[i];
    } else if (kind == Advantage::pass_at_k) {
      out[i] = static_cast<Scalar>(i == winner ? best : 0);
    } else if (alone) {
      out[i] = static_cast<Scalar>(factor == 0 ? 0 : factor * s);
    } else {
      out[i] = static_cast<Scalar>(moments.tied ? 0 : factor * (moments.deviation(s) - base));
    }
  }
}

/// Whitens `out` over all tokens of the scored samples: (a - mean) / sqrt(var + 1e-8), Bessel.
template <class Scalar>
void whiten_tokens(std::span<const Scalar> rewards, std::span<const Scalar> lengths,
                   std::span<Scalar> out, double& scale) {
  double tokens = 0;
  double sum = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double length = std::isnan(rewards[i]) ? 0 : static_cast<double>(lengths[i]);
    tokens += length;
    sum += length * static_cast<double>(out[i]);
  }
  const double mean = tokens > 0 ? sum / tokens : 0;
  double squares = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double deviation = static_cast<double>(out[i]) - mean;
    squares += std::isnan(rewards[i]) ? 0 : static_cast<double>(lengths[i]) * deviation * deviation;
  }
  scale = std::sqrt((tokens > 1 ? squares / (tokens - 1) : 0) + 1e-8);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = std::isnan(rewards[i])
                 ? Scalar{0}
                 : static_cast<Scalar>((static_cast<double>(out[i]) - mean) / scale);
  }
}

}  // namespace detail

/// Advantages of ragged groups under a named convention (enum Advantage).
///
/// Sources: TRL 1.10 (scale_rewards), verl 0.8 at b178a3c, OpenRLHF at 3c3be62. Input: `rewards`,
/// one a sample; NaN means "no reward": the sample is outside every baseline and its advantage is 0
/// (as in TRL). `begin`: groups + 1 non-decreasing offsets from 0 to rewards.size(). `lengths`:
/// tokens of each sample, > 0, for the conventions of `needs_lengths` only. Output: `out`, one a
/// sample, not overlapping `rewards`.
///
/// Statistics in double, two passes about the group's first reward; exactly equal rewards give
/// exactly equal advantages (0 where centred). Errors: shapes (dimension_mismatch), an infinite
/// reward (not_finite), lengths, pass_at_k on a group of fewer than two scored samples
/// (invalid_argument). No allocation. Deterministic.
template <class Scalar>
AdvantageReport advantages(Advantage kind, std::span<const Scalar> rewards,
                           std::span<const std::int64_t> begin, std::span<Scalar> out,
                           std::span<const Scalar> lengths = {}) {
  require(!begin.empty() && begin.front() == 0 &&
              begin.back() == static_cast<std::int64_t>(rewards.size()),
          Errc::dimension_mismatch,
          "advantages: offsets must run from 0 to the number of rewards, ", rewards.size());
  require(out.size() == rewards.size(), Errc::dimension_mismatch, "advantages: ", rewards.size(),
          " rewards but room for ", out.size(), " advantages");
  AdvantageReport report{.groups = begin.size() - 1, .samples = rewards.size()};
  if (needs_lengths(kind)) {
    require(lengths.size() == rewards.size(), Errc::dimension_mismatch,
            "advantages: ", to_string(kind), " needs one length a sample, got ", lengths.size(),
            " for ", rewards.size(), " samples");
    for (const Scalar length : lengths) {
      require(length > 0 && std::isfinite(length), Errc::invalid_argument,
              "advantages: lengths must be positive and finite, got ", length);
    }
  }
  double scale = 1;
  if (kind == Advantage::trl_batch) {
    const detail::GroupMoments batch(rewards);
    report.scale = (batch.count > 1 ? std::sqrt(batch.variance()) : 0) + 1e-4;
    scale = 1 / report.scale;
  } else if (kind == Advantage::gpg) {
    double scored = 0;
    double nonzero = 0;
    for (const Scalar reward : rewards) {
      scored += std::isnan(reward) ? 0 : 1;
      nonzero += std::isnan(reward) || reward == 0 ? 0 : 1;
    }
    report.scale = scale = scored / (nonzero > 0 ? nonzero : 1);
  }
  for (std::size_t g = 0; g < report.groups; ++g) {
    require(begin[g] <= begin[g + 1] && begin[g + 1] <= begin.back(), Errc::dimension_mismatch,
            "advantages: offsets must not decrease, but group ", g, " runs from ", begin[g], " to ",
            begin[g + 1]);
    const auto first = static_cast<std::size_t>(begin[g]);
    const auto size = static_cast<std::size_t>(begin[g + 1] - begin[g]);
    const auto group = rewards.subspan(first, size);
    const detail::GroupMoments moments(group);
    report.unscored_samples += size - moments.count;
    report.unscored_groups += moments.count == 0 ? 1 : 0;
    report.singleton_groups += moments.count == 1 ? 1 : 0;
    report.zero_variance_groups += moments.count > 1 && moments.tied ? 1 : 0;
    require(kind != Advantage::pass_at_k || moments.count >= 2, Errc::invalid_argument,
            "advantages: pass-at-k needs two scored samples a group, group ", g, " has ",
            moments.count);
    const auto own_lengths = lengths.empty() ? lengths : lengths.subspan(first, size);
    detail::group_advantages(kind, moments, group, own_lengths, scale, out.subspan(first, size));
  }
  if (kind == Advantage::reinforce_plus_plus_baseline || kind == Advantage::reinforce_plus_plus) {
    detail::whiten_tokens(rewards, lengths, out, report.scale);
  }
  return report;
}

}  // namespace dag
