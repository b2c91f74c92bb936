// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A stream is addressed by a seed and a stream; there is no default seed.
// expect: no matching (function|constructor)
#include <dag/core/random.hpp>

int main() {
#if defined(DAG_EXPECT_SUCCESS)
  dag::RandomStream stream(1, 2);
#else
  dag::RandomStream stream;
#endif
  return static_cast<int>(stream() & 1U);
}
