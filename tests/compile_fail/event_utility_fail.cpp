// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A utility of an event says which answers are in it.
// concept: EventUtility
// expect: EventUtility
// expect: HasEvent
// expect: correct
#include <dag/utility/utility_concepts.hpp>

using P = dag::Probability<double>;

struct Mine {
  using scalar_type = double;
  double event_term(P p) const;
  double event_reward(P p) const;
  double event_slope(P p) const;
#if defined(DAG_EXPECT_SUCCESS)
  bool correct(std::size_t i) const;
#endif
};

template <dag::EventUtility U>
void use(const U& utility);

using Used = decltype(use(Mine{}));

int main() {}
