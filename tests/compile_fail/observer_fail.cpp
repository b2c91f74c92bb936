// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// An observer takes a Record; one that wants something else is refused where it is handed over.
// concept: Observer
// expect: ObserverRef
// expect: Observer|invocable
#include <dag/dag.hpp>

int main() {
#if defined(DAG_EXPECT_SUCCESS)
  auto watch = [](const dag::Record&) {};
#else
  auto watch = [](const char*) {};
#endif
  const dag::ObserverRef observer(watch);
  return observer(dag::Record{}) ? 0 : 1;
}
