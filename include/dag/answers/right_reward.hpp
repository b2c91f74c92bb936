// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <dag/answers/counted_rewards.hpp>
#include <dag/answers/counts.hpp>
#include <dag/core/error.hpp>
#include <dag/utility/maj_at_k.hpp>

namespace dag {

namespace detail {

/// Rewards of questions whose right answers are known: start_group(q, counts, x, right) once a
/// context, then reward(entry) once an answer of it; NaN where a sample of the question is neither
/// right nor wrong.
template <class StartGroup, class Reward>
std::size_t score_judged(const char* where, const CountedGroups& source, std::span<double> out,
                         StartGroup&& start_group, Reward&& reward) {
  std::vector<char> right;
  constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  std::size_t at = none, question = 0;
  return score_questions(
             where, nullptr, source, out,
             [&](const QuestionCounts& counts, std::size_t q) {
               right_answers(counts, right);
               at = none;
               question = q;
             },
             [&](const QuestionCounts& counts, std::size_t x, const auto& entry, bool&) {
               if (!counts.judged()) {
                 return std::numeric_limits<double>::quiet_NaN();
               }
               if (at != x) {
                 start_group(question, counts, x, std::span<const char>(right));
                 at = x;
               }
               return static_cast<double>(reward(entry));
             })
      .unscored_samples;
}

}  // namespace detail

/// Rewards of `MajAtK` at weight 1 without bias, each group by itself (`maj_at_k_rewards` of its
/// counts). Samples without an answer do not vote. Out: one reward an entry; NaN for a missing
/// answer and in questions with samples that are neither right nor wrong; returns how many samples
/// that are. Errors: those of the group's form (groups smaller than k), dimension_mismatch.
inline std::size_t maj_at_k_rewards(const CountedGroups& source, double k, std::span<double> out) {
  std::vector<std::size_t> count;
  CorrectSet correct;
  std::vector<double> value;
  return detail::score_judged(
      "maj_at_k_rewards", source, out,
      [&](std::size_t q, const QuestionCounts& counts, std::size_t x, std::span<const char> right) {
        require(k <= static_cast<double>(counts.answered(x)), Errc::invalid_argument,
                "maj_at_k_rewards: k = ", k,
                " needs groups with at least as many answers; question '",
                source.groups.questions[static_cast<std::int32_t>(q)], "' has one with ",
                counts.answered(x));
        count.assign(counts.answers(), 0);
        correct.assign(right.begin(), right.end());
        value.resize(counts.answers());
        for (const auto& entry : counts.entries(x)) {
          count[static_cast<std::size_t>(entry.answer)] = entry.count;
        }
        maj_at_k_rewards(std::span<const std::size_t>(count), correct, k, std::span(value));
      },
      [&](const auto& entry) { return value[static_cast<std::size_t>(entry.answer)]; });
}

/// Rewards of `CorrectUniformity`: table(n)[j] for a right answer that j of the other n - 1 right
/// samples of its group share, 0 for a wrong one, a missing answer that is judged among them. Given
/// their number the right samples are drawn from nu given C, so that a table of -log p (`builder`,
/// as for RewardTables) keeps its bias. Out: NaN for what is neither right nor wrong; else as
/// above.
template <class Builder>
std::size_t uniformity_rewards(const CountedGroups& source, Builder&& builder,
                               std::span<double> out) {
  const auto right_samples = [](const QuestionCounts& counts, std::size_t x, auto&& right) {
    std::size_t samples = 0;
    for (const auto& entry : counts.entries(x)) {
      samples += right[static_cast<std::size_t>(entry.answer)] != 0 ? entry.count : 0;
    }
    return samples;
  };
  std::vector<std::size_t> sizes;
  std::vector<char> known;
  QuestionCounts counts_of;
  for (std::size_t q = 0; q < source.groups.questions.size(); ++q) {
    counts_of.load(source, q);
    right_answers(counts_of, known);
    for (std::size_t x = 0; x < counts_of.contexts(); ++x) {
      sizes.push_back(right_samples(counts_of, x, known));
    }
  }
  const RewardTables<double> tables(std::span<const std::size_t>(sizes), builder);
  std::span<const char> right;
  std::size_t size = 0;
  std::size_t unscored = detail::score_judged(
      "uniformity_rewards", source, out,
      [&](std::size_t, const QuestionCounts& counts, std::size_t x,
          std::span<const char> known_right) {
        right = known_right;
        size = right_samples(counts, x, right);
      },
      [&](const auto& entry) {
        return right[static_cast<std::size_t>(entry.answer)] != 0
                   ? tables.table(size)[entry.count - 1] + 0.0
                   : 0.0;
      });
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (source.groups.answer[i] < 0 && source.groups.right[i] == 0) {
      out[i] = 0;
      unscored -= source.of(i);
    }
  }
  return unscored;
}

}  // namespace dag
