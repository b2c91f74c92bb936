// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <dag/alignment/all_equilibria.hpp>
#include <dag/answers/counts.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// What agreement as a reward (s sum nu^2, beside beta KL to the sampled policy) does to one
/// question. nu0: the answers of all its contexts together.
struct QuestionVerdict {
  std::size_t question = 0;
  std::int32_t majority = -1;   ///< an answer's id, the first of those that tie
  double share = 0;             ///< of the answered samples that gave it
  std::optional<double> right;  ///< chance that a majority is right (ties evenly); none: not judged
  std::optional<double> acc_sampled;  ///< of its samples; none: not judged
  double lock_in = 0;                 ///< the s / beta from which it is held by its own reward
};

/// All questions at one beta.
struct VerdictAtBeta {
  double beta = 0, margin = 0;             ///< margin: s / beta
  std::optional<double> acc_sampled = {};  ///< predicted accuracy of a sample after alignment
  std::optional<double> acc_greedy = {};   ///< and of the most probable answer
  std::size_t locked = 0;                  ///< questions whose majority is locked in
  /// Groups must have at least this many samples, or the plug-in estimate of the reward alone
  /// undoes the lock of some question that is locked in: its expectation is that of s (1 - 1 / K).
  /// None: nothing is locked.
  std::optional<double> least_group = {};
};

/// A share of n trials with its interval of 95 % (Wilson).
struct ShareInterval {
  double share = 0, low = 0, high = 1;
  std::size_t count = 0;
};
[[nodiscard]] inline ShareInterval wilson_interval(double share, std::size_t count) {
  if (count == 0) {
    return {};
  }
  constexpr double z = 1.959963984540054;
  const auto n = static_cast<double>(count);
  const double middle = (share + z * z / (2 * n)) / (1 + z * z / n);
  const double half =
      z / (1 + z * z / n) * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  return {share, std::fmax(middle - half, 0.0), std::fmin(middle + half, 1.0), count};
}

/// Label-free alignment foreseen: which questions lock in when, how many majorities are right
/// where labels exist, and the accuracy at the equilibria.
struct Verdict {
  std::vector<QuestionVerdict> questions;  ///< with an answer
  std::optional<ShareInterval> right;      ///< majorities that are right, of judged questions
  std::vector<VerdictAtBeta> at;
};

/// The verdict on rollouts at these betas; `weight` is s. Predictions are means over judged
/// questions, a question whose samples have no answer counted as wrong; a missing answer stays
/// missing. Deterministic, the same bits in any order of lines. Errors: invalid_argument (weight,
/// betas). Time: a few scalar roots a question and beta.
[[nodiscard]] inline Verdict verdict(const CountedGroups& source, std::span<const double> betas,
                                     double weight = 1) {
  require(weight > 0 && std::isfinite(weight), Errc::invalid_argument,
          "verdict: the weight must be > 0 and finite, got ", weight);
  for (const double beta : betas) {
    require(beta > 0 && std::isfinite(beta), Errc::invalid_argument,
            "verdict: beta must be > 0 and finite, got ", beta);
  }
  Verdict out;
  Mean majorities;
  std::vector<Mean> sampled(betas.size()), greedy(betas.size());
  for (const double beta : betas) {
    out.at.push_back({.beta = beta, .margin = weight / beta});
  }
  QuestionCounts counts;
  std::vector<char> right;
  for (std::size_t q = 0; q < source.groups.questions.size(); ++q) {
    counts.load(source, q);
    right_answers(counts, right);
    std::size_t samples = 0, answered = 0;
    std::vector<std::size_t> total(counts.answers());
    for (std::size_t x = 0; x < counts.contexts(); ++x) {
      samples += counts.context(x).samples;
      answered += counts.answered(x);
      for (const auto& entry : counts.entries(x)) {
        total[static_cast<std::size_t>(entry.answer)] += entry.count;
      }
    }
    const bool judged = counts.judged() && samples > 0;
    const auto accuracy = [&](auto&& weight_of) {
      return winner_accuracy(total.size(), weight_of, [&](std::size_t z) { return right[z] != 0; });
    };
    if (answered == 0) {
      for (std::size_t b = 0; judged && b < betas.size(); ++b) {
        sampled[b].add(0);
        greedy[b].add(0);
      }
      if (judged) {
        majorities.add(0);
      }
      continue;
    }
    std::vector<double> log_nu0;
    log_nu0.reserve(total.size());
    for (const std::size_t count : total) {
      log_nu0.push_back(std::log(static_cast<double>(count) / static_cast<double>(answered)));
    }
    const auto mode = std::max_element(total.begin(), total.end());
    QuestionVerdict one;
    one.question = q;
    one.majority = static_cast<std::int32_t>(mode - total.begin());
    one.share = static_cast<double>(*mode) / static_cast<double>(answered);
    one.lock_in = lock_in(log_nu0);
    if (judged) {
      one.right = accuracy([&](std::size_t z) { return static_cast<double>(total[z]); });
      majorities.add(*one.right);
      std::size_t hits = 0;
      for (std::size_t z = 0; z < right.size(); ++z) {
        hits += right[z] != 0 ? total[z] : 0;
      }
      one.acc_sampled = static_cast<double>(hits) / static_cast<double>(samples);
    }
    for (std::size_t b = 0; b < betas.size(); ++b) {
      VerdictAtBeta& at = out.at[b];
      if (at.margin > one.lock_in) {
        ++at.locked;
        const double group = at.margin / (at.margin - one.lock_in);
        at.least_group = std::fmax(at.least_group.value_or(1), std::ceil(group));
      }
      if (judged) {
        const StationaryPolicy end = reached_equilibrium(
            {.log_reference = log_nu0, .beta = betas[b], .scale = 2 * weight, .power = 1});
        double mass = 0;
        for (std::size_t z = 0; z < right.size(); ++z) {
          mass += right[z] != 0 ? end.nu[z] : 0.0;
        }
        sampled[b].add(mass * static_cast<double>(answered) / static_cast<double>(samples));
        greedy[b].add(accuracy([&](std::size_t z) { return end.nu[z]; }));
      }
    }
    out.questions.push_back(one);
  }
  for (std::size_t b = 0; b < betas.size(); ++b) {
    out.at[b].acc_sampled = sampled[b].get();
    out.at[b].acc_greedy = greedy[b].get();
  }
  if (majorities.count() > 0) {
    out.right = wilson_interval(*majorities.get(), majorities.count());
  }
  return out;
}

}  // namespace dag
