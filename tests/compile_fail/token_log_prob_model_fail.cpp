// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A model that scores whole traces only has no tokens, and the missing member is named.
// concept: TokenLogProbModel
// expect: AccumulatesTokenScore
// expect: accumulate_token_score
#include "plain_model.hpp"

struct Model : plain::Model {
#if !defined(DAG_EXPECT_SUCCESS)
  void accumulate_token_score() const;  // hides the one with the right arguments
#endif
};

template <dag::TokenLogProbModel M>
void use(const M& model);

using Used = decltype(use(Model{}));

int main() {}
