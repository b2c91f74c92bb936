// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// An objective with multipliers whose state cannot be saved is refused as an adaptive one.
// concept: AdaptiveObjective
// expect: AdaptiveObjective
// expect: state
#include <dag/train/answer_objective.hpp>

struct Multipliers {
  void operator()(const dag::QuestionSample& sample, std::span<double> signal);
  void begin_step(std::int64_t index);
  void end_step(double rate, dag::TargetReport& report);
  void restore(std::span<const double> state);
#if defined(DAG_EXPECT_SUCCESS)
  std::vector<double> state() const;
#endif
};

template <dag::AdaptiveObjective O>
void use(O& objective);

Multipliers multipliers;
using Used = decltype(use(multipliers));

int main() {}
