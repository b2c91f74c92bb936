// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Ranks that cannot exchange messages are refused, and the missing member named.
// concept: Communicator
// expect: Communicator
// expect: exchange
#include <dag/core/communicator.hpp>

struct Ranks : dag::SerialCommunicator {
#if !defined(DAG_EXPECT_SUCCESS)
  void exchange() const;  // hides the one with the right arguments
#endif
};

template <dag::Communicator C>
void use(const C& ranks);

using Used = decltype(use(Ranks{}));

int main() {}
