// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A backend without the dual product is refused, and the missing primitive named.
// concept: Backend
// expect: HasProducts
// expect: dual_product
#include "plain.hpp"

struct Backend : plain::Backend {
#if !defined(DAG_EXPECT_SUCCESS)
  void dual_product() const;  // hides the one with the right arguments
#endif
};

template <dag::Backend<double> B>
void use(const B& backend);

using Used = decltype(use(Backend{}));

int main() {}
