// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A coherence utility has a pool; without one it would be a pairwise utility.
// concept: CoherenceUtility
// expect: CoherenceUtility
// expect: HasPool
// expect: log_pool
#include <dag/utility/utility_concepts.hpp>

using P = dag::Probability<double>;

struct Mine {
  using scalar_type = double;
  double pair_term(P own, P other) const;
  double pair_reward(P own, P other) const;
  double own_slope(P own, P other) const;
  double other_slope(P own, P other) const;
  static constexpr bool pool_is_mean = false;
#if defined(DAG_EXPECT_SUCCESS)
  double log_pool(dag::AnswersView<double> answers, std::size_t z) const;
#endif
};

template <dag::CoherenceUtility U>
void use(const U& utility);

using Used = decltype(use(Mine{}));

int main() {}
