// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/numeric/bounded_sum.hpp>
#include <dag/numeric/exact_sum.hpp>
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

/// Two-pass moments of one group: the same bits in any order of its samples, and for samples given
/// as rewards with counts. Deviations are taken from the least scored reward before they are
/// averaged: a near tie far from zero keeps its digits.
struct GroupMoments {
  std::size_t count = 0;  ///< scored samples
  double least = 0;       ///< of the scored rewards
  double shift = 0;       ///< mean - least
  double sum_of_squares = 0;
  double range = 0;  ///< of the scored rewards
  bool tied = true;

  static constexpr std::size_t nobody = static_cast<std::size_t>(-1);

  /// `times`: samples that each reward stands for; none: 1. `without`: a sample to be left out.
  template <class Scalar>
  explicit GroupMoments(std::span<const Scalar> rewards, std::span<const std::int64_t> times = {},
                        std::size_t without = nobody) {
    const auto samples = [&](std::size_t i) {
      return (times.empty() ? std::int64_t{1} : times[i]) - (i == without ? 1 : 0);
    };
    double most = 0;
    for (std::size_t i = 0; i < rewards.size(); ++i) {
      const double s = rewards[i];
      if (!std::isnan(s) && samples(i) > 0) {
        least = count == 0 || s < least ? s : least;
        most = count == 0 || s > most ? s : most;
        count += static_cast<std::size_t>(samples(i));
      }
    }
    range = most - least;
    require(std::isfinite(least) && std::isfinite(range), Errc::not_finite,
            "advantages: rewards must be finite, or NaN for 'no reward'; a group has an infinity");
    tied = range == 0;
    if (tied) {
      return;
    }
    BoundedSum sum(range);
    for (std::size_t i = 0; i < rewards.size(); ++i) {
      const double s = rewards[i];
      if (!std::isnan(s) && samples(i) > 0) {
        sum.add(s - least, samples(i));
      }
    }
    shift = sum.value() / static_cast<double>(count);
    if (range > widest) {
      return;  // and `squares` refuses
    }
    BoundedSum squares(range * range);
    for (std::size_t i = 0; i < rewards.size(); ++i) {
      const double s = rewards[i];
      if (!std::isnan(s) && samples(i) > 0) {
        squares.add(deviation(s) * deviation(s), samples(i));
      }
    }
    sum_of_squares = squares.value();
  }

  /// The sum of squared deviations. Errors: not_finite where squares of rewards so far apart are
  /// beyond doubles.
  [[nodiscard]] double squares() const {
    require(range <= widest, Errc::not_finite, "advantages: rewards of a group lie ", range,
            " apart; what divides by their deviation needs at most ", widest);
    return sum_of_squares;
  }
  static constexpr double widest = 1e150;

  /// s - mean.
  [[nodiscard]] double deviation(double s) const noexcept { return (s - least) - shift; }
  [[nodiscard]] double variance() const { return squares() / static_cast<double>(count - 1); }
};

// What conventions make of the moments, said once for the host and for devices
// (gpu/answer_groups.hpp), which differ in how they add up.

/// The factor of (s - mean) in a group of two or more scored samples that are not all equal.
template <class Real>
[[nodiscard]] DAG_HOST_DEVICE Real group_factor(const AdvantageConvention& rule,
                                                Real sum_of_squares, Real count) noexcept {
  if (rule.divisor == AdvantageConvention::Divisor::group) {
    const Real variance = sum_of_squares / (count - 1);
    const auto floor = static_cast<Real>(rule.variance_floor);
    return 1 / (std::sqrt(variance > floor ? variance : floor) + static_cast<Real>(rule.epsilon));
  }
  return rule.gain == AdvantageConvention::Gain::others ? count / (count - 1) : Real{1};
}
/// The advantage of a scored sample of a group with a baseline.
template <class Real>
struct CentredAdvantage {
  bool alone;   ///< the only scored sample
  bool tied;    ///< all scored rewards are equal
  Real factor;  ///< of the deviation; alone: of the reward
  Real base;    ///< what is taken off beyond the mean
  [[nodiscard]] DAG_HOST_DEVICE Real operator()(Real reward, Real deviation) const noexcept {
    return alone ? (factor == 0 ? Real{0} : factor * reward)
                 : (tied ? Real{0} : factor * (deviation - base));
  }
};
/// The divisor of a whole batch (Divisor::batch).
[[nodiscard]] inline double batch_divisor(const AdvantageConvention& rule, double sum_of_squares,
                                          double count) noexcept {
  return (count > 1 ? std::sqrt(sum_of_squares / (count - 1)) : 0) + rule.epsilon;
}
/// Scored samples over those whose reward is not 0 (Gain::scored).
[[nodiscard]] inline double scored_gain(double scored, double nonzero) noexcept {
  return scored / (nonzero > 0 ? nonzero : 1);
}
/// The divisor of whitening over the tokens of a batch.
[[nodiscard]] inline double token_divisor(double sum_of_squares, double tokens) noexcept {
  return std::sqrt((tokens > 1 ? sum_of_squares / (tokens - 1) : 0) + 1e-8);
}

/// n q_i - 1 with q = softmax(s) over the scored samples: the ascent direction of sum_i q_i log
/// pi_i, the cross-entropy to the Target's q ∝ pi exp(s) on the sampled answers, less its mean.
template <class Scalar>
void target_advantages(const GroupMoments& moments, std::span<const Scalar> group,
                       std::span<const std::int64_t> times, std::span<Scalar> out) {
  double most = 0;
  for (const Scalar s : group) {
    most = !std::isnan(s) && s - moments.least > most ? s - moments.least : most;
  }
  ExactSum total;
  for (std::size_t i = 0; i < group.size(); ++i) {
    const std::int64_t samples = std::isnan(group[i]) ? 0 : times.empty() ? 1 : times[i];
    for (std::int64_t k = 0; k < samples; ++k) {  // the bits of samples given one by one
      total.add(std::exp((group[i] - moments.least) - most));
    }
  }
  const double mean = moments.count > 0 ? total.value() / static_cast<double>(moments.count) : 1;
  for (std::size_t i = 0; i < group.size(); ++i) {
    out[i] = std::isnan(group[i]) || moments.tied
                 ? Scalar{0}
                 : static_cast<Scalar>(std::exp((group[i] - moments.least) - most) / mean - 1);
  }
}

/// 1 / (std of the samples beside each one + epsilon), 1 where these are tied or one: a factor a
/// sample.
template <class Scalar>
void divide_by_others(const AdvantageConvention& rule, const GroupMoments& moments,
                      std::span<const Scalar> group, std::span<const std::int64_t> times,
                      std::span<Scalar> out) {
  const auto n = static_cast<double>(moments.count);
  double most = -std::numeric_limits<double>::infinity();
  std::size_t at_least = 0, at_most = 0;  // samples with the least and with the greatest reward
  for (std::size_t i = 0; i < group.size(); ++i) {
    const std::size_t samples = times.empty() ? 1 : static_cast<std::size_t>(times[i]);
    at_least += group[i] == moments.least ? samples : 0;
    at_most = group[i] > most ? samples : at_most + (group[i] == most ? samples : 0);
    most = group[i] > most ? group[i] : most;
  }
  for (std::size_t i = 0; i < group.size(); ++i) {
    const bool others_tied = moments.count < 3 ||
                             (at_least == moments.count - 1 && group[i] != moments.least) ||
                             (at_most == moments.count - 1 && group[i] != most);
    if (!std::isnan(group[i]) && !moments.tied && !others_tied) {
      const double deviation = moments.deviation(group[i]);
      double squares = moments.squares() - deviation * deviation * n / (n - 1);
      constexpr double lost = 1e-3;  // the difference has lost digits: it is this sample's alone
      if (squares < lost * moments.squares()) {
        squares = GroupMoments(group, times, i).squares();
      }
      const double variance = squares > 0 ? squares / (n - 2) : 0;
      out[i] = static_cast<Scalar>(out[i] / (std::sqrt(variance) + rule.epsilon));
    }
  }
}

/// One group; `scale`: what the whole batch says.
template <class Scalar>
void group_advantages(const AdvantageConvention& rule, const GroupMoments& moments,
                      std::span<const Scalar> group, std::span<const Scalar> lengths, double scale,
                      std::span<Scalar> out, std::span<const std::int64_t> times = {}) {
  using Baseline = AdvantageConvention::Baseline;
  if (rule.baseline == Baseline::softmax) {
    target_advantages(moments, group, times, out);
    return;
  }
  const bool alone = moments.count == 1;
  double factor = scale * (alone ? rule.alone : 1);
  double base = 0;  // beyond the mean
  double best = 0;  // second_best: deviation of the best sample
  std::size_t winner = group.size();
  if (moments.count > 1 && !moments.tied) {
    const bool divides = rule.divisor == AdvantageConvention::Divisor::group;
    factor *=
        group_factor(rule, divides ? moments.squares() : 0.0, static_cast<double>(moments.count));
    ExactSum weight, weighted;
    double second = 0;
    for (std::size_t i = 0; i < group.size() && rule.baseline != Baseline::mean; ++i) {
      const double deviation = moments.deviation(group[i]);
      if (std::isnan(deviation)) {
        continue;
      }
      if (rule.baseline == Baseline::mean_by_length) {
        weight.add(static_cast<double>(lengths[i]));
        weighted.add(static_cast<double>(lengths[i]) * deviation);
      } else {
        const bool better = winner == group.size() || deviation > best;
        second = better ? (winner == group.size() ? -std::numeric_limits<double>::infinity() : best)
                        : (deviation > second ? deviation : second);
        best = better ? deviation : best;
        winner = better ? i : winner;
      }
    }
    if (rule.baseline == Baseline::mean_by_length) {
      base = weighted.value() / weight.value();
    }
    best = factor * (best - second);
  }
  const CentredAdvantage<double> centred{alone, moments.tied, factor, base};
  for (std::size_t i = 0; i < group.size(); ++i) {
    const double s = group[i];
    if (std::isnan(s)) {
      out[i] = 0;
    } else if (rule.baseline == Baseline::none) {
      out[i] = group[i];
    } else if (rule.baseline == Baseline::second_best) {
      out[i] = static_cast<Scalar>(i == winner ? best : 0);
    } else {
      out[i] = static_cast<Scalar>(centred(s, moments.deviation(s)));
    }
  }
  if (rule.divisor == AdvantageConvention::Divisor::others) {
    divide_by_others(rule, moments, group, times, out);
  }
}

/// Whitens `out` over all tokens of the scored samples: (a - mean) / sqrt(var + 1e-8), Bessel.
template <class Scalar>
void whiten_tokens(std::span<const Scalar> rewards, std::span<const Scalar> lengths,
                   std::span<Scalar> out, double& scale) {
  ExactSum token_sum, sum, squares;
  const auto length = [&](std::size_t i) {
    return std::isnan(rewards[i]) ? 0.0 : static_cast<double>(lengths[i]);
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    token_sum.add(length(i));
    sum.add(length(i) * static_cast<double>(out[i]));
  }
  const double tokens = token_sum.value();
  const double mean = tokens > 0 ? sum.value() / tokens : 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double deviation = static_cast<double>(out[i]) - mean;
    squares.add(length(i) * deviation * deviation);
  }
  scale = token_divisor(squares.value(), tokens);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = std::isnan(rewards[i])
                 ? Scalar{0}
                 : static_cast<Scalar>((static_cast<double>(out[i]) - mean) / scale);
  }
}

}  // namespace detail

/// Advantages of ragged groups under a named convention (enum Advantage).
///
/// Sources: TRL 1.10 (scale_rewards), verl 0.8 at b178a3c, OpenRLHF at 3c3be62, NeMo-RL at
/// 0043953. Input: `rewards`,
/// one a sample; NaN means "no reward": the sample is outside every baseline and its advantage is 0
/// (as in TRL). `begin`: groups + 1 non-decreasing offsets from 0 to rewards.size(). `lengths`:
/// tokens of each sample, > 0, for the conventions of `needs_lengths` only. `times`: how many equal
/// samples each entry stands for, for rewards from counts; none: 1. Output: `out`, one an entry,
/// not overlapping `rewards`.
///
/// Statistics in double, two passes about the group's least reward; exactly equal rewards give
/// exactly equal advantages (0 where centred). The bits do not depend on the order of groups and
/// samples, nor on whether equal samples are given one by one. Errors: shapes
/// (dimension_mismatch), an infinite reward (not_finite), lengths, pass_at_k on a group of fewer
/// than two scored samples (invalid_argument), counts with a convention that needs lengths or picks
/// one sample (unsupported). No allocation. Deterministic.
template <class Scalar>
AdvantageReport advantages(Advantage kind, std::span<const Scalar> rewards,
                           std::span<const std::int64_t> begin, std::span<Scalar> out,
                           std::span<const Scalar> lengths = {},
                           std::span<const std::int64_t> times = {}) {
  require(!begin.empty() && begin.front() == 0 &&
              begin.back() == static_cast<std::int64_t>(rewards.size()),
          Errc::dimension_mismatch,
          "advantages: offsets must run from 0 to the number of rewards, ", rewards.size());
  require(out.size() == rewards.size(), Errc::dimension_mismatch, "advantages: ", rewards.size(),
          " rewards but room for ", out.size(), " advantages");
  require(times.empty() || times.size() == rewards.size(), Errc::dimension_mismatch,
          "advantages: ", rewards.size(), " rewards but ", times.size(), " counts");
  using Convention = AdvantageConvention;
  const Convention& rule = convention(kind);
  require(
      times.empty() || (!needs_lengths(kind) && rule.baseline != Convention::Baseline::second_best),
      Errc::unsupported, "advantages: ", rule.name, " looks at samples one by one, not at ",
      "counts");
  AdvantageReport report{.groups = begin.size() - 1};
  const auto samples_of = [&](std::size_t i) {
    return times.empty() ? std::size_t{1} : static_cast<std::size_t>(times[i]);
  };
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
  if (rule.divisor == Convention::Divisor::batch) {
    const detail::GroupMoments batch(rewards, times);
    report.scale = detail::batch_divisor(rule, batch.squares(), static_cast<double>(batch.count));
    scale = 1 / report.scale;
  } else if (rule.gain == Convention::Gain::scored) {
    std::size_t scored = 0;
    std::size_t nonzero = 0;
    for (std::size_t i = 0; i < rewards.size(); ++i) {
      scored += std::isnan(rewards[i]) ? 0 : samples_of(i);
      nonzero += std::isnan(rewards[i]) || rewards[i] == 0 ? 0 : samples_of(i);
    }
    report.scale = scale =
        detail::scored_gain(static_cast<double>(scored), static_cast<double>(nonzero));
  }
  for (std::size_t g = 0; g < report.groups; ++g) {
    require(begin[g] <= begin[g + 1] && begin[g + 1] <= begin.back(), Errc::dimension_mismatch,
            "advantages: offsets must not decrease, but group ", g, " runs from ", begin[g], " to ",
            begin[g + 1]);
    const auto first = static_cast<std::size_t>(begin[g]);
    const auto size = static_cast<std::size_t>(begin[g + 1] - begin[g]);
    const auto group = rewards.subspan(first, size);
    const detail::GroupMoments moments(group, times.empty() ? times : times.subspan(first, size));
    std::size_t samples = 0;
    for (std::size_t i = first; i < first + size; ++i) {
      samples += samples_of(i);
    }
    report.samples += samples;
    report.unscored_samples += samples - moments.count;
    report.unscored_groups += moments.count == 0 ? 1 : 0;
    report.singleton_groups += moments.count == 1 ? 1 : 0;
    report.zero_variance_groups += moments.count > 1 && moments.tied ? 1 : 0;
    require(kind != Advantage::pass_at_k || moments.count >= 2, Errc::invalid_argument,
            "advantages: pass-at-k needs two scored samples a group, group ", g, " has ",
            moments.count);
    const auto own_lengths = lengths.empty() ? lengths : lengths.subspan(first, size);
    detail::group_advantages(rule, moments, group, own_lengths, scale, out.subspan(first, size),
                             times.empty() ? times : times.subspan(first, size));
  }
  if (rule.whiten) {
    detail::whiten_tokens(rewards, lengths, out, report.scale);
  }
  return report;
}

}  // namespace dag
