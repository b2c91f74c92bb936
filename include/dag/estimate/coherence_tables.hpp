// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/numeric/binomial.hpp>
#include <dag/numeric/sorted_sum.hpp>

namespace dag {

// Rewards that depend on several answer distributions: contexts x = 0..X-1 of one question, each
// with its own group of samples.

namespace detail {

inline void require_pool(const char* where, std::span<const std::size_t> counts,
                         std::span<const std::size_t> group_sizes, std::span<const double> weights,
                         std::size_t own) {
  require(
      counts.size() == group_sizes.size() && counts.size() == weights.size() && own < counts.size(),
      Errc::dimension_mismatch, where, ": need one count, size and weight a context and own < ",
      "contexts, got ", counts.size(), ", ", group_sizes.size(), ", ", weights.size(), ", own ",
      own);
  require(counts[own] >= 1, Errc::invalid_argument, where,
          ": the own count includes the sample itself, got 0");
  for (std::size_t x = 0; x < counts.size(); ++x) {
    require(weights[x] >= 0 && weights[x] <= 1, Errc::invalid_argument, where,
            ": weights must be in [0, 1], got ", weights[x], " for context ", x);
    require(counts[x] <= group_sizes[x] && (group_sizes[x] > 0 || weights[x] == 0),
            Errc::invalid_argument, where, ": context ", x, " has ", counts[x], " hits among ",
            group_sizes[x], " samples and weight ", weights[x]);
  }
}

}  // namespace detail

/// The Euclidean pool's reward q(z) - nu_x(z), q = sum_x w_x nu_x, for a sample of context x with
/// answer z: w_x' n_x'/K_x' from the other contexts and (w_x - 1) (n_x - 1)/(K_x - 1) from its own
/// others, where n counts answers z. Exactly unbiased given that the sample is z (independent
/// groups). counts[x] includes the sample itself. Throws `dimension_mismatch`, and
/// `invalid_argument` when the own group has fewer than 2 samples or does not contain the sample,
/// another group of positive weight is empty, a count exceeds its group, or a weight is not in [0,
/// 1].
[[nodiscard]] inline double euclidean_coherence_reward(std::span<const std::size_t> counts,
                                                       std::span<const std::size_t> group_sizes,
                                                       std::span<const double> weights,
                                                       std::size_t own) {
  detail::require_pool("euclidean_coherence_reward", counts, group_sizes, weights, own);
  require(group_sizes[own] >= 2, Errc::invalid_argument,
          "euclidean_coherence_reward: the own group must have >= 2 samples, got ",
          group_sizes[own]);
  Terms room;
  const auto others = room.take(counts.size());
  for (std::size_t x = 0; x < counts.size(); ++x) {
    others[x] = x == own || group_sizes[x] == 0 ? 0
                                                : weights[x] * static_cast<double>(counts[x]) /
                                                      static_cast<double>(group_sizes[x]);
  }
  return sorted_sum(others) + (weights[own] - 1) * static_cast<double>(counts[own] - 1) /
                                  static_cast<double>(group_sizes[own] - 1);
}

/// The arithmetic pool's reward log q(z) - log nu_x(z) for X contexts of equal weight with K
/// samples each, from two tables: one for groups of X K at the number of other samples of all
/// contexts with this answer, one for groups of K at the number in the own context. Bias: that of
/// the own table at nu_x, minus; that of the pooled table at q; and, because pooled counts are sums
/// over contexts rather than one binomial with the own sample left out, about (q - nu_x)/(X K q) to
/// first order. `coherence_bias` gives it exactly for any nu.
struct CoherenceTables {
  const RewardTable* pooled = nullptr;
  const RewardTable* own = nullptr;
  std::size_t contexts = 0;

  /// pooled_others counts every context, own_others the own one; neither counts the sample itself.
  [[nodiscard]] double operator()(std::size_t pooled_others,
                                  std::size_t own_others) const noexcept {
    return pooled->table[pooled_others] - own->table[own_others];
  }
};

/// Cached tables of a kind for log p. Throws as `reward_table`; X K <= 4096.
[[nodiscard]] inline CoherenceTables coherence_tables(EstimatorKind kind, std::size_t contexts,
                                                      std::size_t group_size) {
  require(contexts >= 1 && group_size >= 2 && contexts <= 4096 / group_size, Errc::invalid_argument,
          "coherence_tables: need >= 1 context, groups of >= 2 and at most 4096 samples, got ",
          contexts, " x ", group_size);
  return {&reward_table(kind, contexts * group_size), &reward_table(kind, group_size), contexts};
}

/// A table between its entries: linear interpolation at a real count, clamped to [0, K-1].
[[nodiscard]] inline double table_at(std::span<const double> table, double count) {
  detail::require_table("table_at", table);
  const auto last = static_cast<double>(table.size() - 1);
  require(count == count, Errc::not_finite, "table_at: the count must be a number, got ", count);
  const double inside = count < 0 ? 0 : (count > last ? last : count);
  const auto below = static_cast<std::size_t>(inside);
  const std::size_t above = below + 1 < table.size() ? below + 1 : below;
  const double share = inside - static_cast<double>(below);
  return (1 - share) * table[below] + share * table[above];
}

/// The same reward for any weights and group sizes (ragged groups, missing answers). The pool
/// counts as N = 1 / sum_x w_x^2/K_x samples, rounded (its variance is that of N draws), of which
/// N sum_x w_x n_x/K_x hit; the pooled table of groups of N is read at one less, between its
/// entries. counts[x] includes the sample itself. An own group of one sample says nothing about
/// nu_x: its term is log 1 = 0, and the reward is log q alone. Equals `CoherenceTables` for equal
/// weights and sizes; otherwise interpolation adds at most 1/8 of a second difference of the table
/// to its bias. Throws as `euclidean_coherence_reward` (without its rule of two samples) and
/// `reward_table`.
[[nodiscard]] inline double arithmetic_coherence_reward(EstimatorKind kind,
                                                        std::span<const std::size_t> counts,
                                                        std::span<const std::size_t> group_sizes,
                                                        std::span<const double> weights,
                                                        std::size_t own) {
  detail::require_pool("arithmetic_coherence_reward", counts, group_sizes, weights, own);
  Terms room;
  const auto pooled_sum = [&](auto&& term) {
    const auto terms = room.take(counts.size());
    for (std::size_t x = 0; x < counts.size(); ++x) {
      terms[x] = weights[x] > 0 ? weights[x] * term(x) / static_cast<double>(group_sizes[x]) : 0;
    }
    return sorted_sum(terms);
  };
  const double frequency =
      pooled_sum([&](std::size_t x) { return static_cast<double>(counts[x]); });
  const double spread = pooled_sum([&](std::size_t x) { return weights[x]; });
  require(spread > 0, Errc::invalid_argument,
          "arithmetic_coherence_reward: some context must have a positive weight");
  const double samples = std::floor(1 / spread + 0.5);
  double reward = 0;
  if (samples >= 2) {
    reward += table_at(reward_table(kind, static_cast<std::size_t>(samples)).table,
                       samples * frequency - 1);
  }
  if (group_sizes[own] >= 2) {
    reward -= reward_table(kind, group_sizes[own]).table[counts[own] - 1];
  }
  return reward;
}

/// The distribution of a sum of independent binomials Bin(trials[i], probabilities[i]), by
/// convolution: entry n is P(sum = n). O(total^2). Throws `dimension_mismatch`, and
/// `invalid_argument` for a probability outside [0, 1].
[[nodiscard]] inline std::vector<double> pooled_count_distribution(
    std::span<const std::size_t> trials, std::span<const double> probabilities) {
  require(trials.size() == probabilities.size(), Errc::dimension_mismatch,
          "pooled_count_distribution: need one probability a group, got ", trials.size(), " and ",
          probabilities.size());
  std::vector<double> total{1.0}, row, next;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    row.resize(trials[i] + 1);
    binomial_row(probabilities[i], row);
    next.assign(total.size() + trials[i], 0);
    for (std::size_t a = 0; a < total.size(); ++a) {
      for (std::size_t b = 0; b < row.size(); ++b) {
        next[a + b] += total[a] * row[b];
      }
    }
    total.swap(next);
  }
  return total;
}

/// nu_x (E[reward] - (log q - log nu_x)) for an answer with probability nu[x] in each context,
/// exactly: the bias of context `own`'s expected gradient weight. Throws as
/// `pooled_count_distribution`, and `invalid_argument` unless 0 < nu[own].
[[nodiscard]] inline double coherence_bias(const CoherenceTables& tables,
                                           std::span<const double> nu, std::size_t own) {
  require(nu.size() == tables.contexts && own < nu.size(), Errc::dimension_mismatch,
          "coherence_bias: need ", tables.contexts, " probabilities and own below that, got ",
          nu.size(), " and ", own);
  require(nu[own] > 0, Errc::invalid_argument,
          "coherence_bias: the own probability must be > 0, got ", nu[own]);
  std::vector<std::size_t> trials(nu.size(), tables.own->group_size);
  --trials[own];
  const auto pooled = pooled_count_distribution(trials, nu);
  double q = 0, expected = 0;
  for (const double probability : nu) {
    q += probability / static_cast<double>(nu.size());
  }
  for (std::size_t count = 0; count < pooled.size(); ++count) {
    expected += pooled[count] * tables.pooled->table[count];
  }
  expected -= table_moments(tables.own->table, nu[own]).mean;
  return nu[own] * (expected - std::log(q / nu[own]));
}

}  // namespace dag
