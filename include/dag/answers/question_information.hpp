// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <dag/answers/group.hpp>

namespace dag {

/// What an answer says of the question that was asked, in nats:
///   I = H(mean_q p_q) - mean_q H(p_q),  p_q the shares of the answers of question q, its contexts
/// together; the mutual information of answer and question where questions are equally likely.
///
/// A label-free sign of a collapse that agreement cannot see: where all questions come to the same
/// answer, everybody agrees, and I falls to 0. At most log of the number of questions, reached
/// where each has an answer of its own. Answers are the same where their keys are. A plug-in
/// estimate, high by about (answers - 1)(questions - 1) / (2 samples): compare equal designs.
/// Missing answers and questions without an answer do not count; 0 without any. Linear time; the
/// same in every order of groups and samples but for rounding.
[[nodiscard]] inline double question_information(const AnswerGroups& groups) {
  std::vector<double> across(groups.keys.size(), 0.0);
  std::vector<std::int64_t> count;
  double within = 0;
  std::size_t answered_questions = 0;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    count.assign(groups.answers_of(q), 0);
    std::int64_t answered = 0;
    for (const std::int32_t g : groups.groups_of(q)) {
      for (const std::int32_t answer : groups.group(static_cast<std::size_t>(g))) {
        if (answer >= 0) {
          ++count[static_cast<std::size_t>(answer)];
          ++answered;
        }
      }
    }
    if (answered == 0) {
      continue;
    }
    ++answered_questions;
    const auto first = static_cast<std::size_t>(groups.answer_begin[q]);
    for (std::size_t z = 0; z < count.size(); ++z) {
      if (count[z] > 0) {
        const double share = static_cast<double>(count[z]) / static_cast<double>(answered);
        within -= share * std::log(share);
        across[static_cast<std::size_t>(groups.answer_key[first + z])] += share;
      }
    }
  }
  if (answered_questions == 0) {
    return 0;
  }
  const auto questions = static_cast<double>(answered_questions);
  double between = 0;
  for (const double sum : across) {
    between -= sum > 0 ? sum / questions * std::log(sum / questions) : 0;
  }
  const double information = between - within / questions;
  return information > 0 ? information : 0;  // rounding
}

}  // namespace dag
