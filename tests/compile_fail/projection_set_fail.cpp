// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A set that cannot be projected on has no Euclidean prox.
// concept: ProjectionSet
// expect: ProjectionSet
// expect: project
#include "plain.hpp"

struct Set : plain::Set {
#if !defined(DAG_EXPECT_SUCCESS)
  void project() const;  // hides the one with the right arguments
#endif
};

template <class B, dag::ProjectionSet<B> S>
void use(const S& set);

using Used = decltype(use<plain::Backend>(Set{}));

int main() {}
