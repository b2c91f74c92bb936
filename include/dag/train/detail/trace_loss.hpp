// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <dag/policy/policy_loss.hpp>
#include <dag/train/train_record.hpp>

namespace dag::detail {

/// A policy loss whose tokens are whole traces (ratio pi(y) / pi_old(y)): what each trace's score
/// is to be multiplied by. The first epoch has ratio 1.
class TraceLoss {
 public:
  template <class Real>
  void operator()(const PolicyLossOptions& options, std::span<const double> advantage,
                  std::span<const Real> old_log_prob, std::span<const Real> log_prob,
                  std::span<Real> weights, TrainRecord& record) {
    const std::size_t size = weights.size();
    const auto n = static_cast<double>(size);
    if (options.surrogate == Surrogate::reinforce) {
      for (std::size_t i = 0; i < size; ++i) {
        weights[i] = static_cast<Real>(advantage[i] / n);
      }
      return;
    }
    old_.assign(old_log_prob.begin(), old_log_prob.end());
    now_.assign(log_prob.begin(), log_prob.end());
    offsets_.resize(size + 1);
    for (std::size_t i = 0; i <= size; ++i) {
      offsets_[i] = i;
    }
    gradient_.resize(size);
    const PolicyLossSum sum = policy_loss(
        TokenBatch{
            .offsets = offsets_, .log_prob = now_, .old_log_prob = old_, .advantage = advantage},
        options, std::span<double>(gradient_));
    for (std::size_t i = 0; i < size; ++i) {
      weights[i] = static_cast<Real>(-gradient_[i]);
    }
    record.effective_samples = sum.effective_sample_size() / n;
    record.clipped = static_cast<double>(sum.clipped_low + sum.clipped_high) / n;
  }

 private:
  std::vector<double> old_, now_, gradient_;
  std::vector<std::size_t> offsets_;
};

}  // namespace dag::detail
