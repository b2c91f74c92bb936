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
#include <dag/numeric/log_sum_exp.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/answer_reward.hpp>
#include <dag/train/detail/target_state.hpp>

namespace dag {

/// The worst mixture of M reward models: F = min_q sum_m q_m <R_m, nu>. A sample earns
/// sum_m q_m R_m(z), unbiased given q. The mixture moves once a step, after its signals were used,
/// by optimistic mirror ascent on its own payoff: with g_t the models' mean rewards of step t,
///   q ∝ q exp(-rate step (2 g_t - g_{t-1})).
/// rate: the learning rate over its peak. log q and g are the objective's state.
class RobustObjective {
 public:
  using Reward = std::function<double(const AnswerAt&)>;

  /// missing: what every model gives to a sample without an answer.
  explicit RobustObjective(std::vector<Reward> rewards, double step = 0.1, double missing = 0)
      : rewards_(std::move(rewards)), step_(step), missing_(missing) {
    require(!rewards_.empty(), Errc::invalid_argument,
            "RobustObjective: needs at least one reward model");
    for (const Reward& reward : rewards_) {
      require(static_cast<bool>(reward), Errc::invalid_argument,
              "RobustObjective: a reward model is empty");
    }
    require(step > 0 && std::isfinite(step), Errc::invalid_argument,
            "RobustObjective: step must be > 0 and finite, got ", step);
    log_mixture_.assign(rewards_.size(), -std::log(static_cast<double>(rewards_.size())));
    last_.assign(rewards_.size(), 0.0);
    begin_step(0);
  }

  void begin_step(std::int64_t) { sums_.reset(rewards_.size()); }
  void operator()(const QuestionSample& sample, std::span<double> signal) {
    weights_.clear();
    for (const double log_q : log_mixture_) {
      weights_.push_back(std::exp(log_q));
    }
    sums_.add(sample, signal, weights_, [&](std::size_t m, const AnswerAt* at) {
      return at != nullptr ? rewards_[m](*at) : missing_;
    });
  }
  void end_step(double rate, TargetReport& report) {
    if (sums_.empty()) {
      return;
    }
    for (std::size_t m = 0; m < rewards_.size(); ++m) {
      const double mean = sums_.mean(m);
      log_mixture_[m] -= rate * step_ * (started_ ? 2 * mean - last_[m] : mean);
      last_[m] = mean;
      report.slack.push_back(mean);
    }
    started_ = true;
    log_normalize(log_mixture_);
    for (const double log_q : log_mixture_) {
      report.strategy.push_back(std::exp(log_q));
    }
  }

  /// [started, log q..., g...].
  [[nodiscard]] std::vector<double> state() const {
    return detail::pack_state(started_, log_mixture_, last_);
  }
  void restore(std::span<const double> state) {
    started_ = detail::unpack_state(state, log_mixture_, last_, "RobustObjective");
  }

 private:
  std::vector<Reward> rewards_;
  double step_, missing_;
  std::vector<double> log_mixture_, last_, weights_;
  detail::RowSums sums_;
  bool started_ = false;
};

}  // namespace dag
