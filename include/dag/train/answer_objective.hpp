// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

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

/// Turns a question's answers into signals: the gradient is mean_i signal_i grad log pi(y_i).
template <class O>
concept AnswerObjective = requires(O& objective, const QuestionSample& sample,
                                   std::span<double> signal) {
  objective(sample, signal);
};

/// The strategies of a Target that has its own: multipliers of constraints, mixtures of rewards.
struct TargetReport {
  std::vector<double> strategy;  ///< multipliers, mixtures: after this step, in the parts' order
  std::vector<double> slack;     ///< sampled: bound - mean feature, or a mixed reward's mean
  double violation = 0;          ///< largest sampled violation of a constraint in this step
};

/// Optional: an objective that changes with the steps. `train` calls `begin_step(index)` before the
/// step's questions and `end_step(rate, report)` after them (rate: learning rate / its peak, so
/// that the Target slows down with the Policy), and keeps `state()` in every checkpoint.
template <class O>
concept AdaptiveObjective = AnswerObjective<O> &&
    requires(O& objective, const O& constant, std::int64_t index, double rate, TargetReport& report,
             std::span<const double> state) {
  objective.begin_step(index);
  objective.end_step(rate, report);
  { constant.state() } -> std::convertible_to<std::vector<double>>;
  objective.restore(state);
};

namespace detail {

/// The different answers of a group with their counts. O(K * different); memory is kept.
class Tally {
 public:
  void assign(std::span<const std::int32_t> group) {
    slots_.clear();
    answers_.clear();
    counts_.clear();
    answered_ = 0;
    for (const std::int32_t answer : group) {
      std::int32_t slot = -1;
      if (answer >= 0) {
        ++answered_;
        std::size_t s = 0;
        while (s < answers_.size() && answers_[s] != answer) {
          ++s;
        }
        if (s == answers_.size()) {
          answers_.push_back(answer);
          counts_.push_back(0);
        }
        ++counts_[s];
        slot = static_cast<std::int32_t>(s);
      }
      slots_.push_back(slot);
    }
  }
  /// The samples' answers as indices below distinct(); -1 where there is none.
  [[nodiscard]] std::span<const std::int32_t> slots() const { return slots_; }
  [[nodiscard]] std::size_t distinct() const { return answers_.size(); }
  [[nodiscard]] std::size_t answered() const { return answered_; }
  [[nodiscard]] std::int32_t answer(std::size_t slot) const { return answers_[slot]; }
  [[nodiscard]] std::size_t count(std::size_t slot) const { return counts_[slot]; }
  [[nodiscard]] std::span<const std::size_t> counts() const { return counts_; }
  /// 0 for an answer that nobody gave.
  [[nodiscard]] std::size_t count_of(std::int32_t answer) const {
    for (std::size_t s = 0; s < answers_.size(); ++s) {
      if (answers_[s] == answer) {
        return counts_[s];
      }
    }
    return 0;
  }

 private:
  std::vector<std::int32_t> slots_, answers_;
  std::vector<std::size_t> counts_;
  std::size_t answered_ = 0;
};

}  // namespace detail
}  // namespace dag
