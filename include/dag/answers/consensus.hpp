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

#include <dag/answers/detail/vote.hpp>
#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// How the contexts of a question are pooled; every context with an answer has the same weight.
enum class Pool {
  arithmetic,  ///< q = mean of nu_x; also the Euclidean centroid
  geometric,   ///< q proportional to the geometric mean of nu_x; needs smoothing > 0
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
  Pool pool = Pool::arithmetic;
  double smoothing = 0;  ///< samples added to every answer, >= 0; geometric: > 0
  Counts counts = Counts::plug_in;
};

namespace detail {

/// Counts and pool of one question, sparse: time and memory linear in its samples.
class QuestionPool {
 public:
  struct Entry {
    std::int32_t answer;
    double count;
  };

  explicit QuestionPool(const ConsensusOptions& options) : options_(options) {
    require(options.smoothing >= 0 && std::isfinite(options.smoothing), Errc::invalid_argument,
            "consensus: smoothing must be >= 0, got ", options.smoothing);
    require(
        options.pool != Pool::geometric || options.smoothing > 0, Errc::invalid_argument,
        "consensus: a geometric pool needs smoothing > 0: an answer that one context never gave ",
        "would get no weight at all");
  }

  void load(const AnswerGroups& groups, std::size_t q) {
    const auto members = groups.groups_of(q);
    answers_ = groups.answers_of(q);
    entries_.clear();
    entry_begin_.assign(1, 0);
    answered_.clear();
    contexts_ = 0;
    for (const auto g : members) {
      vote_.start(answers_);
      double answered = 0;
      for (const auto answer : groups.group(static_cast<std::size_t>(g))) {
        if (answer >= 0) {
          vote_.add(answer, 1, false);
          answered += 1;
        }
      }
      for (const auto answer : vote_.answers()) {
        entries_.push_back({answer, vote_.weight(answer)});
      }
      entry_begin_.push_back(entries_.size());
      answered_.push_back(answered);
      contexts_ += answered > 0 ? 1 : 0;
    }
    pool();
  }

  [[nodiscard]] std::size_t contexts() const noexcept { return contexts_; }
  [[nodiscard]] std::size_t members() const noexcept { return answered_.size(); }
  [[nodiscard]] double weight() const noexcept { return 1 / static_cast<double>(contexts_); }
  /// The answers of member m with their counts, and how many samples have one.
  [[nodiscard]] std::span<const Entry> entries(std::size_t m) const noexcept {
    return std::span(entries_).subspan(entry_begin_[m], entry_begin_[m + 1] - entry_begin_[m]);
  }
  [[nodiscard]] double answered(std::size_t m) const noexcept { return answered_[m]; }

  /// nu_m of an answer given `count` times.
  [[nodiscard]] double nu(std::size_t m, double count) const noexcept {
    return (count + options_.smoothing) / denominator(m);
  }
  /// The consensus q(z).
  [[nodiscard]] double q(std::int32_t z) const noexcept {
    const double value = pooled_[static_cast<std::size_t>(z)];
    return options_.pool == Pool::arithmetic ? value : std::exp(value) / total_;
  }

  /// The consensus q of an answer that no context gave.
  [[nodiscard]] double q_of_unseen() const noexcept {
    return options_.pool == Pool::arithmetic ? base_ : std::exp(base_) / total_;
  }

  /// nu_m and q of an answer that `entry` of member m counts, one sample of it being replaced by
  /// `left` samples of the remaining `others` (both as left over by leave-one-out).
  struct Pair {
    double nu;
    double q;
  };
  [[nodiscard]] Pair without(std::size_t m, const Entry& entry, double left) const noexcept {
    const double others = answered_[m] - 1;
    const double mass = others + options_.smoothing * static_cast<double>(answers_);
    const double own = mass > 0 ? (left + options_.smoothing) / mass : 1;
    const auto z = static_cast<std::size_t>(entry.answer);
    if (options_.pool == Pool::geometric) {
      const double log_q = pooled_[z] + weight() * (std::log(left + options_.smoothing) -
                                                    std::log(entry.count + options_.smoothing));
      return {own, std::exp(log_q) / (total_ - std::exp(pooled_[z]) + std::exp(log_q))};
    }
    // A fused multiply-add would leave a residue where no other context gave the answer.
    const bool alone = options_.smoothing == 0 && voters_[z] == 1;
    const double rest = alone ? 0 : pooled_[z] - weight() * nu(m, entry.count);
    if (mass > 0) {
      return {own, rest + weight() * own};
    }
    // The context's only sample is out: the pool is that of the other contexts, plus what is
    // floored.
    return {own, contexts_ == 1 ? 1 : rest / (1 - weight()) + weight() * left};
  }

 private:
  [[nodiscard]] double denominator(std::size_t m) const noexcept {
    return answered_[m] + options_.smoothing * static_cast<double>(answers_);
  }

  void pool() {
    const double a = options_.smoothing;
    const bool arithmetic = options_.pool == Pool::arithmetic;
    base_ = 0;
    for (std::size_t m = 0; m < members(); ++m) {
      if (answered_[m] > 0) {
        base_ += weight() * (arithmetic ? nu(m, 0) : std::log(nu(m, 0)));
      }
    }
    pooled_.assign(answers_, base_);
    voters_.assign(answers_, 0);
    for (std::size_t m = 0; m < members(); ++m) {
      for (const auto& entry : entries(m)) {
        const auto z = static_cast<std::size_t>(entry.answer);
        pooled_[z] += weight() * (arithmetic ? entry.count / denominator(m)
                                             : std::log(entry.count + a) - std::log(a));
        ++voters_[z];
      }
    }
    total_ = 0;
    for (const double value : pooled_) {
      total_ += arithmetic ? value : std::exp(value);
    }
  }

  ConsensusOptions options_;
  std::size_t answers_ = 0;
  std::size_t contexts_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::size_t> entry_begin_;
  std::vector<double> answered_;
  std::vector<double> pooled_;        ///< q, or its unnormalised logarithm
  std::vector<std::int32_t> voters_;  ///< contexts that gave the answer
  double total_ = 0;
  double base_ = 0;  ///< what `pooled_` is for an answer without samples
  Vote vote_;
};

}  // namespace detail

/// How often the consensus q of a question is right: mean over the judged questions of the fraction
/// of its most probable answers that are right (right: a sample that gave it is). The arithmetic
/// pool without smoothing is `acc_majority_over_contexts`. Absent where no question is judged.
/// Errors: smoothing (invalid_argument).
[[nodiscard]] inline std::optional<double> consensus_accuracy(
    const AnswerGroups& groups, const ConsensusOptions& options = {}) {
  detail::QuestionPool pool(options);
  detail::Vote vote;
  double sum = 0;
  double judged_questions = 0;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    pool.load(groups, q);
    vote.start(groups.answers_of(q));
    bool judged = true;
    for (const auto index : groups.groups_of(q)) {
      const auto g = static_cast<std::size_t>(index);
      const auto answers = groups.group(g);
      const auto right = groups.group_right(g);
      for (std::size_t i = 0; i < answers.size(); ++i) {
        judged = judged && right[i] >= 0;
        if (answers[i] >= 0) {
          const bool first = vote.weight(answers[i]) == 0;
          vote.add(answers[i], first ? pool.q(answers[i]) : 0, right[i] > 0);
        }
      }
    }
    if (judged) {
      sum += vote.accuracy();
      judged_questions += 1;
    }
  }
  return judged_questions > 0 ? std::optional<double>(sum / judged_questions) : std::nullopt;
}

}  // namespace dag
