// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/estimate/reward_table.hpp>
#include <dag/numeric/sorted_sum.hpp>
#include <dag/train/answer_objective.hpp>

namespace dag {

/// An answer where it was given: what rewards, features and targets may depend on.
struct AnswerAt {
  std::size_t question = 0;
  std::size_t context = 0;  ///< of the question
  std::size_t answer = 0;
};

namespace detail {

/// Signals of one group whose rewards depend on counts, with a baseline that adds no bias:
///   signal_i = scale (v(s_i, k_i, A) - mean_{j != i} v(s_j, k_j - [s_j = s_i], A - 1)),
/// s_i the sample's class, k_i the other samples of that class, A the samples that have one. The
/// mean is what the others would have been rewarded if i had not been drawn: it does not depend on
/// i. slots: class of each sample, -1 for none (signal 0); counts: samples of each class;
/// value(slot, others, size). With fewer than 2 samples all signals are 0. O(K), three calls a
/// class.
template <class Value>
void clean_signals(std::span<const std::int32_t> slots, std::span<const std::size_t> counts,
                   Value&& value, double scale, std::span<double> out,
                   std::vector<double>& scratch) {
  std::size_t answered = 0;
  for (const std::size_t count : counts) {
    answered += count;
  }
  scratch.assign(counts.size(), 0.0);
  if (answered >= 2) {
    Terms room;
    const auto terms = room.take(counts.size());
    for (std::size_t s = 0; s < counts.size(); ++s) {
      terms[s] = counts[s] > 0 && counts[s] < answered
                     ? static_cast<double>(counts[s]) * value(s, counts[s] - 1, answered - 1)
                     : 0;
    }
    const double total = sorted_sum(terms);
    for (std::size_t s = 0; s < counts.size(); ++s) {
      if (counts[s] == 0) {
        continue;
      }
      const auto n = static_cast<double>(counts[s]);
      double others = total;
      if (counts[s] < answered) {
        others -= n * value(s, counts[s] - 1, answered - 1);
      }
      if (counts[s] > 1) {
        others += (n - 1) * value(s, counts[s] - 2, answered - 1);
      }
      scratch[s] =
          scale * (value(s, counts[s] - 1, answered) - others / static_cast<double>(answered - 1));
    }
  }
  for (std::size_t i = 0; i < slots.size(); ++i) {
    out[i] = slots[i] >= 0 ? scratch[static_cast<std::size_t>(slots[i])] : 0.0;
  }
}

/// Reward tables of one kind by group size, looked up once each. A group of one has the constant
/// g(1). Where a U-statistic's degree is too high for a group its plug-in stands in: that happens
/// in baselines, which may be anything, and in groups that `serves` refuses.
class TablesBySize {
 public:
  TablesBySize(EstimatorKind kind, RewardFunction function) : kind_(kind), function_(function) {}

  [[nodiscard]] double operator()(std::size_t others, std::size_t size) {
    if (size < 2) {
      return function_(1.0);
    }
    if (size >= tables_.size()) {
      tables_.resize(size + 1, nullptr);
    }
    if (tables_[size] == nullptr) {
      const EstimatorKind kind = serves(size) ? kind_ : EstimatorKind::plug_in;
      tables_[size] = reward_table(kind, size, {.function = function_}).table.data();
    }
    return tables_[size][others];
  }
  /// Whether groups of this size have a table of the kind.
  [[nodiscard]] bool serves(std::size_t size) const {
    return kind_ != EstimatorKind::u_statistic || function_.degree() < 0 ||
           function_.degree() <= static_cast<double>(size - 1);
  }
  [[nodiscard]] const RewardFunction& function() const { return function_; }

 private:
  EstimatorKind kind_;
  RewardFunction function_;
  std::vector<const double*> tables_;
};

}  // namespace detail
}  // namespace dag
