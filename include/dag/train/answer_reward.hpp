// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <dag/train/answer_objective.hpp>
#include <dag/train/clean_signals.hpp>

namespace dag {
namespace detail {

/// reward <- reward - mean of the others' rewards, group by group: fair where a reward depends on
/// its own sample alone.
inline void subtract_others(std::span<double> group) {
  const auto n = static_cast<double>(group.size());
  double total = 0;
  for (const double value : group) {
    total += value;
  }
  for (double& value : group) {
    value = n > 1 ? (n * value - total) / (n - 1) : 0.0;
  }
}

}  // namespace detail

/// A reward that depends on the sample's own answer alone, reward(question, answer) or
/// reward(AnswerAt), with the mean of the others' rewards as baseline: no bias. A missing answer
/// earns `missing`.
template <class Reward>
class AnswerReward {
 public:
  explicit AnswerReward(Reward reward, double missing = 0)
      : reward_(std::move(reward)), missing_(missing) {}
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      const auto group = sample.group(x);
      const auto out = sample.part(x, signal);
      for (std::size_t i = 0; i < group.size(); ++i) {
        out[i] = group[i] >= 0 ? earned(sample.question, x, static_cast<std::size_t>(group[i]))
                               : missing_;
      }
      detail::subtract_others(out);
    }
  }

 private:
  [[nodiscard]] double earned(std::size_t question, std::size_t context, std::size_t answer) {
    if constexpr (std::invocable<Reward&, const AnswerAt&>) {
      return static_cast<double>(reward_(AnswerAt{question, context, answer}));
    } else {
      return static_cast<double>(reward_(question, answer));
    }
  }

  Reward reward_;
  double missing_;
};

}  // namespace dag
