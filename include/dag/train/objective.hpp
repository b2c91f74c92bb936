// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/baseline.hpp>
#include <dag/estimate/reward_table.hpp>

namespace dag {

/// One question's sampled answers: X contexts (phrasings) with K samples each, answer ids row by
/// row; -1 is a sample whose answer could not be read. Objectives write one number a sample,
/// already centred by a baseline that does not depend on the sample (a missing answer gets 0).
struct QuestionSample {
  std::span<const std::int32_t> answers;  ///< X * K
  std::size_t contexts = 1;
  std::size_t group_size = 0;  ///< K
  std::size_t question = 0;    ///< which question: objectives with labels look it up

  [[nodiscard]] std::span<const std::int32_t> group(std::size_t x) const {
    return answers.subspan(x * group_size, group_size);
  }
};

template <class O>
concept AnswerObjective = requires(O& objective, const QuestionSample& sample,
                                   std::span<double> signal) {
  objective(sample, signal);
};

namespace detail {

[[nodiscard]] inline std::size_t count_same(std::span<const std::int32_t> group,
                                            std::int32_t answer) {
  std::size_t count = 0;
  for (const std::int32_t other : group) {
    count += other == answer ? 1 : 0;
  }
  return count;
}

}  // namespace detail

/// weight * c[k], c a reward table of the group size and k the other samples of the own context
/// with the same answer: Shannon entropy (weight -tau, log), Gini (-2 tau, p), Tsallis. The
/// baseline is the clean leave-one-out mean of estimate/baseline.hpp, so that the expected gradient
/// is that of the table's reward, which for U-statistics is the exact one. A group with a missing
/// answer is treated as one of its answered samples.
class TableObjective {
 public:
  TableObjective(EstimatorKind kind, RewardFunction function, double weight)
      : kind_(kind), function_(function), weight_(weight) {
    require(std::isfinite(weight), Errc::invalid_argument,
            "TableObjective: the weight must be finite, got ", weight);
  }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      const auto group = sample.group(x);
      const auto out = signal.subspan(x * sample.group_size, sample.group_size);
      counts_.clear();
      rewards_.clear();
      std::size_t answered = 0;
      for (const std::int32_t answer : group) {
        answered += answer >= 0 ? 1 : 0;
      }
      if (answered < 2) {  // nothing to compare with
        std::fill(out.begin(), out.end(), 0.0);
        continue;
      }
      const auto& table = reward_table(kind_, answered, {.function = function_}).table;
      for (const std::int32_t answer : group) {
        if (answer >= 0) {
          const std::size_t others = detail::count_same(group, answer) - 1;
          counts_.push_back(static_cast<std::int32_t>(others));
          rewards_.push_back(table[others]);
        }
      }
      if (answered > 2) {
        subtract_clean_baseline(
            std::span<const std::int32_t>(counts_),
            std::span<const double>(
                reward_table(kind_, answered - 1, {.function = function_}).table),
            std::span<double>(rewards_));
      }
      std::size_t next = 0;
      for (std::size_t i = 0; i < group.size(); ++i) {
        out[i] = group[i] >= 0 ? weight_ * rewards_[next++] : 0.0;
      }
    }
  }

 private:
  EstimatorKind kind_;
  RewardFunction function_;
  double weight_;
  std::vector<std::int32_t> counts_;
  std::vector<double> rewards_;
};

/// A reward that depends on the sample's own answer alone, reward(question, answer), with the mean
/// of the others' rewards as baseline (unbiased, since they do not depend on the sample). A missing
/// answer earns `missing`.
template <class Reward>
class AnswerReward {
 public:
  explicit AnswerReward(Reward reward, double missing = 0)
      : reward_(std::move(reward)), missing_(missing) {}
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      const auto group = sample.group(x);
      const auto out = signal.subspan(x * sample.group_size, sample.group_size);
      double total = 0;
      for (std::size_t i = 0; i < group.size(); ++i) {
        out[i] =
            group[i] >= 0
                ? static_cast<double>(reward_(sample.question, static_cast<std::size_t>(group[i])))
                : missing_;
        total += out[i];
      }
      const double n = static_cast<double>(group.size());
      for (double& value : out) {
        value = n > 1 ? (n * value - total) / (n - 1) : 0.0;
      }
    }
  }

 private:
  Reward reward_;
  double missing_;
};

/// The pool that coherence agrees with.
enum class CoherencePool {
  arithmetic,  ///< log q(z) - log nu_x(z), q the mean over contexts; by tables of both counts
  euclidean,   ///< q(z) - nu_x(z): linear, so unbiased
};

/// Coherence over the contexts of a question. With the arithmetic pool each logarithm is read from
/// the table of `kind` at its own counts (those of all contexts, those of the own one); the bias is
/// that of estimate/coherence.hpp. Missing answers are left out of every count and get 0.
///
/// Baseline of sample i: the mean of what the others of its context would be rewarded if i had not
/// been drawn. It depends on the others alone, so the expected gradient is that of the rewards.
class CoherenceObjective {
 public:
  explicit CoherenceObjective(CoherencePool pool,
                              EstimatorKind kind = EstimatorKind::variance_optimal,
                              double weight = 1)
      : pool_(pool), kind_(kind), weight_(weight) {
    require(std::isfinite(weight), Errc::invalid_argument,
            "CoherenceObjective: the weight must be finite, got ", weight);
  }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    require(sample.contexts >= 2, Errc::invalid_argument,
            "CoherenceObjective: needs at least 2 contexts of a question, got ", sample.contexts);
    sizes_.assign(sample.contexts, 0);
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      for (const std::int32_t answer : sample.group(x)) {
        sizes_[x] += answer >= 0 ? 1 : 0;
      }
    }
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      const auto group = sample.group(x);
      const auto out = signal.subspan(x * sample.group_size, sample.group_size);
      const std::size_t size = sizes_[x];
      double sum_without = 0;  // of the others' rewards if a stranger to their answers left
      counts_.assign(group.size(), Count{});
      for (std::size_t i = 0; i < group.size(); ++i) {
        if (group[i] >= 0 && size >= 2) {
          counts_[i] = count(sample, x, group[i]);
          sum_without += reward(counts_[i], counts_[i].own, size - 1);
        }
      }
      for (std::size_t i = 0; i < group.size(); ++i) {
        if (group[i] < 0 || size < 2) {
          out[i] = 0;
          continue;
        }
        const Count& c = counts_[i];
        const auto companions = static_cast<double>(c.own);
        const double stranger = reward(c, c.own, size - 1);
        const double companion = c.own > 0 ? reward(c, c.own - 1, size - 1) : 0;
        const double others = sum_without - stranger - companions * (stranger - companion);
        out[i] = weight_ * (reward(c, c.own, size) - others / static_cast<double>(size - 1));
      }
    }
  }

 private:
  /// Where else an answer was given: by others of the own context, and in the other contexts.
  struct Count {
    std::size_t own = 0;
    std::size_t elsewhere = 0;       ///< number of samples
    std::size_t elsewhere_size = 0;  ///< answered samples of the other contexts
    double frequency = 0;            ///< sum of the other contexts' frequencies
  };
  [[nodiscard]] Count count(const QuestionSample& sample, std::size_t x,
                            std::int32_t answer) const {
    Count found;
    for (std::size_t c = 0; c < sample.contexts; ++c) {
      const std::size_t hits = detail::count_same(sample.group(c), answer);
      if (c == x) {
        found.own = hits - 1;
      } else if (sizes_[c] > 0) {
        found.elsewhere += hits;
        found.elsewhere_size += sizes_[c];
        found.frequency += static_cast<double>(hits) / static_cast<double>(sizes_[c]);
      }
    }
    return found;
  }
  /// The reward of a sample whose answer `own` others of its context share, out of `size` answered.
  [[nodiscard]] double reward(const Count& c, std::size_t own, std::size_t size) const {
    const auto others = static_cast<double>(size) - 1;
    if (pool_ == CoherencePool::euclidean) {
      const double nu = others > 0 ? static_cast<double>(own) / others : 0.0;
      return (c.frequency + nu) / static_cast<double>(sizes_.size()) - nu;
    }
    return table(own + c.elsewhere, size + c.elsewhere_size) - table(own, size);
  }
  [[nodiscard]] double table(std::size_t others, std::size_t size) const {
    if (size < 2) {
      return 0;
    }
    // Everybody's answer: the entry is asked for, but cancels in the baseline.
    return reward_table(kind_, size).table[others < size ? others : size - 1];
  }

  CoherencePool pool_;
  EstimatorKind kind_;
  double weight_;
  std::vector<std::size_t> sizes_;
  std::vector<Count> counts_;
};

}  // namespace dag
