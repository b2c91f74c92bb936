// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/clean_signals.hpp>

namespace dag {

/// weight * u(z) * c[k], c a reward table of the group size and k the other samples of the own
/// context with the same answer:
///   Shannon entropy  (logarithm, -tau)                 bias: the table's
///   Gini             (power(1), -2 tau)                none by the U-statistic
///   Tsallis-a        (power(a-1), -tau a/(a-1))        none by the U-statistic where a is an
///   integer chi-square to p  (power(1), -2 tau, u = 1/p)       none by the U-statistic forward KL
///   to p  (inverse, tau, u = p)             plug-in: nu E[c] = p (1 - (1-nu)^K)
/// Tables have one entry more than others need; the baseline is `detail::clean_signals`. A group
/// with missing answers is one of its answered samples; where those are too few for the table its
/// signals are 0.
class TableObjective {
 public:
  using Factor = std::function<double(const AnswerAt&)>;

  TableObjective(EstimatorKind kind, RewardFunction function, double weight, Factor factor = {})
      : tables_(kind, function), weight_(weight), factor_(std::move(factor)) {
    require(std::isfinite(weight), Errc::invalid_argument,
            "TableObjective: the weight must be finite, got ", weight);
  }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      tally_.assign(sample.group(x));
      factors_.assign(tally_.distinct(), 1.0);
      for (std::size_t s = 0; factor_ && s < factors_.size(); ++s) {
        factors_[s] = factor_({sample.question, x, static_cast<std::size_t>(tally_.answer(s))});
      }
      const bool enough = tables_.serves(tally_.answered());
      detail::clean_signals(
          tally_.slots(), tally_.counts(),
          [&](std::size_t s, std::size_t others, std::size_t size) {
            return enough ? factors_[s] * tables_(others, size) : 0.0;
          },
          weight_, sample.part(x, signal), scratch_);
    }
  }

 private:
  detail::TablesBySize tables_;
  double weight_;
  Factor factor_;
  AnswerTally tally_;
  std::vector<double> factors_, scratch_;
};

/// weight * 1[correct] * c[k], k the other correct samples of the own context:
///   log-likelihood of the correct set C  (plug_in, inverse)        K/(k+1); nu(C) E[c] = 1 -
///                                        (1-nu(C))^K: exact but for groups without a correct
///                                        sample
///   pass@k                               (u_statistic, pass_at_k)  none (K >= k)
/// A missing answer counts as wrong.
class EventObjective {
 public:
  using Correct = std::function<bool(const AnswerAt&)>;

  EventObjective(EstimatorKind kind, RewardFunction function, double weight, Correct correct)
      : tables_(kind, function), weight_(weight), correct_(std::move(correct)) {
    require(std::isfinite(weight), Errc::invalid_argument,
            "EventObjective: the weight must be finite, got ", weight);
    require(static_cast<bool>(correct_), Errc::invalid_argument,
            "EventObjective: needs to know which answers are correct");
  }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      require(tables_.serves(sample.size(x)), Errc::invalid_argument, "EventObjective: order ",
              tables_.function().order, " needs groups at least as large, got ", sample.size(x));
      slots_.clear();
      std::size_t counts[2] = {0, 0};
      for (const std::int32_t answer : sample.group(x)) {
        const bool right =
            answer >= 0 && correct_({sample.question, x, static_cast<std::size_t>(answer)});
        slots_.push_back(right ? 0 : 1);
        ++counts[right ? 0 : 1];
      }
      detail::clean_signals(
          slots_, counts,
          [&](std::size_t s, std::size_t others, std::size_t size) {
            return s == 0 ? tables_(others, size) : 0.0;
          },
          weight_, sample.part(x, signal), scratch_);
    }
  }

 private:
  detail::TablesBySize tables_;
  double weight_;
  Correct correct_;
  std::vector<std::int32_t> slots_;
  std::vector<double> scratch_;
};

}  // namespace dag
