// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#if __has_include(<dag/dag.hpp>)
#include <dag/dag.hpp>
#endif
#include <dag/core/random.hpp>
#include <dag/version.hpp>

#include <cstdio>

double draw();  // second.cpp

int main() {
  std::printf("dag %s %.3f\n", DAG_VERSION_STRING, draw());
  return draw() == dag::RandomStream(1, 2).uniform() ? 0 : 1;
}
