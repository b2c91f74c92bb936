// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/answers/consensus.hpp>
#include <dag/answers/counted_rewards.hpp>
#include <dag/answers/counts.hpp>
#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// A target distribution over the answers of each question: p[answer_begin[q] + id], laid out like
/// AnswerGroups::answer_key. What it gives to answers that nobody sampled is left out: the entries
/// of a question may sum to less than 1.
struct AnswerGoal {
  std::vector<double> p;
};

/// The same probability for every answer that was sampled for a question.
[[nodiscard]] inline AnswerGoal uniform_goal(const AnswerGroups& groups) {
  AnswerGoal goal{std::vector<double>(groups.answer_key.size())};
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    const auto begin = static_cast<std::size_t>(groups.answer_begin[q]);
    for (std::size_t id = 0; id < groups.answers_of(q); ++id) {
      goal.p[begin + id] = 1 / static_cast<double>(groups.answers_of(q));
    }
  }
  return goal;
}

/// 1 for right answers, 0 for others, NaN in questions that nobody judged: what `CorrectEntropy` is
/// given.
[[nodiscard]] inline AnswerGoal right_goal(const AnswerGroups& groups) {
  AnswerGoal goal{std::vector<double>(groups.answer_key.size())};
  QuestionCounts counts;
  std::vector<char> right;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    counts.load(groups, q);
    right_answers(counts, right);
    for (std::size_t id = 0; id < right.size(); ++id) {
      goal.p[static_cast<std::size_t>(groups.answer_begin[q]) + id] =
          !counts.judged() ? std::numeric_limits<double>::quiet_NaN()
          : right[id] != 0 ? 1.0
                           : 0.0;
    }
  }
  return goal;
}

/// The consensus of other rollouts of the same questions (the reference policy's), as a target:
/// frozen consensus. Questions and answers are matched by their names. An answer that the reference
/// never gave counts like one that it gave zero times: what smoothing leaves to it.
/// Errors: invalid_argument (options; a question with answers here and none in `reference`).
[[nodiscard]] inline AnswerGoal frozen_goal(const AnswerGroups& groups,
                                            const AnswerGroups& reference,
                                            const ConsensusOptions& options) {
  AnswerGoal goal{std::vector<double>(groups.answer_key.size())};
  ConsensusPool pool(options);
  QuestionCounts counts;
  std::vector<std::int32_t> id_of(reference.keys.size());
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    if (groups.answers_of(q) == 0) {
      continue;
    }
    const auto name = groups.questions[static_cast<std::int32_t>(q)];
    const auto found = reference.questions.find(name);
    require(found >= 0 && reference.answers_of(static_cast<std::size_t>(found)) > 0,
            Errc::invalid_argument, "frozen_goal: the reference has no answers to question '", name,
            "'");
    const auto r = static_cast<std::size_t>(found);
    counts.load(reference, r);
    pool.pool(counts);
    id_of.assign(reference.keys.size(), -1);
    for (std::size_t id = 0; id < reference.answers_of(r); ++id) {
      const auto key =
          reference.answer_key[static_cast<std::size_t>(reference.answer_begin[r]) + id];
      id_of[static_cast<std::size_t>(key)] = static_cast<std::int32_t>(id);
    }
    for (std::size_t id = 0; id < groups.answers_of(q); ++id) {
      const auto key = reference.keys.find(groups.answer_text(q, static_cast<std::int32_t>(id)));
      const auto theirs = key < 0 ? -1 : id_of[static_cast<std::size_t>(key)];
      goal.p[static_cast<std::size_t>(groups.answer_begin[q]) + id] =
          theirs < 0 ? pool.q_of_unseen() : pool.q(theirs);
    }
  }
  return goal;
}

/// Rewards by tables of counts: table(K)[k] for a sample whose answer k of the other answered
/// samples of its group share, K of them in all. `builder` fills a table as for RewardTables. The
/// reward bits of `table_rewards`, also from merged counts. Out: one reward an entry, NaN for a
/// missing answer; returns how many samples that are. Errors: dimension_mismatch; those of the
/// builder.
template <class Builder>
std::size_t counted_rewards(const CountedGroups& source, Builder&& builder, std::span<double> out) {
  const RewardTables<double> tables(answered_sizes(source), builder);
  return detail::score_questions(
             "counted_rewards", nullptr, source, out, [](const QuestionCounts&, std::size_t) {},
             [&](const QuestionCounts& counts, std::size_t x, const auto& entry, bool&) {
               return tables.table(counts.answered(x))[entry.count - 1];
             })
      .unscored_samples;
}

/// Rewards that compare nu(z) with a given p(z): combine(table(K)[k], p(z)) for a sample whose
/// answer z k of the other answered samples of its group share. `builder` fills a table as for
/// RewardTables. For example, c an estimate of log nu: reverse KL, combine = log p - c; of 1/nu:
/// forward KL, combine = p c; of nu: chi square, combine = -2 c / p; Euclidean frozen consensus,
/// combine = p - c. Affine in c, so that an unbiased table gives an unbiased reward.
///
/// Out: one reward an entry, NaN for a missing answer; returns how many samples that are. Errors:
/// dimension_mismatch; not_finite where a reward is infinite, naming the answer.
template <class Builder, class Combine>
std::size_t goal_rewards(const CountedGroups& source, const AnswerGoal& goal, Builder&& builder,
                         Combine&& combine, std::span<double> out) {
  const AnswerGroups& groups = source.groups;
  require(goal.p.size() == groups.answer_key.size(), Errc::dimension_mismatch,
          "goal_rewards: ", groups.answer_key.size(), " answers but a target of ", goal.p.size());
  const RewardTables<double> tables(answered_sizes(source), builder);
  std::span<const double> p;
  return detail::score_questions(
             "goal_rewards", "give it some weight in the target", source, out,
             [&](const QuestionCounts& counts, std::size_t q) {
               p = std::span(goal.p).subspan(static_cast<std::size_t>(groups.answer_begin[q]),
                                             counts.answers());
             },
             [&](const QuestionCounts& counts, std::size_t x, const auto& entry, bool&) {
               return static_cast<double>(combine(tables.table(counts.answered(x))[entry.count - 1],
                                                  p[static_cast<std::size_t>(entry.answer)]));
             })
      .unscored_samples;
}

}  // namespace dag
