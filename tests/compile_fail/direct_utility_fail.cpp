// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A user's own concave function is value and gradient; with the value alone it is refused.
// concept: DirectUtility
// expect: DirectUtility
// expect: HasGradient
// expect: gradient
#include <dag/utility/utility_concepts.hpp>

using P = dag::Probability<double>;

struct Mine {
  using scalar_type = double;
  double value(dag::AnswersView<double> answers) const;
#if defined(DAG_EXPECT_SUCCESS)
  void gradient(dag::AnswersView<double> answers, std::span<double> out) const;
#endif
};

template <dag::DirectUtility U>
void use(const U& utility);

using Used = decltype(use(Mine{}));

int main() {}
