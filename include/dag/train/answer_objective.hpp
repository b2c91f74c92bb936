// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/answers/counts.hpp>
#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// One question's sampled answers: contexts (phrasings) with their samples side by side; -1 is a
/// sample whose answer could not be read. Objectives write one number a sample, already centred by
/// a baseline that does not depend on the sample (a missing answer gets 0).
struct QuestionSample {
  std::span<const std::int32_t> answers;
  std::size_t contexts = 1;
  std::size_t group_size = 0;                ///< K of every context, unless `begin` says otherwise
  std::size_t question = 0;                  ///< which question: objectives with labels look it up
  std::span<const std::int64_t> begin = {};  ///< contexts + 1 offsets: groups that differ in size

  [[nodiscard]] std::size_t first(std::size_t x) const {
    return begin.empty() ? x * group_size : static_cast<std::size_t>(begin[x]);
  }
  [[nodiscard]] std::size_t size(std::size_t x) const { return first(x + 1) - first(x); }
  [[nodiscard]] std::span<const std::int32_t> group(std::size_t x) const {
    return answers.subspan(first(x), size(x));
  }
  /// The entries of context x of what has one a sample.
  template <class T>
  [[nodiscard]] std::span<T> part(std::size_t x, std::span<T> all) const {
    return all.subspan(first(x), size(x));
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

/// Signals of an objective for groups of any size, as rollouts have them: question by question, its
/// number being the index in `groups.questions`, contexts in the order of the groups, answers by
/// their ids (`sort_answers` makes these the same in any order of lines). Out: one signal a sample.
/// Errors: dimension_mismatch and those of the objective.
template <AnswerObjective Objective>
void question_signals(Objective& objective, const AnswerGroups& groups, std::span<double> out) {
  require(out.size() == groups.samples(), Errc::dimension_mismatch,
          "question_signals: ", groups.samples(), " samples but room for ", out.size(), " signals");
  std::vector<std::int32_t> answers;
  std::vector<std::int64_t> begin;
  std::vector<double> signal;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    const auto members = groups.groups_of(q);
    answers.clear();
    begin.assign(1, 0);
    for (const auto g : members) {
      const auto own = groups.group(static_cast<std::size_t>(g));
      answers.insert(answers.end(), own.begin(), own.end());
      begin.push_back(static_cast<std::int64_t>(answers.size()));
    }
    signal.assign(answers.size(), 0.0);
    const QuestionSample sample{answers, members.size(), 0, q, begin};
    objective(sample, std::span<double>(signal));
    for (std::size_t x = 0; x < members.size(); ++x) {
      const auto own = sample.part(x, std::span<const double>(signal));
      std::copy(own.begin(), own.end(),
                out.begin() + groups.begin[static_cast<std::size_t>(members[x])]);
    }
  }
}

}  // namespace dag
