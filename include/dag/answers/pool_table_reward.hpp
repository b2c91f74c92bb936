// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <dag/answers/consensus_reward.hpp>
#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>
#include <dag/estimate/coherence_tables.hpp>
#include <dag/estimate/geometric_pool.hpp>

namespace dag {

namespace detail {

/// The counts of one question: contexts with an answer, and how often each gave which.
class QuestionCounts {
 public:
  void load(const AnswerGroups& groups, std::size_t q) {
    answers_ = groups.answers_of(q);
    groups_.clear();
    sizes_.clear();
    counts_.clear();
    for (const auto index : groups.groups_of(q)) {
      const auto g = static_cast<std::size_t>(index);
      std::vector<std::size_t> row(answers_);
      std::size_t answered = 0;
      for (const auto z : groups.group(g)) {
        if (z >= 0) {
          ++row[static_cast<std::size_t>(z)];
          ++answered;
        }
      }
      if (answered > 0) {
        groups_.push_back(g);
        sizes_.push_back(answered);
        counts_.push_back(std::move(row));
      }
    }
    weights_.assign(sizes_.size(), 1 / static_cast<double>(sizes_.size()));
    of_answer_.resize(sizes_.size());
  }
  [[nodiscard]] std::size_t contexts() const noexcept { return sizes_.size(); }
  [[nodiscard]] std::size_t answers() const noexcept { return answers_; }
  [[nodiscard]] std::size_t group(std::size_t x) const noexcept { return groups_[x]; }
  [[nodiscard]] std::span<const std::size_t> sizes() const noexcept { return sizes_; }
  [[nodiscard]] std::span<const double> weights() const noexcept { return weights_; }
  [[nodiscard]] std::size_t count(std::size_t x, std::size_t z) const noexcept {
    return counts_[x][z];
  }
  /// The counts of answer z in every context. Valid until the next call.
  [[nodiscard]] std::span<const std::size_t> of_answer(std::size_t z) {
    for (std::size_t x = 0; x < sizes_.size(); ++x) {
      of_answer_[x] = counts_[x][z];
    }
    return of_answer_;
  }

 private:
  std::size_t answers_ = 0;
  std::vector<std::size_t> groups_, sizes_, of_answer_;
  std::vector<double> weights_;
  std::vector<std::vector<std::size_t>> counts_;
};

/// start(counts) once a question, then reward(counts, z, own) once an answer of a context; NaN is
/// "no reward".
template <class Start, class Reward>
ConsensusReport rewards_from_counts(const AnswerGroups& groups, std::span<double> out,
                                    Start&& start, Reward&& reward) {
  require(out.size() == groups.samples(), Errc::dimension_mismatch,
          "pool tables: ", groups.samples(), " samples but room for ", out.size(), " rewards");
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  ConsensusReport report;
  QuestionCounts counts;
  std::vector<double> value;
  std::fill(out.begin(), out.end(), none);
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    counts.load(groups, q);
    report.single_context_questions += counts.contexts() == 1 ? 1 : 0;
    start(counts);
    for (std::size_t x = 0; x < counts.contexts(); ++x) {
      value.assign(counts.answers(), none);
      for (std::size_t z = 0; z < counts.answers(); ++z) {
        value[z] = counts.count(x, z) > 0 ? reward(counts, z, x) : none;
      }
      const auto answers = groups.group(counts.group(x));
      for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers[i] >= 0) {
          out[static_cast<std::size_t>(groups.begin[counts.group(x)]) + i] =
              value[static_cast<std::size_t>(answers[i])];
        }
      }
    }
  }
  for (const double r : out) {
    report.unscored_samples += r != r ? 1 : 0;
  }
  return report;
}

}  // namespace detail

/// Rewards of the arithmetic pool, log q(z) - log nu_x(z), with tables of `kind` at pooled and own
/// counts (estimate/coherence_tables.hpp states their bias); contexts with an answer weigh alike.
/// NaN for a missing answer. Errors: dimension_mismatch and those of `reward_table`.
inline ConsensusReport arithmetic_table_rewards(const AnswerGroups& groups, EstimatorKind kind,
                                                std::span<double> out) {
  return detail::rewards_from_counts(
      groups, out, [](const detail::QuestionCounts&) {},
      [&](detail::QuestionCounts& counts, std::size_t z, std::size_t own) {
        return arithmetic_coherence_reward(kind, counts.of_answer(z), counts.sizes(),
                                           counts.weights(), own);
      });
}

/// Rewards of the Euclidean pool, q(z) - nu_x(z), without bias. NaN for a missing answer and for
/// the only answered sample of its context, which says nothing about nu_x.
inline ConsensusReport euclidean_table_rewards(const AnswerGroups& groups, std::span<double> out) {
  return detail::rewards_from_counts(
      groups, out, [](const detail::QuestionCounts&) {},
      [](detail::QuestionCounts& counts, std::size_t z, std::size_t own) {
        return counts.sizes()[own] < 2
                   ? std::numeric_limits<double>::quiet_NaN()
                   : euclidean_coherence_reward(counts.of_answer(z), counts.sizes(),
                                                counts.weights(), own);
      });
}

/// Rewards of the geometric pool, q(z) / nu_x(z), by power tables, without smoothing: the product
/// over contexts, divided by the sum of the estimated pool over the answers that were given
/// (estimate/geometric_pool.hpp states the bias). Where that sum is not positive (no answer common
/// to all contexts, with the plug-in) the question has no reward: NaN. Errors: dimension_mismatch
/// and those of `power_table`.
inline ConsensusReport geometric_table_rewards(const AnswerGroups& groups, PowerEstimator kind,
                                               std::span<double> out) {
  std::map<std::pair<std::size_t, std::size_t>, PowerTable> tables;  // contexts, group size
  std::vector<const PowerTable*> of_context;
  double total = 0;
  return detail::rewards_from_counts(
      groups, out,
      [&](detail::QuestionCounts& counts) {
        of_context.clear();
        for (const std::size_t size : counts.sizes()) {
          auto& table = tables[{counts.contexts(), size}];
          if (table.own.empty()) {
            table = power_table(kind, size, 1 / static_cast<double>(counts.contexts()));
          }
          of_context.push_back(&table);
        }
        total = 0;
        for (std::size_t z = 0; counts.contexts() > 0 && z < counts.answers(); ++z) {
          total += geometric_pool_mass(of_context, counts.of_answer(z));
        }
      },
      [&](detail::QuestionCounts& counts, std::size_t z, std::size_t own) {
        return total > 0 ? geometric_pool_reward(of_context, counts.of_answer(z), own) / total
                         : std::numeric_limits<double>::quiet_NaN();
      });
}

}  // namespace dag
