// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/answer_reward.hpp>
#include <dag/train/detail/target_state.hpp>

namespace dag {

/// mean of feature over questions, contexts and samples <= bound (or = bound). Features may differ
/// from context to context, so that one multiplier is shared by contexts and couples them: equal
/// treatment of two groups of contexts is feature = +1 on one and -1 on the other, bound 0,
/// equality.
struct AnswerConstraint {
  std::function<double(const AnswerAt&)> feature;
  double bound = 0;
  bool equality = false;
  double missing = 0;  ///< the feature of a sample without an answer
};

/// How multipliers move; e is the sampled violation, mean feature - bound, of one step:
///   lambda <- [ lambda + rate (integral e_t + proportional (m_t - m_{t-1})) ],  m_t = filter
///   m_{t-1} + (1 - filter) e_t,
/// cut to [0, limit] for <=, to [-limit, limit] for =. With proportional = 0: projected ascent. The
/// proportional part damps the oscillation of ascent against a learning policy (nuPI, Sohrabi and
/// others, arXiv:2406.04558). rate: the learning rate over its peak.
struct MultiplierOptions {
  double integral = 0.1;    ///< weight of the violation, >= 0
  double proportional = 0;  ///< weight of its change, >= 0
  double filter = 0;        ///< in [0, 1): smooths e for the proportional part
  double start = 0;         ///< every multiplier at first
  double limit = std::numeric_limits<double>::infinity();  ///< of their size
};

/// The Target of hard constraints: a sample earns -sum_k lambda_k f_k(z), linear in nu, so unbiased
/// given the multipliers. Add it to an objective with `SumObjective`. Multipliers move once a step,
/// after their signals were used, on the same samples; they are the objective's state.
class ConstraintObjective {
 public:
  explicit ConstraintObjective(std::vector<AnswerConstraint> constraints,
                               MultiplierOptions options = {})
      : constraints_(std::move(constraints)), options_(options) {
    const auto& o = options_;
    require(!constraints_.empty(), Errc::invalid_argument,
            "ConstraintObjective: needs at least one constraint");
    for (const AnswerConstraint& c : constraints_) {
      require(static_cast<bool>(c.feature) && std::isfinite(c.bound), Errc::invalid_argument,
              "ConstraintObjective: a constraint needs a feature and a finite bound, got ",
              c.bound);
    }
    const OptionRules rules("ConstraintObjective");
    rules.positive("integral", o.integral);
    rules.not_negative("proportional", o.proportional);
    rules.below_one("filter", o.filter);
    rules.need(o.limit > 0, "limit", "> 0", o.limit);
    for (const AnswerConstraint& c : constraints_) {
      multipliers_.push_back(cut(o.start, c.equality));
    }
    smoothed_.assign(constraints_.size(), 0.0);
    begin_step(0);
  }

  void begin_step(std::int64_t) { sums_.reset(constraints_.size()); }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    weights_.assign(multipliers_.begin(), multipliers_.end());
    for (double& weight : weights_) {
      weight = -weight;
    }
    sums_.add(sample, signal, weights_, [&](std::size_t k, const AnswerAt* at) {
      return at != nullptr ? constraints_[k].feature(*at) : constraints_[k].missing;
    });
  }
  void end_step(double rate, TargetReport& report) {
    for (std::size_t k = 0; k < constraints_.size() && !sums_.empty(); ++k) {
      const AnswerConstraint& c = constraints_[k];
      const double excess = sums_.mean(k) - c.bound;
      const double before = started_ ? smoothed_[k] : excess;
      smoothed_[k] = options_.filter * before + (1 - options_.filter) * excess;
      multipliers_[k] = cut(
          multipliers_[k] +
              rate * (options_.integral * excess + options_.proportional * (smoothed_[k] - before)),
          c.equality);
      const double violation = c.equality ? std::abs(excess) : excess;
      report.strategy.push_back(multipliers_[k]);
      report.slack.push_back(-excess);
      report.violation = violation > report.violation ? violation : report.violation;
    }
    started_ = started_ || !sums_.empty();
  }

  [[nodiscard]] std::span<const double> multipliers() const { return multipliers_; }
  /// [started, multipliers..., smoothed violations...].
  [[nodiscard]] std::vector<double> state() const {
    return detail::pack_state(started_, multipliers_, smoothed_);
  }
  void restore(std::span<const double> state) {
    started_ = detail::unpack_state(state, multipliers_, smoothed_, "ConstraintObjective");
  }

 private:
  [[nodiscard]] double cut(double multiplier, bool equality) const {
    const double low = equality ? -options_.limit : 0.0;
    const double high = options_.limit;
    return multiplier < low ? low : (multiplier > high ? high : multiplier);
  }

  std::vector<AnswerConstraint> constraints_;
  MultiplierOptions options_;
  std::vector<double> multipliers_, smoothed_, weights_;
  detail::RowSums sums_;
  bool started_ = false;
};

}  // namespace dag
