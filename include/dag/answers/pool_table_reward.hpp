// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <dag/answers/counts.hpp>
#include <dag/estimate/coherence_tables.hpp>
#include <dag/estimate/geometric_pool.hpp>
#include <dag/numeric/sorted_sum.hpp>

namespace dag {

namespace detail {

/// The counts of one question as the tables of estimate/ take them: contexts with an answer only,
/// one count, size and weight each.
class PoolCounts {
 public:
  void load(const QuestionCounts& counts) {
    counts_ = &counts;
    place_.assign(counts.contexts(), 0);
    sizes_.clear();
    for (std::size_t x = 0; x < counts.contexts(); ++x) {
      place_[x] = sizes_.size();
      if (counts.answered(x) > 0) {
        sizes_.push_back(counts.answered(x));
      }
    }
    weights_.assign(sizes_.size(), 1 / static_cast<double>(sizes_.size()));
  }
  [[nodiscard]] std::span<const std::size_t> sizes() const noexcept { return sizes_; }
  [[nodiscard]] std::span<const double> weights() const noexcept { return weights_; }
  [[nodiscard]] std::size_t place(std::size_t x) const noexcept { return place_[x]; }
  /// The counts of answer z in every context. Valid until the next call.
  [[nodiscard]] std::span<const std::size_t> of(std::size_t z) {
    of_answer_.assign(sizes_.size(), 0);
    for (const auto& given : counts_->given(z)) {
      of_answer_[place_[given.context]] = given.count;
    }
    return of_answer_;
  }

 private:
  const QuestionCounts* counts_ = nullptr;
  std::vector<std::size_t> place_, sizes_, of_answer_;
  std::vector<double> weights_;
};

}  // namespace detail

/// Rewards of the arithmetic pool, log q(z) - log nu_x(z), with tables of `kind` at pooled and own
/// counts (estimate/coherence_tables.hpp states their bias); contexts with an answer weigh alike.
/// NaN for a missing answer. Errors: dimension_mismatch and those of `reward_table`.
inline ConsensusReport arithmetic_table_rewards(const CountedGroups& source, EstimatorKind kind,
                                                std::span<double> out) {
  detail::PoolCounts pool;
  return detail::score_questions(
      "arithmetic_table_rewards", nullptr, source, out,
      [&](const QuestionCounts& counts, std::size_t) { pool.load(counts); },
      [&](const QuestionCounts&, std::size_t x, const auto& entry, bool&) {
        return arithmetic_coherence_reward(kind, pool.of(static_cast<std::size_t>(entry.answer)),
                                           pool.sizes(), pool.weights(), pool.place(x));
      });
}

/// Rewards of the Euclidean pool, q(z) - nu_x(z), without bias. NaN for a missing answer and for
/// the only answered sample of its context, which says nothing about nu_x.
inline ConsensusReport euclidean_table_rewards(const CountedGroups& source, std::span<double> out) {
  detail::PoolCounts pool;
  return detail::score_questions(
      "euclidean_table_rewards", nullptr, source, out,
      [&](const QuestionCounts& counts, std::size_t) { pool.load(counts); },
      [&](const QuestionCounts& counts, std::size_t x, const auto& entry, bool&) {
        return counts.answered(x) < 2
                   ? std::numeric_limits<double>::quiet_NaN()
                   : euclidean_coherence_reward(pool.of(static_cast<std::size_t>(entry.answer)),
                                                pool.sizes(), pool.weights(), pool.place(x));
      });
}

/// Rewards of the geometric pool, q(z) / nu_x(z), by power tables, without smoothing: the product
/// over contexts, divided by the sum of the estimated pool over the answers that were given
/// (estimate/geometric_pool.hpp states the bias). Where that sum is not positive (no answer common
/// to all contexts, with the plug-in) the question has no reward: NaN. Errors: dimension_mismatch
/// and those of `power_table`.
inline ConsensusReport geometric_table_rewards(const CountedGroups& source, PowerEstimator kind,
                                               std::span<double> out) {
  std::map<std::pair<std::size_t, std::size_t>, PowerTable> tables;  // contexts, group size
  std::vector<const PowerTable*> of_context;
  detail::PoolCounts pool;
  Terms scratch;
  double total = 0;
  return detail::score_questions(
      "geometric_table_rewards", nullptr, source, out,
      [&](const QuestionCounts& counts, std::size_t) {
        pool.load(counts);
        of_context.clear();
        for (const std::size_t size : pool.sizes()) {
          auto& table = tables[{pool.sizes().size(), size}];
          if (table.own.empty()) {
            table = power_table(kind, size, 1 / static_cast<double>(pool.sizes().size()));
          }
          of_context.push_back(&table);
        }
        const auto masses = scratch.take(counts.answers());
        for (std::size_t z = 0; z < counts.answers(); ++z) {
          masses[z] = geometric_pool_mass(of_context, pool.of(z));
        }
        total = sorted_sum(masses);
      },
      [&](const QuestionCounts&, std::size_t x, const auto& entry, bool&) {
        return total > 0 ? geometric_pool_reward(of_context,
                                                 pool.of(static_cast<std::size_t>(entry.answer)),
                                                 pool.place(x)) /
                               total
                         : std::numeric_limits<double>::quiet_NaN();
      });
}

}  // namespace dag
