// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/answers/consensus.hpp>
#include <dag/answers/counts.hpp>
#include <dag/answers/pool_table_reward.hpp>
#include <dag/core/error.hpp>
#include <dag/estimate/coherence_tables.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/numeric/sorted_sum.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/clean_signals.hpp>
#include <dag/train/utility_objective.hpp>
#include <dag/utility/coherence.hpp>
#include <dag/utility/pairwise_coherence.hpp>

namespace dag {

/// Coherence over the contexts of a question (at least 2), weight tau: log q - log nu_x by
/// tables of both counts (arithmetic), q - nu_x (euclidean: linear, so unbiased), q / nu_x
/// (geometric: smoothed plug-in, bias O(1/K)), or every pair of contexts by tables. Groups may
/// differ in size. Biases: arithmetic, that of estimate/coherence_tables.hpp; pairwise, its own
/// table's and the others' (groups of K+1), and (1 - nu_x)^K nu_x' of the ratio. Missing answers
/// are left out of every count and get 0. Baseline of sample i: the mean of what the others of its
/// context would be rewarded if i had not been drawn. It depends on the others alone, so the
/// expected gradient is that of the rewards.
class CoherenceObjective {
 public:
  /// smoothing: of the geometric pool (> 0), see `UtilityObjectiveOptions`.
  explicit CoherenceObjective(Pool pool, EstimatorKind kind = EstimatorKind::variance_optimal,
                              double weight = 1, double smoothing = 0.5)
      : pool_(pool),
        kind_(kind),
        weight_(weight),
        tables_(kind, RewardFunction::logarithm()),
        geometric_(GeometricCoherence<double>{}, {.smoothing = smoothing, .weight = weight}) {
    require(std::isfinite(weight), Errc::invalid_argument,
            "CoherenceObjective: the weight must be finite, got ", weight);
    require(smoothing > 0, Errc::invalid_argument,
            "CoherenceObjective: smoothing must be > 0, got ", smoothing);
  }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    require(sample.contexts >= 2, Errc::invalid_argument,
            "CoherenceObjective: needs at least 2 contexts of a question, got ", sample.contexts);
    if (pool_ == Pool::geometric) {
      geometric_(sample, signal);
      return;
    }
    begin_.assign(1, 0);
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      begin_.push_back(static_cast<std::int64_t>(sample.first(x + 1)));
    }
    tally_.assign(sample.answers, begin_);
    counts_.load(tally_.table());
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      detail::clean_signals(
          sample.part(x, tally_.slots()), tally_.counts_of(x),
          [&](std::size_t z, std::size_t own, std::size_t size) { return reward(x, z, own, size); },
          weight_, sample.part(x, signal), scratch_);
    }
  }

 private:
  /// The reward of class z, shared by `own` others of context x out of `size` answered, the other
  /// contexts as they are.
  [[nodiscard]] double reward(std::size_t x, std::size_t z, std::size_t own, std::size_t size) {
    const std::size_t me = counts_.place(x);
    const auto counts = counts_.of(z);
    hits_.assign(counts.begin(), counts.end());
    sizes_.assign(counts_.sizes().begin(), counts_.sizes().end());
    hits_[me] = own + 1;
    sizes_[me] = size;
    if (pool_ == Pool::arithmetic) {
      return arithmetic_coherence_reward(kind_, hits_, sizes_, counts_.weights(), me);
    }
    if (pool_ == Pool::euclidean && size > 1) {
      return euclidean_coherence_reward(hits_, sizes_, counts_.weights(), me);
    }
    const double inverse = static_cast<double>(size) / static_cast<double>(own + 1);
    const auto terms = room_.take(hits_.size());
    for (std::size_t c = 0; c < hits_.size(); ++c) {
      const double frequency = static_cast<double>(hits_[c]) / static_cast<double>(sizes_[c]);
      terms[c] =
          c == me ? 0
          : pool_ == Pool::euclidean
              ? frequency
              // hits ~ Bin(size, nu'): a group of size + 1
              : PairwiseKl<double>{}.reward_from(
                    tables_(own, size) - tables_(hits_[c], sizes_[c] + 1), frequency * inverse - 1);
    }
    return sorted_sum(terms) / static_cast<double>(hits_.size());
  }

  Pool pool_;
  EstimatorKind kind_;
  double weight_;
  detail::TablesBySize tables_;
  UtilityObjective<GeometricCoherence<double>> geometric_;
  AnswerTally tally_;
  detail::PoolCounts counts_;
  std::vector<std::int64_t> begin_;
  std::vector<std::size_t> hits_, sizes_;
  Terms room_;
  std::vector<double> scratch_;
};

}  // namespace dag
