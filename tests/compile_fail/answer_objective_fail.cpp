// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// An objective that cannot be called on a question's samples is refused.
// concept: AnswerObjective
// expect: AnswerObjective
// expect: objective\(sample, signal\)
#include <dag/train/objective.hpp>

struct Objective {
#if defined(DAG_EXPECT_SUCCESS)
  void operator()(const dag::QuestionSample& sample, std::span<double> signal);
#else
  void operator()(std::span<double> signal);
#endif
};

template <dag::AnswerObjective O>
void use(O& objective);

Objective objective;
using Used = decltype(use(objective));

int main() {}
