// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A utility belongs to one of the families; a value alone belongs to none.
// concept: Utility
// concept: SingleUtility
// expect: SingleUtility
// expect: HasParts
#include <dag/utility/utility_concepts.hpp>

using P = dag::Probability<double>;

struct Mine {
  using scalar_type = double;
  double value(dag::AnswersView<double> answers) const;
#if defined(DAG_EXPECT_SUCCESS)
  void gradient(dag::AnswersView<double> answers, std::span<double> out) const;
#endif
};

template <dag::Utility U>
void use(const U& utility);

using Used = decltype(use(Mine{}));

int main() {}
