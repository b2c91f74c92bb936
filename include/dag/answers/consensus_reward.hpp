// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/answers/consensus.hpp>
#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// What consensus_rewards and pairwise_rewards could not do as asked, counted.
struct ConsensusReport {
  std::size_t unscored_samples = 0;          ///< no answer: reward NaN
  std::size_t floored_samples = 0;           ///< leave-one-out zero made half a sample
  std::size_t single_context_questions = 0;  ///< one context with answers: no one to agree with
  friend bool operator==(const ConsensusReport&, const ConsensusReport&) = default;
};

namespace detail {

/// Calls reward_of(pool, m, entry, floored) once an answer of a group and gives the value to each
/// of its samples.
template <class RewardOf>
ConsensusReport reward_by_question(const AnswerGroups& groups, const ConsensusOptions& options,
                                   std::span<double> out, RewardOf&& reward_of) {
  require(out.size() == groups.samples(), Errc::dimension_mismatch, "consensus: ", groups.samples(),
          " samples but room for ", out.size(), " rewards");
  ConsensusReport report;
  QuestionPool pool(options);
  std::vector<double> value;
  std::vector<char> floored;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    pool.load(groups, q);
    report.single_context_questions += pool.contexts() == 1 ? 1 : 0;
    value.resize(groups.answers_of(q));
    floored.resize(groups.answers_of(q));
    const auto members = groups.groups_of(q);
    for (std::size_t m = 0; m < members.size(); ++m) {
      for (const auto& entry : pool.entries(m)) {
        const auto z = static_cast<std::size_t>(entry.answer);
        bool floor = false;
        value[z] = reward_of(pool, m, entry, floor);
        floored[z] = static_cast<char>(floor);
        require(std::isfinite(value[z]), Errc::not_finite, "consensus: the reward of answer '",
                groups.answer_text(q, entry.answer), "' of question '",
                groups.questions[static_cast<std::int32_t>(q)], "' is ", value[z],
                "; use smoothing > 0");
      }
      const auto g = static_cast<std::size_t>(members[m]);
      for (auto i = groups.begin[g]; i < groups.begin[g + 1]; ++i) {
        const auto answer = groups.answer[static_cast<std::size_t>(i)];
        const bool scored = answer >= 0;
        out[static_cast<std::size_t>(i)] = scored ? value[static_cast<std::size_t>(answer)]
                                                  : std::numeric_limits<double>::quiet_NaN();
        report.unscored_samples += scored ? 0 : 1;
        report.floored_samples += scored && floored[static_cast<std::size_t>(answer)] != 0 ? 1 : 0;
      }
    }
  }
  return report;
}

}  // namespace detail

/// Rewards that compare a context with the consensus of the contexts of its question: sample i of
/// context x with answer z gets reward(nu_x(z), q(z)), q the pool of `options`. For coherence
/// (math: arXiv:2511.08440): arithmetic pool with log q - log nu, geometric with q / nu, arithmetic
/// with q - nu (Euclidean).
///
/// Plug-in: nu and q are the empirical ones. Leave-one-out: the sample is taken out of both; an
/// answer that then nobody gives has nu or q zero: where the reward is not finite there, half a
/// sample of the own context is put back (counted as floored). A context of one sample leaves
/// itself empty: nu = 1, and without smoothing q is the pool of the other contexts. Out: one reward
/// a sample, NaN for a missing answer. `reward`: double(double nu, double q). Errors:
/// Errc::not_finite where a reward stays infinite, dimension_mismatch, invalid_argument (options).
/// Time: linear.
template <class Reward>
ConsensusReport consensus_rewards(const AnswerGroups& groups, const ConsensusOptions& options,
                                  Reward&& reward, std::span<double> out) {
  return detail::reward_by_question(
      groups, options, out,
      [&](const detail::QuestionPool& pool, std::size_t m, const auto& entry, bool& floored) {
        if (options.counts == Counts::plug_in) {
          return static_cast<double>(reward(pool.nu(m, entry.count), pool.q(entry.answer)));
        }
        auto pair = pool.without(m, entry, entry.count - 1);
        double value = reward(pair.nu, pair.q);
        if (!std::isfinite(value) && entry.count == 1) {
          floored = true;
          pair = pool.without(m, entry, 0.5);
          value = reward(pair.nu < 1 ? pair.nu : 1, pair.q);
        }
        return value;
      });
}

/// Rewards that compare every pair of contexts of a question: reward_x(z) = sum over x' of w_x'
/// pair(nu_x(z), nu_x'(z)), w_x' = 1 / contexts with answers, the own context among them. For
/// pairwise coherence in KL: pair = -(log(nu / nu') + 1 - nu' / nu), which needs smoothing > 0; the
/// Euclidean one, 2 (nu' - nu), does not. options.pool is not used. Leave-one-out takes the sample
/// out of its own context only where that is compared with another. Otherwise as consensus_rewards.
/// Time: contexts times samples.
template <class Pair>
ConsensusReport pairwise_rewards(const AnswerGroups& groups, ConsensusOptions options, Pair&& pair,
                                 std::span<double> out) {
  options.pool = Pool::arithmetic;
  std::vector<double> count_of;  // of the current answer, by member of the question
  return detail::reward_by_question(
      groups, options, out,
      [&](const detail::QuestionPool& pool, std::size_t m, const auto& entry, bool& floored) {
        count_of.assign(pool.members(), 0);
        for (std::size_t other = 0; other < pool.members(); ++other) {
          for (const auto& theirs : pool.entries(other)) {
            count_of[other] = theirs.answer == entry.answer ? theirs.count : count_of[other];
          }
        }
        const auto total = [&](double own) {
          double sum = 0;
          for (std::size_t other = 0; other < pool.members(); ++other) {
            if (pool.answered(other) > 0) {
              const double nu = other == m ? own : pool.nu(other, count_of[other]);
              sum += pool.weight() * pair(own, nu);
            }
          }
          return sum;
        };
        if (options.counts == Counts::plug_in) {
          return total(pool.nu(m, entry.count));
        }
        double value = total(pool.without(m, entry, entry.count - 1).nu);
        if (!std::isfinite(value) && entry.count == 1) {
          floored = true;
          const double nu = pool.without(m, entry, 0.5).nu;
          value = total(nu < 1 ? nu : 1);
        }
        return value;
      });
}

}  // namespace dag
