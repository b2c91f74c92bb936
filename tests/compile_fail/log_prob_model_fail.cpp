// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A model without a score function is refused, and the missing member named.
// concept: LogProbModel
// expect: AccumulatesScore
// expect: accumulate_score
#include "plain_model.hpp"

struct Model : plain::Model {
#if !defined(DAG_EXPECT_SUCCESS)
  void accumulate_score() const;  // hides the one with the right arguments
#endif
};

template <dag::LogProbModel M>
void use(const M& model);

using Used = decltype(use(Model{}));

int main() {}
