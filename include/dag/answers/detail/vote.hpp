// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dag::detail {

/// Weights on the answers of one question, sparse: only what is touched is cleared, so a vote costs
/// the samples it counts, not the answers there are.
class Vote {
 public:
  /// Begins an empty vote on answers 0 .. count - 1.
  void start(std::size_t count) {
    for (const auto answer : answers_) {
      weight_[at(answer)] = 0;
      right_[at(answer)] = 0;
    }
    answers_.clear();
    if (weight_.size() < count) {
      weight_.resize(count);
      right_.resize(count);
    }
  }

  /// Adds weight > 0; `right`: this vote knows the answer to be right.
  void add(std::int32_t answer, double weight, bool right) {
    if (weight_[at(answer)] == 0) {
      answers_.push_back(answer);
    }
    weight_[at(answer)] += weight;
    right_[at(answer)] = static_cast<char>(right_[at(answer)] != 0 || right);
  }

  /// The answers with weight, in order of first appearance.
  [[nodiscard]] std::span<const std::int32_t> answers() const noexcept { return answers_; }
  [[nodiscard]] std::size_t distinct() const noexcept { return answers_.size(); }
  [[nodiscard]] double weight(std::int32_t answer) const noexcept { return weight_[at(answer)]; }
  [[nodiscard]] bool is_right(std::int32_t answer) const noexcept {
    return right_[at(answer)] != 0;
  }

  /// Entropy in nats of the normalised weights; 0 for an empty vote.
  [[nodiscard]] double entropy() const noexcept {
    double total = 0;
    for (const auto answer : answers_) {
      total += weight(answer);
    }
    double sum = 0;
    for (const auto answer : answers_) {
      const double p = weight(answer) / total;
      sum -= p * std::log(p);
    }
    return sum > 0 ? sum : 0;
  }

  /// The largest weight; 0 for an empty vote.
  [[nodiscard]] double most() const noexcept {
    double largest = 0;
    for (const auto answer : answers_) {
      largest = weight(answer) > largest ? weight(answer) : largest;
    }
    return largest;
  }

  /// The chance that the winner is right, ties broken evenly; 0 for an empty vote. Weights are sums
  /// of fractions: what differs by less than 1e-9 of the largest is tied.
  [[nodiscard]] double accuracy() const noexcept {
    const double largest = most();
    double tied = 0;
    double hits = 0;
    for (const auto answer : answers_) {
      if (weight(answer) >= largest * (1 - 1e-9)) {
        tied += 1;
        hits += is_right(answer) ? 1 : 0;
      }
    }
    return tied > 0 ? hits / tied : 0;
  }

 private:
  [[nodiscard]] static std::size_t at(std::int32_t answer) noexcept {
    return static_cast<std::size_t>(answer);
  }
  std::vector<double> weight_;
  std::vector<char> right_;
  std::vector<std::int32_t> answers_;
};

}  // namespace dag::detail
