// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/train/answer_objective.hpp>
#include <dag/train/answer_reward.hpp>

namespace dag::detail {

/// What a checkpoint keeps of a Target that moves: whether it has moved, where it is, and what it
/// remembers of the last step (as many numbers), in this order.
[[nodiscard]] inline std::vector<double> pack_state(bool started, const std::vector<double>& at,
                                                    const std::vector<double>& memory) {
  std::vector<double> all{started ? 1.0 : 0.0};
  all.insert(all.end(), at.begin(), at.end());
  all.insert(all.end(), memory.begin(), memory.end());
  return all;
}

/// The way back; returns whether it has moved. Errors: dimension_mismatch, naming the objective.
[[nodiscard]] inline bool unpack_state(std::span<const double> state, std::vector<double>& at,
                                       std::vector<double>& memory, std::string_view objective) {
  const std::size_t n = at.size();
  require(state.size() == 1 + 2 * n, Errc::dimension_mismatch, objective, ": expected a state of ",
          1 + 2 * n, " numbers, got ", state.size());
  for (std::size_t k = 0; k < n; ++k) {
    at[k] = state[1 + k];
    memory[k] = state[1 + n + k];
  }
  return state[0] != 0;
}

/// Rows of numbers by answer that a Target weighs: their sums over the samples of a step, and the
/// signal sum_k weights_k row_k, less what the others of the group get.
class RowSums {
 public:
  void reset(std::size_t rows) {
    sums_.assign(rows, 0.0);
    samples_ = 0;
  }
  /// `value(k, at)`: row k at an answer; at a missing one `at` is null.
  template <class Value>
  void add(const QuestionSample& sample, std::span<double> signal, std::span<const double> weights,
           const Value& value) {
    for (std::size_t x = 0; x < sample.contexts; ++x) {
      const auto group = sample.group(x);
      const auto out = sample.part(x, signal);
      for (std::size_t i = 0; i < group.size(); ++i) {
        const AnswerAt at{sample.question, x, static_cast<std::size_t>(group[i])};
        out[i] = 0;
        for (std::size_t k = 0; k < sums_.size(); ++k) {
          const double row = value(k, group[i] >= 0 ? &at : nullptr);
          sums_[k] += row;
          out[i] += weights[k] * row;
        }
      }
      samples_ += static_cast<double>(group.size());
      subtract_others(out);
    }
  }
  [[nodiscard]] bool empty() const noexcept { return !(samples_ > 0); }
  [[nodiscard]] double mean(std::size_t k) const { return sums_[k] / samples_; }

 private:
  std::vector<double> sums_;
  double samples_ = 0;
};

}  // namespace dag::detail
