// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <dag/answers/consensus.hpp>
#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>
#include <dag/core/option_rules.hpp>
#include <dag/core/state.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/utility/evaluate.hpp>

namespace dag {

/// Options of `UtilityObjective`.
struct UtilityObjectiveOptions {
  /// n, ids 0 to n - 1 in every context, as the utility's data have them. 0: the answers that the
  /// question's samples gave; for utilities without data.
  std::size_t answers = 0;
  /// leave_one_out: the gradient at the other samples' frequencies. Unbiased where the gradient is
  /// affine in nu (MMD and other quadratics). plug_in: with the sample itself; bias O(1/K).
  Counts counts = Counts::plug_in;
  /// Added to every count: nu_x(z) = (n_xz + smoothing) / (K_x + smoothing n).
  double smoothing = 0;
  double weight = 1;  ///< of the utility
};

/// Any utility of value and gradient as an objective (the Bregman game): a sample earns the
/// gradient of F at the sampled frequencies of all contexts, divided by its context's weight 1/X.
/// Baseline: what the others of its context earn if the sample is taken out and all is counted
/// again; it does not depend on the sample. The utility may be a sum; adversarial parts are refused
/// (they need a Target of their own: ConstraintObjective, RobustObjective). One gradient of F a
/// context and distinct answer. Errors: not_finite where F has no gradient at the frequencies (a
/// logarithm of zero: add smoothing).
template <Utility U>
class UtilityObjective {
 public:
  explicit UtilityObjective(U utility, UtilityObjectiveOptions options = {})
      : utility_(std::move(utility)), options_(options) {
    require(target_size(utility_) == 0, Errc::unsupported,
            "UtilityObjective: adversarial utilities need ConstraintObjective or RobustObjective");
    const OptionRules rules("UtilityObjective");
    rules.not_negative("smoothing", options.smoothing);
    rules.need(std::isfinite(options.weight), "weight", "finite", options.weight);
    require(options.answers > 0 || options.smoothing == 0 || options.counts == Counts::plug_in,
            Errc::invalid_argument,
            "UtilityObjective: smoothing with a sample left out needs the number of answers");
  }

  void operator()(const QuestionSample& sample, std::span<double> signal) {
    count(sample);
    for (std::size_t x = 0; x < sample.contexts && answers_ > 0; ++x) {
      const std::size_t first = x * answers_;
      const double answered = answered_[x];
      if (options_.counts == Counts::plug_in) {
        gradient(reward_);
      }
      for (std::size_t z = first; z < first + answers_; ++z) {
        own_[z] = 0;
        if (counts_[z] == 0 || answered < 2) {
          continue;
        }
        --counts_[z];
        --answered_[x];
        gradient(reduced_);
        double others = 0;
        for (std::size_t j = first; j < first + answers_; ++j) {
          others += counts_[j] > 0 ? counts_[j] * reduced_[j] : 0.0;
        }
        ++counts_[z];
        ++answered_[x];
        const double earned = options_.counts == Counts::plug_in ? reward_[z] : reduced_[z];
        own_[z] = options_.weight * static_cast<double>(sample.contexts) *
                  (earned - others / (answered - 1));
        require(std::isfinite(own_[z]), Errc::not_finite,
                "UtilityObjective: the utility has no gradient at these frequencies; smoothing is ",
                options_.smoothing);
      }
    }
    for (std::size_t i = 0; i < signal.size(); ++i) {
      signal[i] = slots_[i] >= 0 ? own_[static_cast<std::size_t>(slots_[i])] : 0.0;
    }
  }

 private:
  /// counts_, answered_ and each sample's place in the stacked answers.
  void count(const QuestionSample& sample) {
    tally_.assign(sample.answers);
    const bool seen_only = options_.answers == 0;
    const std::size_t answers = seen_only ? tally_.distinct() : options_.answers;
    if (answers != answers_ || sample.contexts != answered_.size()) {
      answers_ = answers;
      if (answers > 0) {
        blocks_ = Blocks::uniform(sample.contexts, answers);
        check_utility(utility_, blocks_);
      }
      weights_.assign(sample.contexts, 1 / static_cast<double>(sample.contexts));
    }
    const std::size_t size = answers_ * sample.contexts;
    for (auto* buffer : {&counts_, &own_, &reward_, &reduced_, &nu_, &log_nu_, &scratch_}) {
      buffer->assign(size, 0.0);
    }
    answered_.assign(sample.contexts, 0.0);
    slots_.assign(sample.answers.size(), -1);
    std::size_t x = 0;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      while (i >= sample.first(x + 1)) {
        ++x;
      }
      if (sample.answers[i] < 0) {
        continue;
      }
      const auto z = static_cast<std::size_t>(seen_only ? tally_.slots()[i] : sample.answers[i]);
      require(z < answers_, Errc::invalid_argument, "UtilityObjective: answer ", z,
              " is not below the number of answers, ", answers_);
      slots_[i] = static_cast<std::int32_t>(x * answers_ + z);
      counts_[x * answers_ + z] += 1;
      answered_[x] += 1;
    }
  }
  /// out = dF/dnu at the current counts. A context without samples counts as uniform. Where only
  /// seen answers count, those that nobody gives any more are none.
  void gradient(std::vector<double>& out) {
    present_.assign(answers_, options_.answers > 0);
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      present_[i % answers_] = present_[i % answers_] || counts_[i] > 0;
    }
    double n = 0;
    for (const bool present : present_) {
      n += present ? 1 : 0;
    }
    for (std::size_t x = 0; x < answered_.size(); ++x) {
      const double mass = answered_[x] + options_.smoothing * n;
      for (std::size_t z = 0; z < answers_; ++z) {
        const std::size_t i = x * answers_ + z;
        const double frequency = mass > 0 ? (counts_[i] + options_.smoothing) / mass : 1 / n;
        nu_[i] = present_[z] ? frequency : 0.0;
        log_nu_[i] = std::log(nu_[i]);
      }
    }
    const AnswersView<double> answers{blocks_, weights_, StateView<const double>{nu_, log_nu_}};
    gradient_of(utility_, answers, std::span<const double>{}, std::span<double>(out),
                std::span<double>(scratch_));
  }

  U utility_;
  UtilityObjectiveOptions options_;
  Blocks blocks_;
  std::size_t answers_ = 0;
  std::vector<double> weights_, counts_, answered_, own_, reward_, reduced_, nu_, log_nu_, scratch_;
  std::vector<bool> present_;
  std::vector<std::int32_t> slots_;
  AnswerTally tally_;
};

}  // namespace dag
