// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A pointwise utility says its reward; one without is refused and the reward named.
// concept: PointwiseUtility
// expect: PointwiseUtility
// expect: HasReward
// expect: u.reward\(nu
#include <dag/utility/utility_concepts.hpp>

using P = dag::Probability<double>;

struct Mine {
  using scalar_type = double;
  double term(P nu) const;
  double slope(P nu) const;
#if defined(DAG_EXPECT_SUCCESS)
  double reward(P nu) const;
#endif
};

template <dag::PointwiseUtility U>
void use(const U& utility);

using Used = decltype(use(Mine{}));

int main() {}
