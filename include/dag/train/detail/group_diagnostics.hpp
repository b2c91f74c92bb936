// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <dag/answers/counts.hpp>
#include <dag/numeric/sorted_sum.hpp>
#include <dag/train/train_record.hpp>

namespace dag::detail {

/// Adds one group to the sums of a record: entropy, distinct answers, majority share, missing ones.
inline void add_answers(const AnswerTally& tally, std::size_t size, TrainRecord& record) {
  Terms room;
  const auto terms = room.take(tally.distinct());
  std::size_t most = 0;
  for (std::size_t s = 0; s < tally.distinct(); ++s) {
    terms[s] = static_cast<double>(tally.count(s));
    most = tally.count(s) > most ? tally.count(s) : most;
  }
  record.answer_entropy += entropy_of(terms);
  record.distinct += static_cast<double>(tally.distinct());
  record.missing += static_cast<double>(size - tally.answered());
  record.majority +=
      tally.answered() > 0 ? static_cast<double>(most) / static_cast<double>(tally.answered()) : 0;
}

/// Gap and residual of the sampled game in one group, from a_i = signal_i - beta (log pi - log
/// reference)_i: the best response weighs sample i by exp(a_i / beta). At beta = 0 it takes the
/// best sample.
class SampledGap {
 public:
  void add(const AnswerTally& tally, std::span<const double> a, double beta, TrainRecord& record) {
    const auto n = static_cast<double>(a.size());
    double top = a[0], mean = 0;
    for (const double value : a) {
      top = value > top ? value : top;
      mean += value / n;
    }
    weights_.assign(a.size(), 0);
    double total = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      weights_[i] = beta > 0 ? std::exp((a[i] - top) / beta) : (a[i] == top ? 1.0 : 0.0);
      total += weights_[i];
    }
    const double gap = top - mean + (beta > 0 ? beta * std::log(total / n) : 0.0);
    record.gap += gap > 0 ? gap : 0;
    moved_.assign(tally.distinct(), 0);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (tally.slots()[i] >= 0) {
        moved_[static_cast<std::size_t>(tally.slots()[i])] += weights_[i] / total - 1 / n;
      }
    }
    double largest = 0;
    for (const double shift : moved_) {
      largest = std::abs(shift) > largest ? std::abs(shift) : largest;
    }
    record.residual += largest;
  }

 private:
  std::vector<double> weights_, moved_;
};

/// Noise of the batch's gradient from the gradients of its two halves: blocks of samples taken in
/// turn, whole questions (independent), or single samples where their number is odd (those of one
/// group share counts, which flatters the signal a little). accumulate(half, gradient) adds that of
/// half 0 or 1 to zeros. Two more passes over the scores.
template <class Real, class Accumulate>
void measure_noise(std::size_t count, Accumulate&& accumulate, TrainRecord& record) {
  std::vector<Real> half[2];
  for (std::size_t h = 0; h < 2; ++h) {
    half[h].assign(count, Real{0});
    accumulate(h, std::span<Real>(half[h]));
  }
  double inner = 0, apart = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto a = static_cast<double>(half[0][i]), b = static_cast<double>(half[1][i]);
    inner += a * b;
    apart += (a - b) * (a - b);
  }
  record.gradient_variance = apart;
  record.gradient_signal = 4 * inner;
}

}  // namespace dag::detail
