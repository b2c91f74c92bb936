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

/// Coherence over the contexts of a question with the arithmetic pool: log q(z) - log nu_x(z), each
/// logarithm by the table of `kind` at its own counts (X K samples and K), or exactly by the
/// Euclidean pool q(z) - nu_x(z). The baseline is the mean of the other samples of the context.
/// Missing answers are left out of counts and get 0.
enum class CoherencePool { arithmetic, euclidean };

class CoherenceObjective {
 public:
  CoherenceObjective(CoherencePool pool, EstimatorKind kind, double weight = 1)
      : pool_(pool), kind_(kind), weight_(weight) {}
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    require(sample.contexts >= 2, Errc::invalid_argument,
            "CoherenceObjective: needs at least 2 contexts of a question, got ", sample.contexts);
    sizes_.assign(sample.contexts, 0);
    std::size_t answered = 0;
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      for (const std::int32_t answer : sample.group(x)) {
        sizes_[x] += answer >= 0 ? 1 : 0;
      }
      answered += sizes_[x];
    }
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      const auto group = sample.group(x);
      const auto out = signal.subspan(x * sample.group_size, sample.group_size);
      double total = 0;
      for (std::size_t i = 0; i < group.size(); ++i) {
        out[i] = group[i] >= 0 ? weight_ * reward(sample, x, group[i], answered) : 0.0;
        total += out[i];
      }
      const auto n = static_cast<double>(sizes_[x]);
      for (std::size_t i = 0; i < group.size(); ++i) {
        out[i] = group[i] >= 0 && n > 1 ? (n * out[i] - total) / (n - 1) : 0.0;
      }
    }
  }

 private:
  [[nodiscard]] double reward(const QuestionSample& sample, std::size_t x, std::int32_t answer,
                              std::size_t answered) const {
    const std::size_t own = detail::count_same(sample.group(x), answer) - 1;
    const std::size_t pooled = detail::count_same(sample.answers, answer) - 1;
    if (pool_ == CoherencePool::euclidean) {
      double q = 0;  // the pool with the sample itself left out of its own context
      const auto contexts = static_cast<double>(sample.contexts);
      for (std::size_t c = 0; c < sample.contexts; ++c) {
        const bool mine = c == x;
        const std::size_t size = sizes_[c] - (mine ? 1 : 0);
        const std::size_t hits = detail::count_same(sample.group(c), answer) - (mine ? 1 : 0);
        q += size > 0 ? static_cast<double>(hits) / static_cast<double>(size) / contexts : 0.0;
      }
      const auto others = static_cast<double>(sizes_[x]) - 1;
      return q - (others > 0 ? static_cast<double>(own) / others : 0.0);
    }
    const double log_q = answered >= 2 ? reward_table(kind_, answered).table[pooled] : 0.0;
    const double log_own = sizes_[x] >= 2 ? reward_table(kind_, sizes_[x]).table[own] : 0.0;
    return log_q - log_own;
  }

  CoherencePool pool_;
  EstimatorKind kind_;
  double weight_;
  std::vector<std::size_t> sizes_;
};

}  // namespace dag
