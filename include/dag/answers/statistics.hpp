// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <dag/answers/detail/vote.hpp>
#include <dag/answers/group.hpp>

namespace dag {

/// Statistics of a set of groups. A number that nothing in the data decides (no gold and no
/// verdict, no question with two contexts, no groups) is absent, not zero.
///
/// Accuracies are over the *judged* groups, those of which every sample is known to be right or
/// wrong; a missing answer with a gold is wrong. Ties of a vote count by the fraction of the tied
/// answers that are right; an answer is right for a group (a question) if a sample of the group (of
/// any context) that gave it is right. Entropies in nats, over the answered samples.
struct RolloutStatistics {
  std::size_t questions = 0;
  std::size_t contexts = 0;
  std::size_t groups = 0;
  std::optional<double> contexts_per_question;
  std::size_t samples_per_group_min = 0;
  std::optional<double> samples_per_group_mean;
  std::size_t samples_per_group_max = 0;
  std::optional<double> null_answer_rate;            ///< of the samples
  std::optional<double> acc_random_sample;           ///< mean over groups of the right fraction
  std::optional<double> acc_majority_in_group;       ///< mean over groups of the plain vote
  std::optional<double> acc_majority_over_contexts;  ///< mean over questions of the pooled vote
  std::optional<double> acc_oracle_in_group;         ///< some sample of the group is right
  std::optional<double> acc_oracle_over_contexts;    ///< some sample of the question is right
  std::optional<std::int32_t> best_context;  ///< most accurate context that has at least half of
                                             ///< the questions; ties: the first name in byte order
  std::optional<double> acc_best_context;
  std::optional<double> mean_entropy_in_group_nats;
  std::optional<double> mean_entropy_over_contexts_nats;  ///< of the arithmetic pool
  std::optional<double> majority_share;  ///< mean over groups with an answer of the share of their
                                         ///< answered samples that gave the most frequent one
  std::optional<double> distinct_answers_per_group;
  std::optional<double> distinct_answers_per_question;
  std::optional<double>
      cross_context_agreement;  ///< mean over questions with two groups or more of
                                ///< the mean over pairs of groups of <nu, nu'>;
                                ///< a group without answers agrees with none
};

namespace detail {

struct Mean {
  double sum = 0;
  std::size_t count = 0;
  void add(double value) {
    sum += value;
    ++count;
  }
  [[nodiscard]] std::optional<double> get() const {
    return count == 0 ? std::nullopt : std::optional<double>(sum / static_cast<double>(count));
  }
};

}  // namespace detail

/// The statistics of `groups`. Time: linear in the samples. Deterministic.
[[nodiscard]] inline RolloutStatistics rollout_statistics(const AnswerGroups& groups) {
  using detail::Mean;
  RolloutStatistics result;
  result.questions = groups.questions.size();
  result.contexts = groups.contexts.size();
  result.groups = groups.groups();
  Mean null_rate, sample, majority, oracle, entropy, distinct;
  Mean pool, pool_oracle, pool_entropy, pool_distinct, agreement, share;
  std::vector<Mean> by_context(groups.contexts.size());
  detail::Vote vote, pooled;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    pooled.start(groups.answers_of(q));
    bool question_judged = true;
    bool question_right = false;
    double self = 0;  // sum over groups of <nu, nu>
    for (const auto index : groups.groups_of(q)) {
      const auto g = static_cast<std::size_t>(index);
      const auto answers = groups.group(g);
      const auto right = groups.group_right(g);
      vote.start(groups.answers_of(q));
      std::size_t answered = 0;
      std::size_t hits = 0;
      bool judged = true;
      for (std::size_t i = 0; i < answers.size(); ++i) {
        null_rate.add(answers[i] < 0 ? 1 : 0);
        judged = judged && right[i] >= 0;
        hits += right[i] > 0 ? 1 : 0;
        answered += answers[i] >= 0 ? 1 : 0;
        if (answers[i] >= 0) {
          vote.add(answers[i], 1, right[i] > 0);
        }
      }
      const std::size_t size = answers.size();
      const bool least = result.samples_per_group_max == 0 || size < result.samples_per_group_min;
      result.samples_per_group_min = least ? size : result.samples_per_group_min;
      result.samples_per_group_max =
          size > result.samples_per_group_max ? size : result.samples_per_group_max;
      if (answered > 0) {
        share.add(vote.most() / static_cast<double>(answered));
      }
      entropy.add(vote.entropy());
      distinct.add(static_cast<double>(vote.distinct()));
      question_judged = question_judged && judged;
      question_right = question_right || hits > 0;
      if (judged && size > 0) {
        const double accuracy = static_cast<double>(hits) / static_cast<double>(size);
        sample.add(accuracy);
        majority.add(vote.accuracy());
        oracle.add(hits > 0 ? 1 : 0);
        by_context[static_cast<std::size_t>(groups.context[g])].add(accuracy);
      }
      for (const auto answer : vote.answers()) {
        const double p = vote.weight(answer) / static_cast<double>(answered);
        pooled.add(answer, p, vote.is_right(answer));
        self += p * p;
      }
    }
    const std::size_t count = groups.groups_of(q).size();
    pool_entropy.add(pooled.entropy());
    pool_distinct.add(static_cast<double>(pooled.distinct()));
    if (question_judged) {
      pool.add(pooled.accuracy());
      pool_oracle.add(question_right ? 1 : 0);
    }
    if (count > 1) {  // the sum over pairs x != x' of <nu_x, nu_x'> is <s, s> - self, s the sum
      double all = 0;
      for (const auto answer : pooled.answers()) {
        all += pooled.weight(answer) * pooled.weight(answer);
      }
      agreement.add((all - self) / (static_cast<double>(count) * static_cast<double>(count - 1)));
    }
  }
  if (result.questions > 0) {
    result.contexts_per_question =
        static_cast<double>(result.groups) / static_cast<double>(result.questions);
    result.samples_per_group_mean =
        static_cast<double>(groups.samples()) / static_cast<double>(result.groups);
  }
  for (std::size_t c = 0; c < by_context.size(); ++c) {
    if (2 * by_context[c].count < result.questions || by_context[c].count == 0) {
      continue;
    }
    const double accuracy = *by_context[c].get();
    const auto id = static_cast<std::int32_t>(c);
    const bool better = !result.acc_best_context || accuracy > *result.acc_best_context ||
                        (accuracy == *result.acc_best_context &&
                         groups.contexts[id] < groups.contexts[*result.best_context]);
    if (better) {
      result.acc_best_context = accuracy;
      result.best_context = id;
    }
  }
  result.null_answer_rate = null_rate.get();
  result.acc_random_sample = sample.get();
  result.acc_majority_in_group = majority.get();
  result.acc_majority_over_contexts = pool.get();
  result.acc_oracle_in_group = oracle.get();
  result.acc_oracle_over_contexts = pool_oracle.get();
  result.mean_entropy_in_group_nats = entropy.get();
  result.mean_entropy_over_contexts_nats = pool_entropy.get();
  result.majority_share = share.get();
  result.distinct_answers_per_group = distinct.get();
  result.distinct_answers_per_question = pool_distinct.get();
  result.cross_context_agreement = agreement.get();
  return result;
}

}  // namespace dag
