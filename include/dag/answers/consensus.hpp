// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <dag/answers/counts.hpp>
#include <dag/core/error.hpp>
#include <dag/numeric/sorted_sum.hpp>

namespace dag {

/// What the contexts of a question agree with; every context with an answer has the same weight.
enum class Pool {
  arithmetic,  ///< q = mean of nu_x; reward log q(z) - log nu_x(z)
  euclidean,   ///< the same q; reward q(z) - nu_x(z), linear
  geometric,   ///< q proportional to the geometric mean of nu_x; reward q(z) / nu_x(z); needs
               ///< smoothing > 0
  pairwise,    ///< no q: the mean over x' of log nu_x'/nu_x - 1 + nu_x'/nu_x
};

/// Whether a sample takes part in the estimate that rewards it.
enum class Counts {
  plug_in,        ///< all samples count
  leave_one_out,  ///< the rewarded sample is taken out of nu_x and of q
};

/// How samples become distributions: nu_x(z) = (n_xz + smoothing) / (K_x + smoothing * n), n_xz the
/// samples of context x with answer z, K_x those with any answer, n the distinct answers of the
/// question over all contexts. State the smoothing with every result of a geometric pool.
struct ConsensusOptions {
  Pool pool = Pool::arithmetic;     ///< how contexts become one
  double smoothing = 0;             ///< samples added to every answer, >= 0; geometric: > 0
  Counts counts = Counts::plug_in;  ///< whose samples count: all, or the others
};

/// The consensus of the contexts of one question, and what it is without one sample: a function of
/// their counts alone.
class ConsensusPool {
 public:
  using Entry = QuestionCounts::Entry;

  explicit ConsensusPool(const ConsensusOptions& options) : options_(options) {
    require(options.smoothing >= 0 && std::isfinite(options.smoothing), Errc::invalid_argument,
            "consensus: smoothing must be >= 0, got ", options.smoothing);
    require(
        options.pool != Pool::geometric || options.smoothing > 0, Errc::invalid_argument,
        "consensus: a geometric pool needs smoothing > 0: an answer that one context never gave ",
        "would get no weight at all");
    require(options.pool != Pool::pairwise, Errc::invalid_argument,
            "consensus: pairs of contexts have no consensus; use another pool");
  }

  /// Pools `counts`, which must outlive the use of this.
  void pool(const QuestionCounts& counts) {
    counts_ = &counts;
    const double a = options_.smoothing;
    const bool arithmetic = options_.pool != Pool::geometric;
    std::span<double> terms = terms_.take(counts.contexts());
    std::size_t n = 0;
    for (std::size_t x = 0; x < counts.contexts(); ++x) {
      if (counts.answered(x) > 0) {
        terms[n++] = arithmetic ? nu(x, 0) : std::log(nu(x, 0));
      }
    }
    const double base = sorted_sum(terms.first(n));
    base_ = n > 0 ? weight() * base : 0;
    pooled_.resize(counts.answers());
    for (std::size_t z = 0; z < pooled_.size(); ++z) {
      const auto given = counts.given(z);
      terms = terms_.take(given.size());
      for (std::size_t i = 0; i < given.size(); ++i) {
        const auto count = static_cast<double>(given[i].count);
        terms[i] =
            arithmetic ? count / denominator(given[i].context) : std::log(count + a) - std::log(a);
      }
      pooled_[z] = weight() * (base + sorted_sum(terms));
    }
    if (!arithmetic) {
      terms = terms_.take(pooled_.size());
      for (std::size_t z = 0; z < pooled_.size(); ++z) {
        terms[z] = std::exp(pooled_[z]);
      }
      total_ = sorted_sum(terms);
    }
  }

  [[nodiscard]] double weight() const noexcept {
    return 1 / static_cast<double>(counts_->answered_contexts());
  }
  /// nu_x of an answer given `count` times.
  [[nodiscard]] double nu(std::size_t x, double count) const noexcept {
    return (count + options_.smoothing) / denominator(x);
  }
  [[nodiscard]] double nu(std::size_t x, const Entry& entry) const noexcept {
    return nu(x, static_cast<double>(entry.count));
  }
  /// The consensus q(z).
  [[nodiscard]] double q(std::int32_t z) const noexcept {
    const double value = pooled_[static_cast<std::size_t>(z)];
    return options_.pool != Pool::geometric ? value : std::exp(value) / total_;
  }
  /// The consensus q of an answer that no context gave.
  [[nodiscard]] double q_of_unseen() const noexcept {
    return options_.pool != Pool::geometric ? base_ : std::exp(base_) / total_;
  }

  /// nu_x and q of an answer that `entry` of context x counts, one sample of it being replaced by
  /// `left` samples of the remaining `others` (both as left over by leave-one-out).
  struct Pair {
    double nu;
    double q;
  };
  [[nodiscard]] Pair without(std::size_t x, const Entry& entry, double left) const noexcept {
    const double others = static_cast<double>(counts_->answered(x)) - 1;
    const double mass = others + options_.smoothing * static_cast<double>(counts_->answers());
    const double own = mass > 0 ? (left + options_.smoothing) / mass : 1;
    const auto z = static_cast<std::size_t>(entry.answer);
    const auto count = static_cast<double>(entry.count);
    if (options_.pool == Pool::geometric) {
      const double log_q = pooled_[z] + weight() * (std::log(left + options_.smoothing) -
                                                    std::log(count + options_.smoothing));
      return {own, std::exp(log_q) / (total_ - std::exp(pooled_[z]) + std::exp(log_q))};
    }
    // A fused multiply-add would leave a residue where no other context gave the answer.
    const bool alone = options_.smoothing == 0 && counts_->given(z).size() == 1;
    const double rest = alone ? 0 : pooled_[z] - weight() * nu(x, count);
    if (mass > 0) {
      return {own, rest + weight() * own};
    }
    // The context's only sample is out: the pool is that of the other contexts, plus what is
    // floored.
    const bool last = counts_->answered_contexts() == 1;
    return {own, last ? 1 : rest / (1 - weight()) + weight() * left};
  }

 private:
  [[nodiscard]] double denominator(std::size_t x) const noexcept {
    return static_cast<double>(counts_->answered(x)) +
           options_.smoothing * static_cast<double>(counts_->answers());
  }

  ConsensusOptions options_;
  const QuestionCounts* counts_ = nullptr;
  std::vector<double> pooled_;  ///< q, or its unnormalised logarithm
  double total_ = 0;
  double base_ = 0;  ///< what `pooled_` is for an answer without samples
  Terms terms_;
};

/// How often the consensus q of a question is right: mean over the judged questions of the fraction
/// of its most probable answers that are right (right: a sample that gave it is). The arithmetic
/// pool without smoothing is `acc_majority_over_contexts`. Absent where no question is judged.
/// Errors: smoothing (invalid_argument).
[[nodiscard]] inline std::optional<double> consensus_accuracy(
    const CountedGroups& source, const ConsensusOptions& options = {}) {
  ConsensusPool pool(options);
  QuestionCounts counts;
  std::vector<char> right;
  Mean accuracy;
  for (std::size_t q = 0; q < source.groups.questions.size(); ++q) {
    counts.load(source, q);
    if (!counts.judged()) {
      continue;
    }
    pool.pool(counts);
    right_answers(counts, right);
    accuracy.add(winner_accuracy(
        right.size(), [&](std::size_t z) { return pool.q(static_cast<std::int32_t>(z)); },
        [&](std::size_t z) { return right[z] != 0; }));
  }
  return accuracy.get();
}

}  // namespace dag
