// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <dag/alignment/contexts.hpp>
#include <dag/core/blocks.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// The contexts of many questions, one after the other, each question with weights of its own that
/// sum to 1: what `align_batch` solves. Question g has the contexts [context_begin()[g],
/// context_begin()[g + 1]) of `blocks()`. Rows are checked to sum to 1 within sqrt(epsilon), then
/// normalised. Memory: 8 bytes an answer, 16 a context, 8 a question.
template <std::floating_point Real>
class BatchedQuestions {
 public:
  /// A question of `contexts` contexts of equal weights and as many answers each; nu0: their rows,
  /// one after the other. Errors: dimension_mismatch, not_a_distribution (naming the question);
  /// nothing is added then.
  void add(std::span<const Real> nu0, std::size_t contexts = 1) {
    require(contexts >= 1 && !nu0.empty() && nu0.size() % contexts == 0, Errc::dimension_mismatch,
            "BatchedQuestions: question ", size(), " has ", nu0.size(), " probabilities for ",
            contexts, " contexts");
    const std::size_t answers = nu0.size() / contexts;
    const Real slack = std::sqrt(std::numeric_limits<Real>::epsilon());
    for (std::size_t x = 0; x < contexts; ++x) {
      Real total = 0;
      bool legal = true;
      for (const Real p : nu0.subspan(x * answers, answers)) {
        legal = legal && p >= 0;
        total += p;
      }
      require(legal && std::abs(total - 1) <= slack, Errc::not_a_distribution,
              "BatchedQuestions: reference ", x, " of question ", size(),
              " must be >= 0 and sum to 1, got the sum ", total);
    }
    for (std::size_t x = 0; x < contexts; ++x) {
      const auto row = nu0.subspan(x * answers, answers);
      Real total = 0;
      for (const Real p : row) {
        total += p;
      }
      for (const Real p : row) {
        log_reference_.push_back(std::log(p / total));
      }
      blocks_.push_back(answers);
      weights_.push_back(Real{1} / static_cast<Real>(contexts));
    }
    context_begin_.push_back(blocks_.count());
  }
  /// A question whose contexts have weights or answers of their own number.
  void add(const Contexts<Real>& contexts) {
    for (std::size_t x = 0; x < contexts.blocks().count(); ++x) {
      blocks_.push_back(contexts.blocks().size(x));
    }
    const auto log = contexts.log_reference();
    log_reference_.insert(log_reference_.end(), log.begin(), log.end());
    weights_.insert(weights_.end(), contexts.weights().begin(), contexts.weights().end());
    context_begin_.push_back(blocks_.count());
  }

  /// Questions.
  [[nodiscard]] std::size_t size() const noexcept { return context_begin_.size() - 1; }
  [[nodiscard]] const Blocks& blocks() const noexcept { return blocks_; }
  [[nodiscard]] std::span<const std::size_t> context_begin() const noexcept {
    return context_begin_;
  }
  [[nodiscard]] std::span<const Real> weights() const noexcept { return weights_; }
  [[nodiscard]] std::span<const Real> log_reference() const noexcept { return log_reference_; }

 private:
  Blocks blocks_;
  std::vector<std::size_t> context_begin_{0};
  std::vector<Real> weights_;
  std::vector<Real> log_reference_;
};

}  // namespace dag
