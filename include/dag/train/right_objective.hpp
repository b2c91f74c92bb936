// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/numeric/sorted_sum.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/clean_signals.hpp>
#include <dag/utility/maj_at_k.hpp>

namespace dag {

/// Which answers are right.
using RightAnswer = std::function<bool(const AnswerAt&)>;

namespace detail {

/// The classes of one context's answers and which of them are right.
class RightTally {
 public:
  RightTally(RightAnswer right, double weight, const char* where)
      : right_answer_(std::move(right)) {
    require(std::isfinite(weight), Errc::invalid_argument, where, ": the weight must be finite, ",
            "got ", weight);
    require(static_cast<bool>(right_answer_), Errc::invalid_argument, where,
            ": needs to know which answers are right");
  }
  void assign(const QuestionSample& sample, std::size_t context) {
    tally_.assign(sample.group(context));
    right_.resize(tally_.distinct());
    for (std::size_t s = 0; s < right_.size(); ++s) {
      right_[s] =
          right_answer_({sample.question, context, static_cast<std::size_t>(tally_.answer(s))});
    }
  }
  [[nodiscard]] const AnswerTally& tally() const { return tally_; }
  [[nodiscard]] const CorrectSet& right() const { return right_; }

 private:
  RightAnswer right_answer_;
  AnswerTally tally_;
  CorrectSet right_;
};

}  // namespace detail

/// `MajAtK`: `maj_at_k_rewards` of every context's counts, which have no bias and whose part
/// without the sample is the baseline. A missing answer does not vote and gets 0. Errors:
/// invalid_argument (k; a context with fewer than k answers).
class MajAtKObjective {
 public:
  MajAtKObjective(double k, double weight, RightAnswer right)
      : k_(k), weight_(weight), classes_(std::move(right), weight, "MajAtKObjective") {
    (void)detail::maj_votes(k, "MajAtKObjective");
  }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      classes_.assign(sample, x);
      require(static_cast<double>(classes_.tally().answered()) >= k_, Errc::invalid_argument,
              "MajAtKObjective: k = ", k_, " needs contexts with at least as many answers, got ",
              classes_.tally().answered());
      value_.resize(classes_.right().size());
      maj_at_k_rewards(classes_.tally().counts(), classes_.right(), k_, value_);
      const auto slots = classes_.tally().slots();
      const auto out = sample.part(x, signal);
      for (std::size_t i = 0; i < slots.size(); ++i) {
        out[i] = slots[i] >= 0 ? weight_ * value_[static_cast<std::size_t>(slots[i])] : 0.0;
      }
    }
  }

 private:
  double k_, weight_;
  detail::RightTally classes_;
  std::vector<double> value_;
};

/// `CorrectUniformity`: a right sample gets -weight times a table of log p over the right samples
/// of its context, a wrong one 0; bias: the table's. Baseline as of `detail::clean_signals`: what
/// the others would have been rewarded without the sample. A missing answer gets 0.
class UniformityObjective {
 public:
  UniformityObjective(EstimatorKind kind, double weight, RightAnswer right)
      : tables_(kind, RewardFunction::logarithm()),
        weight_(weight),
        classes_(std::move(right), weight, "UniformityObjective") {}
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      classes_.assign(sample, x);
      score();
      const auto slots = classes_.tally().slots();
      const auto out = sample.part(x, signal);
      for (std::size_t i = 0; i < slots.size(); ++i) {
        out[i] = slots[i] >= 0 ? weight_ * value_[static_cast<std::size_t>(slots[i])] : 0.0;
      }
    }
  }

 private:
  void score() {
    const auto counts = classes_.tally().counts();
    const CorrectSet& right = classes_.right();
    value_.assign(counts.size(), 0.0);
    const std::size_t answered = classes_.tally().answered();
    std::size_t right_samples = 0;
    for (std::size_t s = 0; s < counts.size(); ++s) {
      right_samples += right[s] ? counts[s] : 0;
    }
    if (answered < 2 || right_samples == 0) {
      return;
    }
    // What right answers are paid among so many right samples, the samples of `gone` less one.
    const auto paid = [&](std::size_t among, std::size_t gone) {
      Terms room;
      const auto terms = room.take(counts.size());
      for (std::size_t s = 0; s < counts.size(); ++s) {
        const std::size_t own = counts[s] - (s == gone ? 1 : 0);
        terms[s] = right[s] && own > 0 ? -static_cast<double>(own) * tables_(own - 1, among) : 0.0;
      }
      return sorted_sum(terms) / static_cast<double>(answered - 1);
    };
    const double without_wrong = paid(right_samples, counts.size());
    for (std::size_t s = 0; s < counts.size(); ++s) {
      value_[s] = right[s] ? -tables_(counts[s] - 1, right_samples) - paid(right_samples - 1, s)
                           : -without_wrong;
    }
  }

  detail::TablesBySize tables_;
  double weight_;
  detail::RightTally classes_;
  std::vector<double> value_;
};

}  // namespace dag
