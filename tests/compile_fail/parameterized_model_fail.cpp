// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Parameters must be writable.
// concept: ParameterizedModel
// expect: ParameterizedModel
// expect: set_parameters
#include "plain_model.hpp"

struct Model : plain::Model {
#if !defined(DAG_EXPECT_SUCCESS)
  void set_parameters() const;  // hides the one with the right arguments
#endif
};

template <dag::ParameterizedModel M>
void use(const M& model);

using Used = decltype(use(Model{}));

int main() {}
