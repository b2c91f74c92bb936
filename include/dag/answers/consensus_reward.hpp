// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <dag/answers/consensus.hpp>
#include <dag/answers/counts.hpp>
#include <dag/numeric/sorted_sum.hpp>

namespace dag {

/// Rewards that compare a context with the consensus of the contexts of its question: sample i of
/// context x with answer z gets reward(nu_x(z), q(z)), q the pool of `options`. For coherence
/// (math: arXiv:2511.08440): arithmetic pool with log q - log nu, geometric with q / nu, arithmetic
/// with q - nu (Euclidean).
///
/// Plug-in: nu and q are the empirical ones. Leave-one-out: the sample is taken out of both; an
/// answer that then nobody gives has nu or q zero: where the reward is not finite there, half a
/// sample of the own context is put back (counted as floored). A context of one sample leaves
/// itself empty: nu = 1, and without smoothing q is the pool of the other contexts. Out: one reward
/// a sample (of counts: one an entry), NaN for a missing answer. `reward`: double(double nu, double
/// q). Errors: Errc::not_finite where a reward stays infinite, dimension_mismatch, invalid_argument
/// (options). Time: linear.
template <class Reward>
ConsensusReport consensus_rewards(const CountedGroups& source, const ConsensusOptions& options,
                                  Reward&& reward, std::span<double> out) {
  ConsensusPool pool(options);
  return detail::score_questions(
      "consensus", "use smoothing > 0", source, out,
      [&](const QuestionCounts& counts, std::size_t) { pool.pool(counts); },
      [&](const QuestionCounts&, std::size_t x, const auto& entry, bool& floored) {
        if (options.counts == Counts::plug_in) {
          return static_cast<double>(reward(pool.nu(x, entry), pool.q(entry.answer)));
        }
        auto pair = pool.without(x, entry, static_cast<double>(entry.count) - 1);
        double value = reward(pair.nu, pair.q);
        if (!std::isfinite(value) && entry.count == 1) {
          floored = true;
          pair = pool.without(x, entry, 0.5);
          value = reward(pair.nu < 1 ? pair.nu : 1, pair.q);
        }
        return value;
      });
}

/// Rewards that compare every pair of contexts of a question: reward_x(z) = sum over x' of w_x'
/// pair(nu_x(z), nu_x'(z)), x' another context, w_x' = 1 / contexts with answers. For
/// pairwise coherence in KL: pair = -(log(nu / nu') + 1 - nu' / nu), which needs smoothing > 0; the
/// Euclidean one, 2 (nu' - nu), does not. options.pool is not used. Leave-one-out takes the sample
/// out of its own context only where that is compared with another. Otherwise as consensus_rewards.
/// Time: contexts times samples.
template <class Pair>
ConsensusReport pairwise_rewards(const CountedGroups& source, ConsensusOptions options, Pair&& pair,
                                 std::span<double> out) {
  options.pool = Pool::arithmetic;
  ConsensusPool pool(options);
  Terms scratch;
  std::vector<std::size_t> count_of;  // of the current answer, by context
  return detail::score_questions(
      "consensus", "use smoothing > 0", source, out,
      [&](const QuestionCounts& counts, std::size_t) { pool.pool(counts); },
      [&](const QuestionCounts& counts, std::size_t x, const auto& entry, bool& floored) {
        count_of.assign(counts.contexts(), 0);
        for (const auto& given : counts.given(static_cast<std::size_t>(entry.answer))) {
          count_of[given.context] = given.count;
        }
        const auto total = [&](double own) {
          const auto terms = scratch.take(counts.contexts());
          std::size_t n = 0;
          for (std::size_t other = 0; other < counts.contexts(); ++other) {
            if (other != x && counts.answered(other) > 0) {
              terms[n++] = pair(own, pool.nu(other, static_cast<double>(count_of[other])));
            }
          }
          return pool.weight() * sorted_sum(terms.first(n));
        };
        if (options.counts == Counts::plug_in) {
          return total(pool.nu(x, entry));
        }
        double value = total(pool.without(x, entry, static_cast<double>(entry.count) - 1).nu);
        if (!std::isfinite(value) && entry.count == 1) {
          floored = true;
          const double nu = pool.without(x, entry, 0.5).nu;
          value = total(nu < 1 ? nu : 1);
        }
        return value;
      });
}

}  // namespace dag
