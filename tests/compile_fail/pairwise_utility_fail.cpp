// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A pairwise utility has both slopes.
// concept: PairwiseUtility
// expect: PairwiseUtility
// expect: HasPair
// expect: other_slope
#include <dag/utility/utility_concepts.hpp>

using P = dag::Probability<double>;

struct Mine {
  using scalar_type = double;
  double pair_term(P own, P other) const;
  double pair_reward(P own, P other) const;
  double own_slope(P own, P other) const;
#if defined(DAG_EXPECT_SUCCESS)
  double other_slope(P own, P other) const;
#endif
};

template <dag::PairwiseUtility U>
void use(const U& utility);

using Used = decltype(use(Mine{}));

int main() {}
