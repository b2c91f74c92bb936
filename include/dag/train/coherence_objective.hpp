// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/clean_signals.hpp>
#include <dag/train/utility_objective.hpp>
#include <dag/utility/coherence.hpp>

namespace dag {

/// What the contexts of a question agree with, by the samples of the same step.
enum class CoherencePool {
  arithmetic,  ///< log q(z) - log nu_x(z), q the mean over contexts; by tables of both counts
  euclidean,   ///< q(z) - nu_x(z): linear, so unbiased
  geometric,   ///< q(z) / nu_x(z), q the normalised geometric mean; smoothed plug-in, bias O(1/K)
  pairwise,    ///< mean over x' of log nu_x'/nu_x - 1 + nu_x'/nu_x: every pair, by tables
};

/// Coherence over the contexts of a question (at least 2), weight tau. Biases: arithmetic, that of
/// estimate/coherence_tables.hpp; pairwise, its own table's and the others' (groups of K+1), and
/// (1 - nu_x)^K nu_x' of the ratio. Missing answers are left out of every count and get 0.
/// Baseline of sample i: the mean of what the others of its context would be rewarded if i had not
/// been drawn. It depends on the others alone, so the expected gradient is that of the rewards.
class CoherenceObjective {
 public:
  /// smoothing: of the geometric pool (> 0), see `UtilityObjectiveOptions`.
  explicit CoherenceObjective(CoherencePool pool,
                              EstimatorKind kind = EstimatorKind::variance_optimal,
                              double weight = 1, double smoothing = 0.5)
      : pool_(pool),
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
    if (pool_ == CoherencePool::geometric) {
      geometric_(sample, signal);
      return;
    }
    tallies_.resize(sample.contexts);
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      tallies_[x].assign(sample.group(x));
    }
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      look_elsewhere(x);
      detail::clean_signals(
          tallies_[x].slots(), tallies_[x].counts(),
          [&](std::size_t s, std::size_t own, std::size_t size) { return reward(s, own, size); },
          weight_, signal.subspan(x * sample.group_size, sample.group_size), scratch_);
    }
  }

 private:
  /// An answer of the own context in the other contexts.
  struct Elsewhere {
    std::size_t count = 0;
    double frequency = 0;  ///< sum of their frequencies
    double log_nu = 0;  ///< sum of their estimates of log nu'(z), contexts without samples left out
  };
  void look_elsewhere(std::size_t x) {
    elsewhere_size_ = 0;
    elsewhere_contexts_ = 0;
    for (std::size_t c = 0; c < tallies_.size(); ++c) {
      elsewhere_size_ += c == x ? 0 : tallies_[c].answered();
      elsewhere_contexts_ += c != x && tallies_[c].answered() > 0 ? 1 : 0;
    }
    elsewhere_.assign(tallies_[x].distinct(), Elsewhere{});
    for (std::size_t s = 0; s < elsewhere_.size(); ++s) {
      for (std::size_t c = 0; c < tallies_.size(); ++c) {
        const std::size_t size = tallies_[c].answered();
        if (c == x || size == 0) {
          continue;
        }
        const std::size_t hits = tallies_[c].count_of(tallies_[x].answer(s));
        elsewhere_[s].count += hits;
        elsewhere_[s].frequency += static_cast<double>(hits) / static_cast<double>(size);
        if (pool_ == CoherencePool::pairwise) {  // hits ~ Bin(size, nu'): a group of size + 1
          elsewhere_[s].log_nu += tables_(hits, size + 1);
        }
      }
    }
  }
  /// The reward of answer s, shared by `own` others of its context out of `size` answered.
  [[nodiscard]] double reward(std::size_t s, std::size_t own, std::size_t size) {
    const Elsewhere& there = elsewhere_[s];
    const auto contexts = static_cast<double>(tallies_.size());
    switch (pool_) {
      case CoherencePool::euclidean: {
        const double nu = size > 1 ? static_cast<double>(own) / static_cast<double>(size - 1) : 0.0;
        return (there.frequency + nu) / contexts - nu;
      }
      case CoherencePool::pairwise: {
        const double inverse = static_cast<double>(size) / static_cast<double>(own + 1);
        const auto pairs = static_cast<double>(elsewhere_contexts_);
        return (there.log_nu - pairs * (tables_(own, size) + 1) + there.frequency * inverse) /
               contexts;
      }
      default: return tables_(own + there.count, size + elsewhere_size_) - tables_(own, size);
    }
  }

  CoherencePool pool_;
  double weight_;
  detail::TablesBySize tables_;
  UtilityObjective<GeometricCoherence<double>> geometric_;
  std::vector<detail::Tally> tallies_;
  std::vector<Elsewhere> elsewhere_;
  std::size_t elsewhere_size_ = 0, elsewhere_contexts_ = 0;
  std::vector<double> scratch_;
};

}  // namespace dag
