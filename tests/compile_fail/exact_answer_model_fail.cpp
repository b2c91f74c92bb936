// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A model that cannot say its answer distribution is not exact.
// concept: ExactAnswerModel
// expect: ExactAnswerModel
// expect: answer_log_probs
#include "plain_model.hpp"

struct Model : plain::Model {
#if !defined(DAG_EXPECT_SUCCESS)
  void answer_log_probs() const;  // hides the one with the right arguments
#endif
};

template <dag::ExactAnswerModel M>
void use(const M& model);

using Used = decltype(use(Model{}));

int main() {}
