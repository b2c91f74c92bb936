// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <initializer_list>

/// Programs of a page each, compiled as one file: their mains under other names.
struct Program {
  const char* name;
  int (*run)();
};

/// The number of programs that failed.
inline int run_programs(std::initializer_list<Program> programs) {
  int failed = 0;
  for (const Program& program : programs) {
    std::printf("--- %s\n", program.name);
    if (program.run() != 0) {
      std::printf("FAILED\n");
      ++failed;
    }
  }
  return failed;
}
