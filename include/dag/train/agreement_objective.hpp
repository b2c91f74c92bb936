// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/answers/counts.hpp>
#include <dag/core/error.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/clean_signals.hpp>

namespace dag {

/// Agreement with the other contexts of a question (`Agreement`): a sample of context x with answer
/// z is rewarded 2 weight sum over y != x of n_y(z) / K_y / contexts, n_y(z) of the K_y answered
/// samples of context y. Linear in counts of independent groups, so without bias; missing answers
/// are left out and get 0. Baseline: the mean of the other samples of the group, which adds none.
/// Errors: invalid_argument (weight, fewer than two contexts).
class AgreementObjective {
 public:
  explicit AgreementObjective(double weight = 1) : weight_(weight) {
    require(weight > 0 && std::isfinite(weight), Errc::invalid_argument,
            "AgreementObjective: the weight must be > 0 and finite, got ", weight);
  }

  void operator()(const QuestionSample& sample, std::span<double> signal) {
    require(sample.contexts >= 2, Errc::invalid_argument,
            "AgreementObjective: needs at least 2 contexts of a question, got ", sample.contexts);
    begin_.assign(1, 0);
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      begin_.push_back(static_cast<std::int64_t>(sample.first(x + 1)));
    }
    tally_.assign(sample.answers, begin_);
    const double contexts = static_cast<double>(sample.contexts);
    pool_.assign(tally_.distinct(), 0.0);
    own_.assign(pool_.size(), 0.0);
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      for (const auto& entry : tally_.table().entries(x)) {
        pool_[static_cast<std::size_t>(entry.answer)] += share(entry.count, x) / contexts;
      }
    }
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      const auto counts = tally_.counts_of(x);
      for (std::size_t s = 0; s < counts.size(); ++s) {
        own_[s] = counts[s] > 0 ? pool_[s] - share(counts[s], x) / contexts : 0.0;
      }
      detail::clean_signals(
          sample.part(x, tally_.slots()), counts,
          [&](std::size_t s, std::size_t, std::size_t) { return own_[s]; }, 2 * weight_,
          sample.part(x, signal), scratch_);
    }
  }

 private:
  [[nodiscard]] double share(std::size_t count, std::size_t x) const {
    return static_cast<double>(count) / static_cast<double>(tally_.table().answered(x));
  }

  double weight_;
  AnswerTally tally_;
  std::vector<std::int64_t> begin_;
  std::vector<double> pool_, own_, scratch_;
};

}  // namespace dag
