// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <dag/answers/counts.hpp>
#include <dag/answers/group.hpp>
#include <dag/numeric/sorted_sum.hpp>

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

/// The statistics of samples or of merged counts. Time: linear in the samples. Deterministic, and
/// the same bits in any order of questions, contexts and samples.
[[nodiscard]] inline RolloutStatistics rollout_statistics(const CountedGroups& source) {
  const AnswerGroups& groups = source.groups;
  RolloutStatistics result;
  result.questions = groups.questions.size();
  result.contexts = groups.contexts.size();
  result.groups = groups.groups();
  Mean sample, majority, oracle, entropy, distinct;
  Mean pool, pool_oracle, pool_entropy, pool_distinct, agreement, share;
  std::vector<Mean> by_context(groups.contexts.size());
  QuestionCounts counts;
  std::vector<double> pooled;
  std::vector<char> right;
  Terms scratch, shares;
  std::size_t samples = 0;
  std::size_t missing = 0;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    counts.load(source, q);
    const std::size_t count = counts.contexts();
    bool question_right = false;
    for (std::size_t x = 0; x < count; ++x) {
      const auto& context = counts.context(x);
      const auto entries = counts.entries(x);
      const auto answered = static_cast<double>(context.answered);
      samples += context.samples;
      missing += context.samples - context.answered;
      const bool least =
          result.samples_per_group_max == 0 || context.samples < result.samples_per_group_min;
      result.samples_per_group_min = least ? context.samples : result.samples_per_group_min;
      result.samples_per_group_max = context.samples > result.samples_per_group_max
                                         ? context.samples
                                         : result.samples_per_group_max;
      const auto terms = scratch.take(entries.size());
      double most = 0;
      for (std::size_t i = 0; i < entries.size(); ++i) {
        terms[i] = static_cast<double>(entries[i].count);
        most = terms[i] > most ? terms[i] : most;
      }
      if (context.answered > 0) {
        share.add(most / answered);
      }
      entropy.add(entropy_of(terms));
      distinct.add(static_cast<double>(entries.size()));
      question_right = question_right || context.right > 0;
      if (counts.judged(x) && context.samples > 0) {
        const double accuracy =
            static_cast<double>(context.right) / static_cast<double>(context.samples);
        sample.add(accuracy);
        majority.add(winner_accuracy(
            entries.size(), [&](std::size_t i) { return static_cast<double>(entries[i].count); },
            [&](std::size_t i) { return entries[i].right; }));
        oracle.add(context.right > 0 ? 1 : 0);
        const auto g = static_cast<std::size_t>(groups.groups_of(q)[x]);
        by_context[static_cast<std::size_t>(groups.context[g])].add(accuracy);
      }
    }
    pooled.resize(counts.answers());
    const auto squares = scratch.take(counts.answers());
    for (std::size_t z = 0; z < pooled.size(); ++z) {
      const auto given = counts.given(z);
      const auto terms = shares.take(given.size());
      for (std::size_t i = 0; i < terms.size(); ++i) {
        terms[i] = static_cast<double>(given[i].count) /
                   static_cast<double>(counts.answered(given[i].context));
      }
      pooled[z] = sorted_sum(terms);
      for (double& term : terms) {
        term *= term;
      }
      squares[z] = sorted_sum(terms);
    }
    const double self = sorted_sum(squares);  // sum over contexts of <nu, nu>
    for (std::size_t z = 0; z < pooled.size(); ++z) {
      squares[z] = pooled[z] * pooled[z];
    }
    const double all = sorted_sum(squares);
    if (counts.judged()) {
      right_answers(counts, right);
      pool.add(winner_accuracy(
          pooled.size(), [&](std::size_t z) { return pooled[z]; },
          [&](std::size_t z) { return right[z] != 0; }));
      pool_oracle.add(question_right ? 1 : 0);
    }
    pool_entropy.add(entropy_of(pooled));
    pool_distinct.add(static_cast<double>(pooled.size()));
    if (count > 1) {  // the sum over pairs x != x' of <nu_x, nu_x'>
      agreement.add((all - self) / (static_cast<double>(count) * static_cast<double>(count - 1)));
    }
  }
  if (result.questions > 0) {
    result.contexts_per_question =
        static_cast<double>(result.groups) / static_cast<double>(result.questions);
    result.samples_per_group_mean =
        static_cast<double>(samples) / static_cast<double>(result.groups);
  }
  for (std::size_t c = 0; c < by_context.size(); ++c) {
    if (2 * by_context[c].count() < result.questions || by_context[c].count() == 0) {
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
  if (samples > 0) {
    result.null_answer_rate = static_cast<double>(missing) / static_cast<double>(samples);
  }
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
